//! `firedrill fault`: what an operator does to the bank, and to processes, by hand.

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
    /// Whom: `bank`; for faults of processes also a service or an instance of the shop
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
        let refused = |problems: Vec<fault::Problem>| {
            let what = format!("not a fault that `{}` can have", self.target);
            let mut failure = Failure::new(Exit::Invalid, what);
            failure.details = problems
                .iter()
                .map(|found| problem(&json!({ "path": found.path, "message": found.message })))
                .collect();
            failure.hint("`firedrill schema fault` shows all that a fault can say")
        };
        let spec = fault::parse(&document).map_err(refused)?;
        match fault::misplaced(&spec, &self.target) {
            Some(problem) => Err(refused(vec![problem])),
            None => Ok(serde_json::to_value(spec).expect("a fault is plain data")),
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
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    let row = |fault: &Value, state: String| {
        let dose = fault.get("dose").filter(|dose| dose.is_object());
        let number = |name: &str| {
            dose.map_or("-".to_owned(), |dose| {
                quantity(dose[name].as_f64().unwrap_or_default(), dose["unit"].as_str().unwrap_or_default())
            })
        };
        vec![
            text(fault, "id"),
            text(fault, "target"),
            state,
            fault.get("spec").map_or_else(|| describe_fault(fault), describe_fault),
            fault.get("hits").map_or("-".to_owned(), Value::to_string),
            dose.map_or("-".to_owned(), |dose| text(dose, "of")),
            number("requested"),
            number("delivered"),
            number("error"),
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
    let silent =
        faults.get("silent").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let silent: String = silent.map(|who| format!("not told: {who}\n")).collect();
    if rows.is_empty() {
        return format!("no faults\n{silent}");
    }
    let head = ["FAULT", "ON", "STATE", "WHAT", "HITS", "DOSE", "REQUESTED", "DELIVERED", "ERROR"];
    table(&head, &rows) + &silent
}

/// As many digits as a person compares.
fn quantity(value: f64, unit: &str) -> String {
    let digits = if value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        3
    };
    let gap = if unit.is_empty() || unit.starts_with('/') { "" } else { " " };
    format!("{value:.digits$}{gap}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_shows_requested_against_delivered() {
        let faults = json!({
            "faults": [{"id": "slow", "target": "bank", "spec": {"effect": {"latency": {"fixed": {"value": "3s"}}}},
                "lease_left_ms": 9400, "hits": 12, "dose": {"of": "latency, p50", "unit": "ms",
                "requested": 3000.0, "delivered": 3000.2, "error": 0.2}}],
            "ended": [{"id": "old", "target": "payment-0", "spec": {"effect": {"freeze": {}}}, "reason": "cleared",
                "hits": 0}],
        });
        let text = render(&faults);
        for wanted in [
            "slow   bank       active, lease 9 s  latency 3s  12    latency, p50  3000 ms    3000 ms    0.200 ms",
            "old    payment-0  cleared            freeze      0     -             -          -          -",
        ] {
            assert!(text.contains(wanted), "{text}");
        }
        assert_eq!(active_ids(&faults), ["slow"]);
        assert_eq!(render(&json!({"faults": []})), "no faults\n");
    }
}
