//! The samples as text, for people and for other tools: one line a change, `name{labels} value t_ms`.

use std::fmt::Write as _;

use super::series::Samples;

/// Every change of every series, in order of series and time; a staleness mark is written as NaN.
pub fn export(samples: &Samples) -> String {
    let mut text = String::new();
    for series in samples.all() {
        let labels: Vec<String> =
            series.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let labels = labels.join(",");
        for (t_ms, value) in &series.points {
            let _ = writeln!(text, "{}{{{labels}}} {value} {t_ms}", series.name);
        }
    }
    text
}
