//! What the policies around a call cost: each state machine alone and contended, then whole calls through `mesh` with
//! each layer on, over the same calls with none, and with all of them.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use harness::Scratch;
use serde_json::Value;

use crate::bench::Bench;
use crate::caller::{self, ALL, NONE};
use crate::child::{Child, Kind};
use crate::figure::Figure;
use crate::machines::machines;

/// More threads than cores: whoever holds the lock may not even be running.
const CROWD: u32 = 8;

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    alone(bench)?;
    around_calls(bench)
}

fn alone(bench: &mut Bench) -> anyhow::Result<()> {
    let machines = machines();
    let mut alone = vec![Vec::new(); machines.len()];
    let mut crowd = vec![Vec::new(); machines.len()];
    for _ in 0..bench.rounds {
        for (place, machine) in machines.iter().enumerate() {
            bench.stop.check()?;
            alone[place].push((machine.measure)(1));
            crowd[place].push((machine.measure)(CROWD));
        }
        bench.floor()?;
    }
    for ((machine, alone), crowd) in machines.iter().zip(alone).zip(crowd) {
        bench.figure(Figure::new(format!("machine: {}", machine.name), "ns", alone));
        bench.figure(Figure::new(format!("machine: {}, {CROWD} threads", machine.name), "ns", crowd));
    }
    bench
        .note("a machine: begin and end of one call, each under its lock; contended: wall time by all calls");
    Ok(())
}

fn around_calls(bench: &mut Bench) -> anyhow::Result<()> {
    let rounds = told(bench)?;
    let of = |name: &str| -> Vec<f64> { rounds.iter().filter_map(|round| round[name].as_f64()).collect() };
    let none = of(NONE);
    bench.figure(Figure::new(
        "a call through mesh, no layer on",
        "us CPU",
        none.iter().map(|ns| ns / 1e3).collect(),
    ));
    for (name, _) in caller::policies().iter().filter(|(name, _)| *name != NONE) {
        let with = of(name);
        anyhow::ensure!(with.len() == none.len(), "`{name}` was not measured");
        let more = with.iter().zip(&none).map(|(with, none)| with - none).collect();
        bench.figure(Figure::new(format!("layer: {name}"), "ns", more));
        if *name == ALL {
            let times = with.iter().zip(&none).map(|(with, none)| with / none).collect();
            bench.figure(Figure::new(format!("a call with {name}, over one with none"), "x", times));
        }
    }
    bench.note(
        "a layer: CPU of the calling thread for a call, above a call without layers in the same round. One that is \
         off is not in the stack: it costs nothing, so the row without layers is the idle one",
    );
    Ok(())
}

/// What the caller told of each round.
fn told(bench: &mut Bench) -> anyhow::Result<Vec<Value>> {
    let page = Child::start(Kind::Page)?;
    let scratch = Scratch::new();
    let mut process = Command::new(std::env::current_exe()?)
        .args(["--child", "caller"])
        .env(caller::PAGE, &page.address)
        .env(caller::FOLDER, scratch.work())
        .env(caller::ROUNDS, bench.rounds.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("failed to start the caller")?;
    let said = process.stdout.take().context("a child has a stdout")?;
    let mut rounds = Vec::new();
    let mut failed = None;
    for line in BufReader::new(said).lines() {
        let read = line.map_err(anyhow::Error::from).and_then(|line| {
            bench.stop.check()?;
            Ok(serde_json::from_str(&line)?)
        });
        match read {
            Ok(round) => rounds.push(round),
            Err(error) => {
                failed = Some(error);
                let _ = process.kill();
                break;
            }
        }
    }
    let ended = process.wait()?;
    if let Some(failed) = failed {
        return Err(failed);
    }
    anyhow::ensure!(ended.success() && !rounds.is_empty(), "the caller ended with {ended}");
    bench.floor()?;
    Ok(rounds)
}
