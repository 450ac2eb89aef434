//! Putting words on record: they are checked, an id is given where one is missing, and they are in the journal before
//! anybody is answered. All of it for people and for scripts alike; who may say what is the API's.

use evidence::{Said, kind};
use serde_json::{Value, json};

use crate::api::words::{Hint, Told};
use crate::incident::id_of;
use crate::lab::Lab;
use crate::run::Run;

/// The marks of a row of the rubric.
const MARKS: [&str; 3] = ["novice", "intermediate", "expert"];

/// Why words are not on record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WordError {
    /// There is no incident that they could belong to.
    #[error("no run is on, so there is no incident to put this on record of")]
    NoRun,
    /// The journal of the run is sealed.
    #[error("the run is over and its journal is sealed")]
    Sealed,
    /// The drill's file has none.
    #[error("this drill has no hints")]
    NoHints,
    /// All of them, and no level was named.
    #[error("every hint was given; name the level to read one again: {0}")]
    NoMoreHints(String),
    /// Each with its path and what is wanted.
    #[error("this is not complete")]
    Incomplete(Vec<Value>),
    /// The journal could not be written.
    #[error("failed to write the journal")]
    Journal(#[from] std::io::Error),
}

/// Puts words on record, and gives them as they were recorded.
pub(crate) fn record(lab: &Lab, actor: &str, said: Said) -> Result<Said, WordError> {
    let Some(run) = lab.active_run() else {
        // What is said about a lab between two runs is in the lab's own journal.
        let Said::Say { .. } = said else { return Err(WordError::NoRun) };
        complete(&said, Vec::new())?;
        lab.note(kind::ACTION, actor, said.body())?;
        return Ok(said);
    };
    // One at a time, or two would be given the same id.
    let _turn = run.speaking();
    let words = run.words();
    let said = named(said, &words);
    complete(&said, references(&said, &words, &run))?;
    if lab.book().is_none() {
        return Err(WordError::Sealed);
    }
    lab.note(kind::ACTION, actor, said.body())?;
    Ok(said)
}

/// Gives a hint: of the level that is named, else the next one, the mildest first. It is on record before it is given;
/// one that was given before may be read again.
pub(crate) fn hint(lab: &Lab, actor: &str, level: &str) -> Result<Hint, WordError> {
    let run = lab.active_run().ok_or(WordError::NoRun)?;
    let _turn = run.speaking();
    let words = run.words();
    let given = |level: &str| {
        words.iter().any(|told| matches!(&told.said, Said::Hint { level: had } if had == level))
    };
    let hints = &run.plan.hints;
    let levels: Vec<&str> = hints.iter().map(|hint| hint.level.as_str()).collect();
    if levels.is_empty() {
        return Err(WordError::NoHints);
    }
    let wrong = unknown("level", "hint", level, levels.clone());
    if !wrong.is_empty() {
        return Err(WordError::Incomplete(wrong));
    }
    let wanted =
        |hint: &&drill::Hint| if level.is_empty() { !given(&hint.level) } else { hint.level == level };
    let Some(hint) = hints.iter().find(wanted) else { return Err(WordError::NoMoreHints(levels.join(", "))) };
    if !given(&hint.level) {
        if lab.book().is_none() {
            return Err(WordError::Sealed);
        }
        lab.note(kind::ACTION, actor, Said::Hint { level: hint.level.clone() }.body())?;
    }
    let left = hints.iter().filter(|other| other.level != hint.level && !given(&other.level));
    let left = left.map(|other| other.level.clone()).collect();
    Ok(Hint { level: hint.level.clone(), text: hint.text.clone(), left })
}

/// Notes that somebody is shown what happens behind the scenes.
pub(crate) fn reveal(lab: &Lab, actor: &str) -> Result<(), WordError> {
    // While the run is graded its book is closed and its faults are over.
    if lab.book().is_some() {
        lab.note(kind::ACTION, actor, Said::Reveal {}.body())?;
    }
    Ok(())
}

/// With the next free id, where one is wanted and none was given.
fn named(mut said: Said, words: &[Told]) -> Said {
    let letter = if matches!(said, Said::Task { .. }) { 't' } else { 'h' };
    if let Said::Hypothesis { id, .. } | Said::Task { id, .. } = &mut said
        && id.trim().is_empty()
    {
        let taken = |name: &String| words.iter().any(|told| id_of(&told.said) == Some(name));
        *id = (1..).map(|number| format!("{letter}{number}")).find(|name| !taken(name)).unwrap_or_default();
    }
    said
}

