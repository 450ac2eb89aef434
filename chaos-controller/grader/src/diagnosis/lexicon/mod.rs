//! The words in which people tell what broke, as data: a file for each kind of meaning. A phrase is a row of words;
//! `a|b` is either, `*` is up to three words between. Endings need no entry (`words.rs`), nor do misspellings
//! (`spelling.rs`). Reading a text with them is done in `mention.rs`.

mod components;
mod links;
mod marks;
mod mechanisms;
mod roots;

pub(super) use components::{BANK, ELSEWHERE, USERS};

use std::collections::BTreeSet;

use crate::truth::{MechanismKind, RootKind};

use super::words::stem;

/// What a phrase means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A part of the shop, the bank, its users; or something that the shop has not.
    Component(&'static str),
    /// What is wrong with it: any of these, for "it hangs" is said of what is slow and of what is frozen.
    Root(&'static [RootKind]),
    Mechanism(MechanismKind),
    Link(Link),
    Mark(Mark),
}

/// Which of its two sides brings the other about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// "the bank fills payment"
    Forward,
    /// "payment waits for the bank"
    Backward,
}

/// What is said about what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// "the root cause is"
    Cause,
    /// "is healthy"
    Clears,
    /// "is over": it was sick, and is not any more.
    Over,
    Not,
    /// "but": what follows is said apart, and instead of what was denied.
    But,
    /// "and", "which": what follows is said apart.
    Apart,
    /// "everything above it": the climb, without names.
    Climbs,
}

/// A phrase of the lexicon.
pub(super) struct Phrase {
    pub(super) pieces: Vec<Piece>,
    pub(super) meaning: Meaning,
}

pub(super) enum Piece {
    /// One word, any of these.
    Word(Vec<String>),
    /// Up to three words, or none.
    Gap,
}

pub(super) struct Lexicon {
    pub(super) phrases: Vec<Phrase>,
    /// Every word of them, as it is spelled.
    pub(super) words: BTreeSet<&'static str>,
}

impl Lexicon {
    pub(super) fn new() -> Lexicon {
        let mut lexicon = Lexicon { phrases: Vec::new(), words: BTreeSet::new() };
        for (name, phrases) in components::ALL {
            lexicon.add(phrases, Meaning::Component(name));
        }
        for (kinds, phrases) in roots::ALL {
            lexicon.add(phrases, Meaning::Root(kinds));
        }
        for (kind, phrases) in mechanisms::ALL {
            lexicon.add(phrases, Meaning::Mechanism(*kind));
        }
        for (link, phrases) in links::ALL {
            lexicon.add(phrases, Meaning::Link(*link));
        }
        for (mark, phrases) in marks::ALL {
            lexicon.add(phrases, Meaning::Mark(*mark));
        }
        lexicon.words.extend(marks::PLAIN);
        lexicon
    }

    fn add(&mut self, phrases: &[&'static str], meaning: Meaning) {
        for phrase in phrases {
            let pieces = phrase.split_whitespace().map(|piece| match piece {
                "*" => Piece::Gap,
                words => Piece::Word(words.split('|').map(stem).collect()),
            });
            self.phrases.push(Phrase { pieces: pieces.collect(), meaning });
            let words = phrase.split([' ', '|']).filter(|word| word.chars().all(char::is_alphabetic));
            self.words.extend(words);
        }
    }
}

/// Words that join others into a statement; a text without them is a list.
pub(super) fn joins(stem: &str) -> bool {
    marks::PLAIN.iter().any(|word| super::words::stem(word) == stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn no_phrase_means_two_things_of_one_kind() {
        let mut seen: BTreeMap<String, Meaning> = BTreeMap::new();
        for (kind, phrase) in Lexicon::new().phrases.iter().map(|phrase| (kind(phrase.meaning), phrase)) {
            let text: Vec<String> = phrase
                .pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Word(words) => words.join("|"),
                    Piece::Gap => "*".to_owned(),
                })
                .collect();
            let known = seen.entry(format!("{kind} {}", text.join(" "))).or_insert(phrase.meaning);
            assert_eq!(*known, phrase.meaning, "{text:?}");
        }
    }

    fn kind(meaning: Meaning) -> u8 {
        match meaning {
            Meaning::Component(_) => 0,
            Meaning::Root(_) => 1,
            Meaning::Mechanism(_) => 2,
            Meaning::Link(_) => 3,
            Meaning::Mark(_) => 4,
        }
    }
}
