//! Numbers as the report writes them: with their unit, as exact as a reader needs, and never rounded into a claim
//! (99.97 % is not 100 %).

use crate::story::Unit;

/// Seconds after the fault's start: "+16 s", "+6.8 s", "+12:05".
pub(super) fn offset(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "−" } else { "+" };
    let length = seconds.abs();
    match length {
        length if length < 0.05 => "0 s".to_owned(),
        length if length < 120.0 => format!("{sign}{} s", tenth(length)),
        length => {
            let whole = length.round() as u64;
            format!("{sign}{}:{:02} min", whole / 60, whole % 60)
        }
    }
}

/// A length of time.
pub(super) fn seconds(length: f64) -> String {
    match length {
        length if length <= 0.0 => "0 s".to_owned(),
        length if length < 1.0 => format!("{} ms", tenth(length * 1e3)),
        length if length < 120.0 => format!("{} s", tenth(length)),
        length => format!("{}:{:02} min", length.round() as u64 / 60, length.round() as u64 % 60),
    }
}

pub(super) fn nanoseconds(ns: u64) -> String {
    match ns {
        0 => "0".to_owned(),
        1..1_000_000 => format!("{} µs", ns / 1_000),
        _ => seconds(ns as f64 / 1e9),
    }
}

/// One place behind the point, if it says something.
fn tenth(value: f64) -> String {
    if value >= 100.0 || (value - value.round()).abs() < 0.05 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let rounded = match percent {
        percent if percent > 0.0 && percent < 0.1 => return "under 0.1 %".to_owned(),
        percent if percent > 99.9 && percent < 100.0 => 99.9,
        percent => percent,
    };
    let whole = rounded <= 0.0 || rounded >= 100.0 || (10.0..90.0).contains(&rounded);
    if whole || (rounded - rounded.round()).abs() < 0.05 {
        format!("{rounded:.0} %")
    } else {
        format!("{rounded:.1} %")
    }
}

/// A share for a glance, where a tenth is too much: still never rounded into a claim.
pub(super) fn glance(share: f64) -> String {
    match share * 100.0 {
        some if some > 0.0 && some < 1.0 => "1 %".to_owned(),
        most if most > 99.0 && most < 100.0 => "99 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

/// A whole number in groups of three.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number that may be a fraction.
pub(super) fn plain(number: f64) -> String {
    if number.fract().abs() < 1e-9 && number.abs() < 1e15 {
        let sign = if number < 0.0 { "−" } else { "" };
        return format!("{sign}{}", count(number.abs() as u64));
    }
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Cents as an amount; a shop of this lab has no currency.
pub(super) fn amount(cents: i64) -> String {
    let sign = if cents < 0 { "−" } else { "" };
    format!("{sign}{}.{:02}", count(cents.unsigned_abs() / 100), cents.unsigned_abs() % 100)
}

/// The same for a glance, without the cents.
pub(super) fn about(cents: i64) -> String {
    let sign = if cents < 0 { "−" } else { "" };
    format!("{sign}{}", count((cents.unsigned_abs() + 50) / 100))
}

pub(super) fn rate(per_second: f64) -> String {
    if per_second >= 10.0 { count(per_second.round() as u64) } else { format!("{per_second:.1}") }
}

/// "one", "two": small numbers in a sentence.
pub(super) fn times(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// What a caller reads, of the name that gRPC has for it.
pub(super) fn code(status: &str) -> String {
    match status {
        "UNAVAILABLE" | "RESOURCE_EXHAUSTED" => "503".to_owned(),
        "DEADLINE_EXCEEDED" | "CANCELLED" => "504".to_owned(),
        other => other.replace('_', " "),
    }
}

/// A name of the scorecard as words.
pub(super) fn name(name: &str) -> String {
    name.replace('_', " ")
}

/// A sentence's first letter. What is a name (`spans.jsonl`, `cart->order`) stays as it is.
pub(super) fn capital(text: &str) -> String {
    let word = text.split([' ', ':', ';', ',']).next().unwrap_or_default();
    if !word.chars().all(|char| char.is_ascii_lowercase() || char == '\'') {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

/// "a, b and c"
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A moment of Unix time in UTC, to the minute. Days to a date by Howard Hinnant's `civil_from_days`.
pub(super) fn date(unix_ms: u64) -> String {
    let minutes = unix_ms / 60_000;
    let days = minutes / 1_440 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) =
        (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
}

pub(super) fn value(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Share => percent(value),
        Unit::Seconds => seconds(value),
        Unit::PerSecond => format!("{}/s", rate(value)),
        Unit::Requests | Unit::Workers => count(value.max(0.0).round() as u64),
        Unit::Factor => format!("{value:.1}×"),
    }
}

/// The unit's name for the page's script.
pub(super) fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => "share",
        Unit::Seconds => "seconds",
        Unit::PerSecond => "rate",
        Unit::Requests | Unit::Workers => "count",
        Unit::Factor => "factor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_rounded_into_a_claim() {
        assert_eq!(
            [1.0, 0.9999, 0.995, 0.43, 0.0, 0.0004].map(percent),
            ["100 %", "99.9 %", "99.5 %", "43 %", "0 %", "under 0.1 %"]
        );
    }

    #[test]
    fn names_are_not_written_as_sentences() {
        let told = ["held for 3 s", "spans.jsonl is missing", "cart->order made", "the shop's"].map(capital);
        assert_eq!(told, ["Held for 3 s", "spans.jsonl is missing", "cart->order made", "The shop's"]);
    }

    #[test]
    fn times_read_as_times() {
        assert_eq!(
            [0.0, 6.796, 16.0, -8.2, 725.0].map(offset),
            ["0 s", "+6.8 s", "+16 s", "−8.2 s", "+12:05 min"]
        );
        assert_eq!([0.00099, 2.607, 30.0].map(seconds), ["1 ms", "2.6 s", "30 s"]);
        assert_eq!([0, 900_000, 2_000_000_000].map(nanoseconds), ["0", "900 µs", "2 s"]);
    }

    #[test]
    fn dates_are_dates() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_782_400_000), "2000-02-29 00:00 UTC");
        assert_eq!(date(1_795_383_983_881), "2026-11-22 21:46 UTC");
    }

    #[test]
    fn numbers_read_as_numbers() {
        assert_eq!(
            (count(1_234_567), amount(-123_456), about(123_456)),
            ("1,234,567".to_owned(), "−1,234.56".to_owned(), "1,235".to_owned())
        );
        assert_eq!((plain(0.256), plain(7_678.0)), ("0.256".to_owned(), "7,678".to_owned()));
        assert_eq!(list(&["a", "b", "c"].map(str::to_owned)), "a, b and c");
    }
}
