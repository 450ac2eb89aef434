//! `firedrill fault`: what an operator does to the bank by hand.

use std::time::Duration;

use clap::{Args, Subcommand};
use controller::api::AddFault;
use serde_json::{Value, json};

use crate::api::problem;
use crate::drills;
use crate::exit::{Exit, Failure};
use crate::fault_flags::FaultFlags;
use crate::lab::Access;
use crate::output::{Output, narrate, table};
use crate::watch::narrate::describe_fault;

/// The only target so far.
const TARGET: &str = "bank";

/// The verbs of `fault`.
#[derive(Debug, Subcommand)]
pub(crate) enum Fault {
    /// Faults: what was asked for, and what was delivered
    List(List),
    /// Add a fault
    Add(Box<Add>),
    /// End a fault, or all of them
    Clear(Clear),
}

/// Flags of `fault list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

/// Flags of `fault add`.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Whom: `bank`
    #[arg(value_parser = [TARGET])]
    target: String,
    #[command(flatten)]
    fault: FaultFlags,
    /// Name of the fault [default: made up]
    #[arg(long)]
    id: Option<String>,
    /// End it after this; without it, at `fault clear`
    #[arg(long = "for", value_parser = humantime::parse_duration, value_name = "DURATION")]
    length: Option<Duration>,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

/// Flags of `fault clear`.
#[derive(Debug, Args)]
pub(crate) struct Clear {
    /// Names
    #[arg(required_unless_present = "all")]
    ids: Vec<String>,
    /// All that are active
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// Also end calls that it already holds
    #[arg(long)]
    abort_inflight: bool,
    #[command(flatten)]
    access: Access,
}

impl Fault {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => list.run().await,
            Self::Add(add) => add.run().await,
            Self::Clear(clear) => clear.run().await,
        }?;
        Ok(Exit::Pass)
    }
}

impl List {
    async fn run(&self) -> Result<(), Failure> {
        let faults: Value = self.access.api()?.get("/api/faults").await?;
        self.output.write(&faults, render);
        Ok(())
    }
}

impl Add {
    async fn run(&self) -> Result<(), Failure> {
        let spec = self.spec()?;
        let call = AddFault {
            id: self.id.clone(),
            target: self.target.clone(),
            spec: spec.clone(),
            for_ms: self.length.map(|length| length.as_millis() as u64),
        };
        let answer: Value = self.access.api()?.post("/api/faults", &call).await?;
        self.output.write(&answer, |answer| {
            let id = answer.get("id").and_then(Value::as_str).or(self.id.as_deref()).unwrap_or("?");
            let end = match self.length {
                Some(length) => format!("ends in {}", humantime::format_duration(length)),
                None => format!("stays until `firedrill fault clear {id}`"),
            };
            format!("fault {id} on {}: {}; {end}", self.target, describe_fault(&spec))
        });
        Ok(())
    }

    /// The fault, checked here so that every problem is told before anything is asked.
    fn spec(&self) -> Result<Value, Failure> {
        let document = match &self.fault.file {
            Some(file) => {
                let source = drills::source(file)?;
                serde_saphyr::from_str(&source.text)
                    .map_err(|error| Failure::new(Exit::Invalid, format!("{}: {error}", source.name)))?
            }
            None => self.fault.document().map_err(|message| Failure::new(Exit::Invalid, message))?,
        };
        match fault::parse(&document) {
            Ok(spec) => Ok(serde_json::to_value(spec).expect("a fault is plain data")),
            Err(problems) => {
                let mut failure = Failure::new(Exit::Invalid, "not a fault that the bank can have");
                failure.details = problems
                    .iter()
                    .map(|found| problem(&json!({ "path": found.path, "message": found.message })))
                    .collect();
                Err(failure.hint("`firedrill schema fault` shows all that a fault can say"))
            }
        }
    }
}

impl Clear {
    async fn run(&self) -> Result<(), Failure> {
        let api = self.access.api()?;
        let ids = if self.all { active_ids(&api.get("/api/faults").await?) } else { self.ids.clone() };
        for id in &ids {
            let query = if self.abort_inflight { "?abort_inflight=true" } else { "" };
            api.delete(&format!("/api/faults/{id}{query}"))
                .await
                .map_err(|failure| failure.hint("`firedrill fault list` shows what is there"))?;
            narrate(&format!(
                "fault {id} is gone; calls that it holds {}",
                if self.abort_inflight { "are ended" } else { "run to their end" }
            ));
        }
        if ids.is_empty() {
            narrate("no fault is active");
        }
        Ok(())
    }
}

/// The names of the active faults in the bank's list.
pub(crate) fn active_ids(faults: &Value) -> Vec<String> {
    active(faults).iter().filter_map(|fault| fault.get("id")?.as_str().map(str::to_owned)).collect()
}

fn active(faults: &Value) -> &[Value] {
    faults.get("faults").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn render(faults: &Value) -> String {
    let row = |fault: &Value, state: String| {
        let dose = |side: &str| {
            let p50 = fault.get(side).and_then(|side| side.get("p50")).and_then(Value::as_f64);
            p50.map_or("-".to_owned(), |ms| format!("{ms:.0} ms"))
        };
        vec![
            fault.get("id").and_then(Value::as_str).unwrap_or("?").to_owned(),
            state,
            fault.get("spec").map_or_else(|| describe_fault(fault), describe_fault),
            fault.get("hits").map_or("-".to_owned(), Value::to_string),
            dose("requested_ms"),
            dose("delivered_ms"),
        ]
    };
    let mut rows: Vec<Vec<String>> = active(faults)
        .iter()
        .map(|fault| {
            let lease = fault.get("lease_left_ms").and_then(Value::as_f64);
            row(fault, lease.map_or("active".to_owned(), |ms| format!("active, lease {:.0} s", ms / 1000.0)))
        })
        .collect();
    for fault in faults.get("ended").and_then(Value::as_array).into_iter().flatten() {
        rows.push(row(fault, fault.get("reason").and_then(Value::as_str).unwrap_or("ended").to_owned()));
    }
    if rows.is_empty() {
        return "no faults\n".to_owned();
    }
    table(&["FAULT", "STATE", "WHAT", "HITS", "REQUESTED P50", "DELIVERED P50"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_shows_requested_against_delivered() {
        let faults = json!({
            "faults": [{"id": "slow", "spec": {"effect": {"latency": {"fixed": {"value": "3s"}}}}, "lease_left_ms": 9400,
                "hits": 12, "requested_ms": {"p50": 3000.0}, "delivered_ms": {"p50": 3000.2}}],
            "ended": [{"id": "old", "spec": {"effect": {"hang": {}}}, "reason": "cleared", "hits": 0}],
        });
        let text = render(&faults);
        assert!(
            text.contains("slow   active, lease 9 s  latency 3s  12    3000 ms        3000 ms"),
            "{text}"
        );
        assert!(text.contains("old    cleared"), "{text}");
        assert_eq!(active_ids(&faults), ["slow"]);
        assert_eq!(render(&json!({"faults": []})), "no faults\n");
    }
}
