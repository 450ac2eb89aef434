//! From the parser's tree to ours. The parser has checked the types of arguments; what it takes and we do not is refused
//! in `diagnose`, which knows places, so that little is left to refuse here.

use std::time::{Duration, SystemTime};

use promql_parser::label::{MatchOp, Matcher as Parsed, Matchers};
use promql_parser::parser::token::{
    T_ADD, T_DIV, T_EQLC, T_GTE, T_GTR, T_LAND, T_LOR, T_LSS, T_LTE, T_LUNLESS, T_MOD, T_MUL, T_NEQ, T_POW,
    T_SUB,
};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{self as parsed, AtModifier, LabelModifier, Offset, VectorMatchCardinality};

use super::diagnose;
use super::evaluate::{FAR_MS, STEPS};
use super::expr::{
    Aggregate, Binary, Comparison, Expr, Grouping, Many, Matching, Op, Range, Ranged, Selector, Shift,
};
use super::functions::{self, Function, Roll};
use super::labels::NAME;
use super::matcher::{Matcher, Test, anchored};
use super::query::Kind;
use super::refused::Refused;

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<(Expr, Kind), Refused> {
    diagnose::unsupported(text)?;
    let tree = parsed::parse(text).map_err(|message| diagnose::locate(text, &message))?;
    let kind = match tree.value_type() {
        ValueType::Scalar => Kind::Scalar,
        ValueType::Vector => Kind::Vector,
        ValueType::Matrix => Kind::Matrix,
        ValueType::String => Kind::Text,
    };
    let expr = expr(tree).map_err(|refusal| diagnose::place(text, &refusal))?;
    Ok((expr, kind))
}

/// What was refused, and the words of the text that it was about.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) about: String,
}

fn refuse<T>(message: impl Into<String>, about: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { message: message.into(), about: about.into() })
}

fn boxed(tree: parsed::Expr) -> Result<Box<Expr>, Refusal> {
    expr(tree).map(Box::new)
}

fn expr(tree: parsed::Expr) -> Result<Expr, Refusal> {
    Ok(match tree {
        parsed::Expr::NumberLiteral(number) => Expr::Number(number.val),
        parsed::Expr::StringLiteral(text) => Expr::Text(text.val),
        parsed::Expr::Paren(inner) => expr(*inner.expr)?,
        parsed::Expr::Unary(unary) => Expr::Negate(boxed(*unary.expr)?),
        parsed::Expr::VectorSelector(vector) => Expr::Select(selector(vector)?),
        tree @ (parsed::Expr::MatrixSelector(_) | parsed::Expr::Subquery(_)) => Expr::Range(range(tree)?),
        parsed::Expr::Binary(binary) => Expr::Binary(Box::new(self::binary(binary)?)),
        parsed::Expr::Aggregate(aggregate) => Expr::Aggregate(Box::new(self::aggregate(aggregate)?)),
        parsed::Expr::Call(call) => self::call(call)?,
        parsed::Expr::Extension(_) => return refuse("an extension of the language", ""),
    })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(FAR_MS as i64)
}

fn shift(offset: Option<Offset>, at: Option<AtModifier>) -> Result<Shift, Refusal> {
    let offset_ms = match offset {
        None => 0,
        Some(Offset::Pos(later)) => milliseconds(later),
        Some(Offset::Neg(earlier)) => -milliseconds(earlier),
    };
    let at_ms = match at {
        None => None,
        Some(AtModifier::At(time)) => Some(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => milliseconds(after),
            Err(before) => -milliseconds(before.duration()),
        }),
        Some(AtModifier::Start | AtModifier::End) => return refuse("`@` takes a number of seconds", "@"),
    };
    Ok(Shift { offset_ms, at_ms })
}

fn selector(vector: parsed::VectorSelector) -> Result<Selector, Refusal> {
    let shift = shift(vector.offset, vector.at)?;
    let Matchers { matchers, or_matchers } = vector.matchers;
    if !or_matchers.is_empty() {
        return refuse("`or` between matchers", "or");
    }
    let mut matchers = matchers.into_iter().map(matcher).collect::<Result<Vec<_>, _>>()?;
    let mut name = vector.name;
    if name.is_none() {
        let by_name = |matcher: &Matcher| matcher.label == NAME && matches!(matcher.test, Test::Equal(_));
        if let Some(at) = matchers.iter().position(by_name)
            && let Test::Equal(wanted) = matchers.remove(at).test
        {
            name = Some(wanted);
        }
    }
    Ok(Selector { name, matchers, shift })
}

