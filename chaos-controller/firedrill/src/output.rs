//! Data on stdout, narration on stderr; as text or as JSON. A reader that has
//! gone (`firedrill ... | head`) is no error, and the end of what follows.

use std::borrow::Cow;
use std::io::Write as _;

use clap::{Args, ValueEnum};
use serde::Serialize;

/// The form of the data on stdout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Every command that reads takes it.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Output {
    /// Form of the data on stdout
    #[arg(long, short = 'o', value_enum, default_value_t = Format::Text)]
    pub(crate) output: Format,
}

impl Output {
    /// Writes `value` as JSON, or what `text` makes of it.
    pub(crate) fn write<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) {
        match self.output {
            Format::Json => write_json(value),
            Format::Text => write_data(&text(value)),
        }
    }
}

/// Writes data, ending its last line.
pub(crate) fn write_data(text: &str) {
    // Nobody reads any more: nothing is left to tell.
    let _ = write_more(text);
}

/// The same for who goes on writing. Says whether anybody still reads.
#[must_use]
pub(crate) fn write_more(text: &str) -> bool {
    let mut stdout = std::io::stdout().lock();
    let ending = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    write!(stdout, "{text}{ending}").and_then(|()| stdout.flush()).is_ok()
}

/// Writes a value as indented JSON.
pub(crate) fn write_json(value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("an answer is plain data");
    write_data(&text);
}

/// Tells a person something, on stderr.
pub(crate) fn narrate(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let ending = if text.ends_with('\n') { "" } else { "\n" };
    // As above.
    let _ = write!(stderr, "{text}{ending}");
}

/// Somebody else's words, fit for a terminal: what would move its cursor, ring its bell or turn its text around is shown
/// as a mark.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(commands) { Cow::Owned(text.replace(commands, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// A table with two spaces between columns, as wide as its widest cells.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}", width = *width))
            .collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = line(head.to_vec());
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_s_words_command_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}c");
        assert!(matches!(printable("plain \u{f6}"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_table_is_as_wide_as_its_widest_cells() {
        let rows = [vec!["payment-0".to_owned(), "up".to_owned()], vec!["a".to_owned(), "lost".to_owned()]];
        assert_eq!(table(&["WHO", "STATE"], &rows), "WHO        STATE\npayment-0  up\na          lost\n");
    }
}
