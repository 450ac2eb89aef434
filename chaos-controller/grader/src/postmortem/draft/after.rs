//! What follows from it: what to keep and what to change, with an item for each mechanism that has to be cut, and where the
//! numbers come from.

use super::{Draft, asked, quoted};
use crate::finding::Status;
use crate::postmortem::levers;
use crate::report::markdown::cell;
use crate::scorecard::Criterion;

impl Draft<'_> {
    /// Criteria that passed, or that did not.
    pub(super) fn went(&self, status: Status) -> Vec<String> {
        let found = |one: &&Criterion| one.required && one.finding.status == status;
        let line = |one: &Criterion| format!("- {}: {}", one.name, one.finding.reason);
        let mut lines: Vec<String> = self.card.criteria.iter().filter(found).map(line).collect();
        lines.push(format!(
            "- {}",
            asked(match status {
                Status::Pass => "what people or the system did that is worth keeping",
                _ => "what stood in the way: signals, knowledge, tools, defaults",
            })
        ));
        lines
    }

    /// A row for each mechanism that has to be cut, one to see it earlier, one for what is still to be done.
    pub(super) fn actions(&self) -> Vec<String> {
        let drill = format!("{}/{}", self.card.drill, self.card.variant);
        let (owner, due) = (asked("who"), asked("YYYY-MM-DD"));
        let mut lines = vec![
            "| id | action | kind | owner | due | drill | status |".to_owned(),
            "|---|---|---|---|---|---|---|".to_owned(),
        ];
        let mut kinds = Vec::new();
        for mechanism in &self.card.truth.mechanisms {
            if kinds.contains(&mechanism.kind) {
                continue;
            }
            kinds.push(mechanism.kind);
            let what = asked(&format!(
                "what cuts {} at {}: {}",
                levers::said(mechanism.kind),
                mechanism.at,
                levers::cuts(mechanism.kind).1
            ));
            lines.push(format!("| A{} | {what} | prevent | {owner} | {due} | {drill} | open |", kinds.len()));
        }
        let mut number = kinds.len();
        number += 1;
        lines.push(format!(
            "| A{number} | {} | detect | {owner} | {due} | {drill} | open |",
            asked("what pages earlier: which signal, above what, for how long")
        ));
        for task in self.card.people.tasks.iter().filter(|task| !task.done) {
            number += 1;
            lines.push(format!(
                "| A{number} | {} | process | {} | {due} | - | open |",
                cell(&quoted(&task.text)),
                cell(&task.owner)
            ));
        }
        lines
    }

    pub(super) fn links(&self) -> Vec<String> {
        let mut lines = vec![
            "- [report](report.html), [scorecard](scorecard.json), [journal](journal.jsonl)".to_owned(),
            format!("- head of the journal: `{}`", self.card.head),
        ];
        let asked = self
            .card
            .criteria
            .iter()
            .filter_map(|one| Some((&one.name, one.finding.command(&self.card.run)?)));
        lines.extend(asked.map(|(name, command)| format!("- {name}: `{command}`")));
        lines
    }
}
