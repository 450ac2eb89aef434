//! Days of the calendar, as far as due dates need them: read in the forms that cannot be misread, compared, and made from
//! a Unix time. `03/04/2026` is two days, depending on who reads it, and therefore none.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Date {
    pub year: i64,
    pub month: u32,
    pub day: u32,
}

impl Date {
    /// Reads `2026-11-30`, `30 November 2026` or `Nov 30, 2026`; `None` for what is no day of the calendar.
    pub fn parse(text: &str) -> Option<Date> {
        static FORMS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
            [
                r"^(?<y>\d{4})-(?<m>\d{1,2})-(?<d>\d{1,2})$",
                r"(?i)^(?<d>\d{1,2})(?:st|nd|rd|th|\.)? (?<m>[a-z]{3})[a-z]*\.?,? (?<y>\d{4})$",
                r"(?i)^(?<m>[a-z]{3})[a-z]*\.? (?<d>\d{1,2})(?:st|nd|rd|th)?,? (?<y>\d{4})$",
            ]
            .map(|form| Regex::new(form).expect("the form is a regular expression"))
        });
        let text = text.trim().trim_matches('`');
        let found = FORMS.iter().find_map(|form| form.captures(text))?;
        let month = match found["m"].parse() {
            Ok(number) => number,
            Err(_) => MONTHS.iter().position(|name| found["m"].eq_ignore_ascii_case(name))? as u32 + 1,
        };
        let date = Date { year: found["y"].parse().ok()?, month, day: found["d"].parse().ok()? };
        ((1..=12).contains(&month) && (1..=date.month_length()).contains(&date.day)).then_some(date)
    }

    /// The day of a Unix time in milliseconds, UTC. Civil from days, after Howard Hinnant's "chrono-compatible low-level
    /// date algorithms": years begin in March, so that the leap day is a year's last.
    pub fn of_unix_ms(unix_ms: u64) -> Date {
        const FROM_MARCH_OF_YEAR_0: i64 = 719_468;
        const DAYS_OF_400_YEARS: i64 = 146_097;
        let days = i64::try_from(unix_ms / 86_400_000).unwrap_or_default() + FROM_MARCH_OF_YEAR_0;
        let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let of_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let of_month = of_year - (153 * month + 2) / 5 + 1;
        let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        Date { year: era * 400 + year + carry, month: month as u32, day: of_month as u32 }
    }

    fn month_length(self) -> u32 {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        match self.month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The time of day of a Unix time, UTC.
pub(crate) fn clock(unix_ms: u64) -> String {
    let seconds = unix_ms / 1_000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_every_form_that_cannot_be_misread() {
        let day = Some(Date { year: 2026, month: 11, day: 30 });
        for text in ["2026-11-30", " 30 November 2026 ", "Nov 30, 2026", "30th Nov 2026", "`2026-11-30`"] {
            assert_eq!(Date::parse(text), day, "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in
            ["", "soon", "Q3", "next sprint", "2026-02-29", "2026-13-01", "31 June 2026", "11/30/2026", "-"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2028-02-29").is_some(), "a leap year");
    }

    #[test]
    fn a_unix_time_has_its_day() {
        assert_eq!(Date::of_unix_ms(0).to_string(), "1970-01-01");
        assert_eq!(Date::of_unix_ms(1_709_164_800_000).to_string(), "2024-02-29");
        assert_eq!(Date::of_unix_ms(1_795_392_000_000).to_string(), "2026-11-23");
        assert_eq!(clock(1_795_392_000_000 + 3_723_000), "01:02:03");
    }
}
