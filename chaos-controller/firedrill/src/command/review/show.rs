//! `review show`: the rating of a run, row by row, the machine's and people's apart.

use clap::Args;
use grader::{Given, Rating};
use serde_json::json;

use super::Which;
use crate::exit::{Exit, Failure};
use crate::output::{Output, printable, table};
use crate::review;

/// Flags of `review show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    output: Output,
}

impl Show {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let folder = self.which.folder()?;
        let notes = review::read(&folder)?;
        let card = crate::recorded::stored(&folder)?;
        let value = json!({ "run": card.run, "rating": card.rating, "review": notes });
        self.output.write(&value, |_| {
            let title = crate::rating::title(&card.rating);
            let mut text = format!("{}: {title}\n\n{}", folder.display(), rows(&card.rating));
            for ignored in &card.rating.ignored {
                text.push_str(&format!("ignored: {} ({})\n", printable(&ignored.why), ignored.evidence));
            }
            text
        });
        Ok(Exit::Pass)
    }
}

fn rows(rating: &Rating) -> String {
    let blank = || "-".to_owned();
    let number = |score: Option<u8>| score.map_or_else(blank, |score| score.to_string());
    let person = |human: &Option<Given>| human.as_ref().map_or_else(blank, given);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in &rating.rubric {
        let machine = row.machine.map_or_else(blank, |mark| mark.name().to_owned());
        rows.push(vec![row.name.clone(), machine, person(&row.human), blank(), row.why.clone()]);
    }
    for row in &rating.signals {
        rows.push(vec![row.name.clone(), number(row.machine), person(&row.human), blank(), row.why.clone()]);
    }
    for row in &rating.self_scores {
        rows.push(vec![
            row.name.clone(),
            number(row.machine),
            person(&row.human),
            number(row.own),
            row.why.clone(),
        ]);
    }
    let mut text = table(&["ROW", "MACHINE", "PERSON", "OWN", "WHY THE MACHINE'S"], &rows);
    text.push_str(&format!("\n{}\n", crate::rating::ready(&rating.readiness)));
    text
}

fn given(given: &Given) -> String {
    let how = if given.overrules { " (overrules)" } else { "" };
    format!("{} by {}{how}", given.mark, printable(&given.by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use grader::{Mark, Row};

    #[test]
    fn who_overruled_whom_is_told_and_blanks_are_dashes() {
        let human = Given {
            mark: "expert".into(),
            by: "eve\u{1b}".into(),
            reason: "seen".into(),
            overrules: true,
            evidence: String::new(),
        };
        let row = |machine, human| Row {
            name: "system_thinking".into(),
            machine,
            why: "because".into(),
            evidence: Vec::new(),
            human,
            anchor: String::new(),
        };
        let rubric = vec![row(Some(Mark::Novice), Some(human)), row(None, None)];
        let text = rows(&Rating { rubric, ..Rating::default() });
        assert!(text.contains("novice   expert by eve\u{fffd} (overrules)"), "{text}");
        assert!(text.lines().nth(2).unwrap().contains("-"), "{text}");
    }
}
