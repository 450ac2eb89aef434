//! Words and numbers as Markdown. Whatever a person wrote stays text: it ends no cell, opens no tag, links nowhere.

use std::fmt::Write as _;

use serde::Serialize;

/// Text in a line or a cell of a table.
pub(crate) fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_whitespace() => out.push(' '),
            // What turns text around would show a reader another one.
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                out.push('\u{fffd}');
            }
            c => out.push(c),
        }
    }
    out
}

/// Text as it is typed, in a line or a cell: a fence that is longer than any in it.
pub(super) fn code(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let longest = plain.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    // In a table a bar ends the cell, also between backticks.
    format!("{fence}{space}{}{space}{fence}", plain.replace('|', "\\|"))
}

/// What somebody said, set apart.
pub(super) fn quote(page: &mut String, text: &str) -> std::fmt::Result {
    writeln!(page, "> {}\n", cell(text))
}

/// Seconds after the fault's start.
pub(super) fn offset(seconds: f64) -> String {
    format!("{seconds:+.1} s")
}

/// Cents as a plain amount; a shop of this lab has no currency.
pub(crate) fn amount(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

/// A name of the scorecard as words: `answer_lost` is "answer lost".
pub(super) fn words(name: &impl Serialize) -> String {
    let name = serde_json::to_value(name).ok().and_then(|name| name.as_str().map(str::to_owned));
    cell(&name.unwrap_or_default().replace('_', " "))
}

/// A table; nothing without rows.
pub(super) fn table(page: &mut String, head: &[&str], rows: &[Vec<String>]) -> std::fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(page, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()))?;
    for row in rows {
        writeln!(page, "| {} |", row.join(" | "))?;
    }
    writeln!(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_stays_text() {
        assert_eq!(cell("a|b\n# c\t<script>&`x`"), "a\\|b # c &lt;script>&amp;\\`x\\`");
        assert_eq!(cell("![x](http://y) **z**"), "!\\[x\\](http://y) \\*\\*z\\*\\*");
        assert_eq!(cell("\u{1b}[2J \u{202e}evil"), "\u{fffd}\\[2J \u{fffd}evil");
    }

    #[test]
    fn code_stays_code_whatever_is_in_it() {
        assert_eq!(code("rate(x[5s]) > 1"), "`rate(x[5s]) > 1`");
        assert_eq!(code("a `b` | c\n"), "`` a `b` \\| c  ``");
    }

    #[test]
    fn amounts_read_as_amounts() {
        assert_eq!((amount(1_999), amount(-5)), ("19.99".to_owned(), "-0.05".to_owned()));
    }
}
