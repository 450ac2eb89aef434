//! The table of action items, read from the text: `| id | action | kind | owner | due | drill | status |`, the columns in
//! any order and under the names that public templates give them. What a cell should say is the check's business.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::FILL_IN;
use super::date::Date;
use super::page::{Page, Place};

/// One action item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Empty if it has none; so is every text here.
    pub id: String,
    pub text: String,
    /// `None`: none of the four, or none at all.
    pub kind: Option<Kind>,
    pub owner: String,
    /// As it is written.
    pub due: String,
    /// As it is written.
    pub drill: String,
    pub status: String,
    /// Its line in the text, from 1.
    pub line: usize,
}

/// What an action is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It does not happen any more.
    Prevent,
    /// It happens, and hurts less.
    Mitigate,
    /// It is seen earlier.
    Detect,
    /// How people work.
    Process,
}

/// The rerun that an item names: `bank-slowdown`, `bank-slowdown/smoke`, and with `@layered` the planted candidate that
/// may prove it; otherwise a person must.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub drill: String,
    pub variant: Option<String>,
    pub candidate: Option<String>,
}

/// The columns, and what they are called.
const COLUMNS: [(&str, &str); 7] = [
    ("id", "id|#|no|nr|ref|ticket|item id"),
    ("action", "action|action item|what|task|description|item|todo|to do|measure|what changes"),
    ("kind", "kind|type|category|class"),
    ("owner", "owner|who|assignee|responsible|assigned to|dri"),
    ("due", "due|due date|date|by|by when|when|deadline|target date|until"),
    ("drill", "drill|proof|proven by|proved by|drill that proves it|verified by|rerun|test"),
    ("status", "status|state|done"),
];

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Prevent => "prevent",
            Kind::Mitigate => "mitigate",
            Kind::Detect => "detect",
            Kind::Process => "process",
        }
    }

    /// By its beginning: "prevention", "mitigates", "detective".
    fn parse(text: &str) -> Option<Kind> {
        let text = text.trim().to_lowercase();
        let begins = [
            ("prevent", Kind::Prevent),
            ("mitigat", Kind::Mitigate),
            ("detect", Kind::Detect),
            ("process", Kind::Process),
        ];
        begins.into_iter().find(|(begin, _)| text.starts_with(begin)).map(|(_, kind)| kind)
    }
}

impl Action {
    /// `None`: it is no day.
    pub fn due_on(&self) -> Option<Date> {
        Date::parse(&self.due)
    }

    /// The rerun that proves it; `None` if it names none.
    pub fn proof(&self) -> Option<Proof> {
        static FORM: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(?<drill>[a-z][a-z0-9-]+)(?:/(?<variant>[a-z0-9][a-z0-9_-]*))?(?:@(?<candidate>[a-z0-9][a-z0-9_-]*))?$")
                .expect("a regular expression")
        });
        let text = self.drill.trim().trim_matches('`');
        if is_empty(text) {
            return None;
        }
        let found = FORM.captures(text)?;
        let part = |name: &str| found.name(name).map(|part| part.as_str().to_owned());
        Some(Proof { drill: part("drill")?, variant: part("variant"), candidate: part("candidate") })
    }

    /// Whether somebody says that it is done; no run needs to have shown it.
    pub fn is_said_done(&self) -> bool {
        let status = self.status.to_lowercase();
        ["done", "closed", "fixed", "finished"].iter().any(|word| status.starts_with(word))
    }

    /// Whether somebody says that it will never be done.
    pub(crate) fn is_given_up(&self) -> bool {
        let status = self.status.to_lowercase();
        ["won't", "wont", "will not", "reject", "dropped", "cancel", "abandon"]
            .iter()
            .any(|word| status.contains(word))
    }
}

/// A cell that says nothing.
pub(crate) fn is_empty(cell: &str) -> bool {
    let cell = cell.trim();
    let nothing =
        ["", "-", "\u{2013}", "\u{2014}", "?", "??", "???", "n/a", "none", "tbd", "todo", "tba", "..."];
    cell.contains(FILL_IN) || nothing.contains(&cell.to_lowercase().as_str())
}

