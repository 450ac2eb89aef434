//! What can be asked for: the metrics that were scraped, each with its labels, and what recording rules make of them. A
//! question is followed through its operators, because a label that an aggregation dropped is not there any more either.

use std::collections::{BTreeMap, BTreeSet};

use evidence::samples::Samples;
use promql_parser::label::Matchers;
use promql_parser::parser::token::{T_BOTTOMK, T_COUNT_VALUES, T_TOPK};
use promql_parser::parser::{
    self as parsed, AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality,
};

use super::shipped::{Asked, Rule};

/// What whoever scrapes attaches.
const ATTACHED: [&str; 3] = ["instance", "job", "service"];

type Labels = BTreeSet<String>;

/// The metrics there are, and the labels of each.
#[derive(Debug)]
pub(super) struct Catalogue(BTreeMap<String, Labels>);

impl Catalogue {
    /// Of what was seen, and of what rules record of it.
    pub(super) fn of(seen: &[Samples], rules: &[Rule]) -> Self {
        let attached = || ATTACHED.into_iter().map(str::to_owned);
        let mut metrics = BTreeMap::from([("up".to_owned(), attached().collect())]);
        for series in seen.iter().flat_map(Samples::all) {
            let labels: &mut Labels =
                metrics.entry(series.name.clone()).or_insert_with(|| attached().collect());
            labels.extend(series.labels.iter().map(|(label, _)| label.clone()));
        }
        let mut catalogue = Self(metrics);
        for rule in rules.iter().filter(|rule| rule.records) {
            let tree = parsed::parse(&rule.expr).unwrap_or_else(|error| panic!("{}: {error}", rule.name));
            let mut labels = catalogue.follow(&tree, &mut Vec::new());
            labels.extend(rule.labels.iter().cloned());
            catalogue.0.entry(rule.name.clone()).or_default().extend(labels);
        }
        catalogue
    }

    /// Everything that a question asks for and is not there.
    pub(super) fn problems(&self, asked: &Asked) -> Vec<String> {
        let mut wrong = Vec::new();
        match parsed::parse(&asked.text) {
            Ok(tree) => {
                let labels = self.follow(&tree, &mut wrong);
                if wrong.is_empty() {
                    must_have("the words around it", &asked.shown, &labels, &mut wrong);
                }
            }
            Err(error) => wrong.push(format!("`{}` cannot be read: {error}", asked.text)),
        }
        wrong.iter().map(|problem| format!("{}: {problem}", asked.place)).collect()
    }

