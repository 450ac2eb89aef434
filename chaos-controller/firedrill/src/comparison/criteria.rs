//! The criteria and proofs of several runs. One that ended the same in all of them is folded away.

use grader::{Criterion, Finding, Scorecard, Status};

use super::row::{Kind, Row, apart};
use crate::figures::number;

/// In the scorecards' order, those that ended differently first and the widest apart of them at the top.
pub(super) fn rows(cards: &[&Scorecard]) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    for card in cards {
        for criterion in card.criteria.iter().chain(&card.proofs) {
            if !names.contains(&criterion.name.as_str()) {
                names.push(&criterion.name);
            }
        }
    }
    let comparable =
        |name: &&str| comparable(cards) || cards.iter().all(|card| card.criterion(name).is_some());
    let mut rows: Vec<(bool, Row)> =
        names.into_iter().filter(comparable).map(|name| row(cards, name)).collect();
    rows.sort_by(|(a_turned, a), (b_turned, b)| {
        b_turned.cmp(a_turned).then_with(|| b.apart.total_cmp(&a.apart))
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Whether all are of one drill, so that what one of them lacks is worth a row.
pub(super) fn comparable(cards: &[&Scorecard]) -> bool {
    cards.windows(2).all(|pair| pair[0].drill == pair[1].drill)
}

/// The row, and whether some runs passed and others did not.
fn row(cards: &[&Scorecard], name: &str) -> (bool, Row) {
    let found: Vec<Option<&Criterion>> = cards.iter().map(|card| card.criterion(name)).collect();
    let findings: Vec<&Finding> =
        found.iter().flatten().map(|found| &found.finding).filter(|one| one.threshold.is_some()).collect();
    let target = |finding: &Finding| (finding.threshold, finding.sense);
    let one = findings.first().filter(|first| findings.iter().all(|one| target(one) == target(first)));
    let label = one.map_or_else(|| name.to_owned(), |one| format!("{name}{}", limit(one)));
    let cells = found.iter().map(|found| cell(*found, one.is_none())).collect();
    let values: Vec<Option<f64>> =
        found.iter().map(|found| found.and_then(|found| found.finding.value)).collect();
    let statuses: Vec<Option<Status>> =
        found.iter().map(|found| found.map(|found| found.finding.status)).collect();
    let turned = statuses.windows(2).any(|pair| pair[0] != pair[1]);
    let limit = one.and_then(|one| one.threshold).filter(|threshold| *threshold != 0.0);
    // Of a proof it matters only whether it holds.
    let proof = cards.iter().all(|card| card.criteria.iter().all(|criterion| criterion.name != name));
    let apart = if proof && !turned { 0.0 } else { apart(&values, limit) };
    (turned, Row { apart, counted: !turned, ..Row::new(Kind::Criterion, label, cells) })
}

/// The threshold with its sign; nothing where there is none.
fn limit(finding: &Finding) -> String {
    let sign = finding.sense.map_or(String::new(), |sense| format!("{} ", sense.sign()));
    finding.threshold.map_or(String::new(), |limit| format!(" (limit {sign}{})", number(limit)))
}

fn cell(found: Option<&Criterion>, with_limit: bool) -> String {
    let Some(found) = found else { return "-".to_owned() };
    let finding = &found.finding;
    let status = match finding.status {
        Status::Pass => "pass",
        Status::Fail => "FAIL",
        Status::Unknown => "unknown",
    };
    let value = finding.value.map_or(String::new(), |value| format!(" {}", number(value)));
    let limit = if with_limit { limit(finding) } else { String::new() };
    let required = if found.required { "" } else { ", not required" };
    format!("{status}{value}{limit}{required}")
}
