//! `firedrill actions`: what postmortems promised, and what became of it. An item is closed by a later run that passes
//! the drill it names, graded anew from its recording, and by nothing else: "done" in the table is a claim.
//!
//! Exit 0: every item is closed, or there is none. 99: some are open.

use std::path::{Path, PathBuf};

use clap::Args;
use evidence::review::Note;
use grader::postmortem::{Action, Date, Origin, POSTMORTEM, Rerun, actions, proves};
use serde::Serialize;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{Format, Output, narrate, printable, table, write_data, write_json};
use crate::{postmortem, review};

/// Flags of `actions`.
#[derive(Debug, Args)]
pub(crate) struct Actions {
    /// A run's folder, or the folder of many
    #[arg(default_value = "runs", value_name = "RUN|RUNS")]
    runs: PathBuf,
    /// A later run: closes the items that it proves, and says of the others why not
    #[arg(long, value_name = "RERUN")]
    prove: Option<PathBuf>,
    /// Only the item with this id
    #[arg(long, value_name = "ID", requires = "prove")]
    item: Option<String>,
    /// Who closes it
    #[arg(long, default_value = "instructor", requires = "prove")]
    author: String,
    #[command(flatten)]
    output: Output,
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Open,
    /// Open, and its day is past.
    Overdue,
    /// The table says that it is done, and no run proves it.
    Claimed,
    /// A rerun has proven it.
    Closed,
}

/// One item of one postmortem.
#[derive(Debug, Serialize)]
struct Item {
    run: String,
    folder: PathBuf,
    #[serde(flatten)]
    action: Action,
    state: State,
    /// The run that proved it.
    proven_by: Option<String>,
    /// Why the rerun that was named does not close it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why_not: Vec<String>,
}

impl Actions {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let folders = postmortem::folders(&self.runs);
        if folders.is_empty() {
            return Err(Failure::new(
                Exit::Invalid,
                format!("no run under `{}` has a {POSTMORTEM}", self.runs.display()),
            )
            .hint("`firedrill postmortem RUN` drafts one"));
        }
        let mut items = Vec::new();
        for folder in &folders {
            items.extend(of_run(folder, postmortem::today())?);
        }
        if let Some(rerun) = &self.prove {
            self.prove(rerun, &mut items)?;
        }
        match self.output.output {
            Format::Json => write_json(&json!({ "items": items })),
            Format::Text => write_data(&render(&items)),
        }
        let open = items.iter().filter(|item| item.state != State::Closed).count();
        if self.output.output == Format::Text {
            narrate(&format!("{open} of {} items are open", items.len()));
        }
        Ok(if open == 0 { Exit::Pass } else { Exit::Failed })
    }

    /// Closes what the rerun proves.
    fn prove(&self, folder: &Path, items: &mut [Item]) -> Result<(), Failure> {
        let rerun = postmortem::graded(folder)?;
        let asked = |item: &&mut Item| {
            item.state != State::Closed && self.item.as_ref().is_none_or(|id| *id == item.action.id)
        };
        let mut found = false;
        for item in items.iter_mut().filter(asked) {
            found = true;
            let (head, started_unix_ms) = postmortem::origin(&item.folder)?;
            let of = Origin { head: &head, started_unix_ms };
            let again = Rerun { card: &rerun.card, started_unix_ms: rerun.started_unix_ms };
            match proves(&item.action, of, again) {
                Ok(()) => {
                    let id = item.action.id.clone();
                    let note =
                        Note::ActionClosed { id, run: rerun.card.run.clone(), head: rerun.card.head.clone() };
                    let line = review::append(&item.folder, &self.author, &note)?;
                    (item.state, item.proven_by) = (State::Closed, Some(rerun.card.run.clone()));
                    let path = item.folder.join(evidence::review::REVIEW);
                    narrate(&format!(
                        "{} of {} is closed: `{}`, proven by {}; head of the review {}",
                        item.action.id,
                        item.run,
                        path.display(),
                        rerun.card.run,
                        line.hash
                    ));
                }
                Err(why) => {
                    narrate(&format!(
                        "{} of {} stays {}: {}",
                        item.action.id,
                        item.run,
                        item.state.name(),
                        printable(&why.join("; "))
                    ));
                    item.why_not = why;
                }
            }
        }
        match &self.item {
            Some(id) if !found => Err(Failure::new(
                Exit::Invalid,
                format!("there is no open item `{id}` under `{}`", self.runs.display()),
            )
            .hint("`firedrill actions` lists them")),
            _ => Ok(()),
        }
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Overdue => "overdue",
            State::Claimed => "claimed",
            State::Closed => "closed",
        }
    }

    fn of(action: &Action, closed: bool, today: Date) -> State {
        match (closed, action.is_said_done()) {
            (true, _) => State::Closed,
            (false, true) => State::Claimed,
            (false, false) if action.due_on().is_some_and(|due| due < today) => State::Overdue,
            (false, false) => State::Open,
        }
    }
}

