//! The mutation check: of a run in which everything passes, one fact is altered at a time, and just the row that is about
//! that fact changes. A row that no fact can change judges nothing; one that changes with another's fact judges twice.

use std::collections::BTreeSet;

use evidence::{Outcome, kind};
use serde_json::json;

use super::case::not_passed;
use crate::grade::grade;
use crate::testbed::{Bed, charge};
use crate::{criteria, proofs};

/// The fact of a row, altered.
type Alter = fn(Bed) -> Bed;

const FACTS: [(&str, Alter); 15] = [
    ("goodput", |bed| bed.outcome(4, Outcome::Pending, 0, 900)),
    ("queue_wait", |mut bed| {
        bed.wait_ms.insert("cart", 400);
        bed
    }),
    ("amplification", |mut bed| {
        bed.attempts_per_call = 2;
        bed
    }),
    ("hold", |bed| bed.sick(17_000, 25_000)),
    ("replay", |bed| bed.sick(29_000, 32_000)),
    ("safe_bounds", |bed| {
        let document = json!({"version": 1, "services": {"payment": {"server": {"workers": 500}}}});
        bed.entry(20_000, kind::POLICY, "ada", json!({"version": 3, "document": document}))
    }),
    ("services", |bed| {
        let body = json!({"service": "search", "instance": "search-0", "event": "scaled_down"});
        bed.entry(38_000, kind::PROCESS, "controller", body)
    }),
    ("money", |mut bed| {
        bed.ledgers.charges.as_mut().unwrap().push(charge("o1-150"));
        bed
    }),
    ("baseline", |bed| bed.sick(2_000, 3_000)),
    ("dose", |mut bed| {
        bed.delivered_ms = Some(2_700.0);
        bed
    }),
    ("trigger_removed", |mut bed| {
        bed.removal_noted = false;
        bed
    }),
    ("generator", |mut bed| {
        let late = bed.requests.iter_mut().filter(|request| request.intended_ms() > 20_000);
        late.for_each(|request| request.lateness_us = 80_000);
        bed
    }),
    ("clean", |bed| {
        let body = json!({"name": "clean", "ok": false, "detail": "a journey was not answered once more"});
        bed.entry(39_200, kind::PROOF, "controller", body)
    }),
    ("sealed", |mut bed| {
        bed.seal.present = false;
        bed
    }),
    // What was left behind is what the end was not clean of: one fact for both.
    ("residue", |mut bed| {
        bed.residue = Some(json!({"items": ["fault slow on bank"]}));
        bed
    }),
];

fn changed(bed: &Bed) -> BTreeSet<String> {
    let recording = evidence::Recording::open(bed.files()).unwrap();
    not_passed(&grade(&recording).card).into_keys().collect()
}

#[test]
fn one_altered_fact_changes_just_its_row() {
    assert_eq!(changed(&Bed::recovered()), BTreeSet::new(), "the base passes everything");
    let mut wrong = Vec::new();
    for (row, alter) in FACTS {
        let wanted: BTreeSet<String> = match row {
            "residue" => ["residue", "clean"].map(str::to_owned).into(),
            row => [row.to_owned()].into(),
        };
        let got = changed(&alter(Bed::recovered()));
        if got != wanted {
            wrong.push(format!("{row}: {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Of the rows that only some drills have: what the drill says for it, and its fact.
#[test]
fn the_rows_of_some_drills_have_facts_of_their_own() {
    let quick = json!({"criteria": [{
        "name": "quick", "during": "hold", "required": true,
        "promql": "lab_queue_wait_seconds_bucket{service=\"search\",le=\"0.005\"} > 0",
    }]});
    let guarded = json!({"guardrails": [{"name": "gone", "promql": "up == 0", "for": "5s"}]});
    let one = |row: &str| BTreeSet::from([row.to_owned()]);

    let mut bed = Bed::recovered().with_plan(quick);
    assert_eq!(changed(&bed), BTreeSet::new());
    // Still below what is asked of every queue.
    bed.wait_ms.insert("search", 60);
    assert_eq!(changed(&bed), one("quick"));

    let bed = Bed::recovered().with_plan(guarded);
    assert_eq!(changed(&bed), BTreeSet::new());
    let stopped = json!({"name": "gone", "promql": "up == 0", "for": "5s"});
    assert_eq!(changed(&bed.entry(38_000, kind::GUARDRAIL, "controller", stopped)), one("guardrails"));

    let mut bed = Bed::stormy();
    assert_eq!(changed(&bed), BTreeSet::new());
    bed.storm = Some(3);
    assert_eq!(changed(&bed), one("metastable_amplification"));
}

#[test]
fn every_row_has_a_fact_that_changes_it() {
    let known: BTreeSet<&str> = FACTS.iter().map(|(row, _)| *row).collect();
    let rows = criteria::ALL.iter().map(|(row, _)| *row).chain(proofs::ALL.iter().map(|(row, _)| *row));
    assert_eq!(rows.filter(|row| !known.contains(row)).collect::<Vec<_>>(), Vec::<&str>::new());
}
