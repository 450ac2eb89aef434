//! Labels that a query groups by and that no series has: the answer is one sum, and nothing says why.

use std::collections::BTreeSet;

use controller::api::query::Metric;

/// What the scraper and histograms add.
const ALWAYS: [&str; 5] = ["job", "service", "instance", "le", "__name__"];

/// The labels in `by (...)`; none where labels are made by the query itself.
pub(crate) fn grouped_by(query: &str) -> Vec<&str> {
    if query.contains("label_replace") || query.contains("label_join") || query.contains("count_values") {
        return Vec::new();
    }
    let mut labels = Vec::new();
    for (at, _) in query.match_indices("by") {
        let before = query[..at].chars().next_back();
        let rest = query[at + 2..].trim_start();
        let word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if let (false, Some(list)) = (word, rest.strip_prefix('(').and_then(|rest| rest.split(')').next())) {
            labels.extend(list.split(',').map(str::trim).filter(|label| !label.is_empty()));
        }
    }
    labels
}

/// A line per label that none of these metrics has; `names` are those that the query asks for, all if it names none.
pub(crate) fn missing(query: &str, names: &[&str], metrics: &[Metric]) -> Vec<String> {
    let asked = |metric: &&Metric| {
        let of = |name: &str| {
            let parts = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            name == metric.name || parts == Some(metric.name.as_str())
        };
        names.is_empty() || names.iter().any(|name| of(name))
    };
    let mut there: BTreeSet<&str> = ALWAYS.into();
    let found: Vec<&Metric> = metrics.iter().filter(asked).collect();
    there.extend(found.iter().flat_map(|metric| metric.labels.keys()).map(String::as_str));
    if found.is_empty() {
        return Vec::new();
    }
    let unknown: BTreeSet<&str> =
        grouped_by(query).into_iter().filter(|label| !there.contains(label)).collect();
    let offered: Vec<&str> = there.iter().copied().filter(|label| !label.starts_with("__")).collect();
    let tell = |label: &str| format!("no series has the label `{label}`; there are {}", offered.join(", "));
    unknown.into_iter().map(tell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_nobody_has_is_told_with_those_there_are() {
        let depth = Metric {
            name: "lab_queue_depth".into(),
            labels: ["pool", "service"].map(|label| (label.to_owned(), Vec::new())).into(),
            ..Metric::default()
        };
        let missing = |query: &str| missing(query, &["lab_queue_depth"], std::slice::from_ref(&depth));
        assert_eq!(
            missing("sum by (svc) (lab_queue_depth)"),
            ["no series has the label `svc`; there are instance, job, le, pool, service"]
        );
        assert!(missing("sum by (service, pool) (lab_queue_depth)").is_empty());
        assert!(missing("sum(lab_queue_depth) by(service)").is_empty());
        assert_eq!(missing("sum(lab_queue_depth) by(svc, poll)").len(), 2);
    }
}
