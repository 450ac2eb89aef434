//! The effects: one file each, all of the same shape: the document's struct, the keys that it may
//! have, and what its values must satisfy. Here they become one choice.
//!
//! To add one, see `docs/adding-a-fault.md`.

mod commit_then_fail;
mod cpu_burn;
mod cpu_squeeze;
mod disconnect;
mod error;
mod freeze;
mod hang;
mod kill;
mod latency;
mod malformed_body;
mod memory_growth;
mod memory_squeeze;
mod rate_limit;
mod reset;
mod restart_loop;
mod scale;
mod slow_body;
mod stop;
mod wrong_amount;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Problems;
use crate::field::Field;

pub use commit_then_fail::CommitThenFail;
pub use cpu_burn::CpuBurn;
pub use cpu_squeeze::CpuSqueeze;
pub use disconnect::Disconnect;
pub use error::Error;
pub use freeze::Freeze;
pub use hang::Hang;
pub use kill::Kill;
pub(crate) use latency::fields as latency_fields;
pub use latency::{LONGEST_LATENCY, Latency};
pub use malformed_body::MalformedBody;
pub use memory_growth::MemoryGrowth;
pub use memory_squeeze::MemorySqueeze;
pub use rate_limit::{Bucket, RateLimit};
pub use reset::Reset;
pub use restart_loop::RestartLoop;
pub use scale::Scale;
pub use slow_body::SlowBody;
pub use stop::Stop;
pub use wrong_amount::WrongAmount;

/// What a fault does. The first nine happen to calls of the bank, the others to processes. Which of these there are
/// depends on where the processes run: a guard refuses what its platform has not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Replaces the callee's own latency: the answer leaves this long after receipt, never early.
    Latency(Latency),
    /// Answers with this status at the callee's own latency; nothing is committed.
    Error(Error),
    /// Never answers. What the call asked for is committed all the same.
    Hang(Hang),
    /// Commits what the call asked for, then answers with this status: the answer is lost.
    CommitThenFail(CommitThenFail),
    /// Breaks the exchange off without an answer.
    Reset(Reset),
    /// The head comes at once, the body drop by drop.
    SlowBody(SlowBody),
    /// Commits what the call asked for, then answers with half of a body.
    MalformedBody(MalformedBody),
    /// Charges another amount than was asked for.
    WrongAmount(WrongAmount),
    /// Takes so many calls a second, and refuses the others with 429.
    RateLimit(RateLimit),
    /// SIGKILL.
    Kill(Kill),
    /// SIGSTOP, until the fault ends.
    Freeze(Freeze),
    /// Takes processor time away from the target.
    CpuBurn(CpuBurn),
    /// Takes more and more memory beside the target.
    MemoryGrowth(MemoryGrowth),
    /// SIGKILL, so long after each start.
    RestartLoop(RestartLoop),
    /// Stopped until the fault ends, then started again.
    Stop(Stop),
    /// Cut off from the network until the fault ends.
    Disconnect(Disconnect),
    /// May use so much processor time and no more.
    CpuSqueeze(CpuSqueeze),
    /// May hold so much memory and no more.
    MemorySqueeze(MemorySqueeze),
    /// Has so many instances and no more.
    Scale(Scale),
}

/// What an effect is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Calls of the bank: the bank does it.
    Bank,
    /// Processes: their guard does it.
    Process,
}

/// What a call of the bank meets beside a latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    Error(Error),
    Hang(Hang),
    CommitThenFail(CommitThenFail),
    Reset(Reset),
    SlowBody(SlowBody),
    MalformedBody(MalformedBody),
    WrongAmount(WrongAmount),
    RateLimit(RateLimit),
}

/// The effects on calls of the bank, as they are written.
pub const BANK_EFFECTS: [&str; 9] = [
    "latency",
    "error",
    "hang",
    "commit_then_fail",
    "reset",
    "slow_body",
    "malformed_body",
    "wrong_amount",
    "rate_limit",
];

/// The effects on processes, as they are written.
pub const PROCESS_EFFECTS: [&str; 10] = [
    "kill",
    "freeze",
    "cpu_burn",
    "memory_growth",
    "restart_loop",
    "stop",
    "disconnect",
    "cpu_squeeze",
    "memory_squeeze",
    "scale",
];