/// Everything that is missing, and what refers to nothing.
fn complete(said: &Said, mut wrong: Vec<Value>) -> Result<(), WordError> {
    let missing = said.problems();
    wrong.splice(
        0..0,
        missing.iter().map(
            |problem| json!({"path": problem.field, "message": format!("is missing: {}", problem.wanted)}),
        ),
    );
    if wrong.is_empty() { Ok(()) } else { Err(WordError::Incomplete(wrong)) }
}

/// What these words refer to and is not there, and ids that are taken.
fn references(said: &Said, words: &[Told], run: &Run) -> Vec<Value> {
    let ids = |of: fn(&Said) -> bool| -> Vec<&str> {
        words
            .iter()
            .filter(|told| of(&told.said))
            .filter_map(|told| id_of(&told.said))
            .map(String::as_str)
            .collect()
    };
    let hypotheses = ids(|said| matches!(said, Said::Hypothesis { .. }));
    let tasks = ids(|said| matches!(said, Said::Task { .. }));
    match said {
        Said::Hypothesis { id, .. } => taken("id", id, &hypotheses),
        Said::Task { id, .. } => taken("id", id, &tasks),
        Said::Conclude { id, .. } => unknown("id", "hypothesis", id, hypotheses),
        Said::Done { id, .. } => unknown("id", "task", id, tasks),
        Said::Mark { row, mark, .. } => {
            let rows = run.plan.rubric.keys().map(String::as_str).collect();
            let mut wrong = unknown("row", "row", row, rows);
            wrong.extend(unknown("mark", "mark", mark, MARKS.to_vec()));
            wrong
        }
        _ => Vec::new(),
    }
    .into_iter()
    .collect()
}

fn taken(path: &str, id: &str, ids: &[&str]) -> Vec<Value> {
    if !ids.contains(&id) {
        return Vec::new();
    }
    vec![json!({"path": path, "message": format!("`{id}` is taken"), "hint": "left out, it is the next one"})]
}

/// Nothing, if it is known or empty: that it is missing is told already.
fn unknown(path: &str, what: &str, name: &str, known: Vec<&str>) -> Vec<Value> {
    if name.trim().is_empty() || known.contains(&name) {
        return Vec::new();
    }
    let allowed = if known.is_empty() { "there is none yet".to_owned() } else { known.join(", ") };
    let mut problem = json!({"path": path, "message": format!("no {what} `{name}`"), "allowed": allowed});
    if let Some(near) = crate::answers::near(name, known).first() {
        problem["hint"] = json!(format!("did you mean `{near}`?"));
    }
    vec![problem]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(said: Value) -> Told {
        Told { t_ms: 1, by: "ada".to_owned(), said: serde_json::from_value(said).unwrap() }
    }

    #[test]
    fn an_id_that_is_left_out_is_the_next_free_one() {
        let words = [
            told(json!({"verb": "task", "id": "t1", "text": "a", "owner": "b"})),
            told(json!({"verb": "task", "id": "t3", "text": "a", "owner": "b"})),
        ];
        let task = Said::Task { id: " ".into(), text: "a".into(), owner: "b".into() };
        assert_eq!(id_of(&named(task.clone(), &words)).unwrap(), "t2");
        let own = Said::Task { id: "mine".into(), text: "a".into(), owner: "b".into() };
        assert_eq!(id_of(&named(own, &words)).unwrap(), "mine");
        let first =
            told(json!({"verb": "hypothesis", "id": "", "text": "", "prediction": "", "reversal": ""}));
        assert_eq!(id_of(&named(first.said, &words)).unwrap(), "h1");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let said = Said::Task { id: "t1".into(), text: String::new(), owner: String::new() };
        let Err(WordError::Incomplete(wrong)) = complete(&said, taken("id", "t1", &["t1"])) else {
            panic!("accepted");
        };
        let paths: Vec<&str> = wrong.iter().filter_map(|problem| problem["path"].as_str()).collect();
        assert_eq!(paths, ["text", "owner", "id"]);
    }

    #[test]
    fn a_reference_to_nothing_is_told_with_what_there_is() {
        let wrong = unknown("row", "row", "incident_respons", vec!["incident_response", "system_thinking"]);
        assert_eq!(wrong[0]["hint"], "did you mean `incident_response`?");
        assert_eq!(wrong[0]["allowed"], "incident_response, system_thinking");
        assert!(unknown("id", "task", "t1", vec!["t1"]).is_empty());
        assert!(unknown("id", "task", "", vec![]).is_empty(), "that it is missing is told already");
        assert_eq!(unknown("id", "task", "t1", vec![])[0]["allowed"], "there is none yet");
    }
}
