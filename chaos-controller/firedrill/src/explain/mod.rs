//! What a word of the lab means: a path of the policy or of a drill, a metric, an alert, an exit code. The words are
//! those of the schemas, of `docs` and of `dashboards`; nothing is told twice.

mod alert;
mod codes;
mod glossary;
mod lesson;
mod lexicon;
mod metric;
mod path;
mod schema;
mod tradeoff;
mod verdict_words;
mod words;

use serde::Serialize;
use serde_json::Value;

pub(crate) use glossary::says as glossary_line;
pub(crate) use lesson::lesson;

/// An explanation, in the order in which it is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Explained {
    /// What was asked for, as it is spelled.
    pub(crate) subject: String,
    /// What kind of thing it is.
    pub(crate) kind: &'static str,
    /// What it is, in a sentence or two.
    pub(crate) is: String,
    /// Name and text of what else there is to say.
    pub(crate) facts: Vec<(String, String)>,
}

/// The lab, as far as an explanation may look at it.
#[derive(Debug, Default)]
pub(crate) struct InForce {
    pub(crate) version: u64,
    pub(crate) document: Value,
}

impl Explained {
    pub(crate) fn fact(&mut self, name: &str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.facts.push((name.to_owned(), text));
        }
    }

    /// As a person reads it.
    pub(crate) fn render(&self) -> String {
        let width = self.facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let mut text = format!("{} ({})\n  {}\n", self.subject, self.kind, self.is);
        if !self.facts.is_empty() {
            text.push('\n');
        }
        for (name, fact) in &self.facts {
            let mut lines = fact.lines();
            text.push_str(&format!("  {name:<width$}  {}\n", lines.next().unwrap_or_default()));
            for line in lines {
                text.push_str(&format!("  {:<width$}  {line}\n", ""));
            }
        }
        text
    }
}

/// A word that nothing can be said about.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Unknown {
    /// Why there cannot be such a thing, where that is known.
    pub(crate) why: Option<String>,
    /// What may stand there.
    pub(crate) allowed: Option<String>,
    /// Where to look, when it is not just another spelling.
    pub(crate) hint: Option<String>,
    /// Words that are near.
    pub(crate) near: Vec<String>,
}

/// Explains a word, or says which are near.
///
/// # Errors
/// Nothing has that name; or it is a path that a policy would be refused for.
pub(crate) fn explain(word: &str, lab: Option<&InForce>) -> Result<Explained, Unknown> {
    let word = path::whole(word.trim().trim_start_matches('.'));
    if let Some(problem) = path::refused(word) {
        return Err(Unknown {
            why: Some(problem.message),
            allowed: problem.allowed,
            hint: problem.hint,
            near: Vec::new(),
        });
    }
    codes::explain(word)
        .or_else(|| words::explain(word))
        .or_else(|| metric::explain(word))
        .or_else(|| alert::explain(word))
        .or_else(|| path::policy(word, lab))
        .or_else(|| path::drill(word))
        .ok_or_else(|| Unknown { near: near(word), ..Unknown::default() })
}

fn near(word: &str) -> Vec<String> {
    let names: Vec<String> = glossary::names()
        .into_iter()
        .chain(alert::names())
        .chain(words::names().map(str::to_owned))
        .collect();
    let names = controller::answers::near(word, names.iter().map(String::as_str));
    path::near(word).into_iter().chain(names.into_iter().map(str::to_owned)).take(5).collect()
}

#[cfg(test)]
mod tests;