fn matcher(matcher: Parsed) -> Result<Matcher, Refusal> {
    let pattern = |text: &str| {
        anchored(text).or_else(|error| {
            refuse(format!("`{text}` is no regular expression: {}", last_line(&error)), text)
        })
    };
    let test = match matcher.op {
        MatchOp::Equal => Test::Equal(matcher.value),
        MatchOp::NotEqual => Test::NotEqual(matcher.value),
        MatchOp::Re(_) => Test::Match(pattern(&matcher.value)?),
        MatchOp::NotRe(_) => Test::NotMatch(pattern(&matcher.value)?),
    };
    Ok(Matcher { label: matcher.name, test })
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn range(tree: parsed::Expr) -> Result<Range, Refusal> {
    match tree {
        parsed::Expr::Paren(inner) => range(*inner.expr),
        parsed::Expr::MatrixSelector(matrix) => {
            let selector = selector(matrix.vs)?;
            let (range_ms, shift) = (milliseconds(matrix.range), selector.shift);
            Ok(Range { of: Ranged::Samples(selector), range_ms, shift })
        }
        parsed::Expr::Subquery(sub) => {
            let step_ms = sub.step.map(milliseconds);
            if step_ms == Some(0) {
                return refuse("a subquery needs a step of at least 1 ms", ":");
            }
            let range_ms = milliseconds(sub.range);
            let steps = step_ms.map_or(0, |step_ms| range_ms / step_ms);
            if steps > STEPS as i64 {
                return refuse(
                    format!("{steps} steps of a subquery are too many: at most {STEPS}, take a longer one"),
                    ":",
                );
            }
            let shift = shift(sub.offset, sub.at)?;
            Ok(Range { of: Ranged::Subquery { expr: boxed(*sub.expr)?, step_ms }, range_ms, shift })
        }
        _ => refuse("a range is needed", "["),
    }
}

fn binary(binary: parsed::BinaryExpr) -> Result<Binary, Refusal> {
    let modifier = binary.modifier.unwrap_or_default();
    let comparison = |comparison| Op::Compare(comparison, modifier.return_bool);
    let op = match binary.op.id() {
        T_ADD => Op::Add,
        T_SUB => Op::Sub,
        T_MUL => Op::Mul,
        T_DIV => Op::Div,
        T_MOD => Op::Mod,
        T_POW => Op::Pow,
        T_EQLC => comparison(Comparison::Equal),
        T_NEQ => comparison(Comparison::NotEqual),
        T_LSS => comparison(Comparison::Less),
        T_LTE => comparison(Comparison::LessOrEqual),
        T_GTR => comparison(Comparison::Greater),
        T_GTE => comparison(Comparison::GreaterOrEqual),
        T_LAND => Op::And,
        T_LOR => Op::Or,
        T_LUNLESS => Op::Unless,
        _ => return refuse(format!("the operator `{}`", binary.op), binary.op.to_string()),
    };
    let (many, include) = match modifier.card {
        VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => (Many::Neither, Vec::new()),
        VectorMatchCardinality::ManyToOne(labels) => (Many::Left, labels.labels),
        VectorMatchCardinality::OneToMany(labels) => (Many::Right, labels.labels),
    };
    let (on, labels) = match modifier.matching {
        None => (false, Vec::new()),
        Some(LabelModifier::Include(labels)) => (true, labels.labels),
        Some(LabelModifier::Exclude(labels)) => (false, labels.labels),
    };
    Ok(Binary {
        op,
        left: expr(*binary.lhs)?,
        right: expr(*binary.rhs)?,
        matching: Matching { on, labels, many, include },
    })
}

fn aggregate(aggregate: parsed::AggregateExpr) -> Result<Aggregate, Refusal> {
    let name = aggregate.op.to_string();
    let Some(fold) = functions::aggregation(&name) else {
        return refuse(format!("the aggregation `{name}`"), name);
    };
    let grouping = match aggregate.modifier {
        None => Grouping::By(Vec::new()),
        Some(LabelModifier::Include(labels)) => Grouping::By(labels.labels),
        Some(LabelModifier::Exclude(labels)) => Grouping::Without(labels.labels),
    };
    let param = aggregate.param.map(|param| expr(*param)).transpose()?;
    if let Some(Expr::Text(label)) = &param
        && !is_label(label)
    {
        return refuse(format!("`{label}` is no label name"), label.as_str());
    }
    Ok(Aggregate { fold, of: expr(*aggregate.expr)?, param, grouping })
}

fn call(call: parsed::Call) -> Result<Expr, Refusal> {
    let name = call.func.name;
    let Some(function) = functions::function(name) else {
        return refuse(format!("the function `{name}`"), name);
    };
    let mut args = call.args.args.into_iter().map(|arg| *arg);
    let mut next = || match args.next() {
        Some(arg) => Ok(arg),
        None => refuse(format!("`{name}` needs more arguments"), name),
    };
    Ok(match function {
        Function::Roll(roll @ Roll::QuantileOverTime) => {
            let scalar = Some(boxed(next()?)?);
            Expr::Roll { roll, range: range(next()?)?, scalar }
        }
        Function::Roll(roll) => {
            let range = range(next()?)?;
            let scalar = args.next().map(boxed).transpose()?;
            Expr::Roll { roll, range, scalar }
        }
        Function::Map(map) => {
            let of = boxed(next()?)?;
            Expr::Map { map, of, scalars: args.map(expr).collect::<Result<_, _>>()? }
        }
        Function::HistogramQuantile => Expr::HistogramQuantile { q: boxed(next()?)?, of: boxed(next()?)? },
        Function::Absent => {
            let of = boxed(next()?)?;
            let labels = demanded(&of);
            Expr::Absent { of, labels }
        }
        Function::LabelReplace => {
            let of = boxed(next()?)?;
            let [to, template, from, pattern] =
                [text(next()?)?, text(next()?)?, text(next()?)?, text(next()?)?];
            if !is_label(&to) {
                return refuse(format!("`{to}` is no label name"), to);
            }
            let pattern = match anchored(&pattern) {
                Ok(pattern) => pattern,
                Err(error) => {
                    let why = last_line(&error);
                    return refuse(format!("`{pattern}` is no regular expression: {why}"), pattern);
                }
            };
            Expr::LabelReplace { of, to, template, from, pattern }
        }
        Function::LabelJoin => {
            let of = boxed(next()?)?;
            let (to, separator) = (text(next()?)?, text(next()?)?);
            let from = args.map(text).collect::<Result<Vec<_>, _>>()?;
            if let Some(wrong) = from.iter().chain([&to]).find(|name| !is_label(name)) {
                return refuse(format!("`{wrong}` is no label name"), wrong.as_str());
            }
            Expr::LabelJoin { of, to, separator, from }
        }
        Function::Sort { descending } => Expr::Sort { of: boxed(next()?)?, descending },
        Function::Scalar => Expr::Scalar(boxed(next()?)?),
        Function::Vector => Expr::Vector(boxed(next()?)?),
        Function::Time => Expr::Time,
        Function::Timestamp => Expr::Timestamp(boxed(next()?)?),
    })
}

fn text(tree: parsed::Expr) -> Result<String, Refusal> {
    match expr(tree)? {
        Expr::Text(text) => Ok(text),
        _ => refuse("a text is needed", ""),
    }
}

fn is_label(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// The labels that a selector demands by `=`, each once: those that `absent` answers with. A label that is demanded twice
/// has no one value (`createLabelsForAbsentFunction` of Prometheus).
fn demanded(of: &Expr) -> Vec<(String, String)> {
    let selector = match of {
        Expr::Select(selector) => selector,
        Expr::Range(Range { of: Ranged::Samples(selector), .. }) => selector,
        _ => return Vec::new(),
    };
    let mut seen: Vec<&str> = Vec::new();
    let mut labels: Vec<(String, String)> = Vec::new();
    for matcher in selector.matchers.iter().filter(|matcher| matcher.label != NAME) {
        match &matcher.test {
            Test::Equal(value) if !seen.contains(&matcher.label.as_str()) => {
                labels.push((matcher.label.clone(), value.clone()));
                seen.push(&matcher.label);
            }
            _ => labels.retain(|(label, _)| *label != matcher.label),
        }
    }
    labels
}
