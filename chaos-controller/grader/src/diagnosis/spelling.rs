//! What a misspelled word was meant to be. Only words of the lexicon are ever meant, only near ones, and only if the
//! first letter is right: a slip of the finger is forgiven, another word is not turned into the right one.

use std::collections::BTreeSet;

use super::words::{Word, stem};

/// Up to this many letters a word is too short to be guessed at, except for two letters that changed places.
const SHORT: usize = 4;
/// From this many letters on two slips are forgiven.
const LONG: usize = 8;

/// Replaces the stems of words that are nearly one of `known`.
pub(super) fn correct(words: &mut [Word], known: &BTreeSet<&str>) {
    let stems: BTreeSet<String> = known.iter().map(|word| stem(word)).collect();
    for word in words {
        let plain = word.written.chars().all(char::is_alphabetic);
        if !plain || word.stem.starts_with('<') || stems.contains(&word.stem) {
            continue;
        }
        if let Some(meant) = meant(&word.written, known) {
            word.stem = stem(meant);
        }
    }
}

fn meant<'a>(written: &str, known: &BTreeSet<&'a str>) -> Option<&'a str> {
    let near = known.iter().filter(|word| word.as_bytes().first() == written.as_bytes().first());
    near.filter_map(|word| {
        let distance = strsim::osa_distance(written, word);
        let allowed = match word.len() {
            0..SHORT => false,
            SHORT => distance == 1 && letters(word) == letters(written),
            5..LONG => distance == 1,
            _ => distance <= 2,
        };
        allowed.then_some((distance, *word))
    })
    .min()
    .map(|(_, word)| word)
}

fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::words::words;

    fn corrected(text: &str) -> Vec<String> {
        let known = BTreeSet::from(["bank", "payment", "exhausted", "frontend", "cart"]);
        let mut words = words(text);
        correct(&mut words, &known);
        words.into_iter().map(|word| word.stem).collect()
    }

    #[test]
    fn a_slip_is_forgiven() {
        assert_eq!(corrected("payement bnak exausted frontned"), ["payment", "bank", "exhaust", "frontend"]);
    }

    #[test]
    fn another_word_stays_another_word() {
        assert_eq!(corrected("rank back chart judgment"), ["rank", "back", "chart", "judgment"]);
    }
}
