//! The shipped drills, and a folder of broken ones.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use serde_json::Value;

use super::*;

mod after;
mod broken;
mod every_drill;
mod shipped;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source(folder: &Path, file: &str) -> Source {
    let text = fs::read_to_string(folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    Source::new(file, text)
}

/// The texts of `drills/<name>`.
pub(crate) fn drill(name: &str) -> Sources {
    let folder = root().join("../../drills").join(name);
    let mut candidates = BTreeMap::new();
    for entry in fs::read_dir(folder.join("candidates")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = file.strip_suffix(".yaml").unwrap().to_owned();
        candidates.insert(name, source(&folder, &format!("candidates/{file}")));
    }
    Sources { drill: source(&folder, "drill.yaml"), candidates, answer: Some(source(&folder, "answer.yaml")) }
}

pub(crate) fn choice(variant: &str, candidate: Option<&str>, scale: &str) -> Choice {
    Choice {
        variant: variant.to_owned(),
        candidate: candidate.map(str::to_owned),
        scale: scale.parse().unwrap(),
        ..Choice::default()
    }
}

fn planned(variant: &str, candidate: Option<&str>, scale: &str) -> Plan {
    plan(&drill("bank-slowdown"), &choice(variant, candidate, scale)).unwrap_or_else(|p| panic!("{p}"))
}

/// A file as plain JSON, for the complete validator.
fn value(source: &Source) -> Value {
    tree::parse(source, &mut Problems::default()).unwrap().to_value()
}

const SECOND: Duration = Duration::from_secs(1);
