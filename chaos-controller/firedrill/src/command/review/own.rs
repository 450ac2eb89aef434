//! `review self-score`: whoever played, on themselves. One row from the command line, or all six asked on a terminal. They
//! are asked before the machine's scores are shown, or they would be the machine's.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::Args;
use controller::answers;
use evidence::review::Note;
use grader::SELF_SCORES;

use super::{Which, add, row};
use crate::exit::{Exit, Failure};
use crate::output::narrate;
use crate::recorded;

/// Flags of `review self-score`.
#[derive(Debug, Args)]
pub(crate) struct SelfScore {
    /// A row of the self-score; all six are asked if none is named
    #[arg(requires = "score")]
    row: Option<String>,
    /// 1 to 5
    #[arg(value_parser = clap::value_parser!(u8).range(1..=5))]
    score: Option<u8>,
    /// Why
    #[arg(long, short = 'm', default_value = "", requires = "row")]
    reason: String,
    /// Who played [default: the only one who did]
    #[arg(long)]
    author: Option<String>,
    #[command(flatten)]
    which: Which,
}

impl SelfScore {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let players = recorded::stored(&self.which.folder()?)?.people.names;
        let author = player(&players, self.author.as_deref())?;
        let notes = match (&self.row, self.score) {
            (Some(row), Some(score)) => {
                let row = row::own_row(row)?.to_owned();
                vec![Note::SelfScore { row, score, reason: self.reason.trim().to_owned() }]
            }
            _ if std::io::stdin().is_terminal() => asked()?,
            _ => {
                return Err(Failure::new(Exit::Usage, "no row is named, and nobody is there to be asked")
                    .hint("firedrill review self-score framing 4 -m 'I named the journeys at once'"));
            }
        };
        if notes.is_empty() {
            narrate("nothing was scored");
            return Ok(Exit::Pass);
        }
        add(&self.which, author, &notes)?;
        Ok(Exit::Pass)
    }
}

/// Whose score it is: nobody scores another's play as their own.
fn player<'a>(players: &'a [String], typed: Option<&str>) -> Result<&'a str, Failure> {
    let all = || format!("who played: {}", players.join(", "));
    match (players, typed) {
        ([], _) => Err(Failure::new(Exit::Invalid, "nobody played this run, so nobody can score themselves")
            .hint("name another run with `--run FOLDER`; `firedrill review mark` is for everybody else")),
        ([only], None) => Ok(only),
        (_, None) => Err(Failure::new(Exit::Usage, "more than one played: whose score is it?")
            .detail(all())
            .hint(format!("say `--author {}`", players[0]))),
        (_, Some(typed)) => match players.iter().find(|name| *name == typed) {
            Some(name) => Ok(name),
            None => {
                let near = answers::near(typed, players.iter().map(String::as_str));
                Err(Failure::new(Exit::Invalid, format!("`{typed}` did not play this run"))
                    .detail(all())
                    .hint(match near.first() {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "`firedrill review mark` is for those who watched".to_owned(),
                    }))
            }
        },
    }
}

/// What each row asks.
fn question(row: &str) -> &'static str {
    match row {
        "framing" => "did you say early what is broken, for whom, and how bad it is?",
        "evidence" => "did what you concluded rest on what you saw?",
        "time_control" => "did you act in time, and end when it was over?",
        "signal_coverage" => "did you show more than one kind of skill?",
        "recovery" => "was the shop well again, for good, with the money right?",
        _ => "do you know what you would do otherwise next time?",
    }
}

fn asked() -> Result<Vec<Note>, Failure> {
    narrate(
        "your own score, before the machine's: 1 to 5, then why, such as `4 I named the journeys`; Enter skips a row",
    );
    let mut lines = std::io::stdin().lock().lines();
    let mut notes = Vec::new();
    for row in SELF_SCORES {
        loop {
            eprint_now(&format!("{row}: {} ", question(row)));
            let Some(line) = lines.next() else { return Ok(notes) };
            let line =
                line.map_err(|error| Failure::unexpected(format!("failed to read an answer: {error}")))?;
            match answer(row, &line) {
                Ok(note) => {
                    notes.extend(note);
                    break;
                }
                Err(problem) => narrate(problem),
            }
        }
    }
    Ok(notes)
}

/// One typed line; `None` skips the row.
fn answer(row: &str, line: &str) -> Result<Option<Note>, &'static str> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(None);
    }
    let (score, reason) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match score.parse() {
        Ok(score @ 1..=5) => {
            Ok(Some(Note::SelfScore { row: row.to_owned(), score, reason: reason.trim().to_owned() }))
        }
        _ => Err("a number from 1 to 5, and why if you like"),
    }
}

/// A prompt stays on its line.
fn eprint_now(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // Nobody reads any more: the answer will say so.
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_played_scores_themselves() {
        let players = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(player(&players(&["ada"]), None).unwrap(), "ada");
        assert_eq!(player(&players(&["ada", "robert"]), Some("robert")).unwrap(), "robert");
        assert_eq!(player(&players(&["ada", "robert"]), None).unwrap_err().exit, Exit::Usage);
        assert_eq!(player(&[], None).unwrap_err().exit, Exit::Invalid);
        let stranger = player(&players(&["ada", "robert"]), Some("instructor")).unwrap_err();
        assert!(stranger.details[0].contains("ada, robert"), "{:?}", stranger.details);
        let slip = player(&players(&["ada", "robert"]), Some("robrt")).unwrap_err();
        assert_eq!(slip.hint.as_deref(), Some("did you mean `robert`?"));
    }

    #[test]
    fn an_answer_is_a_number_and_perhaps_a_reason() {
        let note = answer("framing", " 4 I named the journeys ").unwrap().unwrap();
        assert_eq!(
            note,
            Note::SelfScore { row: "framing".into(), score: 4, reason: "I named the journeys".into() }
        );
        assert_eq!(answer("framing", "  ").unwrap(), None);
        for bad in ["6", "0 x", "good"] {
            assert!(answer("framing", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_row_asks_something_of_its_own() {
        let mut questions = SELF_SCORES.map(question).to_vec();
        questions.sort_unstable();
        questions.dedup();
        assert_eq!(questions.len(), SELF_SCORES.len());
    }
}
