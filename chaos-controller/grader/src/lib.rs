//! From a recording to a scorecard: what broke and when, every criterion with its value, threshold and reason, and a
//! verdict that follows from them alone. PURE: it sees the recording and nothing else, so an old run grades the same
//! on a machine with no lab. Collecting the evidence, and re-running anything, is left to the controller.

mod cascade;
mod case;
mod criteria;
mod diagnosis;
mod finding;
mod good;
mod goodput;
mod grade;
mod measures;
mod moments;
mod people;
#[cfg(test)]
mod planted;
pub mod postmortem;
mod proofs;
mod query;
mod rating;
mod recovery;
mod report;
mod request_log;
mod scorecard;
pub mod story;
mod summary;
mod surge;
mod timeline;
mod told;
mod truth;
mod verdict;

#[cfg(test)]
mod testbed;

pub use cascade::Broken;
pub use criteria::money::Money;
pub use diagnosis::{Diagnoses, Diagnosis, Grade, Point, diagnosed};
pub use finding::{Finding, Sense, Status};
pub use good::Bad;
pub use goodput::Tally;
pub use grade::{Graded, grade};
pub use measures::{
    BlastRadius, Burn, CriticalPath, ErrorBudget, Figure, JourneyHit, LittlesLaw, Measures, Mitigation,
    Revenue, Settling, Storm, Stretch, TimeTo,
};
pub use moments::fault_start;
pub use people::{Decision, HintTaken, Hypothesis, Message, People, RoleTaken, SeverityCalled, Task};
pub use rating::{
    Given, Ignored, Mark, RUBRIC, Rating, Readiness, Remark, Resource, Row, SELF_SCORES, SIGNALS, Score,
    SelfScore, Unexplained, check as check_mark,
};
pub use request_log::{Judged, RequestLog, request_log};
pub use scorecard::{Criterion, Reviewed, Scorecard};
pub use story::Story;
pub use summary::{Dose, Load};
pub use timeline::Event;
pub use truth::{Edge, Link, Mechanism, MechanismKind, Root, RootKind, Truth};
pub use verdict::{Exit, Verdict};
