//! How exactly an injected latency is delivered: by the clock of a client, whose own wake-up is in it, and by the bank's
//! own record. On an idle machine, and with both cores kept busy.

use std::time::Duration;

use anyhow::Context as _;
use harness::Scratch;
use harness::http::Ask;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::child::{Child, Kind};
use crate::closed::{Drive, drive};
use crate::figure::{Figure, quantile};
use crate::http1;
use crate::program::Program;

const TOKEN: &str = "bench";
/// Latency in milliseconds, and connections that wait for it at once: a few hundred calls a second, as in the drill.
const DOSES: [(u64, usize); 4] = [(1, 1), (5, 2), (100, 45), (1_000, 200)];
const TIME: Duration = Duration::from_secs(3);

/// Errors of one dose, microseconds, a value a round.
#[derive(Default)]
struct Errors {
    client: [Vec<f64>; 3],
    bank: [Vec<f64>; 3],
    calls: usize,
}

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let scratch = Scratch::new();
    let args = ["service", "bank", "--latency", "0ms", "--jitter", "0", "--operator-token", TOKEN];
    let bank = Program::start(&scratch, "bank", &args)?;
    let (address, admin) = bank.addresses()?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for busy in [false, true] {
        let mut errors: [Errors; DOSES.len()] = Default::default();
        for _ in 0..bench.rounds {
            let burners = if busy { cores } else { 0 };
            let burners: Vec<Child> =
                (0..burners).map(|_| Child::start(Kind::Burn)).collect::<anyhow::Result<_>>()?;
            for (dose, errors) in DOSES.into_iter().zip(&mut errors) {
                one(bench, &address, &admin, dose, errors)?;
            }
            drop(burners);
            bench.floor()?;
        }
        for ((latency, _), errors) in DOSES.into_iter().zip(errors) {
            tell(bench, latency, busy, errors);
        }
    }
    Ok(())
}

fn one(
    bench: &Bench,
    address: &str,
    admin: &str,
    (latency, connections): (u64, usize),
    errors: &mut Errors,
) -> anyhow::Result<()> {
    let id = format!("dose-{latency}");
    let fault = json!({
        "id": id, "effect": {"latency": {"fixed": {"value": format!("{latency}ms")}}}, "path": "charge", "lease": "60s",
    });
    let ask = |method, path: &str, body: Option<Value>| {
        let mut ask = Ask::new(method, admin, path).token(TOKEN);
        if let Some(body) = body {
            ask = ask.body(body);
        }
        ask.send().map_err(anyhow::Error::msg)
    };
    let applied = ask("POST", "/faults", Some(fault))?;
    anyhow::ensure!(applied.status == 201, "the fault was refused: {}", applied.body);
    let spread = Duration::from_millis(latency);
    let done = drive(Drive { address, connections, time: TIME, spread, first: 0 }, &bench.stop, |number| {
        let body = format!("{{\"reference\":\"b{number}\",\"amount_cents\":1,\"dry_run\":true}}");
        http1::post("/charges", "", &body)
    })?;
    let record: Value = ask("GET", &format!("/faults/{id}"), None)?.json();
    let record = find(&record, "error_us").context("the bank recorded no dose")?;
    ask("DELETE", &format!("/faults/{id}"), None)?;
    let over: Vec<f64> = done.latencies_us.iter().map(|us| us - latency as f64 * 1e3).collect();
    for (place, (name, share)) in [("min", 0.0), ("p50", 0.5), ("p99", 0.99)].into_iter().enumerate() {
        errors.client[place].push(quantile(&over, share));
        errors.bank[place].extend(record[name].as_f64());
    }
    errors.calls += over.len();
    Ok(())
}

/// A field wherever it is: one fault stands alone or in a list.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => {
            fields.get(name).or_else(|| fields.values().find_map(|value| find(value, name)))
        }
        Value::Array(values) => values.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

fn tell(bench: &mut Bench, latency: u64, busy: bool, errors: Errors) {
    let state = if busy { "both cores busy" } else { "idle" };
    let design = match (latency, busy) {
        (1, false) => ["never early", "19", "188"],
        (5, false) => ["never early", "22", "1,800"],
        (100, false) => ["never early", "38", "59"],
        (5, true) => ["never early", "", "10,000"],
        (100, true) => ["never early", "", "3,500; safe 12,000, target 5,000"],
        _ => ["never early", "", ""],
    };
    let calls = errors.calls;
    for (by, values) in [("bank", errors.bank), ("client", errors.client)] {
        for ((name, values), design) in ["min", "p50", "p99"].into_iter().zip(values).zip(design) {
            let mut figure = Figure::new(format!("{latency} ms, {state}: {name} by the {by}"), "us", values);
            if by == "bank" {
                figure = figure.design(design).note(format!("{calls} calls"));
            }
            bench.figure(figure);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_at_any_depth() {
        let value = json!({"faults": [{"id": "a", "error_us": {"min": 3}}]});
        assert_eq!(find(&value, "error_us"), Some(&json!({"min": 3})));
        assert_eq!(find(&value, "absent"), None);
    }
}
