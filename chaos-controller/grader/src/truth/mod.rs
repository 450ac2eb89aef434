//! What really happened, as the recording shows it: what was done to the shop, which call broke first, what made it an
//! outage, and how it climbed. A diagnosis is held against this and not against the drill's answer, so that an answer
//! that nobody foresaw is right if the evidence says so.

mod broken_edge;
mod mechanisms;
mod propagation;
mod roots;
mod seen;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use seen::Seen;

/// The recorded truth of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// What was done to the shop, in the order of its beginning.
    pub roots: Vec<Root>,
    /// The call that broke first in most of the failing traces.
    pub first_broken_edge: Option<Edge>,
    /// What turned the cause into an outage, the strongest evidence first.
    pub mechanisms: Vec<Mechanism>,
    /// Who failed, in their order.
    pub propagation: Vec<Link>,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Root {
    /// `bank`, a service, an instance, or `users`.
    pub component: String,
    pub kind: RootKind,
    /// In words: "latency of charge 0.1 s -> 3 s".
    pub what: String,
    /// Seconds after the first fault's start.
    pub seconds: f64,
    /// Where it is recorded: "journal: entry 12".
    pub evidence: String,
}

/// What was done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RootKind {
    /// It answers late: latency, hang, slow body.
    Slow,
    /// It answers with failures, or breaks connections.
    Failing,
    /// It does what it is asked, and says that it did not.
    AnswerLost,
    /// It answers what is not so: malformed bodies, wrong amounts.
    WrongAnswer,
    /// It refuses above a rate.
    RateLimited,
    /// A process was killed, or is started again and again.
    Killed,
    /// A process accepts nothing and answers nothing.
    Frozen,
    /// A process has too little processor or memory.
    Starved,
    /// More users than the shop can serve.
    Surge,
}

/// A call between two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    pub caller: String,
    pub callee: String,
    /// Share of the failing traces in which it broke first.
    pub share: f64,
    pub traces: u64,
    /// All of them: `share` is `traces` of these. 0 in older scorecards, which do not say.
    #[serde(default)]
    pub of: u64,
    /// Where most of them broke, if this edge was found by what held the workers there: `cart->order`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explains: Option<String>,
    pub evidence: String,
}

/// What made an outage of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mechanism {
    pub kind: MechanismKind,
    /// A service, or an edge as `order->payment`.
    pub at: String,
    /// One sentence with its numbers.
    pub what: String,
    pub evidence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MechanismKind {
    /// All workers are held, and requests queue.
    PoolExhausted,
    /// A call waits without a bound.
    UnboundedWait,
    /// A layer makes more attempts than it has calls.
    RetryAmplification,
    /// Requests wait longer than anybody waits for them.
    LateQueue,
    /// Work goes on for users who have left.
    WastedWork,
    /// A call that does not touch the sick part fails because it shares workers with one that does.
    SharedPool,
    /// The shop stays down although the trigger is gone.
    Metastable,
    /// The same thing was done twice: a charge without a key.
    Duplicated,
    /// Requests go on being sent to an instance that does not answer.
    DeadInstance,
    /// More is asked than all workers together can do.
    Overload,
}

/// A service that failed, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    pub service: String,
    pub symptom: String,
    pub seconds: f64,
}

impl Truth {
    pub(crate) fn of(case: &Case<'_>) -> Truth {
        let Some(seen) = Seen::of(case) else { return Truth::default() };
        let roots = roots::roots(case);
        Truth {
            first_broken_edge: broken_edge::first(case, &seen),
            mechanisms: mechanisms::all(case, &seen, &roots),
            propagation: propagation::propagation(case),
            roots,
        }
    }
}
