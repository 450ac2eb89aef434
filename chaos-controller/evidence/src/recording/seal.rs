//! Whether the files are those that the run sealed: their hashes against the journal's last line.

use super::chains::{self, Chains};
use super::{CHARGES, Decoded, JOURNAL, ORDERS, PLAN, REQUESTS, SAMPLES};

/// What of a recording may not be lacking, or nothing was sealed.
const NEEDED: [&str; 5] = [PLAN, SAMPLES, REQUESTS, CHARGES, ORDERS];

/// How the files stand to the seal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seal {
    /// The journal ends in a seal.
    pub present: bool,
    /// Every file that is missing, altered or unreadable, and how.
    pub problems: Vec<String>,
}

impl Seal {
    pub fn holds(&self) -> bool {
        self.present && self.problems.is_empty()
    }
}

pub(super) fn check(chains: &Chains, files: &[Decoded]) -> Seal {
    let mut seal = against(chains, files);
    if let Some(line) = chains.journal.torn {
        seal.problems.push(format!("{JOURNAL} line {line} was not finished by its writer"));
    }
    seal.problems.extend(files.iter().filter_map(Decoded::problem));
    seal
}

fn against(chains: &Chains, files: &[Decoded]) -> Seal {
    let Some(entry) = chains::seal(&chains.journal.entries) else {
        return Seal { present: false, problems: vec!["the journal does not end in a seal".to_owned()] };
    };
    let mut problems = Vec::new();
    let sealed = entry.body.get("files").and_then(|files| files.as_object());
    for (name, hash) in sealed.into_iter().flatten() {
        match files.iter().find(|file| file.name() == name) {
            None => problems.push(format!("{name} is missing")),
            Some(file) if Some(file.hash()) != hash.as_str() => {
                problems.push(format!("{name} was altered after it was sealed"));
            }
            Some(_) => {}
        }
    }
    let unsealed = NEEDED.iter().filter(|name| sealed.is_none_or(|sealed| !sealed.contains_key(**name)));
    problems.extend(unsealed.map(|name| format!("{name} was not sealed")));
    Seal { present: true, problems }
}
