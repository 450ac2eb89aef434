//! Numbers as people read them: three digits that matter, and the unit that the name of a metric tells.

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Plain,
    Seconds,
    Bytes,
    PerSecond,
}

impl Unit {
    /// As the name of a metric says it.
    pub(crate) fn of_metric(name: &str) -> Self {
        let stem =
            ["_bucket", "_total", "_max", "_min"].iter().fold(name, |name, end| name.trim_end_matches(end));
        if name.ends_with("_count") || name.ends_with("_bucket") {
            Self::Plain
        } else if stem.trim_end_matches("_sum").ends_with("_seconds") {
            Self::Seconds
        } else if stem.ends_with("_bytes") {
            Self::Bytes
        } else {
            Self::Plain
        }
    }

    /// As the text of a query says it, when the answer has lost the name; plain when in doubt.
    pub(crate) fn of_query(text: &str, metrics: &[&str]) -> Self {
        // Compared with a number, what is left is what was compared.
        let text = filtered(text);
        if let [sum, count] = metrics
            && let Some(stem) = sum.strip_suffix("_seconds_sum")
            && count.strip_suffix("_seconds_count") == Some(stem)
            && bare(text).matches(['/', '*', '+', '-', '>', '<', '=']).eq(["/"])
        {
            return Self::Seconds;
        }
        let [metric] = metrics else { return Self::Plain };
        // A quotient, or a difference of several things, has a unit of its own.
        if ["/", "*", " + ", " - ", "count", "absent", ">", "<", "=="]
            .iter()
            .any(|sign| bare(text).contains(sign))
        {
            return Self::Plain;
        }
        let rated = text.contains("rate(") || text.contains("deriv(");
        if text.contains("histogram_quantile(") {
            if metric.ends_with("_seconds_bucket") { Self::Seconds } else { Self::Plain }
        } else if rated {
            let counts = ["_total", "_count"].iter().any(|end| metric.ends_with(end));
            if counts && !metric.ends_with("_seconds_total") { Self::PerSecond } else { Self::Plain }
        } else {
            Self::of_metric(metric)
        }
    }

    pub(crate) fn write(self, value: f64) -> String {
        if value.is_nan() {
            return "NaN".to_owned();
        }
        match self {
            Self::Plain => significant(value),
            Self::Seconds => seconds(value),
            Self::Bytes => bytes(value),
            Self::PerSecond => format!("{}/s", significant(value)),
        }
    }
}

/// The query without a comparison with a number at its end: `x > 0` is `x`.
fn filtered(text: &str) -> &str {
    let without_number = text.trim_end().trim_end_matches(|c: char| c.is_ascii_digit() || ".e_".contains(c));
    let before = without_number.trim_end();
    let signs = ["==", "!=", ">=", "<=", ">", "<"];
    match signs.iter().find_map(|sign| before.strip_suffix(sign)) {
        Some(kept) if without_number.len() < text.trim_end().len() => kept.trim_end(),
        _ => text,
    }
}

/// The query without what stands in braces, brackets and quotes.
fn bare(text: &str) -> String {
    let mut depth = 0_u32;
    let mut quoted = None;
    text.chars()
        .filter(|&c| {
            match (quoted, c) {
                (Some(quote), c) if c == quote => quoted = None,
                (None, '"' | '\'' | '`') => quoted = Some(c),
                (None, '{' | '[') => depth += 1,
                (None, '}' | ']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && quoted.is_none()
        })
        .collect()
}

/// At most four digits that matter, and no group of thousands is lost.
fn significant(value: f64) -> String {
    let size = value.abs();
    if !(0.000_1..1000.0).contains(&size) {
        return number(value);
    }
    let digits = (3 - size.log10().floor() as i32).max(0) as usize;
    grouped(&format!("{value:.digits$}"))
}

/// At most three digits behind the point, and thousands in groups.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".into()
        } else if value > 0.0 {
            "+Inf".into()
        } else {
            "-Inf".into()
        };
    }
    if size >= 1e15 || (size > 0.0 && size < 0.001) {
        return format!("{value:.2e}");
    }
    let digits = if value.fract() == 0.0 || size >= 1000.0 {
        0
    } else if size >= 100.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        3
    };
    grouped(&format!("{value:.digits$}"))
}

/// `1.2 s`, `40 ms`, `2m05s`.
pub(crate) fn seconds(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        number(value)
    } else if size >= 120.0 {
        let whole = value.round() as i64;
        format!("{}m{:02}s", whole / 60, (whole % 60).abs())
    } else if size >= 10.0 {
        format!("{value:.1} s")
    } else if size >= 1.0 {
        format!("{value:.2} s")
    } else if size == 0.0 {
        "0 s".to_owned()
    } else if size >= 0.01 {
        format!("{:.0} ms", value * 1e3)
    } else if size >= 0.001 {
        format!("{:.1} ms", value * 1e3)
    } else {
        format!("{:.0} µs", value * 1e6)
    }
}