    /// The labels that the answer can have.
    fn follow(&self, tree: &Expr, wrong: &mut Vec<String>) -> Labels {
        match tree {
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => Labels::new(),
            Expr::Paren(inner) => self.follow(&inner.expr, wrong),
            Expr::Unary(inner) => self.follow(&inner.expr, wrong),
            Expr::Subquery(inner) => self.follow(&inner.expr, wrong),
            Expr::VectorSelector(selector) => {
                self.select(selector.name.as_deref(), &selector.matchers, wrong)
            }
            Expr::MatrixSelector(range) => self.select(range.vs.name.as_deref(), &range.vs.matchers, wrong),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, wrong),
            Expr::Binary(binary) => self.binary(binary, wrong),
            Expr::Call(call) => self.call(call, wrong),
        }
    }

    fn select(&self, name: Option<&str>, matchers: &Matchers, wrong: &mut Vec<String>) -> Labels {
        let Some(name) = name else {
            wrong.push("a selector without the name of a metric".to_owned());
            return Labels::new();
        };
        let Some(labels) = self.0.get(name) else {
            wrong.push(format!("nothing exposes `{name}`: the names are in dashboards/README.md"));
            return Labels::new();
        };
        let used: Vec<String> = matchers.matchers.iter().map(|matcher| matcher.name.clone()).collect();
        must_have(&format!("`{name}`"), &used, labels, wrong);
        labels.clone()
    }

    fn aggregate(&self, aggregate: &AggregateExpr, wrong: &mut Vec<String>) -> Labels {
        let before = wrong.len();
        let inner = self.follow(&aggregate.expr, wrong);
        match &aggregate.modifier {
            // Of what is not there nobody knows the labels: one slip is one problem.
            Some(LabelModifier::Include(by)) if wrong.len() > before => by.labels.iter().cloned().collect(),
            _ if [T_TOPK, T_BOTTOMK].contains(&aggregate.op.id()) => inner,
            Some(LabelModifier::Include(by)) => {
                must_have("what is aggregated", &by.labels, &inner, wrong);
                by.labels.iter().cloned().collect()
            }
            Some(LabelModifier::Exclude(without)) => {
                must_have("what is aggregated", &without.labels, &inner, wrong);
                inner.into_iter().filter(|label| !without.labels.contains(label)).collect()
            }
            None if aggregate.op.id() == T_COUNT_VALUES => {
                text(aggregate.param.as_deref()).into_iter().collect()
            }
            None => Labels::new(),
        }
    }

    fn binary(&self, binary: &BinaryExpr, wrong: &mut Vec<String>) -> Labels {
        let before = wrong.len();
        let (left, right) = (self.follow(&binary.lhs, wrong), self.follow(&binary.rhs, wrong));
        if wrong.len() > before {
            return left.union(&right).cloned().collect();
        }
        if binary.op.to_string() == "or" {
            return left.union(&right).cloned().collect();
        }
        let Some(modifier) = &binary.modifier else {
            // One of the two may be a number.
            return if left.is_empty() { right } else { left };
        };
        if let Some(LabelModifier::Include(on)) = &modifier.matching {
            must_have("the left side", &on.labels, &left, wrong);
            must_have("the right side", &on.labels, &right, wrong);
        }
        match &modifier.card {
            VectorMatchCardinality::ManyToOne(taken) => {
                must_have("the right side", &taken.labels, &right, wrong);
                left.into_iter().chain(taken.labels.iter().cloned()).collect()
            }
            VectorMatchCardinality::OneToMany(taken) => {
                must_have("the left side", &taken.labels, &left, wrong);
                right.into_iter().chain(taken.labels.iter().cloned()).collect()
            }
            _ => match &modifier.matching {
                Some(LabelModifier::Include(on)) if !binary.op.is_set_operator() => {
                    on.labels.iter().cloned().collect()
                }
                _ if left.is_empty() => right,
                _ => left,
            },
        }
    }

    fn call(&self, call: &Call, wrong: &mut Vec<String>) -> Labels {
        let (arguments, before) = (&call.args.args, wrong.len());
        let mut labels = Labels::new();
        for argument in arguments {
            labels.extend(self.follow(argument, wrong));
        }
        if wrong.len() > before {
            return labels;
        }
        let nth =
            |at: usize| text(arguments.get(at).map(|argument| &**argument)).filter(|text| !text.is_empty());
        match call.func.name {
            "label_replace" => {
                must_have("what is relabelled", &nth(3).into_iter().collect::<Vec<_>>(), &labels, wrong);
                labels.extend(nth(1));
            }
            "label_join" => labels.extend(nth(1)),
            "histogram_quantile" => {
                must_have("what the quantile is of", &["le".to_owned()], &labels, wrong);
                labels.remove("le");
            }
            "absent" | "absent_over_time" | "scalar" | "time" | "vector" => labels.clear(),
            _ => {}
        }
        labels
    }
}

fn must_have(what: &str, wanted: &[String], labels: &Labels, wrong: &mut Vec<String>) {
    let there = || labels.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    for label in wanted.iter().filter(|label| !labels.contains(*label)) {
        wrong.push(format!("{what}: there is no label `{label}`; there are {}", there()));
    }
}

/// The words of an argument that is a text.
fn text(argument: Option<&Expr>) -> Option<String> {
    match argument? {
        Expr::StringLiteral(text) => Some(text.val.clone()),
        _ => None,
    }
}