/// Every action item of a postmortem, in its order.
pub fn actions(text: &str) -> Vec<Action> {
    table(&Page::read(text)).map(|(_, actions)| actions).unwrap_or_default()
}

/// The table of action items and where its head stands.
pub(crate) fn table(page: &Page<'_>) -> Option<(Place, Vec<Action>)> {
    let head = page.lines.iter().position(|line| is_head(line))?;
    let names = columns(page.lines[head]);
    let rows = page
        .lines
        .iter()
        .enumerate()
        .skip(head + 1)
        .take_while(|(_, line)| line.trim_start().starts_with('|'));
    let rows = rows.filter(|(_, line)| !is_rule(line));
    let actions = rows.filter_map(|(index, line)| {
        let cells = cells(line);
        let cell = |wanted: &str| {
            let at = names.iter().position(|name| *name == Some(wanted));
            at.and_then(|at| cells.get(at)).cloned().unwrap_or_default()
        };
        let action = Action {
            id: cell("id").trim_matches('`').to_owned(),
            text: cell("action"),
            kind: Kind::parse(&cell("kind")),
            owner: cell("owner"),
            due: cell("due"),
            drill: cell("drill"),
            status: cell("status"),
            line: index + 1,
        };
        cells.iter().any(|cell| !cell.is_empty()).then_some(action)
    });
    Some((Place { line: head + 1, column: 1 }, actions.collect()))
}

/// A head names an action, who or when, and one thing more; a timeline names only when, who and what.
fn is_head(line: &str) -> bool {
    let names = columns(line);
    let has = |wanted: &[&str]| wanted.iter().any(|wanted| names.contains(&Some(wanted)));
    has(&["action"]) && has(&["owner", "due"]) && has(&["id", "kind", "drill", "status"])
}

fn columns(line: &str) -> Vec<Option<&'static str>> {
    if !line.trim_start().starts_with('|') {
        return Vec::new();
    }
    let named = |cell: String| {
        let cell = cell.trim_matches('*').trim().to_lowercase();
        COLUMNS.iter().find(|(_, names)| names.split('|').any(|name| name == cell)).map(|(name, _)| *name)
    };
    cells(line).into_iter().map(named).collect()
}

fn is_rule(line: &str) -> bool {
    line.chars().all(|letter| matches!(letter, '|' | '-' | ':' | ' '))
}

/// The cells of a row; `\|` is a bar within one.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim().replace("\\|", "\u{0}");
    let inner = line.strip_prefix('|').unwrap_or(&line);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    inner.split('|').map(|cell| cell.replace('\u{0}', "|").trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
## Follow-ups

| # | What | Type | Who | By when | Proven by | State |
|---|:--|---|---|---|---|---|
| A1 | Bound the wait: `a\\|b` | prevention | Ada | 2026-12-01 | `bank-slowdown/smoke@layered` | open |
| A2 | Page somebody | detect | Bo | soon | - | won't do |
| | | | | | | |

| action | said |
";

    #[test]
    fn columns_are_known_by_other_names_too() {
        let actions = actions(TABLE);
        assert_eq!(actions.len(), 2, "{actions:?}");
        let first = &actions[0];
        assert_eq!((first.id.as_str(), first.owner.as_str(), first.line), ("A1", "Ada", 5));
        assert_eq!((first.text.as_str(), first.kind), ("Bound the wait: `a|b`", Some(Kind::Prevent)));
        assert_eq!(first.due_on(), Date::parse("2026-12-01"));
    }

    #[test]
    fn a_proof_is_a_drill_and_may_name_variant_and_candidate() {
        let actions = actions(TABLE);
        let proof = actions[0].proof().unwrap();
        assert_eq!((proof.drill.as_str(), proof.variant.as_deref()), ("bank-slowdown", Some("smoke")));
        assert_eq!(proof.candidate.as_deref(), Some("layered"));
        assert_eq!(actions[1].proof(), None);
        assert!(actions[1].is_given_up());
    }

    #[test]
    fn a_text_without_such_a_table_has_no_actions() {
        assert!(actions("| action | said |\n|---|---|\n| a | b |\n").is_empty());
        assert!(
            actions("| when | who | what |\n|---|---|---|\n| 14:00 | Ada | looks |\n").is_empty(),
            "a timeline"
        );
    }
}
