//! One line of an exposition.

use std::collections::BTreeMap;

use super::Sample;

/// What a line can be.
pub(super) enum Line {
    Nothing,
    /// The family that it begins.
    Help(String),
    /// A family and its type.
    Type(String, String),
    Sample(Sample),
}

pub(super) fn parse(text: &str) -> Result<Line, String> {
    if text.is_empty() {
        return Ok(Line::Nothing);
    }
    let Some(comment) = text.strip_prefix('#') else { return sample(text).map(Line::Sample) };
    let mut words = comment.trim_start().splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some("HELP"), Some(family), _) => Ok(Line::Help(name(family)?.to_owned())),
        (Some("TYPE"), Some(family), Some(kind)) => Ok(Line::Type(name(family)?.to_owned(), kind.to_owned())),
        (Some("HELP" | "TYPE"), ..) => Err("half a comment".to_owned()),
        _ => Ok(Line::Nothing),
    }
}

fn sample(text: &str) -> Result<Sample, String> {
    let end = text.find(['{', ' ']).ok_or("no value")?;
    let name = name(&text[..end])?.to_owned();
    let (labels, rest) = match text[end..].strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), &text[end..]),
    };
    let value = rest.strip_prefix(' ').ok_or("no space before the value")?;
    let value = match value {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        "NaN" => f64::NAN,
        // Rust also reads "inf" and "nan", which the format does not know.
        value if value.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') => {
            value.parse().map_err(|_| "no value")?
        }
        _ => return Err("no value".to_owned()),
    };
    Ok(Sample { name, labels, value })
}

/// The labels up to `}`, and what follows.
fn labels(mut rest: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut labels = BTreeMap::new();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (label, after) = rest.split_once("=\"").ok_or("a label without a value")?;
        let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
        if !label.starts_with(begins) || !label.chars().all(|c| begins(c) || c.is_ascii_digit()) {
            return Err(format!("`{label}` is no label"));
        }
        let (value, after) = quoted(after)?;
        if labels.insert(label.to_owned(), value).is_some() {
            return Err(format!("the label `{label}` twice"));
        }
        rest = after.strip_prefix(',').unwrap_or(after);
    }
}

/// A value up to its closing quote, and what follows.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, letter @ ('"' | '\\'))) => value.push(letter),
                _ => return Err("an escape that the format does not know".to_owned()),
            },
            letter => value.push(letter),
        }
    }
    Err("a value that does not end".to_owned())
}

fn name(text: &str) -> Result<&str, String> {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    let sound = text.starts_with(begins) && text.chars().all(|c| begins(c) || c.is_ascii_digit());
    if sound { Ok(text) } else { Err(format!("`{text}` is no name of a metric")) }
}
