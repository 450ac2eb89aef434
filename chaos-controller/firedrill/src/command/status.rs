//! `firedrill status`: how the lab is. When its controller is gone: what
//! happened, from the lab's file, the guard and the journal's end, and what can
//! be done about it.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use controller::api::Status as LabStatus;
use platform::http::Client;
use platform::{Ended, Guard, LabFile, ProcessState, Silence, state_dir};
use serde::Serialize;
use serde_json::Value;

use crate::away;
use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::launch::{Presence, presence};
use crate::output::{Format, Output, table, write_data, write_json};
use crate::tail::{self, Tail};
use crate::watch::narrate::describe_fault;
use crate::watch::pulse::{clock, counted, percent};

/// A bank that does not answer at once is gone, or frozen.
const BANK_PATIENCE: Duration = Duration::from_secs(1);

/// Flags of `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

/// A lab without its controller.
#[derive(Debug, Serialize)]
struct Orphan {
    lab: String,
    /// `orphaned`, `dead` or `ended`.
    state: &'static str,
    controller_pid: Option<u32>,
    guard_pid: Option<u32>,
    silence: Option<Silence>,
    processes: Vec<ProcessState>,
    ended: Option<Ended>,
    run: Option<Tail>,
    /// The faults that the bank says are on; `None` if it did not answer.
    bank: Option<Value>,
}

impl Status {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let file = match self.access.lab.find() {
            Ok(file) => file,
            Err(failure) => return self.gone(failure),
        };
        if let Some(away) = file.away.as_ref().filter(|_| presence(&file) != Presence::Runs) {
            return Err(Failure::unexpected(format!("the controller of lab `{}` does not answer", file.lab))
                .detail("faults end by themselves when their lease is over: the guard sees to it")
                .hint(format!(
                    "`{}` says why; `firedrill up --lab {1}` brings it back, `firedrill down --lab {1}` ends the lab",
                    away::look_at(away),
                    file.lab
                )));
        }
        let guard_gone = file.guard.as_ref().filter(|guard| !guard.alive()).map(|guard| guard.pid);
        if presence(&file) == Presence::Runs {
            match self.access.api()?.get::<LabStatus>("/api/status").await {
                Ok(status) => {
                    self.output.write(&status, |status| render(status, guard_gone));
                    return Ok(if guard_gone.is_none() { Exit::Pass } else { Exit::Unexpected });
                }
                Err(failure) if file.controller.alive() => return Err(failure),
                // It died while it was asked.
                Err(_) => {}
            }
        }
        let orphan = self.orphan(&file).await;
        self.output.write(&orphan, render_orphan);
        Ok(Exit::Unexpected)
    }

    /// No lab's file: perhaps its guard left a note.
    fn gone(&self, failure: Failure) -> Result<Exit, Failure> {
        let name = self.access.lab.name();
        let Some(ended) = Ended::read(&state_dir(&self.access.lab.dir, name)) else { return Err(failure) };
        if LabFile::path(&self.access.lab.dir, name).exists() {
            return Err(failure);
        }
        let orphan = Orphan {
            lab: name.to_owned(),
            state: "ended",
            controller_pid: None,
            guard_pid: None,
            silence: None,
            processes: Vec::new(),
            run: ended.run_dir.as_ref().and_then(|run| tail::tail(Path::new(run))),
            ended: Some(ended),
            bank: None,
        };
        match self.output.output {
            Format::Json => write_json(&orphan),
            Format::Text => write_data(&render_orphan(&orphan)),
        }
        Ok(Exit::Unexpected)
    }

    async fn orphan(&self, file: &LabFile) -> Orphan {
        let dir = &self.access.lab.dir;
        let guard = file.guard.as_ref().filter(|guard| guard.alive());
        let mut silence = None;
        let mut processes = Vec::new();
        if let Some(guard) = guard {
            let guard = Guard::attach(guard.pid, &guard.url, &file.tokens.operator);
            silence = guard.silence().await.ok();
            processes = guard.processes(false).await.unwrap_or_default();
        }
        let run = file.run_dir.as_ref().and_then(|run| tail::tail(Path::new(run)));
        Orphan {
            lab: file.lab.clone(),
            state: if guard.is_some() { "orphaned" } else { "dead" },
            controller_pid: Some(file.controller.pid),
            guard_pid: guard.map(|guard| guard.pid),
            silence,
            processes,
            ended: Ended::read(&state_dir(dir, &file.lab)),
            run,
            bank: faults_at_bank(file).await,
        }
    }
}

