//! One planted recording: a base, what is changed of it, and what must come out. It goes through the files of a run's
//! folder, as a real one does.

use std::collections::BTreeMap;

use evidence::Recording;
use serde::Deserialize;
use serde_json::Value;

use super::change::Change;
use crate::diagnosis::Grade;
use crate::finding::Status;
use crate::grade::grade;
use crate::scorecard::Scorecard;
use crate::testbed::Bed;
use crate::verdict::Verdict;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlantedCase {
    /// What this is, and why it must come out so.
    #[expect(dead_code, reason = "for whoever reads the folder")]
    about: String,
    base: Base,
    /// Fields of the plan, instead of the usual ones.
    #[serde(default)]
    plan: BTreeMap<String, Value>,
    #[serde(default)]
    changes: Vec<Change>,
    expect: Expect,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Base {
    Recovered,
    NeverRecovered,
    /// Recovery is judged after the trigger.
    Stormy,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    verdict: Verdict,
    exit: i32,
    /// The first words of the reason.
    reason: String,
    /// Every row that does not pass; the others must.
    #[serde(default)]
    rows: BTreeMap<String, Status>,
    /// Of the diagnosis that counts.
    #[serde(default)]
    diagnosis: Option<Grade>,
}

impl PlantedCase {
    /// What came out otherwise than expected.
    pub(super) fn differences(&self) -> Vec<String> {
        let card = self.graded();
        let mut differences = Vec::new();
        let mut compare = |what: &str, wanted: String, got: String| {
            if wanted != got {
                differences.push(format!("{what}: {got}, expected {wanted}"));
            }
        };
        let expect = &self.expect;
        compare("verdict", format!("{:?}", expect.verdict), format!("{:?}", card.verdict));
        compare("exit", expect.exit.to_string(), card.exit.to_string());
        let begins: String = card.reason.chars().take(expect.reason.chars().count()).collect();
        compare(
            "reason",
            expect.reason.clone(),
            if begins == expect.reason { begins } else { card.reason.clone() },
        );
        let rows = |rows: &BTreeMap<String, Status>| format!("{rows:?}");
        let got = not_passed(&card);
        if rows(&expect.rows) != rows(&got) {
            let reasons: Vec<String> = got
                .keys()
                .filter_map(|name| Some(format!("{name}: {}", card.criterion(name)?.finding.reason)))
                .collect();
            compare("rows", rows(&expect.rows), format!("{} ({})", rows(&got), reasons.join("; ")));
        }
        if let Some(wanted) = expect.diagnosis {
            let last = card.diagnoses.submitted.last();
            if last.map(|one| one.grade) != Some(wanted) {
                let got =
                    last.map_or("none".to_owned(), |one| format!("{:?} ({})", one.grade, one.explanation));
                compare("diagnosis", format!("{wanted:?}"), got);
            }
        }
        differences
    }

    fn graded(&self) -> Scorecard {
        let mut bed = match self.base {
            Base::Recovered => Bed::recovered(),
            Base::NeverRecovered => Bed::never_recovered(),
            Base::Stormy => Bed::stormy(),
        };
        let plan: serde_json::Map<String, Value> = self.plan.clone().into_iter().collect();
        bed = bed.with_more_plan(plan);
        for change in &self.changes {
            bed = change.apply(bed);
        }
        let mut files = bed.files();
        self.changes.iter().for_each(|change| change.tamper(&mut files));
        grade(&Recording::open(files).unwrap()).card
    }
}

/// The rows that are not a pass.
pub(super) fn not_passed(card: &Scorecard) -> BTreeMap<String, Status> {
    let rows = card.criteria.iter().chain(&card.proofs);
    let open = rows.filter(|row| row.finding.status != Status::Pass);
    open.map(|row| (row.name.clone(), row.finding.status)).collect()
}
