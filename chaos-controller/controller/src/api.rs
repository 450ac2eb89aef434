//! The wire types of the controller's HTTP API, shared with the command line
//! (and later the console), so that neither can drift from the other.
//!
//! Every request carries `Authorization: Bearer <token>`; the token is the
//! role. Errors are a [`Refusal`] with a 4xx status. Routes stand in
//! `http.rs`; nothing here does anything.

pub mod alerts;
pub mod board;
pub mod logs;
pub mod query;
pub mod traces;
pub mod words;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use words::Record;

/// Who is asking. Each role may do what the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads what candidates may see.
    Observer,
    /// Changes policies, restarts and scales the shop, speaks, declares.
    Candidate,
    /// Everything, faults included.
    Operator,
}

/// The one line that `serve` prints, when a real checkout has been answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// The controller's API.
    pub url: String,
    /// Milliseconds from the start of the controller to that answer.
    pub ready_ms: u64,
}

/// `GET /api/status`: the lab at one glance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// The lab's name.
    pub lab: String,
    /// Version of the controller.
    pub version: String,
    /// Milliseconds from the start of the executable to the first answered checkout.
    pub ready_ms: Option<u64>,
    /// Version of the policy in force.
    pub policy_version: u64,
    /// Every process of the lab.
    pub processes: Vec<ProcessStatus>,
    /// The run in progress, if there is one.
    pub run: Option<RunStatus>,
    /// What the users saw in the last whole second.
    pub users: Option<LiveLoad>,
    /// The faults that are active; empty for anyone but an operator.
    pub faults: Vec<Value>,
    /// True after `halt`: no load, no faults.
    pub halted: bool,
    /// Whether metrics tell of faults while they are on.
    #[serde(default)]
    pub open_book: bool,
    /// Resident memory of all processes, the controller and guard included, in MiB.
    pub rss_mib: f64,
    /// Proportional memory of the same, in MiB.
    pub pss_mib: f64,
    /// Where the samples are from, if the controller does not scrape itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<SamplesFrom>,
}

/// A Prometheus that scrapes the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplesFrom {
    /// Where it is.
    pub prometheus: String,
    /// Processes of which it has a sample of the last seconds.
    pub instances: usize,
    /// Milliseconds since it last answered; none if it never did.
    pub silent_ms: Option<u64>,
    /// Why it does not answer; none while it does.
    pub problem: Option<String>,
}

/// One process, as the lab sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProcessStatus {
    /// Such as `payment-0`.
    pub instance: String,
    /// Such as `payment`.
    pub service: String,
    /// Operating-system process id.
    pub pid: u32,
    /// `starting`, `up`, `lost` (no heartbeat for 3 s), `exited` or `stopped`.
    pub state: String,
    /// Where it serves, `host:port`; empty if nowhere.
    pub traffic: String,
    /// Where its metrics are, `host:port`.
    pub admin: String,
    /// Policy version that it reported as applied.
    pub policy_version: u64,
    /// How often the guard started it again.
    pub restarts: u32,
    /// Resident memory in KiB.
    pub rss_kib: u64,
    /// Offset of its clock against the controller's, in microseconds.
    pub clock_offset_us: i64,
}

/// What the users saw in one second.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LiveLoad {
    /// Requests whose intended time fell in that second.
    pub offered: u64,
    /// Requests that ended in that second.
    pub ended: u64,
    /// Per journey: name, ended, good (correct and within its objective), p99 in ms.
    pub journeys: Vec<LiveJourney>,
}

/// One journey in one second.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LiveJourney {
    /// Such as `checkout`.
    pub journey: String,
    /// Requests that ended.
    pub ended: u64,
    /// Of these, answered correctly, however late.
    pub answered: u64,
    /// Of these, answered correctly within the objective's latency.
    pub good: u64,
    /// Of these, orders accepted with the payment pending.
    pub pending: u64,
    /// 99th percentile of their latency, in milliseconds.
    pub p99_ms: f64,
}

/// `POST /api/runs`. The drill's files are sent along, so that the controller
/// needs no path of the caller's machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StartRun {
    /// The validated plan (`drill::Plan` as JSON).
    pub plan: Value,
    /// Folder on the controller's side in which `<time>-<drill>/` is made; empty leaves it to the controller, whose
    /// `GET /api/runs/{run}/files` then gives what is in it.
    pub runs_dir: String,
}

/// One file of a run's folder, in the answer to `GET /api/runs/{run}/files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// In the run's folder, such as `ledgers/orders.jsonl`.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
}

/// Answer to `POST /api/runs`, and part of [`Status`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunStatus {
    /// Name of the run's folder.
    pub run: String,
    /// The run's folder.
    pub dir: String,
    /// Drill, variant and candidate.
    pub drill: String,
    /// Variant of the drill.
    pub variant: String,
    /// Planted candidate, if it is scripted.
    pub candidate: Option<String>,
    /// The phase it is in; `done` when its scorecard is written.
    pub phase: String,
    /// `learn`, `practice`, `assessed` or `gate`.
    #[serde(default)]
    pub mode: String,
    /// Milliseconds since the run started.
    pub t_ms: u64,
    /// Of whoever plays; none before the handover.
    #[serde(default)]
    pub clock: Option<Clock>,
    /// Once done: the exit code that the verdict asks for.
    pub exit: Option<i32>,
}

