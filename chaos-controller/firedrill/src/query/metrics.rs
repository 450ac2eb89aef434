//! The metrics that can be asked for, with what they mean.

use controller::api::query::Metric;

use crate::output::table;

/// A line per metric: name, kind, series alive now, labels, help.
pub(crate) fn list(metrics: &[Metric]) -> String {
    let rows: Vec<Vec<String>> = metrics
        .iter()
        .map(|metric| {
            // Every series has these, from the scraper.
            let own = |label: &&String| !matches!(label.as_str(), "service" | "instance" | "job");
            let labels: Vec<&str> = metric.labels.keys().filter(own).map(String::as_str).collect();
            vec![
                metric.name.clone(),
                metric.kind.clone(),
                metric.series.to_string(),
                labels.join(","),
                metric.help.clone(),
            ]
        })
        .collect();
    table(&["METRIC", "KIND", "SERIES", "LABELS", "IS"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_told_with_its_own_labels() {
        let metric = Metric {
            name: "lab_queue_depth".into(),
            kind: "gauge".into(),
            help: "Requests that wait".into(),
            series: 7,
            labels: ["instance", "pool", "service"].map(|label| (label.to_owned(), Vec::new())).into(),
        };
        assert_eq!(
            list(&[metric]).lines().nth(1),
            Some("lab_queue_depth  gauge  7       pool    Requests that wait")
        );
    }
}
