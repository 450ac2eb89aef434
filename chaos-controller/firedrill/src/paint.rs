//! Colours, when a person reads on a terminal and has not said `NO_COLOR`.
//! A status is never told by colour alone: every painted word says it too.

use std::io::IsTerminal as _;

/// Whether to paint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint {
    on: bool,
}

/// What a piece of text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
    Strong,
    Faint,
}

impl Paint {
    /// Never.
    pub(crate) const PLAIN: Self = Self { on: false };
    /// Always; for tests.
    #[cfg(test)]
    pub(crate) const COLOURED: Self = Self { on: true };

    pub(crate) fn for_stdout() -> Self {
        Self { on: std::io::stdout().is_terminal() && wanted() }
    }

    pub(crate) fn for_stderr() -> Self {
        Self { on: std::io::stderr().is_terminal() && wanted() }
    }

    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "1;31",
            Tone::Strong => "1",
            Tone::Faint => "2",
        };
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.paint(Tone::Bad, text)
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.paint(Tone::Strong, text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.paint(Tone::Faint, text)
    }
}

/// <https://no-color.org>: set and not empty means no colour.
fn wanted() -> bool {
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !forbidden && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paint_leaves_text_alone() {
        assert_eq!(Paint::PLAIN.bad("x"), "x");
        assert_eq!(Paint::COLOURED.bad("x"), "\x1b[1;31mx\x1b[0m");
        assert_eq!(Paint::COLOURED.paint(Tone::Plain, "x"), "x");
    }
}
