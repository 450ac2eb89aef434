//! The words of the journal: every `kind` that an entry can have. Writer and reader share these constants so that a
//! misspelt kind is a compile error. The shapes of the bodies are documented in ARCHITECTURE.md, not typed here:
//! a reader must live with a body that an older writer left thinner.

pub const RUN_STARTED: &str = "run_started";
/// `{name}`, one of the phase names below.
pub const PHASE: &str = "phase";
/// `{name, ok, detail}`.
pub const PROOF: &str = "proof";
pub const FAULT_INTENT: &str = "fault_intent";
pub const FAULT_APPLIED: &str = "fault_applied";
pub const FAULT_CLEARED: &str = "fault_cleared";
pub const DOSE: &str = "dose";
pub const POLICY: &str = "policy";
pub const POLICY_APPLIED: &str = "policy_applied";
pub const ACTION: &str = "action";
pub const PROCESS: &str = "process";
pub const REFUSED: &str = "refused";
pub const CLOCK: &str = "clock";
pub const BANK_LOG: &str = "bank_log";
/// `{name, state, severity, labels, value, summary, runbook}`; it tells of symptoms, never of a fault.
pub const ALERT: &str = "alert";
/// `{name, promql, for}`, or of an error budget `{name, journey, failed, budget, spent, limit}`: a guardrail stopped the
/// run.
pub const GUARDRAIL: &str = "guardrail";
pub const RESIDUE: &str = "residue";
pub const FOOTPRINT: &str = "footprint";
pub const SEALED: &str = "sealed";

/// Names of the phases of a run, in their order.
pub mod phase {
    pub const BASELINE: &str = "baseline";
    pub const INJECT: &str = "inject";
    pub const HANDOVER: &str = "handover";
    pub const RECOVER: &str = "recover";
    pub const HOLD: &str = "hold";
    pub const CLEAR: &str = "clear";
    pub const REPLAY: &str = "replay";
    pub const SETTLE: &str = "settle";
    pub const RECONCILE: &str = "reconcile";
    pub const PROVE_CLEAN: &str = "prove_clean";
    pub const DONE: &str = "done";
}
