//! Durations as Prometheus writes them: `1h30m`, largest unit first, each unit once. A day has 24 hours and a week
//! seven days, as there.

use std::time::Duration;

/// Largest first, as milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// `None` if the text is no duration.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut total, mut next) = (text, 0_u64, 0);
    while !rest.is_empty() {
        let (digits, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, tail) = tail.split_at(tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len()));
        let place = UNITS.iter().position(|(name, _)| *name == unit).filter(|place| *place >= next)?;
        let number: u64 = digits.parse().ok()?;
        total = total.checked_add(number.checked_mul(UNITS[place].1)?)?;
        (rest, next) = (tail, place + 1);
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_largest_first_and_once() {
        let seconds = |text| duration(text).map(|time| time.as_secs_f64());
        assert_eq!(seconds("1h30m"), Some(5_400.0));
        assert_eq!(seconds("3d"), Some(259_200.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("0"), Some(0.0));
        for wrong in ["", "5", "30m1h", "1m1m", "1.5s", "s", "-1s", "5 m"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
