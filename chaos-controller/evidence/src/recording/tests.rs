//! Recordings that are whole, altered, torn, missing or of another run.

use serde_json::json;

use super::*;
use crate::journal::{self, Broken, Chain};
use crate::kind;
use crate::review::{self, Note};

fn sealed(files: &BTreeMap<String, Vec<u8>>) -> Entry {
    let hashes: BTreeMap<&str, String> =
        files.iter().map(|(n, b)| (n.as_str(), journal::digest(b))).collect();
    Chain::new().append(9, kind::SEALED, "controller", json!({"files": hashes}))
}

fn files() -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> =
        SEALED_FILES.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
    files.insert(PLAN.to_owned(), b"drill: x".to_vec());
    let line = sealed(&files).line() + "\n";
    files.insert(JOURNAL.to_owned(), line.into_bytes());
    files
}

fn problems(files: BTreeMap<String, Vec<u8>>) -> Vec<String> {
    Recording::open(files).unwrap().seal.problems
}

#[test]
fn sealed_files_hold() {
    let recording = Recording::open(files()).unwrap();
    assert!(recording.seal.holds(), "{:?}", recording.seal);
    assert_eq!(recording.plan_text, "drill: x");
    assert_eq!(recording.ledgers.orders, Some(vec![]));
}

#[test]
fn every_file_that_was_altered_or_is_missing_breaks_the_seal_by_its_name() {
    for name in SEALED_FILES {
        let mut altered = files();
        altered.get_mut(name).unwrap().push(b'\n');
        assert_eq!(problems(altered)[0], format!("{name} was altered after it was sealed"));
        let mut fewer = files();
        fewer.remove(name);
        assert_eq!(problems(fewer), [format!("{name} is missing")]);
    }
}

#[test]
fn a_file_that_does_not_decode_is_named_and_the_rest_is_read() {
    let mut files = files();
    files.insert(ORDERS.to_owned(), b"{}\n".to_vec());
    let line =
        sealed(&files.iter().filter(|(n, _)| *n != JOURNAL).map(|(n, b)| (n.clone(), b.clone())).collect());
    files.insert(JOURNAL.to_owned(), (line.line() + "\n").into_bytes());
    let recording = Recording::open(files).unwrap();
    assert!(
        recording.seal.problems[0].starts_with("ledgers/orders.jsonl does not decode: line 1: missing field")
    );
    assert_eq!((recording.ledgers.orders, recording.ledgers.charges), (None, Some(vec![])));
}

#[test]
fn a_broken_chain_is_refused() {
    let mut files = files();
    files.get_mut(JOURNAL).unwrap()[6] ^= 1;
    assert!(matches!(Recording::open(files), Err(OpenError::Journal(_))));
    assert_eq!(Recording::open(BTreeMap::new()).unwrap_err(), OpenError::NoJournal);
}

#[test]
fn a_run_without_a_seal_is_readable_but_not_sealed() {
    let mut files = files();
    let line = Chain::new().append(0, kind::PHASE, "controller", json!({"name": "baseline"})).line() + "\n";
    files.insert(JOURNAL.to_owned(), line.into_bytes());
    let recording = Recording::open(files).unwrap();
    assert!(!recording.seal.holds());
    assert_eq!(recording.entries(kind::PHASE).count(), 1);
}

#[test]
fn a_review_is_read_and_one_that_does_not_hold_is_refused_by_file_and_line() {
    let mut files = files();
    let seal = journal::verify(&files[JOURNAL]).unwrap().entries.remove(0);
    let note = Note::SelfScore { row: "calm".into(), score: 4, reason: "slow".into() };
    let first = review::next(&seal, 10, "ada", &note);
    let second = review::next(&first, 11, "ada", &note);
    let text = format!("{}\n{}\n", first.line(), second.line());
    files.insert(REVIEW.to_owned(), text.clone().into_bytes());
    let recording = Recording::open(files.clone()).unwrap();
    assert!(recording.seal.holds(), "a review is no part of what was sealed");
    assert_eq!(Note::of(&recording.review[1]), Some(note));
    let broken = text.replace("\"score\":4", "\"score\":5").replacen("\"score\":5", "\"score\":4", 1);
    files.insert(REVIEW.to_owned(), broken.into_bytes());
    let refused = Recording::open(files).unwrap_err().to_string();
    assert!(refused.starts_with("review.jsonl line 2 is broken: its content was changed"), "{refused}");
}

#[test]
fn a_review_without_a_seal_before_it_is_refused() {
    let mut files = files();
    let line = Chain::new().append(0, kind::PHASE, "controller", json!({})).line() + "\n";
    files.insert(JOURNAL.to_owned(), line.clone().into_bytes());
    files.insert(REVIEW.to_owned(), line.into_bytes());
    assert!(matches!(Recording::open(files), Err(OpenError::Review(Broken { line: 1, .. }))));
}
