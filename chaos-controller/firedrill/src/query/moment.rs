//! A moment, as it is typed: `30s-ago`, `now`, `02:14` on the clock of the run, or `134s` after its start.

use std::str::FromStr;
use std::time::Duration;

/// When a query is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So long before now; before the end, in a recording.
    Ago(Duration),
    /// So long after the start of the run.
    At(Duration),
}

impl Moment {
    /// Milliseconds since the start, when it is `now_ms`.
    pub(crate) fn on(self, now_ms: u64) -> u64 {
        match self {
            Self::Ago(ago) => now_ms.saturating_sub(ago.as_millis() as u64),
            Self::At(at) => at.as_millis() as u64,
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong =
            || format!("`{text}` is no moment: `30s-ago`, `now`, `02:14` (on the run's clock) or `134s`");
        if text == "now" {
            return Ok(Self::Ago(Duration::ZERO));
        }
        if let Some(ago) = text.strip_suffix("-ago").or_else(|| text.strip_suffix(" ago")) {
            return humantime::parse_duration(ago.trim()).map(Self::Ago).map_err(|_| wrong());
        }
        if text.contains(':') {
            return clock(text).map(Self::At).ok_or_else(wrong);
        }
        humantime::parse_duration(text).map(Self::At).map_err(|_| wrong())
    }
}

/// `[hours:]minutes:seconds`.
fn clock(text: &str) -> Option<Duration> {
    let mut seconds = 0.0;
    for (n, part) in text.split(':').enumerate() {
        let part: f64 = part.parse().ok().filter(|part: &f64| *part >= 0.0 && part.is_finite())?;
        if n > 2 || (n > 0 && part >= 60.0) {
            return None;
        }
        seconds = seconds * 60.0 + part;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

/// Milliseconds as a clock shows them: `02:14`, with tenths where they matter.
pub(crate) fn clock_time(t_ms: u64) -> String {
    let (minutes, rest) = (t_ms / 60_000, t_ms % 60_000);
    if rest.is_multiple_of(1000) {
        format!("{minutes:02}:{:02}", rest / 1000)
    } else {
        format!("{minutes:02}:{:04.1}", (rest / 100) as f64 / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_say_them() {
        for (text, on_100s) in [
            ("now", 100_000),
            ("30s-ago", 70_000),
            ("1m30s-ago", 10_000),
            ("5m-ago", 0),
            ("02:14", 134_000),
            ("1:00:01", 3_601_000),
            ("134s", 134_000),
            ("00:00", 0),
            ("01:02.5", 62_500),
        ] {
            assert_eq!(text.parse::<Moment>().map(|moment| moment.on(100_000)), Ok(on_100s), "{text}");
        }
        for text in ["", "ago", "tomorrow", "1:75", "1:2:3:4", "-5s", "12"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_shown_as_it_can_be_typed() {
        assert_eq!((clock_time(134_000), clock_time(62_500)), ("02:14".into(), "01:02.5".into()));
    }
}
