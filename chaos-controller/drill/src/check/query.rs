//! PromQL in a drill's files: that it can be read, that the lab has what it asks for, and that it is a question which
//! can be answered by yes or no. Problems point into the text of the query where the YAML lets them.

use std::ops::Range;

use evidence::promql::{Kind as Answer, Query};

use super::Report;
use crate::{
    diagnostic::Finding,
    metric::unknown_metric,
    scale::Scale,
    source::Source,
    tree::{Kind, Node},
};

/// Stands for the scale of the lab in a query, because a count that is right at scale 1 is wrong at 1/10.
const SCALE: &str = "$scale";
/// What makes a question of a value.
const COMPARED: &str = "a comparison, such as `max(lab_queue_depth) < 10`";

/// A query as it runs at a scale.
pub(crate) fn scaled(text: &str, scale: Scale) -> String {
    text.replace(SCALE, &scale.as_f64().to_string())
}

/// Says everything that is wrong with the condition of `node`: its `promql` and its `for`.
pub(crate) fn check_condition(report: &mut Report<'_>, node: &Node) {
    if let Some(query) = node.get("promql") {
        check_condition_text(report, query);
    }
}

/// The same for its query alone.
pub(crate) fn check_condition_text(report: &mut Report<'_>, query: &Node) {
    check_query(report, query, &Use { scale: "1.0000", recorded: &[], asks: true });
}

/// Says everything that is wrong with the expression of an alert, in which the scale has no place. `recorded` are the
/// names that the rules of its file record.
pub(crate) fn check_alert(report: &mut Report<'_>, query: &Node, recorded: &[&str]) {
    check_query(report, query, &Use { scale: SCALE, recorded, asks: true });
}

/// The same of a recording rule, which answers with values and need not compare them.
pub(crate) fn check_recording(report: &mut Report<'_>, query: &Node, recorded: &[&str]) {
    check_query(report, query, &Use { scale: SCALE, recorded, asks: false });
}

/// A list of named conditions. `taken` are names that others have.
pub(crate) fn check_named(report: &mut Report<'_>, list: Option<&Node>, kind: &str, taken: &[&str]) {
    let mut seen: Vec<&str> = Vec::new();
    for node in list.map(Node::items).unwrap_or_default() {
        check_condition(report, node);
        let Some(Node { kind: Kind::Text(name), span }) = node.get("name") else { continue };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
            let finding = Finding::new(format!("`{name}` cannot be the name of a {kind}"));
            report.add(span.clone(), finding.allowed("lower-case letters, digits and `_`"));
        } else if taken.contains(&name.as_str()) {
            let message = format!("every drill has a criterion `{name}`; this one needs another name");
            report.add(span.clone(), Finding::new(message));
        } else if seen.contains(&name.as_str()) {
            report.add(span.clone(), Finding::new(format!("there is a {kind} `{name}` already")));
        }
        seen.push(name);
    }
}

/// What a query is for.
struct Use<'a> {
    /// Stands for the scale: a number that is as long as the word, so that places stay where they are.
    scale: &'a str,
    /// Names that there are besides those of the processes.
    recorded: &'a [&'a str],
    /// It must hold or fail.
    asks: bool,
}