/// The clock of whoever plays. It starts at the handover, when the outage is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Milliseconds since the handover.
    pub elapsed_ms: u64,
    /// Of the budget; none with a script, in mode `learn`, and once the shop was declared recovered.
    pub left_ms: Option<u64>,
}

/// `GET /api/events` (server-sent events, `data:` holds one of these): what a
/// person watching the run reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A line of the journal, filtered by role.
    Journal {
        /// Milliseconds since the start of the run.
        t_ms: u64,
        /// Kind, as in the journal.
        kind: String,
        /// Who did it.
        actor: String,
        /// The body of the entry.
        body: Value,
    },
    /// Each second: the lab's pulse.
    Pulse(Box<Pulse>),
    /// The run is over; its scorecard is in the folder.
    Finished(RunStatus),
}

/// The lab's pulse, each second.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Pulse {
    /// Milliseconds since the start of the run (or of the lab).
    pub t_ms: u64,
    /// Phase of the run, if there is one.
    pub phase: Option<String>,
    /// Of whoever plays.
    #[serde(default)]
    pub clock: Option<Clock>,
    /// What the users saw.
    pub users: LiveLoad,
    /// Per service with a pool: busy, workers, queued, capacity.
    pub pools: Vec<PoolPulse>,
    /// Charges completed in the last second.
    pub charges_per_s: f64,
    /// Share of 503 among order's and of 504 among cart's checkout answers.
    pub order_503: f64,
    /// See `order_503`.
    pub cart_504: f64,
    /// Orders that are pending or unknown.
    pub unsettled: u64,
    /// Breakers that are not closed, as `payment->bank.charge open`.
    pub breakers: Vec<String>,
    /// Alerts that fire, as `BudgetBurnsAt14 checkout`.
    #[serde(default)]
    pub alerts: Vec<String>,
}

/// One worker pool in a [`Pulse`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PoolPulse {
    /// Service the pool belongs to (sum over its instances).
    pub service: String,
    /// Workers that are busy.
    pub busy: u64,
    /// Workers there are.
    pub workers: u64,
    /// Requests waiting.
    pub queued: u64,
    /// Requests that may wait.
    pub capacity: u64,
}

/// `PATCH /api/policy`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangePolicy {
    /// Merge patch (RFC 7386) on the document in force.
    pub patch: Value,
    /// Why; required, and read by the grader.
    pub reason: String,
    /// Version that the patch was written against; another one is refused (409).
    /// `None` takes the one in force.
    pub base: Option<u64>,
    /// Who; the role's name if empty.
    #[serde(default)]
    pub author: String,
    /// Validate and say what would change; apply nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// `POST /api/policy/revert`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevertPolicy {
    /// Version whose document becomes the next one.
    pub to: u64,
    /// Why.
    pub reason: String,
    /// Who; the role's name if empty.
    #[serde(default)]
    pub author: String,
}

/// A version of the policy; answer of `GET /api/policy`, `PATCH`, `revert`,
/// and element of `GET /api/policy/versions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Number, from 1.
    pub version: u64,
    /// The version it was made from; 0 for the first.
    pub base: u64,
    /// Who made it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When, milliseconds of Unix time.
    pub unix_ms: u64,
    /// The whole document.
    pub document: Value,
    /// What differs from its base.
    pub changes: Vec<Value>,
    /// Instances that run it, of how many, and how long the last one took.
    pub applied: u32,
    /// See `applied`.
    pub instances: u32,
    /// See `applied`; `None` until all have.
    pub applied_ms: Option<f64>,
}

/// `POST /api/faults` (operators): a fault that a person adds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddFault {
    /// Name of the fault; made up if absent.
    pub id: Option<String>,
    /// `bank`, or for a fault of processes also a service or an instance of the shop.
    pub target: String,
    /// A `fault::FaultSpec`.
    pub spec: Value,
    /// Ends by itself after this; the controller renews the lease until then.
    pub for_ms: Option<u64>,
}

/// `POST /api/restart`: shop services only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restart {
    /// Services, or instances; `["all"]` for the whole shop.
    pub targets: Vec<String>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// `POST /api/scale`: shop services only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScaleService {
    /// Service.
    pub service: String,
    /// Instances it must have; 0 stops it.
    pub instances: u32,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// `POST /api/say`, and `POST /api/declare-recovered` (text optional).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Say {
    /// What is said; a declaration needs no words.
    #[serde(default)]
    pub text: String,
    /// Who; the role's name if empty.
    #[serde(default)]
    pub author: String,
}

/// Body of every refused request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refusal {
    /// What was wrong, for a person.
    pub error: String,
    /// Every problem, where there can be several: path, message, allowed, hint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Value>,
}