/// Asks the bank itself which faults are on.
async fn faults_at_bank(file: &LabFile) -> Option<Value> {
    let bank = file.processes.iter().find(|process| process.service == "bank")?;
    let client = Client::new(&format!("http://{}", bank.admin), &file.tokens.operator).patient(BANK_PATIENCE);
    let faults: Value = client.get("/faults").await.ok()?;
    faults.get("faults").cloned()
}

/// What the bank says of itself.
fn bank_words(faults: &Value) -> String {
    let faults: Vec<String> = faults
        .as_array()
        .into_iter()
        .flatten()
        .map(|fault| {
            let id = fault.get("id").and_then(Value::as_str).unwrap_or("?");
            let lease_ms = fault.get("lease_left_ms").and_then(Value::as_f64).unwrap_or_default();
            format!("{id} (ends by itself in {:.0} s)", (lease_ms / 1000.0).ceil())
        })
        .collect();
    if faults.is_empty() {
        "the bank says: no fault is on".to_owned()
    } else {
        format!("the bank says: still on, and nobody renews it: {}", faults.join(", "))
    }
}

/// A lab that runs.
fn render(status: &LabStatus, guard_gone: Option<u32>) -> String {
    let mut text = format!(
        "lab {}: {}{}policy v{}, {:.0} MiB resident, {:.0} MiB proportional\n",
        status.lab,
        if status.halted { "HALTED, " } else { "" },
        if status.open_book { "open book (metrics tell of faults), " } else { "" },
        status.policy_version,
        status.rss_mib,
        status.pss_mib
    );
    if let Some(run) = &status.run {
        let player = run.candidate.as_deref().unwrap_or("a person");
        let end = run.exit.map_or(String::new(), |exit| format!(", exit code {exit}"));
        text.push_str(&format!(
            "run {} ({}/{} played by {player}, {}): {} at {}{end}\n",
            run.run,
            run.drill,
            run.variant,
            run.mode,
            run.phase,
            clock(run.t_ms)
        ));
    }
    if let Some(clock) = status.run.as_ref().filter(|run| run.exit.is_none()).and_then(|run| run.clock) {
        text.push_str(&format!("{}\n", counted(clock)));
    }
    if let Some(from) = &status.samples {
        let how = match &from.problem {
            None => format!("has samples of {} processes", from.instances),
            Some(problem) => format!("DOES NOT ANSWER: {problem}"),
        };
        text.push_str(&format!("samples are those of {}, which {how}\n", from.prometheus));
    }
    if let Some(users) = &status.users {
        let journeys: Vec<String> = users
            .journeys
            .iter()
            .filter(|journey| journey.ended > 0)
            .map(|journey| {
                format!("{} {}", journey.journey, percent(journey.good as f64 / journey.ended as f64))
            })
            .collect();
        let seen = if journeys.is_empty() {
            "nobody was served in the last second".to_owned()
        } else {
            journeys.join(", ")
        };
        text.push_str(&format!("users ({} requests/s): {seen}\n", users.ended));
    }
    for fault in &status.faults {
        let id = fault.get("id").and_then(Value::as_str).unwrap_or("?");
        let spec = fault.get("spec").map_or_else(|| describe_fault(fault), describe_fault);
        text.push_str(&format!("fault {id}: {spec}\n"));
    }
    text.push('\n');
    let rows: Vec<Vec<String>> = status
        .processes
        .iter()
        .map(|process| {
            let behind = process.policy_version != status.policy_version && process.policy_version > 0;
            vec![
                process.instance.clone(),
                process.state.clone(),
                process.pid.to_string(),
                process.traffic.clone(),
                process.admin.clone(),
                format!("v{}{}", process.policy_version, if behind { " (behind)" } else { "" }),
                process.restarts.to_string(),
                format!("{:.0} MiB", process.rss_kib as f64 / 1024.0),
            ]
        })
        .collect();
    if let Some(pid) = guard_gone {
        let lab = &status.lab;
        return format!(
            "{text}the guard (process {pid}) is gone, and every process of the lab died with it\n\
             next: `firedrill down --lab {lab}` ends the lab, then `firedrill up --lab {lab}` starts a new one\n"
        );
    }
    text.push_str(&table(
        &["INSTANCE", "STATE", "PID", "TRAFFIC", "ADMIN", "POLICY", "RESTARTS", "RSS"],
        &rows,
    ));
    text
}

