//! The moments of a run, read from its journal: when the fault began and ended, who acted first, when the trigger was
//! fired again. Times are milliseconds since the start of the run.

use std::time::Duration;

use drill::Plan;
use evidence::{Entry, Recording, kind};

/// A span of time, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Span {
    pub(crate) fn seconds(self) -> f64 {
        self.to.saturating_sub(self.from) as f64 / 1_000.0
    }
}

/// A fault as it was: applied and, if ever, cleared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fired {
    pub(crate) id: String,
    /// `timeline`, `replay` or `person`.
    pub(crate) why: String,
    pub(crate) applied: u64,
    pub(crate) cleared: Option<u64>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Moments {
    pub(crate) fired: Vec<Fired>,
    /// The first timeline fault took effect: the zero of all reported seconds.
    pub(crate) fault: Option<u64>,
    /// The fault reached its full dose.
    pub(crate) full: Option<u64>,
    /// The last timeline fault was cleared.
    pub(crate) heal: Option<u64>,
    /// The time in which the shop may recover was over: the heal, or where recovery is judged after it, the quiet time
    /// before the replay.
    pub(crate) ends: Option<u64>,
    pub(crate) handover: Option<u64>,
    /// The candidate first changed something while there was a fault to act upon.
    pub(crate) first_action: Option<u64>,
    /// The same since the start of the run: what is changed in the baseline is in force when the fault comes.
    pub(crate) first_change: Option<u64>,
    /// The candidate's last change of policy was in force everywhere.
    pub(crate) last_change: Option<u64>,
    pub(crate) replay: Option<Span>,
    /// The books were closed: what processes do later is the lab going down.
    pub(crate) end: u64,
    /// The trigger is more users, not a sick bank.
    pub(crate) surge: bool,
    pub(crate) interrupted: bool,
    /// Unix time of the run's start, for what the processes dated by their own clocks: spans, and rows of the ledgers.
    pub(crate) wall_unix_ms: u64,
}

impl Moments {
    pub(crate) fn of(recording: &Recording, plan: &Plan) -> Moments {
        let fired = fired(&recording.journal);
        let timeline = || fired.iter().filter(|fault| fault.why != "replay");
        let fault = first(&fired);
        let heal = timeline()
            .map(|fault| fault.cleared)
            .collect::<Option<Vec<u64>>>()
            .and_then(|all| all.into_iter().max());
        let ends = match &plan.aftermath {
            None => heal,
            Some(_) => phase(recording, kind::phase::CLEAR),
        };
        let climb = plan.load.surge.map(|surge| millis(surge.over));
        let ramp = plan.faults.iter().map(ramp).chain(climb).max().unwrap_or_default();
        let replay = fired
            .iter()
            .find(|fault| fault.why == "replay")
            .map(|fault| Span { from: fault.applied, to: fault.applied + millis(plan.replay.length) });
        let end = ["reconcile", "settle"]
            .iter()
            .find_map(|name| phase(recording, name))
            .or(recording.journal.last().map(|entry| entry.t_ms))
            .unwrap_or_default();
        Moments {
            full: fault.map(|fault| fault + ramp),
            handover: phase(recording, kind::phase::HANDOVER)
                .or_else(|| Some(fault? + millis(plan.handover?))),
            first_action: fault.and_then(|fault| first_action(recording, Span { from: fault, to: end })),
            first_change: first_action(recording, Span { from: 0, to: end }),
            last_change: fault.and_then(|fault| last_change(recording, Span { from: fault, to: end })),
            fault,
            heal,
            ends,
            replay,
            end,
            surge: plan.load.surge.is_some(),
            interrupted: interrupted(recording),
            wall_unix_ms: wall(recording),
            fired,
        }
    }

    /// Unix milliseconds on the run's clock; what was before its start is at it.
    pub(crate) fn on_clock(&self, unix_ms: u64) -> u64 {
        unix_ms.saturating_sub(self.wall_unix_ms)
    }

    /// Seconds after the fault's start: how every time is reported.
    pub(crate) fn seconds(&self, t_ms: u64) -> f64 {
        (t_ms as f64 - self.fault.unwrap_or_default() as f64) / 1_000.0
    }

    /// The fault's time, until it was cleared; where recovery is judged after that, until its time was over.
    pub(crate) fn outage(&self) -> Option<Span> {
        Some(Span { from: self.fault?, to: self.ends.unwrap_or(self.end) })
    }

    /// A span as the evidence line names it.
    pub(crate) fn name(&self, span: Span) -> String {
        format!(
            "{:+.1} s to {:+.1} s after the fault's start",
            self.seconds(span.from),
            self.seconds(span.to)
        )
    }

