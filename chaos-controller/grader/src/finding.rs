//! One judgement: pass, fail or unknown, with the number it rests on and the words that explain it. Whether it is
//! required is the drill's business, not the finding's.

use serde::{Deserialize, Serialize};

use crate::query;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pass,
    Fail,
    /// There is not enough evidence. It never counts as a pass.
    Unknown,
}

/// On which side of the threshold a value is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sense {
    AtLeast,
    Above,
    AtMost,
    Below,
    /// As near as chance allows.
    Exactly,
}

impl Sense {
    pub fn sign(self) -> &'static str {
        match self {
            Sense::AtLeast => "≥",
            Sense::Above => ">",
            Sense::AtMost => "≤",
            Sense::Below => "<",
            Sense::Exactly => "=",
        }
    }
}

/// What a criterion or a proof found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub status: Status,
    /// The measured value, in the unit of `threshold`.
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    /// `None`: there is no threshold, or an older grader did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sense: Option<Sense>,
    /// Of `value` and `threshold`: `share`, `s`, `ms`, `times`; empty for a count.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// One sentence for a person.
    pub reason: String,
    /// Where to look: the log or query, and its span of time.
    pub evidence: String,
    /// The PromQL that `value` is the answer to, at the end of the span that `evidence` names. `None`: it rests on
    /// another log than the samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// When to ask it, on the run's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
}

impl Finding {
    pub(crate) fn new(status: Status, reason: impl Into<String>) -> Finding {
        Finding {
            status,
            value: None,
            threshold: None,
            sense: None,
            unit: String::new(),
            reason: reason.into(),
            evidence: String::new(),
            query: None,
            at_ms: None,
        }
    }

    pub(crate) fn pass(reason: impl Into<String>) -> Finding {
        Finding::new(Status::Pass, reason)
    }

    pub(crate) fn fail(reason: impl Into<String>) -> Finding {
        Finding::new(Status::Fail, reason)
    }

    pub(crate) fn unknown(reason: impl Into<String>) -> Finding {
        Finding::new(Status::Unknown, reason)
    }

    pub(crate) fn judged(ok: bool, reason: impl Into<String>) -> Finding {
        Finding::new(if ok { Status::Pass } else { Status::Fail }, reason)
    }

    pub(crate) fn value(mut self, value: f64) -> Finding {
        self.value = Some(round(value));
        self
    }

    pub(crate) fn at_least(self, threshold: f64) -> Finding {
        self.threshold(Sense::AtLeast, threshold)
    }

    pub(crate) fn at_most(self, threshold: f64) -> Finding {
        self.threshold(Sense::AtMost, threshold)
    }

    pub(crate) fn below(self, threshold: f64) -> Finding {
        self.threshold(Sense::Below, threshold)
    }

    pub(crate) fn threshold(mut self, sense: Sense, threshold: f64) -> Finding {
        (self.sense, self.threshold) = (Some(sense), Some(round(threshold)));
        self
    }

    pub(crate) fn unit(mut self, unit: &str) -> Finding {
        self.unit = unit.to_owned();
        self
    }

    pub(crate) fn query(mut self, query: impl Into<String>, at_ms: impl Into<Option<u64>>) -> Finding {
        (self.query, self.at_ms) = (Some(query.into()), at_ms.into());
        self
    }

    pub(crate) fn evidence(mut self, evidence: impl Into<String>) -> Finding {
        self.evidence = evidence.into();
        self
    }

    /// The command that asks for it again, of the run's folder.
    pub(crate) fn command(&self, run: &str) -> Option<String> {
        self.query.as_ref().map(|query| query::command(query, run, self.at_ms))
    }

    /// The threshold with its sign.
    pub fn target(&self) -> Option<String> {
        let threshold = self.threshold?;
        Some(self.sense.map_or(threshold.to_string(), |sense| format!("{} {threshold}", sense.sign())))
    }

    /// How far the value is on the good side of the threshold; below zero it is on the other.
    pub fn margin(&self) -> Option<f64> {
        let (value, threshold) = (self.value?, self.threshold?);
        Some(round(match self.sense? {
            Sense::AtLeast | Sense::Above => value - threshold,
            Sense::AtMost | Sense::Below => threshold - value,
            Sense::Exactly => -(value - threshold).abs(),
        }))
    }
}

/// Six significant places behind the point: enough to explain, and stable to print.
pub(crate) fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// So many of something, in the number that the count asks for.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A share as people read it.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 100.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(1, "hypothesis", "hypotheses"), "1 hypothesis");
        assert_eq!(counted(0, "change", "changes"), "0 changes");
    }

    #[test]
    fn a_margin_is_below_zero_on_the_wrong_side_whichever_that_is() {
        let judged = |value: f64| Finding::judged(true, "").value(value);
        assert_eq!(judged(0.9).at_least(0.95).margin(), Some(-0.05));
        assert_eq!(judged(0.061).at_most(0.01).margin(), Some(-0.051));
        assert_eq!(judged(1.0).below(1.05).margin(), Some(0.05));
        assert_eq!(judged(3.0).threshold(Sense::Exactly, 5.0).margin(), Some(-2.0));
        assert_eq!(judged(3.0).margin(), None);
        assert_eq!(judged(0.061).at_most(0.01).target().as_deref(), Some("≤ 0.01"));
    }
}
