//! Phrases in running text, word by word. What people write for one thing differs in endings and in what stands between
//! its words, so a phrase is a row of words, and each may have a free ending or others beside it:
//!
//! ```text
//! "give|gives up ... after"    give up (on the bank if it is slow) after
//! "retr* budget*"              retry budget, retries' budgets
//! "at most #"                  at most 400
//! ```
//! `...` stands for at most [`GAP`] words of one clause.

/// Words that `...` may stand for.
const GAP: usize = 6;
/// Where a clause ends, as a word.
const END: &str = ".";
/// Ends a clause too, and not what is said of a list.
const COMMA: &str = ",";

/// A text in lower case, cut into its words; clauses end with a word of their own.
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn of(text: &str) -> Words {
        let mut words = vec![String::new()];
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter.is_alphanumeric() || letter == '#' {
                words.last_mut().into_iter().for_each(|word| word.extend(letter.to_lowercase()));
                continue;
            }
            // A point within a number ends nothing; nor does an apostrophe within a word.
            let inside = letters.peek().is_some_and(|next| next.is_alphanumeric());
            let end = match letter {
                ',' => Some(COMMA),
                '.' | ';' | ':' | '!' | '?' => Some(END),
                _ => None,
            };
            words.extend(end.filter(|_| !inside).map(str::to_owned));
            if words.last().is_some_and(|word| !word.is_empty()) {
                words.push(String::new());
            }
        }
        words.retain(|word| !word.is_empty());
        Words(words)
    }

    /// Where a phrase begins, each time.
    pub(super) fn find<'w>(&'w self, phrase: &'w str) -> impl Iterator<Item = usize> + 'w {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        (0..self.0.len()).filter(move |at| fits(&self.0[*at..], &wanted))
    }

    /// The words before a place, nearest first, up to the beginning of the clause.
    pub(super) fn before(&self, at: usize) -> impl Iterator<Item = &str> {
        self.0[..at].iter().rev().map(String::as_str).take_while(|word| !ends(word))
    }

    /// The same up to the beginning of the sentence: what is said of the first of a list is said of all of it.
    pub(super) fn sentence_before(&self, at: usize) -> impl Iterator<Item = &str> {
        let words = self.0[..at].iter().rev().map(String::as_str);
        words.take_while(|word| *word != END).filter(|word| *word != COMMA)
    }

    pub(super) fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

fn ends(word: &str) -> bool {
    word == END || word == COMMA
}

/// Whether a word is one of `a|b*`.
pub(super) fn is(word: &str, wanted: &str) -> bool {
    wanted.split('|').any(|one| match one.strip_suffix('*') {
        Some(stem) => word.starts_with(stem),
        None if one == "#" => word.starts_with(|c: char| c.is_ascii_digit()),
        None => word == one,
    })
}

fn fits(words: &[String], wanted: &[&str]) -> bool {
    match (wanted.split_first(), words.split_first()) {
        (None, _) => true,
        (Some((&"...", rest)), _) => {
            let clause = words.iter().position(|word| ends(word)).unwrap_or(words.len());
            (0..=clause.min(GAP)).any(|skipped| fits(&words[skipped..], rest))
        }
        (Some((one, rest)), Some((word, more))) => is(word, one) && fits(more, rest),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, phrase: &str) -> bool {
        Words::of(text).find(phrase).next().is_some()
    }

    #[test]
    fn a_phrase_may_have_endings_choices_and_gaps() {
        assert!(found("Payment gives up on the bank after 400 ms.", "give|gives up ... after"));
        assert!(found("Retry-budgets at order", "retr* budget*"));
        assert!(found("wait for at most 1.5 s", "at most #"));
        assert!(!found("give it up", "give up"));
    }

    #[test]
    fn a_gap_ends_with_its_clause() {
        assert!(!found("We give up. Payment is restarted after lunch", "give up ... after"));
        assert!(!found("give up a b c d e f g after", "give up ... after"));
        assert!(found("up to 10.5 s after", "up ... after"));
    }
}