/// A latency out of a histogram: below its first bucket's bound, 1 ms, it knows no more.
pub(crate) fn latency(value: f64) -> String {
    if value < 0.001 { "<1 ms".to_owned() } else { seconds(value) }
}

fn bytes(value: f64) -> String {
    let mut value = value;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value.abs() < 1024.0 || unit == "GiB" {
            let digits = usize::from(unit != "B" && value.abs() < 100.0);
            return format!("{value:.digits$} {unit}");
        }
        value /= 1024.0;
    }
    number(value)
}

/// A point between thousands would be read as a decimal one: a thin blank is not, and `10000` stays as it is typed.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, rest) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let rest = rest.map(|rest| rest.trim_end_matches('0')).filter(|rest| !rest.is_empty());
    let mut out = sign.to_owned();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && whole.len() > 4 && (whole.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_in_the_name() {
        for (name, value, text) in [
            ("lab_schedule_lag_seconds", 0.0123, "12 ms"),
            ("lab_resident_memory_bytes", 452_984_832.0, "432 MiB"),
            ("lab_workers_busy_seconds_total", 12.5, "12.5 s"),
            ("lab_charges_total", 12_345.0, "12,345"),
            ("lab_queue_wait_seconds_bucket", 3.0, "3"),
            ("lab_queue_wait_seconds_count", 3.0, "3"),
            ("lab_queue_depth", 847.0, "847"),
        ] {
            assert_eq!(Unit::of_metric(name).write(value), text, "{name}");
        }
    }

    #[test]
    fn the_unit_of_a_query_is_told_only_when_it_is_sure() {
        for (text, metric, unit) in [
            ("rate(lab_charges_total[5s])", "lab_charges_total", Unit::PerSecond),
            (
                "sum by (service) (rate(lab_charges_total{a!=\"/\"}[5s]))",
                "lab_charges_total",
                Unit::PerSecond,
            ),
            ("histogram_quantile(0.99, rate(x_seconds_bucket[10s]))", "x_seconds_bucket", Unit::Seconds),
            ("max(lab_schedule_lag_seconds)", "lab_schedule_lag_seconds", Unit::Seconds),
            ("a_seconds / 3", "a_seconds", Unit::Plain),
            ("rate(lab_charges_total[5s]) > 0", "lab_charges_total", Unit::PerSecond),
            ("topk(3, a_seconds) >= 0.5", "a_seconds", Unit::Seconds),
            ("a_seconds > bool 1", "a_seconds", Unit::Plain),
            ("count(a_seconds)", "a_seconds", Unit::Plain),
            ("rate(lab_workers_busy_seconds_total[5s])", "lab_workers_busy_seconds_total", Unit::Plain),
        ] {
            assert_eq!(Unit::of_query(text, &[metric]), unit, "{text}");
        }
        let mean = ["a_seconds_sum", "a_seconds_count"];
        assert_eq!(
            Unit::of_query("sum(rate(a_seconds_sum[5s])) / sum(rate(a_seconds_count[5s]))", &mean),
            Unit::Seconds
        );
        assert_eq!(Unit::of_query("a_seconds_sum / a_seconds_count * 2", &mean), Unit::Plain);
        assert_eq!(Unit::of_query("a_seconds - b_seconds", &["a_seconds", "b_seconds"]), Unit::Plain);
    }

    #[test]
    fn an_answer_has_four_digits_that_matter() {
        for (value, text) in [
            (0.013_888, "0.01389"),
            (9.200_04, "9.2"),
            (19.777, "19.78"),
            (1234.5, "1234"),
            (0.0, "0"),
            (1.0, "1"),
        ] {
            assert_eq!(Unit::Plain.write(value), text);
        }
    }

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        for (value, text) in [
            (0.0, "0"),
            (0.5, "0.5"),
            (0.123_456, "0.123"),
            (12.345, "12.35"),
            (123.45, "123.5"),
            (1234.5, "1234"),
            (10_000.0, "10,000"),
            (-1.5, "-1.5"),
            (1_234_567.0, "1,234,567"),
            (0.000_1, "1.00e-4"),
        ] {
            assert_eq!(number(value), text);
        }
        for (value, text) in
            [(0.0, "0 s"), (0.000_5, "500 µs"), (0.001_5, "1.5 ms"), (30.0, "30.0 s"), (125.0, "2m05s")]
        {
            assert_eq!(seconds(value), text);
        }
    }
}