/// The items of one run's postmortem, with what its review says of them.
fn of_run(folder: &Path, today: Date) -> Result<Vec<Item>, Failure> {
    let text = postmortem::text(&folder.join(POSTMORTEM))?;
    let closed = postmortem::closed(folder)?;
    let run = folder
        .canonicalize()
        .ok()
        .and_then(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()));
    let run = run.unwrap_or_else(|| folder.display().to_string());
    let items = actions(&text).into_iter().map(|action| {
        let proven_by = closed.iter().rfind(|(id, _)| *id == action.id).map(|(_, run)| run.clone());
        Item {
            run: run.clone(),
            folder: folder.to_owned(),
            state: State::of(&action, proven_by.is_some(), today),
            action,
            proven_by,
            why_not: Vec::new(),
        }
    });
    Ok(items.collect())
}

fn render(items: &[Item]) -> String {
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|item| {
            let action = &item.action;
            let proof = item
                .proven_by
                .as_ref()
                .map_or_else(|| action.drill.clone(), |run| format!("{} by {run}", action.drill));
            [&item.run, &action.id, item.state.name(), &action.owner, due(action), &proof, &action.text]
                .map(|cell| printable(cell).into_owned())
                .to_vec()
        })
        .collect();
    table(&["RUN", "ID", "STATE", "OWNER", "DUE", "PROVEN BY", "ACTION"], &rows)
}

/// As it was written, if that is a day.
fn due(action: &Action) -> &str {
    if action.due_on().is_some() { &action.due } else { "no date" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = "\
| id | action | kind | owner | due | drill | status |
|-|-|-|-|-|-|-|
| A1 | a | prevent | Ada | 2026-11-01 | bank-slowdown | open |
| A2 | b | prevent | Ada | 2026-12-01 | bank-slowdown | open |
| A3 | c | prevent | Ada | 2026-11-01 | bank-slowdown | done |
";

    #[test]
    fn an_item_is_closed_by_the_review_and_by_no_word_of_the_table() {
        let folder = review::sealed_folder("actions");
        std::fs::write(folder.join(POSTMORTEM), POST).unwrap();
        let note = Note::ActionClosed { id: "A2".into(), run: "later".into(), head: "ab".into() };
        let states = || {
            let items = of_run(&folder, Date { year: 2026, month: 11, day: 23 }).unwrap();
            items.iter().map(|item| item.state).collect::<Vec<_>>()
        };
        assert_eq!(states(), [State::Overdue, State::Open, State::Claimed]);
        review::append(&folder, "ada", &note).unwrap();
        assert_eq!(states(), [State::Overdue, State::Closed, State::Claimed]);
    }

    #[test]
    fn what_is_no_day_is_shown_as_no_date() {
        for (written, shown) in [
            ("2026-12-01", "2026-12-01"),
            ("1 Dec 2026", "1 Dec 2026"),
            ("2026-13-45", "no date"),
            ("", "no date"),
        ] {
            let text = POST.replace("2026-12-01", written);
            assert_eq!(due(&actions(&text)[1]), shown, "{written}");
        }
    }
}
