//! The words of a query and where they stand: only as much of the lexicon as places for complaints need. The parser has
//! its own.

/// One word, and its first byte in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    pub(super) offset: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A number or a duration.
    Number,
    /// In quotes, which are part of it.
    Text,
    /// An operator, a bracket, a comma.
    Mark,
    /// What is none of these, such as a quote that is not closed.
    Strange,
}

impl Token<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Mark | Kind::Word) && self.text.eq_ignore_ascii_case(text)
    }

    pub(super) fn end(&self) -> usize {
        self.offset + self.text.len()
    }
}

/// Marks of two letters come first.
const MARKS: [&str; 24] = [
    "==", "!=", ">=", "<=", "=~", "!~", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", "[", "]", ",", "=",
    "<", ">", "@", ":",
];

/// Every word, without blanks and comments.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut brackets = 0usize;
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if first == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        // In `[5m:1s]` a colon is a mark, elsewhere it is a letter.
        let in_word = |letter: char| {
            letter.is_ascii_alphanumeric() || letter == '_' || (letter == ':' && brackets == 0)
        };
        let (kind, length) = if first.is_ascii_alphabetic() || first == '_' {
            (Kind::Word, rest.find(|letter| !in_word(letter)).unwrap_or(rest.len()))
        } else if first.is_ascii_digit()
            || rest.starts_with('.') && rest[1..].starts_with(|next: char| next.is_ascii_digit())
        {
            (Kind::Number, number(rest))
        } else if matches!(first, '"' | '\'' | '`') {
            match closing(rest, first) {
                Some(end) => (Kind::Text, end),
                None => (Kind::Strange, rest.len()),
            }
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            (Kind::Mark, mark.len())
        } else {
            (Kind::Strange, first.len_utf8())
        };
        let token = Token { kind, text: &rest[..length], offset: at };
        brackets = match token.text {
            "[" => brackets + 1,
            "]" => brackets.saturating_sub(1),
            _ => brackets,
        };
        tokens.push(token);
        at += length;
    }
    tokens
}

/// Digits, letters of units, and the sign of an exponent.
fn number(rest: &str) -> usize {
    let mut before = ' ';
    for (at, letter) in rest.char_indices() {
        let exponent = matches!(before, 'e' | 'E') && matches!(letter, '+' | '-') && !rest.starts_with("0x");
        if !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_') || exponent) {
            return at;
        }
        before = letter;
    }
    rest.len()
}

/// The byte behind the closing quote.
fn closing(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        if letter == quote && !escaped {
            return Some(at + letter.len_utf8());
        }
        escaped = letter == '\\' && !escaped && quote != '`';
    }
    None
}
