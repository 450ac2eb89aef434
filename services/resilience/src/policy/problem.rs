//! Reading a document: either it is whole, or every problem it has is named.
//!
//! The shape is checked against the schema first; the meaning only of a document whose shape is right.

use serde::Serialize;
use serde_json::{Value, json};

use super::check::check;
use super::contradiction;
use super::document::{Document, VERSION};
use super::{path, schema, shape};

/// One thing that is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: `services.payment.server.workers`; empty for the document itself.
    pub path: String,
    /// The same as exact keys, for a reader that has to find the place.
    #[serde(skip)]
    pub keys: Vec<String>,
    pub message: String,
    /// What may stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    pub(crate) fn new<K: AsRef<str>>(keys: &[K], message: impl Into<String>) -> Problem {
        Problem {
            path: path::join(keys),
            keys: keys.iter().map(|key| key.as_ref().to_owned()).collect(),
            message: message.into(),
            allowed: None,
            hint: None,
        }
    }

    pub(crate) fn allow<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Problem {
        let words: Vec<&str> = words.into_iter().collect();
        self.allowed = (!words.is_empty()).then(|| words.join(", "));
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// Adds "did you mean" when one of `words` is near to `written`.
    pub(super) fn meant<'a>(self, written: &str, words: impl IntoIterator<Item = &'a str>) -> Problem {
        match nearest(written, words) {
            Some(word) => self.hint(format!("did you mean `{word}`?")),
            None => self,
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.path.is_empty() { "document" } else { &self.path };
        write!(f, "{place}: {}", self.message)?;
        if let Some(allowed) = &self.allowed {
            write!(f, " (allowed: {allowed})")?;
        }
        self.hint.iter().try_for_each(|hint| write!(f, "; {hint}"))
    }
}

/// Reads a whole document.
///
/// # Errors
/// All the problems of its shape, and all the problems of meaning in what has the right shape.
pub fn parse(document: &Value) -> Result<Document, Vec<Problem>> {
    let problems = contradiction::with_defaults(document);
    match sound(document) {
        Ok(read) if problems.is_empty() => Ok(read),
        Ok(_) => Err(problems),
        Err(found) => Err(found.into_iter().chain(problems).collect()),
    }
}

/// The same without what the defaults come to: a patch is not all there is.
fn sound(document: &Value) -> Result<Document, Vec<Problem>> {
    let mut problems = shape::check(document, schema::whole());
    // A slip in one row must not hide what is wrong with another: the slips are cut out, the rest is read.
    let mut sound = document.clone();
    for problem in &problems {
        cut(&mut sound, &problem.keys);
    }
    match Document::read(sound) {
        Ok(read) => {
            problems.extend(check(&read));
            if problems.is_empty() { Ok(read) } else { Err(problems) }
        }
        // The schema is made from the types, so this is a number that only the type refuses, or what is left
        // after the cuts lacks something.
        Err(error) if problems.is_empty() => Err(vec![Problem::new::<&str>(&[], error.to_string())]),
        Err(_) => Err(problems),
    }
}

/// Removes what stands at `keys`.
fn cut(value: &mut Value, keys: &[String]) {
    let Some((last, way)) = keys.split_last() else {
        return;
    };
    let holder = way.iter().try_fold(value, |holder, key| holder.get_mut(key));
    if let Some(holder) = holder.and_then(Value::as_object_mut) {
        holder.remove(last);
    }
}

/// All the problems that a merge patch has by itself: names, shape, ranges. What it makes of a document is known only
/// after [`super::merge()`] and [`parse`].
pub fn check_patch(patch: &Value) -> Vec<Problem> {
    let mut written = patch.clone();
    let deleted = drop_nulls(&mut written);
    if let Some(object) = written.as_object_mut() {
        object.entry("version").or_insert(json!(VERSION));
    }
    match sound(&written) {
        // What is deleted must have had a name as well.
        Ok(_) => shape::check(patch, schema::patch()).into_iter().filter(|_| deleted).collect(),
        Err(problems) => problems,
    }
}

/// Removes every `null` member; true if there was one.
fn drop_nulls(value: &mut Value) -> bool {
    let Value::Object(members) = value else {
        return false;
    };
    let before = members.len();
    members.retain(|_, member| !member.is_null());
    let mut dropped = members.len() < before;
    for member in members.values_mut() {
        dropped |= drop_nulls(member);
    }
    dropped
}

/// The word that was probably meant, if one is near enough.
pub(super) fn nearest<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let near = words.into_iter().map(|word| (strsim::jaro_winkler(&lower, &word.to_lowercase()), word));
    // 0.8: `workrs` finds `workers`, `bank` finds nothing that only shares a letter.
    near.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_named_with_what_was_meant() {
        let problems = parse(&json!({
            "version": 1,
            "services": {"payment": {"server": {"workrs": 5, "workers": 0, "cancel": "some"}, "calls": {"bank.charge": {
                "attempt_timeout": "fast", "breaker": {"failure_rate": 1.5, "window": "ten"}, "enabled": true}}}},
            "flags": {"checkout": "maybe"},
        }))
        .unwrap_err();
        let find = |path: &str| problems.iter().find(|problem| problem.path == path).unwrap();
        assert_eq!(problems.len(), 8, "{problems:#?}");
        assert_eq!(find("services.payment.server.workrs").hint.as_deref(), Some("did you mean `workers`?"));
        assert!(find("services.payment.server.workers").message.contains("at least 1"));
        assert_eq!(find("services.payment.server.cancel").allowed.as_deref(), Some("off, queued, all"));
        let call = "services.payment.calls.bank.charge";
        assert!(find(&format!("{call}.attempt_timeout")).message.contains("400ms"), "{problems:#?}");
        assert!(find(&format!("{call}.breaker.failure_rate")).message.contains("at most 1"));
        assert!(find(&format!("{call}.breaker.window")).message.contains("whole number"));
        assert_eq!(find(&format!("{call}.enabled")).allowed.as_deref(), Some("on, off"));
        assert_eq!(find(&format!("{call}.enabled")).keys[3], "bank.charge");
    }

    #[test]
    fn a_newer_version_and_a_missing_one_are_refused() {
        assert_eq!(parse(&json!({"version": 2, "services": {}})).unwrap_err()[0].path, "version");
        assert!(parse(&json!({"services": {}})).unwrap_err()[0].message.contains("version"));
        assert!(parse(&json!([])).unwrap_err()[0].message.contains("an object"));
    }

    #[test]
    fn a_patch_may_delete_what_has_a_name() {
        assert_eq!(
            check_patch(&json!({"services": {"payment": {"server": {"workers": null, "queue": null}}}})),
            []
        );
        assert_eq!(check_patch(&json!({"services": {"payment": null}})), []);
        let problems = check_patch(&json!({"services": {"payment": {"server": {"workrs": null}}}}));
        assert_eq!(problems[0].path, "services.payment.server.workrs");
        assert_eq!(check_patch(&json!({"services": {"payment": {"server": {"workers": 0}}}})).len(), 1);
    }
}
