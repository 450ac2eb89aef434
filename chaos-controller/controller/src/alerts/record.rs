//! Recording rules: what they answer becomes series of the live samples, so that alerts, boards and people ask for them as
//! they would ask a Prometheus that has loaded the same file.
//!
//! All are evaluated before the alerts, in the order of their file: one may ask for what one before it has just recorded.
//! A run's recording holds none of it, because a verdict asks for what the processes said.

use drill::Recording;
use evidence::promql::{self, Labels, Value};

use crate::samples::Held;

/// Records the answers as of a moment. Gives what could not be evaluated, as `name: why`.
pub(super) fn record(recordings: &[Recording], held: &mut Held, t_ms: u64) -> Vec<String> {
    let mut failed = Vec::new();
    for (place, recording) in recordings.iter().enumerate() {
        let answer = match promql::instant(&recording.expr, held.samples(), t_ms) {
            Ok(answer) => answer,
            Err(error) => {
                failed.push(format!("{}: {error}", recording.record));
                Value::Vector(Vec::new())
            }
        };
        let mut answer = series(answer);
        for (labels, _) in &mut answer {
            labels.extend(recording.labels.clone());
        }
        held.record(t_ms, &place.to_string(), &recording.record, &answer);
    }
    failed
}

/// Each series of an answer, without the name of its metric.
pub(super) fn series(answer: Value) -> Vec<(Labels, f64)> {
    match answer {
        Value::Vector(samples) => samples
            .into_iter()
            .map(|sample| {
                let mut labels = sample.labels;
                labels.remove("__name__");
                (labels, sample.value)
            })
            .collect(),
        Value::Scalar(value) => vec![(Labels::new(), value)],
        Value::Matrix(_) | Value::Text(_) => Vec::new(),
    }
}
