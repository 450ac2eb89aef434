//! The one axis of time that everything is drawn on: from the start of the run until the books were closed, with the
//! times in which a trigger was on.

use evidence::kind;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;

/// Both ends, seconds after the fault's start, and what lies behind the plots.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    pub from: f64,
    pub to: f64,
    pub bands: Vec<Band>,
}

/// A time in which a trigger was on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Band {
    pub name: String,
    /// `timeline`, `replay` or `person`.
    pub why: String,
    pub from: f64,
    /// `None`: it was never taken back.
    pub to: Option<f64>,
    /// Line of the journal that says when it began.
    pub seq: Option<u64>,
}

impl Axis {
    pub(crate) fn of(case: &Case<'_>) -> Axis {
        let span = span(case);
        let seconds = |t_ms: u64| round(case.moments.seconds(t_ms));
        let band = |fault: &crate::moments::Fired| Band {
            name: fault.id.clone(),
            why: fault.why.clone(),
            from: seconds(fault.applied),
            to: fault.cleared.map(seconds),
            seq: case
                .recording
                .entries(kind::FAULT_APPLIED)
                .find(|entry| entry.t_ms == fault.applied && entry.text("id") == fault.id)
                .map(|entry| entry.seq),
        };
        Axis {
            from: seconds(span.from),
            to: seconds(span.to),
            bands: case.moments.fired.iter().map(band).collect(),
        }
    }
}

/// The same in milliseconds of the run: what is sampled later is the lab going down.
pub(super) fn span(case: &Case<'_>) -> Span {
    let closed = crate::moments::phase(case.recording, kind::phase::RECONCILE);
    let last = case.recording.journal.last().map(|entry| entry.t_ms);
    Span { from: 0, to: closed.or(last).unwrap_or_default() }
}
