//! A line of the page: pieces with their tones, cut at the width of the screen and never wrapped.

use crate::output::printable;
use crate::paint::{Paint, Tone};

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pieces: Vec<(Tone, String)>,
    width: usize,
}

impl Line {
    pub(crate) fn of(tone: Tone, text: impl Into<String>) -> Self {
        Self::default().then(tone, text)
    }

    /// The line and one more piece.
    #[must_use]
    pub(crate) fn then(mut self, tone: Tone, text: impl Into<String>) -> Self {
        let text = text.into();
        let text = printable(&text).into_owned();
        self.width += text.chars().count();
        self.pieces.push((tone, text));
        self
    }

    /// The line, blank up to a column; one blank at least.
    #[must_use]
    pub(crate) fn to(self, column: usize) -> Self {
        let blanks = column.saturating_sub(self.width).max(1);
        self.then(Tone::Plain, " ".repeat(blanks))
    }

    /// A piece that ends at a column.
    #[must_use]
    pub(crate) fn right(self, column: usize, tone: Tone, text: &str) -> Self {
        let width = text.chars().count();
        self.to(column.saturating_sub(width)).then(tone, text)
    }

    /// At most `columns` wide.
    pub(crate) fn write(&self, columns: usize, paint: Paint) -> String {
        let mut left = columns;
        let mut text = String::new();
        for (tone, piece) in &self.pieces {
            let cut: String = piece.chars().take(left).collect();
            left -= cut.chars().count();
            text.push_str(&paint.paint(*tone, &cut));
            if left == 0 {
                break;
            }
        }
        // Blanks at the end would only be read by whoever copies the page.
        if paint.is_on() { text } else { text.trim_end().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_and_never_wrapped() {
        let line = Line::of(Tone::Strong, "payment").to(10).then(Tone::Bad, "FULL");
        assert_eq!(line.write(80, Paint::PLAIN), "payment   FULL");
        assert_eq!(line.write(12, Paint::PLAIN), "payment   FU");
        assert_eq!(line.write(3, Paint::COLOURED), "\x1b[1mpay\x1b[0m");
    }

    #[test]
    fn words_of_candidates_stay_words() {
        let line = Line::of(Tone::Plain, "because \u{1b}[2J\n");
        assert_eq!(line.write(80, Paint::PLAIN), "because \u{fffd}[2J\u{fffd}");
    }

    #[test]
    fn figures_end_at_their_column() {
        let line = Line::of(Tone::Plain, "a").right(6, Tone::Plain, "12").right(10, Tone::Plain, "3/s");
        assert_eq!(line.write(80, Paint::PLAIN), "a   12 3/s");
    }
}