impl Effect {
    /// As it is written in a document.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Error(_) => "error",
            Self::Hang(_) => "hang",
            Self::CommitThenFail(_) => "commit_then_fail",
            Self::Reset(_) => "reset",
            Self::SlowBody(_) => "slow_body",
            Self::MalformedBody(_) => "malformed_body",
            Self::WrongAmount(_) => "wrong_amount",
            Self::RateLimit(_) => "rate_limit",
            Self::Kill(_) => "kill",
            Self::Freeze(_) => "freeze",
            Self::CpuBurn(_) => "cpu_burn",
            Self::MemoryGrowth(_) => "memory_growth",
            Self::RestartLoop(_) => "restart_loop",
            Self::Stop(_) => "stop",
            Self::Disconnect(_) => "disconnect",
            Self::CpuSqueeze(_) => "cpu_squeeze",
            Self::MemorySqueeze(_) => "memory_squeeze",
            Self::Scale(_) => "scale",
        }
    }

    /// Where it acts.
    pub fn place(&self) -> Place {
        if BANK_EFFECTS.contains(&self.name()) { Place::Bank } else { Place::Process }
    }

    /// What it makes of a call that it hits; `None` for a latency, and for what acts on processes.
    pub fn outcome(&self) -> Option<Outcome> {
        Some(match self {
            Self::Error(of) => Outcome::Error(*of),
            Self::Hang(of) => Outcome::Hang(*of),
            Self::CommitThenFail(of) => Outcome::CommitThenFail(*of),
            Self::Reset(of) => Outcome::Reset(*of),
            Self::SlowBody(of) => Outcome::SlowBody(*of),
            Self::MalformedBody(of) => Outcome::MalformedBody(*of),
            Self::WrongAmount(of) => Outcome::WrongAmount(*of),
            Self::RateLimit(of) => Outcome::RateLimit(*of),
            Self::Latency(_)
            | Self::Kill(_)
            | Self::Freeze(_)
            | Self::CpuBurn(_)
            | Self::MemoryGrowth(_)
            | Self::RestartLoop(_)
            | Self::Stop(_)
            | Self::Disconnect(_)
            | Self::CpuSqueeze(_)
            | Self::MemorySqueeze(_)
            | Self::Scale(_) => return None,
        })
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        match self {
            Self::Latency(of) => of.check(problems),
            Self::Error(of) => of.check(problems),
            Self::CommitThenFail(of) => of.check(problems),
            Self::SlowBody(of) => of.check(problems),
            Self::WrongAmount(of) => of.check(problems),
            Self::RateLimit(of) => of.check(problems),
            Self::Kill(of) => of.check(problems),
            Self::CpuBurn(of) => of.check(problems),
            Self::MemoryGrowth(of) => of.check(problems),
            Self::RestartLoop(of) => of.check(problems),
            Self::CpuSqueeze(of) => of.check(problems),
            Self::MemorySqueeze(of) => of.check(problems),
            Self::Scale(of) => of.check(problems),
            Self::Hang(_) | Self::Reset(_) | Self::MalformedBody(_) => {}
            Self::Freeze(_) | Self::Stop(_) | Self::Disconnect(_) => {}
        }
    }
}

/// The keys of an effect by its name; `latency` has shapes instead.
pub(crate) fn fields(name: &str) -> &'static [Field] {
    match name {
        "error" => Error::FIELDS,
        "commit_then_fail" => CommitThenFail::FIELDS,
        "reset" => Reset::FIELDS,
        "slow_body" => SlowBody::FIELDS,
        "wrong_amount" => WrongAmount::FIELDS,
        "rate_limit" => RateLimit::FIELDS,
        "kill" => Kill::FIELDS,
        "cpu_burn" => CpuBurn::FIELDS,
        "memory_growth" => MemoryGrowth::FIELDS,
        "restart_loop" => RestartLoop::FIELDS,
        "cpu_squeeze" => CpuSqueeze::FIELDS,
        "memory_squeeze" => MemorySqueeze::FIELDS,
        "scale" => Scale::FIELDS,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_effect_reads_and_writes_under_its_name_and_has_a_place() {
        let documents = [
            json!({"latency": {"fixed": {"value": "1s"}}}),
            json!({"error": {"status": 429, "retry_after": "2s"}}),
            json!({"hang": {}}),
            json!({"commit_then_fail": {"status": 502}}),
            json!({"reset": {"after_commit": true}}),
            json!({"slow_body": {"over": "5s"}}),
            json!({"malformed_body": {}}),
            json!({"wrong_amount": {"factor": 1.5}}),
            json!({"rate_limit": {"rate": 100.0, "retry_after": "2s"}}),
            json!({"kill": {"every": "5s"}}),
            json!({"freeze": {}}),
            json!({"cpu_burn": {"share": 0.8, "cores": 2}}),
            json!({"memory_growth": {"to": "200MiB", "over": "30s"}}),
            json!({"restart_loop": {"every": "5s"}}),
            json!({"stop": {}}),
            json!({"disconnect": {}}),
            json!({"cpu_squeeze": {"cores": 0.1}}),
            json!({"memory_squeeze": {"to": "64MiB"}}),
            json!({"scale": {"to": 0}}),
        ];
        let names: Vec<&str> = BANK_EFFECTS.into_iter().chain(PROCESS_EFFECTS).collect();
        for (document, name) in documents.into_iter().zip(names) {
            let effect: Effect = serde_json::from_value(document.clone()).unwrap();
            assert_eq!(effect.name(), name);
            assert_eq!(serde_json::to_value(&effect).unwrap(), document);
            let whole = json!({"effect": document});
            assert!(crate::parse(&whole).is_ok(), "{whole}");
            assert_eq!(effect.place() == Place::Bank, name == "latency" || effect.outcome().is_some());
        }
    }
}
