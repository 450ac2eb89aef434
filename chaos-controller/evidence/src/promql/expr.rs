//! The query as the evaluator needs it: parentheses gone, durations in milliseconds, functions resolved. Nothing in here
//! can be asked for that the evaluator does not know.

use super::functions::{Fold, Map, Roll};
use super::matcher::Matcher;

#[derive(Debug, Clone)]
pub(super) enum Expr {
    Number(f64),
    Text(String),
    Select(Selector),
    /// Only as the argument of a function over a range, or as the whole query.
    Range(Range),
    Negate(Box<Expr>),
    Binary(Box<Binary>),
    Aggregate(Box<Aggregate>),
    /// A function over a range, and its scalar argument (`quantile_over_time`, `predict_linear`).
    Roll {
        roll: Roll,
        range: Range,
        scalar: Option<Box<Expr>>,
    },
    /// A function of each value on its own, and its scalar arguments.
    Map {
        map: Map,
        of: Box<Expr>,
        scalars: Vec<Expr>,
    },
    HistogramQuantile {
        q: Box<Expr>,
        of: Box<Expr>,
    },
    /// Also of a range: `absent_over_time`. The labels are those that the selector demands.
    Absent {
        of: Box<Expr>,
        labels: Vec<(String, String)>,
    },
    LabelReplace {
        of: Box<Expr>,
        to: String,
        template: String,
        from: String,
        pattern: regex::Regex,
    },
    LabelJoin {
        of: Box<Expr>,
        to: String,
        separator: String,
        from: Vec<String>,
    },
    Sort {
        of: Box<Expr>,
        descending: bool,
    },
    Scalar(Box<Expr>),
    Vector(Box<Expr>),
    Time,
    Timestamp(Box<Expr>),
}

#[derive(Debug, Clone)]
pub(super) struct Selector {
    /// Every series of this name, or of all names.
    pub(super) name: Option<String>,
    pub(super) matchers: Vec<Matcher>,
    pub(super) shift: Shift,
}

/// `offset` and `@`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shift {
    pub(super) offset_ms: i64,
    pub(super) at_ms: Option<i64>,
}

impl Shift {
    /// The time that is looked at when `t_ms` is asked.
    pub(super) fn apply(self, t_ms: i64) -> i64 {
        self.at_ms.unwrap_or(t_ms).saturating_sub(self.offset_ms)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Range {
    pub(super) of: Ranged,
    pub(super) range_ms: i64,
    pub(super) shift: Shift,
}

#[derive(Debug, Clone)]
pub(super) enum Ranged {
    Samples(Selector),
    Subquery { expr: Box<Expr>, step_ms: Option<i64> },
}

#[derive(Debug, Clone)]
pub(super) struct Binary {
    pub(super) op: Op,
    pub(super) left: Expr,
    pub(super) right: Expr,
    pub(super) matching: Matching,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    /// With `true`: the `bool` modifier.
    Compare(Comparison, bool),
    And,
    Or,
    Unless,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Which series of two sides belong together.
#[derive(Debug, Clone, Default)]
pub(super) struct Matching {
    /// `on` (true) or `ignoring` these labels.
    pub(super) on: bool,
    pub(super) labels: Vec<String>,
    pub(super) many: Many,
    /// Labels that `group_left` or `group_right` takes from the one side.
    pub(super) include: Vec<String>,
}

/// The side that may have several series for one of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Many {
    #[default]
    Neither,
    Left,
    Right,
}

#[derive(Debug, Clone)]
pub(super) struct Aggregate {
    pub(super) fold: Fold,
    pub(super) of: Expr,
    /// `k` of `topk`, `q` of `quantile`, the label of `count_values`.
    pub(super) param: Option<Expr>,
    pub(super) grouping: Grouping,
}

/// `by` these labels, or `without` them.
#[derive(Debug, Clone)]
pub(super) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

impl Expr {
    /// Visits every selector in the order of the text, and tells whether it stands in an `absent()`.
    pub(super) fn each_selector(&self, visit: &mut dyn FnMut(&Selector, bool)) {
        self.visit(false, visit);
    }

    fn visit(&self, absent: bool, visit: &mut dyn FnMut(&Selector, bool)) {
        match self {
            Expr::Number(_) | Expr::Text(_) | Expr::Time => {}
            Expr::Select(select) => visit(select, absent),
            Expr::Range(range) | Expr::Roll { range, .. } => {
                match &range.of {
                    Ranged::Samples(select) => visit(select, absent),
                    Ranged::Subquery { expr, .. } => expr.visit(absent, visit),
                }
                if let Expr::Roll { scalar: Some(scalar), .. } = self {
                    scalar.visit(absent, visit);
                }
            }
            Expr::Binary(binary) => {
                // What is absent is then a series beyond a bound, and whether there is none can only be known of
                // series that are there.
                let absent = absent && !matches!(binary.op, Op::Compare(_, false));
                binary.left.visit(absent, visit);
                binary.right.visit(absent, visit);
            }
            Expr::Aggregate(aggregate) => {
                if let Some(param) = &aggregate.param {
                    param.visit(absent, visit);
                }
                aggregate.of.visit(absent, visit);
            }
            Expr::Map { of, scalars, .. } => {
                of.visit(absent, visit);
                scalars.iter().for_each(|scalar| scalar.visit(absent, visit));
            }
            Expr::HistogramQuantile { q, of } => {
                q.visit(absent, visit);
                of.visit(absent, visit);
            }
            Expr::Absent { of, .. } => of.visit(true, visit),
            Expr::Negate(of)
            | Expr::LabelReplace { of, .. }
            | Expr::LabelJoin { of, .. }
            | Expr::Sort { of, .. }
            | Expr::Scalar(of)
            | Expr::Vector(of)
            | Expr::Timestamp(of) => of.visit(absent, visit),
        }
    }
}
