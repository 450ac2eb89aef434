//! Recovery that is judged after the trigger is gone, and the proof that there was something to recover from: a shop
//! that stays down by itself. What a metastable state is, is told in `docs/retry-storm.md`.
//!
//! ```text
//!   t0       heal                                                  handover                         replay
//!   |-- fault --|...... from |=========== metastable ===========| to |-- within + windows + hold --|- clear -|-- again --|-- within ..
//!               ^ trigger proven gone                           ^ and again
//! ```
//! The figures are PromQL, so that whoever doubts them can ask the recording again. Leaves out evaluating them.

use std::time::Duration;

use resilience::policy::Span;
use resilience::policy::topology::EDGES;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::journey::Journey;
use crate::time::word;

/// When the shop must be well to count as recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum After {
    /// While the faults are on: a shop that heals when its trigger ends has survived nothing.
    #[default]
    Fault,
    /// Once the faults are gone: for outages that outlive their trigger.
    TriggerRemoved,
}

/// What a plan says of recovery after the trigger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aftermath {
    /// The recovered windows begin at most this long after the handover, when a script plays, and after the end of the
    /// trigger that was fired again.
    #[serde(with = "word")]
    pub within: Duration,
    /// What must be proven before the handover, if nobody has acted by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metastable: Option<Metastable>,
}

/// A shop that is down and stays down although its trigger is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metastable {
    /// After the end of the last fault: from here on ..
    #[serde(with = "word")]
    #[schemars(with = "Span")]
    pub from: Duration,
    /// .. to here it is judged.
    #[serde(with = "word")]
    #[schemars(with = "Span")]
    pub to: Duration,
    /// Hardly anybody of this journey is served.
    pub goodput: GoodputBelow,
    /// The calls of this edge are made over and over.
    pub amplification: AmplificationAbove,
    /// The workers of this service have no time.
    pub busy: ShareAbove,
    /// What this service does is for callers that have left.
    pub waste: ShareAbove,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoodputBelow {
    #[schemars(with = "JourneyName")]
    pub journey: Journey,
    #[schemars(range(min = 0, max = 1))]
    pub below: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmplificationAbove {
    /// Caller and callee, `order->payment`.
    pub edge: String,
    /// Attempts per call.
    #[schemars(range(min = 1, max = 100))]
    pub above: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareAbove {
    pub service: String,
    #[schemars(range(min = 0, max = 1))]
    pub above: f64,
}

/// The names of the journeys, for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum JourneyName {
    Home,
    Search,
    Account,
    PrepareCheckout,
    Checkout,
}

/// One figure of the proof: a number that PromQL answers with, and what it is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// As a report names it.
    pub name: &'static str,
    /// A vector of one value.
    pub promql: String,
    pub limit: f64,
    /// The figure must be above its limit; else below.
    pub above: bool,
}

impl Figure {
    /// Whether a value says what the proof needs.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        if self.above { value > self.limit } else { value < self.limit }
    }
}

impl Metastable {
    /// The figures over the last `over` before the moment that they are asked for. Ratios of two increases: what
    /// PromQL extrapolates cancels out.
    #[must_use]
    pub fn figures(&self, over: Duration) -> [Figure; 4] {
        let over = Span(over);
        let grown = |series: String| format!("sum(increase({series}[{over}]))");
        let journey = self.goodput.journey.name();
        let users = |more: &str| grown(format!("lab_user_requests_total{{journey=\"{journey}\"{more}}}"));
        let (caller, callee) = self.edge();
        let edge = |counter: &str| grown(format!("{counter}{{service=\"{caller}\",target=\"{callee}\"}}"));
        let pool = |metric: &str| format!("{metric}{{service=\"{}\"}}", self.busy.service);
        let wasted = &self.waste.service;
        let done = format!(
            "rpc_server_call_duration_seconds_count{{service=\"{wasted}\",rpc_response_status_code=\"OK\"}}"
        );
        let abandoned = format!("lab_abandoned_total{{service=\"{wasted}\"}}");
        [
            Figure {
                name: "goodput",
                promql: format!("({} or vector(0)) / {}", users(",outcome=\"ok\""), users("")),
                limit: self.goodput.below,
                above: false,
            },
            Figure {
                name: "amplification",
                promql: format!("{} / {}", edge("lab_client_attempts_total"), edge("lab_client_calls_total")),
                limit: self.amplification.above,
                above: true,
            },
            Figure {
                name: "busy",
                promql: format!(
                    "sum(rate({}[{over}])) / sum({})",
                    pool("lab_workers_busy_seconds_total"),
                    pool("lab_workers_limit")
                ),
                limit: self.busy.above,
                above: true,
            },
            Figure {
                name: "waste",
                promql: format!("{} / {}", grown(abandoned), grown(done)),
                limit: self.waste.above,
                above: true,
            },
        ]
    }

    /// Caller and callee of the edge that is judged.
    #[must_use]
    pub fn edge(&self) -> (&str, &str) {
        split(&self.amplification.edge)
    }
}

fn split(edge: &str) -> (&str, &str) {
    edge.split_once("->").map_or((edge, ""), |(caller, callee)| (caller.trim(), callee.trim()))
}

/// Whether the shop has such an edge, and the names of those that it has.
pub(crate) fn known_edge(edge: &str) -> Result<(), Vec<String>> {
    let found = split(edge);
    if EDGES.contains(&found) {
        return Ok(());
    }
    Err(EDGES.iter().map(|(caller, callee)| format!("{caller}->{callee}")).collect())
}

#[cfg(test)]
mod tests {
    use evidence::promql::Query;

    use super::*;

    fn storm() -> Metastable {
        serde_json::from_value(serde_json::json!({
            "from": "60s", "to": "2m",
            "goodput": {"journey": "checkout", "below": 0.05},
            "amplification": {"edge": "order -> payment", "above": 3.5},
            "busy": {"service": "payment", "above": 0.99},
            "waste": {"service": "payment", "above": 0.9}
        }))
        .unwrap()
    }

    #[test]
    fn every_figure_is_a_query_over_metrics_that_processes_expose() {
        for figure in storm().figures(Duration::from_secs(10)) {
            let query =
                Query::parse(&figure.promql).unwrap_or_else(|error| panic!("{}: {error:?}", figure.promql));
            for metric in query.metrics() {
                assert!(crate::metrics().iter().any(|known| known == metric), "{metric}");
            }
        }
    }

    #[test]
    fn a_figure_at_its_limit_proves_nothing() {
        let [goodput, amplification, ..] = storm().figures(Duration::from_secs(10));
        assert!(goodput.holds(0.0) && !goodput.holds(0.05));
        assert!(amplification.holds(4.0) && !amplification.holds(3.5) && !amplification.holds(f64::NAN));
    }

    #[test]
    fn an_edge_is_written_with_or_without_spaces_and_must_be_one_of_the_shop() {
        assert_eq!(storm().edge(), ("order", "payment"));
        assert_eq!(known_edge("order->payment"), Ok(()));
        assert!(known_edge("payment->order").unwrap_err().contains(&"order->payment".to_owned()));
    }
}
