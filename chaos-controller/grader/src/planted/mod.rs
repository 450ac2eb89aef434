//! Planted recordings: a folder each in `tests/planted`, with what somebody did to the shop, or to the evidence, and the
//! verdict that this must get. The cheating must fail, the lazy must fail for the right reason, and right answers in
//! unusual words must pass. `mutations` turns it around: one fact is altered, and one row of the verdict may change.

mod case;
mod change;
mod mutations;

use std::path::{Path, PathBuf};

use case::PlantedCase;

fn folders() -> Vec<PathBuf> {
    let planted = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/planted");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(planted).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

#[test]
fn every_planted_recording_gets_the_verdict_that_it_must_get() {
    let folders = folders();
    assert!(folders.len() >= 40, "only {} planted recordings", folders.len());
    let wrong: Vec<String> = folders
        .iter()
        .filter_map(|folder| {
            let text = std::fs::read_to_string(folder.join("case.yaml")).unwrap();
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            let case: PlantedCase =
                serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let differences = case.differences();
            (!differences.is_empty()).then(|| format!("{name}:\n  {}", differences.join("\n  ")))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} planted recordings:\n{}",
        wrong.len(),
        folders.len(),
        wrong.join("\n")
    );
}