    /// Whether a trigger was on at `t_ms`, or off for less than `grace_ms`.
    pub(crate) fn triggered(&self, t_ms: u64, grace_ms: u64) -> bool {
        self.fired.iter().any(|fault| {
            t_ms >= fault.applied && fault.cleared.is_none_or(|cleared| t_ms <= cleared + grace_ms)
        })
    }

    /// Whether "pending" is an answer at `t_ms`: the bank was sick, or has been well for less than `grace_ms`. More users
    /// than usual are no reason to leave an order open, for the bank is well.
    pub(crate) fn may_be_pending(&self, t_ms: u64, grace_ms: u64) -> bool {
        !self.surge && self.triggered(t_ms, grace_ms)
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// When a phase began.
pub(crate) fn phase(recording: &Recording, name: &str) -> Option<u64> {
    recording.entries(kind::PHASE).find(|entry| entry.text("name") == name).map(|entry| entry.t_ms)
}

/// How long after its start a fault is at its full dose; one that comes back, for the first time.
fn ramp(fault: &drill::Fault) -> u64 {
    millis(fault.at) + fault.spec.ramp.as_ref().map(|ramp| millis(ramp.over.get())).unwrap_or_default()
}

/// When the fault began, in milliseconds since the start of the run: the zero of all seconds that reports tell. `None`
/// if there was none.
pub fn fault_start(journal: &[Entry]) -> Option<u64> {
    first(&fired(journal))
}

fn first(fired: &[Fired]) -> Option<u64> {
    fired.iter().filter(|fault| fault.why != "replay").map(|fault| fault.applied).min()
}

fn fired(journal: &[Entry]) -> Vec<Fired> {
    let mut fired: Vec<Fired> = Vec::new();
    for entry in journal {
        match entry.kind.as_str() {
            kind::FAULT_APPLIED => {
                let id = entry.body.get("id").and_then(|id| id.as_str()).unwrap_or_default();
                // Applying is idempotent: only the first one since the last clearing starts a fault.
                if fired.iter().any(|fault| fault.id == id && fault.cleared.is_none()) {
                    continue;
                }
                let meant =
                    |i: &&Entry| i.kind == kind::FAULT_INTENT && i.text("id") == id && i.seq < entry.seq;
                let intent = journal.iter().rfind(meant);
                let why = intent.map_or("timeline", |intent| intent.text("why"));
                fired.push(Fired {
                    id: id.to_owned(),
                    why: why.to_owned(),
                    applied: entry.t_ms,
                    cleared: None,
                });
            }
            kind::FAULT_CLEARED => {
                let open = fired
                    .iter_mut()
                    .rev()
                    .find(|fault| fault.id == entry.text("id") && fault.cleared.is_none());
                if let Some(fault) = open {
                    fault.cleared = Some(entry.t_ms);
                }
            }
            _ => {}
        }
    }
    fired
}

/// The first change while the books were open: a policy revision, a restart, a scaling. Words are no mitigation, and
/// the controller putting the lab back in order is no candidate.
fn first_action(recording: &Recording, open: Span) -> Option<u64> {
    let in_time = |entry: &&Entry| (open.from..open.to).contains(&entry.t_ms) && entry.actor != "controller";
    let acts = |entry: &&Entry| match entry.kind.as_str() {
        kind::POLICY => true,
        kind::ACTION => matches!(entry.text("verb"), "restart" | "scale"),
        _ => false,
    };
    recording.journal.iter().filter(in_time).find(acts).map(|entry| entry.t_ms)
}

/// When the candidate's last policy was in force on every instance. One that never was counts from when it was told.
fn last_change(recording: &Recording, open: Span) -> Option<u64> {
    let told = recording
        .entries(kind::POLICY)
        .rfind(|entry| (open.from..open.to).contains(&entry.t_ms) && entry.actor != "controller")?;
    let version = told.number("version");
    let applied = recording.entries(kind::POLICY_APPLIED).find(|entry| entry.number("version") == version);
    Some(applied.map_or(told.t_ms, |applied| applied.t_ms))
}

fn wall(recording: &Recording) -> u64 {
    let started = recording.entries(kind::RUN_STARTED).next();
    started.and_then(|entry| entry.number("wall_unix_ms")).unwrap_or_default() as u64
}

fn interrupted(recording: &Recording) -> bool {
    let last = recording
        .entries(kind::ACTION)
        .rfind(|entry| matches!(entry.text("verb"), "halt" | "interrupt" | "resume"));
    last.is_some_and(|entry| entry.text("verb") != "resume")
}
