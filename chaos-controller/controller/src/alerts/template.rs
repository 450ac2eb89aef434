//! The words of an alert, filled in: `{{ $labels.service }}`, `{{ $value }}`, and a value through one of the functions
//! `humanize`, `humanizePercentage`, `humanizeDuration`. That is all: what else stands in braces is left as it is, so
//! that whoever reads it sees what was not understood.

use std::collections::BTreeMap;

/// Fills in a text.
pub(super) fn fill(text: &str, labels: &BTreeMap<String, String>, value: f64) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}").map(|end| start + end) else { break };
        filled.push_str(&rest[..start]);
        match known(rest[start + 2..end].trim(), labels, value) {
            Some(word) => filled.push_str(&word),
            None => filled.push_str(&rest[start..end + 2]),
        }
        rest = &rest[end + 2..];
    }
    filled.push_str(rest);
    filled
}

fn known(expression: &str, labels: &BTreeMap<String, String>, value: f64) -> Option<String> {
    if let Some(label) = expression.strip_prefix("$labels.") {
        // A label that is not there is an empty word, as in Prometheus.
        let plain = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        return plain.then(|| labels.get(label).cloned().unwrap_or_default());
    }
    let mut parts = expression.split('|').map(str::trim);
    if parts.next() != Some("$value") {
        return None;
    }
    let shown = match parts.next() {
        None => value.to_string(),
        Some("humanize") => humanize(value),
        Some("humanizePercentage") => format!("{}%", significant(value * 100.0)),
        Some("humanizeDuration") => duration(value),
        Some(_) => return None,
    };
    parts.next().is_none().then_some(shown)
}

/// With a prefix of the SI, four significant digits.
fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let (mut scaled, prefixes) = if value.abs() >= 1.0 {
        (value, &["", "k", "M", "G", "T"][..])
    } else {
        (value, &["", "m", "u", "n"][..])
    };
    let mut place = 0;
    while value.abs() >= 1.0 && scaled.abs() >= 1_000.0 && place + 1 < prefixes.len() {
        (scaled, place) = (scaled / 1_000.0, place + 1);
    }
    while value.abs() < 1.0 && scaled.abs() < 1.0 && place + 1 < prefixes.len() {
        (scaled, place) = (scaled * 1_000.0, place + 1);
    }
    format!("{}{}", significant(scaled), prefixes[place])
}

/// Seconds as people say them.
fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds.abs() < 1.0 {
        return format!("{}s", humanize(seconds));
    }
    let whole = seconds.abs() as u64;
    let sign = if seconds < 0.0 { "-" } else { "" };
    let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{}s", significant(seconds)),
        (0, 0, minutes) => format!("{sign}{minutes}m {}s", whole % 60),
        (0, hours, minutes) => format!("{sign}{hours}h {minutes}m {}s", whole % 60),
        (days, hours, minutes) => format!("{sign}{days}d {hours}h {minutes}m {}s", whole % 60),
    }
}

/// Four significant digits, without zeros at the end.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, value: f64) -> String {
        fill(text, &BTreeMap::from([("service".to_owned(), "cart".to_owned())]), value)
    }

    #[test]
    fn labels_and_the_value_are_filled_in() {
        assert_eq!(filled("{{ $labels.service }} has {{ $value }}", 3.0), "cart has 3");
        assert_eq!(filled("[{{$labels.nobody}}]", 0.0), "[]");
    }

    #[test]
    fn a_value_is_told_as_people_say_it() {
        assert_eq!(filled("{{ $value | humanizePercentage }}", 0.987_654), "98.77%");
        assert_eq!(filled("{{ $value | humanize }}", 3.999_9), "4");
        assert_eq!(filled("{{ $value | humanize }}", 12_345.0), "12.35k");
        assert_eq!(filled("{{ $value | humanizeDuration }}", 0.4), "400ms");
        assert_eq!(filled("{{ $value | humanizeDuration }}", 90.0), "1m 30s");
    }

    #[test]
    fn what_is_not_understood_is_left_to_be_seen() {
        for text in ["{{ printf \"%f\" $value }}", "{{ $value | title }}", "an open {{ brace"] {
            assert_eq!(filled(text, 1.0), text);
        }
    }
}
