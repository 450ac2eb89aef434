//! The verdict of the same run from other samples: those that the test scraped beside it, as the lab would have. They are
//! put into a copy of the run's folder, which is sealed again, and graded there.

use std::fs;

use evidence::journal::{Chain, digest};
use evidence::samples::SampleWriter;
use serde_json::Value;
use tests::{Scratch, played, program};

use super::Watched;

/// Values of two scrapers a second apart.
const NEAR: f64 = 0.05;
const SECONDS: f64 = 2.0;

pub(super) fn wrong(run: &Watched) -> Vec<String> {
    let card = run.card();
    let mut wrong = Vec::new();
    if card["verdict"] == "void" {
        wrong.push(format!("the run proves nothing: {}", card["reason"]));
    }
    let scratch = Scratch::new();
    let copy = scratch.work().join("beside");
    played::copy(&run.dir, &copy).unwrap_or_else(|error| panic!("{error}"));
    let samples = samples(run);
    fs::write(copy.join("samples.bin"), &samples).expect("samples are written");
    seal_again(run, &samples, &copy);
    let said = program::say(&scratch, &["regrade", "beside", "--output", "json"]);
    let other = fs::read(copy.join("scorecard.json")).unwrap_or_default();
    let Ok(other) = serde_json::from_slice::<Value>(&other) else {
        return vec![format!("not graded again: {}", said.stderr)];
    };
    if card["verdict"] != other["verdict"] {
        wrong.push(format!("{} and not {}: {}", other["verdict"], card["verdict"], other["reason"]));
    }
    for list in ["criteria", "proofs"] {
        let rows = |card: &Value| card[list].as_array().cloned().unwrap_or_default();
        for (ours, theirs) in rows(&other).iter().zip(rows(&card)) {
            if ours["name"] != theirs["name"] || ours["status"] != theirs["status"] || !near(ours, &theirs) {
                wrong.push(format!("from our own scrapes: {ours}\nfrom the Prometheus: {theirs}"));
            }
        }
    }
    wrong
}

fn near(ours: &Value, theirs: &Value) -> bool {
    match (ours["value"].as_f64(), theirs["value"].as_f64()) {
        (Some(a), Some(b)) => {
            let apart = (a - b).abs();
            apart <= NEAR * a.abs().max(b.abs()) || (ours["unit"] == "s" && apart <= SECONDS)
        }
        (None, None) => true,
        _ => false,
    }
}

/// What was scraped beside the run, from its start to its reconciliation.
fn samples(run: &Watched) -> Vec<u8> {
    let start =
        run.journal.first().and_then(|entry| entry.number("wall_unix_ms")).expect("a run has a start") as u64;
    let end = start + run.phase("reconcile");
    let mut writer = SampleWriter::new();
    let mut bytes = Vec::new();
    for scrape in run.beside.iter().filter(|scrape| (start..=end).contains(&scrape.t_ms)) {
        let t_ms = scrape.t_ms - start;
        bytes.extend(match &scrape.text {
            Some(text) => writer.scrape(t_ms, &scrape.service, &scrape.instance, text),
            None => writer.dead(t_ms, &scrape.service, &scrape.instance),
        });
    }
    bytes
}

/// The journal of the copy, with the seal that these samples have.
fn seal_again(run: &Watched, samples: &[u8], copy: &std::path::Path) {
    let (seal, before) = run.journal.split_last().expect("a journal has lines");
    let mut body = seal.body.clone();
    body["files"]["samples.bin"] = digest(samples).into();
    let mut chain = Chain::resume(before.last().expect("a journal has more than a seal"));
    let seal = chain.append(seal.t_ms, &seal.kind, &seal.actor, body);
    let lines = before.iter().map(evidence::Entry::line).chain([seal.line()]);
    let text: String = lines.map(|line| line + "\n").collect();
    fs::write(copy.join("journal.jsonl"), text).expect("a journal is written");
}
