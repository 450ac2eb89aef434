//! `firedrill journal`: the journal of a recorded run, in words or as it was written; what a report's `journal: entry N`
//! points at. A journal whose chain does not hold is refused. What was added after the seal is `firedrill review show`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use controller::grading::{self, Line};
use evidence::Entry;

use crate::command::regrade;
use crate::exit::{Exit, Failure};
use crate::output::{Format, Output, narrate, printable, table, write_data};
use crate::since_fault;
use crate::watch::narrate as words;

/// Characters that are shown of a body that has no words, unless it was asked for by its number.
const SHOWN: usize = 100;

const IN_JSON: &str =
    "With `-o json` the lines are printed as they were written and hashed, one JSON object each.";

/// Flags of `journal`.
#[derive(Debug, Args)]
#[command(after_help = IN_JSON)]
pub(crate) struct Journal {
    /// Folder of a run
    #[arg(value_name = "RUN")]
    folder: PathBuf,
    /// Only this entry, by the number that reports tell
    #[arg(long, value_name = "N")]
    seq: Option<u64>,
    /// Only this kind, such as `policy`, `action` or `proof`
    #[arg(long)]
    kind: Option<String>,
    /// Only what this one did: `controller`, a script, or a person's name
    #[arg(long)]
    actor: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Journal {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let journal = grading::journal(&self.folder).map_err(regrade::failure)?;
        let asked: Vec<&Line> = journal.iter().filter(|line| self.asks(&line.entry)).collect();
        if asked.is_empty() {
            return self.nothing(&journal);
        }
        match self.output.output {
            Format::Json => {
                write_data(&asked.iter().map(|line| line.written.clone() + "\n").collect::<String>());
            }
            Format::Text => {
                let entries: Vec<Entry> = journal.iter().map(|line| line.entry.clone()).collect();
                let fault_ms = grader::fault_start(&entries);
                write_data(&self.text(&asked, fault_ms));
            }
        }
        Ok(Exit::Pass)
    }

    fn asks(&self, entry: &Entry) -> bool {
        self.seq.is_none_or(|seq| seq == entry.seq)
            && self.kind.as_ref().is_none_or(|kind| *kind == entry.kind)
            && self.actor.as_ref().is_none_or(|actor| *actor == entry.actor)
    }

    fn text(&self, lines: &[&Line], fault_ms: Option<u64>) -> String {
        let since = |t_ms: u64| match fault_ms {
            Some(fault_ms) => format!("{:>+9.3}", since_fault::seconds(t_ms * 1_000, fault_ms)),
            None => format!("{:>9}", "-"),
        };
        let row = |entry: &Entry| {
            vec![
                format!("{:>4}", entry.seq),
                format!("{:>9.3}", entry.t_ms as f64 / 1e3),
                since(entry.t_ms),
                printable(&entry.kind).into_owned(),
                printable(&entry.actor).into_owned(),
                printable(&self.told(entry)).into_owned(),
            ]
        };
        let rows: Vec<Vec<String>> = lines.iter().map(|line| row(&line.entry)).collect();
        table(&[" SEQ", "    RUN s", "  FAULT s", "KIND", "ACTOR", "WHAT"], &rows)
    }

    /// In words; what says nothing to a watcher, as it stands.
    fn told(&self, entry: &Entry) -> String {
        if let Some((_, told)) = words::line(&entry.kind, &entry.actor, &entry.body) {
            return told;
        }
        let body = entry.body.to_string();
        match body.char_indices().nth(SHOWN) {
            Some((end, _)) if self.seq.is_none() => format!("{}...", &body[..end]),
            _ => body,
        }
    }

    /// What there is instead: a number that is not there is a mistake, no such line is an answer.
    fn nothing(&self, journal: &[Line]) -> Result<Exit, Failure> {
        let last = journal.len().saturating_sub(1);
        if self.seq.is_some_and(|seq| seq > last as u64) || journal.is_empty() {
            return Err(Failure::new(
                Exit::Invalid,
                format!("`{}` has no such entry; its last one is {last}", self.folder.display()),
            ));
        }
        let kinds: BTreeSet<&str> = journal.iter().map(|line| line.entry.kind.as_str()).collect();
        let actors: BTreeSet<&str> = journal.iter().map(|line| line.entry.actor.as_str()).collect();
        let listed = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
        narrate("no entry is all of that");
        narrate(&printable(&format!("  kinds: {}", listed(kinds))));
        narrate(&printable(&format!("  actors: {}", listed(actors))));
        Ok(Exit::Pass)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use evidence::{Chain, kind};
    use serde_json::json;

    use super::*;

    #[derive(clap::Parser)]
    struct Typed {
        #[command(flatten)]
        journal: Journal,
    }

    fn asked(line: &str) -> Journal {
        Typed::parse_from(std::iter::once("journal").chain(line.split(' '))).journal
    }

    fn lines() -> Vec<Line> {
        let mut chain = Chain::new();
        let mut line = |t_ms: u64, kind: &str, actor: &str, body| {
            let entry = chain.append(t_ms, kind, actor, body);
            Line { written: entry.line(), entry }
        };
        vec![
            line(1, kind::CLOCK, "controller", json!({"note": "x".repeat(200)})),
            line(5_000, kind::FAULT_APPLIED, "controller", json!({"id": "slow"})),
            line(12_250, kind::POLICY, "ada", json!({"version": 2, "author": "ada", "reason": "bound it"})),
        ]
    }

    fn text(line: &str) -> String {
        let (journal, lines) = (asked(line), lines());
        let of_it: Vec<&Line> = lines.iter().filter(|line| journal.asks(&line.entry)).collect();
        journal.text(&of_it, Some(5_000))
    }

    #[test]
    fn an_entry_is_told_with_its_number_and_both_clocks() {
        for line in ["runs/a --seq 2", "runs/a --kind policy", "runs/a --actor ada"] {
            let text = text(line);
            let row: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
            assert_eq!(row.join(" "), "2 12.250 +7.250 policy ada policy v2 by ada (bound it)", "{line}");
            assert_eq!(text.lines().count(), 2, "{line}");
        }
    }

    #[test]
    fn what_has_no_words_is_shown_as_it_stands_and_whole_if_asked_for() {
        assert!(text("runs/a").lines().nth(1).unwrap().ends_with("xxx..."));
        assert!(text("runs/a --seq 0").trim_end().ends_with("xxx\"}"));
    }

    #[test]
    fn a_number_that_is_not_there_is_refused_with_the_last_one() {
        let failure = asked("runs/a --seq 9").nothing(&lines()).unwrap_err();
        assert_eq!((failure.exit, failure.message.contains("its last one is 2")), (Exit::Invalid, true));
        assert_eq!(asked("runs/a --seq 1 --actor eve").nothing(&lines()), Ok(Exit::Pass));
    }

    #[test]
    fn a_broken_chain_is_refused_with_its_line_and_a_whole_one_is_given_as_written() {
        let folder = std::env::temp_dir().join(format!("firedrill-journal-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(evidence::recording::JOURNAL);
        let text: String = lines().iter().map(|line| line.written.clone() + "\n").collect();
        std::fs::write(&path, &text).unwrap();
        assert_eq!(grading::journal(&folder).unwrap(), lines());
        std::fs::write(&path, text.replace("bound it", "bound IT")).unwrap();
        let failure = asked(folder.to_str().unwrap()).run().unwrap_err();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(failure.exit, Exit::Invalid);
        assert!(failure.message.contains("journal line 3 is broken"), "{}", failure.message);
        assert_eq!(asked("no/such/run").run().unwrap_err().exit, Exit::Invalid);
    }
}