/// A lab whose controller is gone.
fn render_orphan(orphan: &Orphan) -> String {
    let mut lines = Vec::new();
    let lab = &orphan.lab;
    if orphan.state == "ended" {
        if let Some(ended) = &orphan.ended {
            lines.push(format!("lab {lab} ended {} ago: {}", ago(ended.unix_ms), ended.reason));
        }
        if let Some(run) = orphan.run.as_ref().filter(|run| !run.over) {
            lines.extend(tail::render(run));
        }
        lines.push(format!("next: `firedrill up --lab {lab}` starts a new one"));
        return lines.join("\n");
    }
    let pid = orphan.controller_pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
    match &orphan.silence {
        Some(silence) => {
            let since = clock(silence.silent_ms);
            lines.push(format!(
                "lab {lab}: its controller{pid} is gone, last heard {since} ago; the shop still runs"
            ));
            lines.push(format!(
                "the guard takes the lab down in {} s unless a controller comes",
                silence.down_in_ms / 1000
            ));
        }
        None => {
            lines.push(format!("lab {lab}: its controller{pid} and its guard are gone; so are its processes"))
        }
    }
    if let Some(run) = &orphan.run {
        lines.push(String::new());
        lines.extend(tail::render(run));
    }
    if let Some(bank) = &orphan.bank {
        lines.push(bank_words(bank));
    }
    if !orphan.processes.is_empty() {
        let rows: Vec<Vec<String>> = orphan
            .processes
            .iter()
            .map(|process| {
                vec![
                    process.instance.clone(),
                    process.state.clone(),
                    process.pid.to_string(),
                    process.restarts.to_string(),
                    process.last_exit.clone(),
                ]
            })
            .collect();
        lines.push(String::new());
        lines.push(table(&["INSTANCE", "STATE", "PID", "RESTARTS", "LAST END"], &rows));
    }
    lines.push(if orphan.guard_pid.is_some() {
        format!("next: `firedrill up --lab {lab}` adopts it with a new controller, `firedrill down --lab {lab}` ends it")
    } else {
        format!("next: `firedrill down --lab {lab}` clears what is left, `firedrill up --lab {lab}` starts a new one")
    });
    lines.join("\n")
}

fn ago(unix_ms: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
    clock(now.saturating_sub(unix_ms))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn orphan() -> Orphan {
        Orphan {
            lab: "red".into(),
            state: "orphaned",
            controller_pid: Some(41),
            guard_pid: Some(42),
            silence: Some(Silence { controller_pid: 41, silent_ms: 12_000, down_in_ms: 48_000 }),
            processes: vec![ProcessState {
                instance: "bank-0".into(),
                state: "up".into(),
                pid: 43,
                ..ProcessState::default()
            }],
            ended: None,
            run: None,
            bank: None,
        }
    }

    #[test]
    fn an_orphaned_lab_says_what_happened_and_what_can_be_done() {
        let text = render_orphan(&orphan());
        for wanted in [
            "(process 41) is gone, last heard 00:12 ago",
            "down in 48 s",
            "bank-0",
            "`firedrill up --lab red` adopts",
            "`firedrill down --lab red` ends",
        ] {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
    }

    #[test]
    fn the_bank_is_asked_itself() {
        assert_eq!(bank_words(&json!([])), "the bank says: no fault is on");
        let text = bank_words(&json!([{"id": "slow", "lease_left_ms": 6200}]));
        assert!(text.ends_with("slow (ends by itself in 7 s)"), "{text}");
    }

    #[test]
    fn a_dead_lab_says_that_nothing_is_left() {
        let text = render_orphan(&Orphan {
            state: "dead",
            guard_pid: None,
            silence: None,
            processes: Vec::new(),
            ..orphan()
        });
        assert!(text.contains("its guard are gone") && text.contains("clears what is left"), "{text}");
    }

    #[test]
    fn a_lab_that_its_guard_ended_says_why() {
        let ended = Some(Ended { unix_ms: 0, reason: "no controller for 60 s".into(), run_dir: None });
        let text = render_orphan(&Orphan { state: "ended", ended, ..orphan() });
        assert!(text.contains("no controller for 60 s") && text.contains("starts a new one"), "{text}");
    }
}