fn check_query(report: &mut Report<'_>, node: &Node, usage: &Use<'_>) {
    let Kind::Text(written) = &node.kind else { return };
    let text = written.replace(SCALE, usage.scale);
    let place = |offset: usize, length: usize| within(report.source, node, written, offset, length);
    let query = match Query::parse(&text) {
        Ok(query) => query,
        Err(refused) => {
            let at = place(refused.offset, 1);
            let finding = Finding { message: refused.message, allowed: refused.allowed, hint: refused.hint };
            report.add(at, finding);
            return;
        }
    };
    let mut found: Vec<(Range<usize>, Finding)> = Vec::new();
    for name in query.metrics().into_iter().filter(|name| !usage.recorded.contains(name)) {
        if let Some(finding) = unknown_metric(name) {
            found.push((place(word(&text, name).unwrap_or(0), name.len()), finding));
        }
    }
    match query.kind() {
        Answer::Matrix => found.push((
            node.span.clone(),
            Finding::new("this answers with ranges of samples, which neither hold nor fail")
                .allowed(COMPARED),
        )),
        Answer::Text => found.push((
            node.span.clone(),
            Finding::new("this answers with a text, which neither holds nor fails").allowed(COMPARED),
        )),
        Answer::Vector if usage.asks && !asks(&text) => found.push((
            node.span.clone(),
            Finding::new("nothing is compared, so this would hold whenever there are samples")
                .allowed(COMPARED),
        )),
        Answer::Vector | Answer::Scalar => {}
    }
    for (span, finding) in found {
        report.add(span, finding);
    }
}

/// Whether a vector query can be empty although there are samples: by a comparison or by `absent`, `unless`, `and`.
fn asks(text: &str) -> bool {
    let bare = without_selectors(text);
    let words = ["absent", "absent_over_time", "unless", "and", "or"];
    let mut said = bare.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    bare.contains(['<', '>', '=']) || bare.contains("!=") || said.any(|word| words.contains(&word))
}

/// The text without what stands in braces or quotes: the `=` of a matcher compares no values.
fn without_selectors(text: &str) -> String {
    let (mut bare, mut quote, mut depth) = (String::new(), None, 0_usize);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(letter),
            (None, '{') => depth += 1,
            (None, '}') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 => bare.push(letter),
            (None, _) => {}
        }
    }
    bare
}

/// Where a name stands as a whole word.
fn word(text: &str, name: &str) -> Option<usize> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    text.match_indices(name)
        .map(|(at, _)| at)
        .find(|at| !text[..*at].ends_with(part) && !text[*at + name.len()..].starts_with(part))
}

/// The place in the file of a byte of a scalar's value: exact where the scalar is plain or quoted on one line, and the
/// scalar itself where YAML folds lines or undoes escapes.
fn within(source: &Source, node: &Node, value: &str, offset: usize, length: usize) -> Range<usize> {
    let raw = source.text.get(node.span.clone()).unwrap_or_default();
    let offset = offset.min(value.len());
    let start = if raw == value {
        Some(offset)
    } else if let Some(inner) = raw.strip_prefix('\'').filter(|inner| !inner.contains('\n')) {
        // A quote inside is written twice.
        let mut left = offset;
        let mut at = 0;
        let bytes = inner.as_bytes();
        while left > 0 && at < bytes.len() {
            at += if inner[at..].starts_with("''") {
                2
            } else {
                inner[at..].chars().next().map_or(1, char::len_utf8)
            };
            left = offset - inner[..at].replace("''", "'").len().min(offset);
        }
        Some(1 + at)
    } else if raw.starts_with('"') && !raw.contains(['\\', '\n']) {
        Some(1 + offset)
    } else {
        None
    };
    match start {
        Some(start) => {
            let start = (node.span.start + start).min(node.span.end);
            start..(start + length).min(node.span.end).max(start)
        }
        None => node.span.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_is_no_comparison() {
        assert!(!asks(r#"max(lab_queue_depth{service="payment"})"#));
        assert!(asks(r#"max(lab_queue_depth{service="payment"}) < 10"#));
        assert!(asks("absent(up)") && asks("up unless up offset 1m") && !asks("absently"));
    }

    #[test]
    fn a_name_is_found_as_a_word() {
        assert_eq!(word("lab_queue_depth_x + lab_queue_depth", "lab_queue_depth"), Some(20));
    }

    #[test]
    fn the_scale_stands_for_a_number() {
        assert_eq!(scaled("x < 100 * $scale", "1/4".parse().unwrap()), "x < 100 * 0.25");
    }
}
