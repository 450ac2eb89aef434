//! Prometheus text format 0.0.4, the part that a scraper needs: series and values. Comments, types and timestamps are
//! skipped; what a process exposes is checked by `promtool`, not here. A line that does not parse is left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Label names and their unescaped values.
pub type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// One line of a scrape, labels unescaped.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    pub name: &'a str,
    pub labels: Labels<'a>,
    pub value: f64,
}

/// Every sample of an exposition, in its order.
pub fn parse(text: &str) -> Vec<Sample<'_>> {
    lines(text)
        .filter_map(|(series, value)| {
            let (name, labels) = parse_series(series)?;
            Some(Sample { name, labels, value })
        })
        .collect()
}

/// `(series, value)` of each sample line, the series as its raw text `name{label="value"}`. The fast path of a
/// scraper: the raw text identifies the series, so labels are parsed once in its life and not once a second.
pub fn lines(text: &str) -> impl Iterator<Item = (&str, f64)> {
    text.lines().filter_map(|line| {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let end = series_end(line)?;
        let value = line[end..].split_ascii_whitespace().next()?;
        Some((line[..end].trim_end(), value.parse().ok()?))
    })
}

/// Splits the raw text of a series into its name and labels; `None` if it is malformed.
pub fn parse_series(series: &str) -> Option<(&str, Labels<'_>)> {
    let Some((name, rest)) = series.split_once('{') else {
        return Some((series, Vec::new()));
    };
    let mut rest = rest.strip_suffix('}')?.trim();
    let mut labels = Vec::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once("=\"")?;
        let end = closing_quote(after)?;
        labels.push((key.trim(), unescape(&after[..end])));
        rest = after[end + 1..].trim_start().trim_start_matches(',').trim_start();
    }
    Some((name.trim_end(), labels))
}

/// The raw text of a series, as a process would expose it: labels in the order of their names.
pub fn series_text<K: AsRef<str>, V: AsRef<str>>(name: &str, labels: &BTreeMap<K, V>) -> String {
    let mut text = name.to_owned();
    for (number, (key, value)) in labels.iter().enumerate() {
        text.push_str(if number == 0 { "{" } else { "," });
        text.push_str(key.as_ref());
        text.push_str("=\"");
        for letter in value.as_ref().chars() {
            match letter {
                '\n' => text.push_str("\\n"),
                '"' | '\\' => text.extend(['\\', letter]),
                letter => text.push(letter),
            }
        }
        text.push('"');
    }
    if !labels.is_empty() {
        text.push('}');
    }
    text
}

/// Where the series text ends: after the closing brace (braces inside quotes do not count), or at the first blank.
fn series_end(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let start = bytes.iter().position(|byte| matches!(byte, b'{' | b' ' | b'\t'))?;
    if bytes[start] != b'{' {
        return Some(start);
    }
    let mut quoted = false;
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closing = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closing
    })
}

fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        match (char, char == '\\') {
            (_, true) => match chars.next() {
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            (char, false) => plain.push(char),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_is_parsed_with_its_labels() {
        let text = "# HELP lab_workers_busy Busy workers.\n# TYPE lab_workers_busy gauge\n\
                    lab_workers_busy{pool=\"main\"} 45\nup 1 1700000000000\n\
                    h_bucket{le=\"+Inf\",route=\"/{id}\"} 3\nbad{ 1\n";
        let samples = parse(text);
        assert_eq!(samples.len(), 3);
        assert_eq!(samples[0].name, "lab_workers_busy");
        assert_eq!(samples[0].labels, vec![("pool", Cow::Borrowed("main"))]);
        assert_eq!((samples[1].name, samples[1].value), ("up", 1.0));
        assert_eq!(samples[2].labels[1], ("route", Cow::Borrowed("/{id}")));
    }

    #[test]
    fn escapes_and_special_values_are_read() {
        let samples = parse("a{x=\"one \\\"two\\\" \\\\ \\n\"} +Inf\nb NaN\n");
        assert_eq!(samples[0].labels[0].1, "one \"two\" \\ \n");
        assert!(samples[0].value.is_infinite() && samples[1].value.is_nan());
    }

    #[test]
    fn a_series_that_is_written_is_read_back() {
        let labels = BTreeMap::from([("route", "/{id}"), ("said", "one \"two\" \\ \n")]);
        let text = series_text("m", &labels);
        let (name, read) = parse_series(&text).unwrap();
        assert_eq!((name, text.lines().count()), ("m", 1));
        assert!(read.iter().map(|(key, value)| (*key, value.as_ref())).eq(labels));
        assert_eq!(series_text("m", &BTreeMap::<String, String>::new()), "m");
    }
}
