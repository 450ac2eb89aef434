//! Where a text names what: every phrase of the lexicon that stands in it, the longest first, and whether it is denied.
//! What follows from what stands together is decided in `claims.rs`.

use std::mem::discriminant;

use super::lexicon::{Lexicon, Link, Mark, Meaning, Phrase, Piece};
use super::spelling;
use super::words::{ARROW, Word, words};

/// At most this many words stand in a gap.
const GAP: usize = 3;
/// What may stand between a "not" and the name that it denies.
const BEFORE_A_NAME: [&str; 30] = [
    "the", "a", "an", "our", "their", "its", "because", "of", "caused", "by", "due", "to", "from", "fault",
    "problem", "issue", "cause", "about", "in", "with", "at", "on", "is", "was", "be", "only", "really",
    "actually", "own", "down",
];
/// The services that may have instances, as `payment-1`.
const SERVICES: [&str; 7] = ["frontend", "cart", "search", "account", "order", "payment", "inventory"];

/// A phrase of the lexicon, found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) means: Means,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) denied: bool,
}

/// A meaning, with the name that was written where the lexicon cannot know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Means {
    Instance(String),
    Listed(Meaning),
}

/// A text, read.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    pub(super) words: Vec<Word>,
    /// By their place.
    pub(super) mentions: Vec<Mention>,
}

impl Mention {
    pub(super) fn component(&self) -> Option<&str> {
        match &self.means {
            Means::Instance(name) => Some(name),
            Means::Listed(Meaning::Component(name)) => Some(name),
            Means::Listed(_) => None,
        }
    }

    pub(super) fn link(&self) -> Option<Link> {
        match self.means {
            Means::Listed(Meaning::Link(link)) => Some(link),
            _ => None,
        }
    }

    pub(super) fn is(&self, mark: Mark) -> bool {
        self.means == Means::Listed(Meaning::Mark(mark))
    }

    fn holds(&self, other: &Mention) -> bool {
        self.from <= other.from && other.to <= self.to && other.to - other.from < self.to - self.from
    }

    fn is_mark(&self) -> bool {
        matches!(self.means, Means::Listed(Meaning::Mark(_)))
    }
}

impl Reading {
    pub(super) fn of(text: &str, lexicon: &Lexicon) -> Reading {
        let mut words = words(text);
        spelling::correct(&mut words, &lexicon.words);
        let mut mentions: Vec<Mention> = Vec::new();
        let mut kinds: Vec<Meaning> = Vec::new();
        for phrase in &lexicon.phrases {
            if !kinds.iter().any(|kind| discriminant(kind) == discriminant(&phrase.meaning)) {
                kinds.push(phrase.meaning);
            }
        }
        for kind in kinds {
            mentions.extend(found(&words, lexicon, kind));
        }
        mentions.extend(instances(&words));
        let all = mentions.clone();
        // What is part of a longer phrase is not said by itself: the "no" of "no timeout" denies nothing. Names are, but
        // for those in a figure of speech: "in order to" is about no order.
        mentions.retain(|one| {
            !all.iter().any(|other| {
                other.holds(one)
                    && match (&one.means, other.component()) {
                        (_, Some(_)) => one.component().is_some(),
                        (_, None) if one.component().is_some() => other.is_mark(),
                        // "exhausts payment's pool" is what happens, and to whom.
                        (Means::Listed(Meaning::Link(_)), None) => {
                            !all.iter().any(|name| name.component().is_some() && other.holds(name))
                        }
                        _ => true,
                    }
            })
        });
        mentions.sort_by_key(|one| (one.from, one.to));
        let mut reading = Reading { words, mentions };
        reading.deny();
        reading
    }

    /// The sentence in which a mention stands.
    pub(super) fn sentence(&self, mention: &Mention) -> usize {
        self.words[mention.from].sentence
    }

    /// Whether something between two places parts what is said: a sentence's end, a pause, an "and".
    pub(super) fn parted(&self, from: usize, to: usize) -> bool {
        let (from, to) = (from.min(to), from.max(to));
        let pauses = self.words[from + 1..=to].iter().any(|word| word.after_pause);
        let other = self.words[from].sentence != self.words[to].sentence;
        let marks = self.mentions.iter().filter(|one| one.is(Mark::Apart) || one.is(Mark::But));
        pauses || other || marks.into_iter().any(|one| one.from > from && one.to <= to)
    }

    /// The same, and a link parts as well.
    pub(super) fn apart(&self, from: usize, to: usize) -> bool {
        let (near, far) = (from.min(to), from.max(to));
        let links = self.mentions.iter().any(|one| one.link().is_some() && one.from > near && one.to <= far);
        links || self.parted(from, to)
    }

    /// Whether it is the name that is denied, and not something that is said with it: "not the bank" clears the bank, and
    /// "no timeout of any kind towards the bank" does not.
    pub(super) fn denied_itself(&self, one: &Mention) -> bool {
        let nots = self.mentions.iter().filter(|not| not.is(Mark::Not) && not.to <= one.from);
        nots.max_by_key(|not| not.to).is_some_and(|not| {
            let between = &self.words[not.to..one.from];
            between.iter().all(|word| BEFORE_A_NAME.contains(&word.written.as_str()))
        })
    }

    /// A "not" reaches to the end of the part of the sentence that it stands in.
    fn deny(&mut self) {
        let nots: Vec<usize> =
            self.mentions.iter().filter(|one| one.is(Mark::Not)).map(|one| one.from).collect();
        let reaches = |not: usize, one: &Mention| one.from > not && !self.parted(not, one.from);
        let denied: Vec<bool> =
            self.mentions.iter().map(|one| nots.iter().any(|not| reaches(*not, one))).collect();
        for (one, denied) in self.mentions.iter_mut().zip(denied) {
            one.denied = denied;
        }
    }
}

/// Every phrase of one kind, from left to right; where several begin, the longest.
fn found(words: &[Word], lexicon: &Lexicon, kind: Meaning) -> Vec<Mention> {
    let of_kind = |phrase: &&Phrase| discriminant(&phrase.meaning) == discriminant(&kind);
    let phrases: Vec<&Phrase> = lexicon.phrases.iter().filter(of_kind).collect();
    let mut mentions = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let longest =
            phrases.iter().filter_map(|phrase| Some((end(&phrase.pieces, words, at)?, phrase.meaning)));
        match longest.max_by_key(|(to, _)| *to) {
            Some((to, meaning)) => {
                mentions.push(Mention { means: Means::Listed(meaning), from: at, to, denied: false });
                at = to;
            }
            None => at += 1,
        }
    }
    mentions
}

/// Where the phrase ends that begins at `at`, if it does.
fn end(pieces: &[Piece], words: &[Word], at: usize) -> Option<usize> {
    let Some((piece, rest)) = pieces.split_first() else { return Some(at) };
    match piece {
        Piece::Word(any) => {
            let word = words.get(at)?;
            any.contains(&word.stem).then(|| end(rest, words, at + 1)).flatten()
        }
        Piece::Gap => {
            let last = words.get(at.checked_sub(1)?)?.sentence;
            let free = |length: &usize| {
                words
                    .get(at..at + length)
                    .is_some_and(|gap| gap.iter().all(|word| word.sentence == last && word.stem != ARROW))
            };
            (0..=GAP).take_while(free).find_map(|length| {
                let next = words.get(at + length).filter(|word| word.sentence == last)?;
                let _ = next;
                end(rest, words, at + length)
            })
        }
    }
}

/// `payment-1`, `payment instance 1`.
fn instances(words: &[Word]) -> Vec<Mention> {
    let mut mentions = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let whole = word.stem.split_once('-').filter(|(service, number)| is_instance(service, number));
        if whole.is_some() {
            let means = Means::Instance(word.stem.clone());
            mentions.push(Mention { means, from: at, to: at + 1, denied: false });
        }
        if let [service, instance, number] = &words[at..words.len().min(at + 3)]
            && instance.stem == "instanc"
            && is_instance(&service.stem, &number.stem)
        {
            let means = Means::Instance(format!("{}-{}", service.stem, number.stem));
            mentions.push(Mention { means, from: at, to: at + 3, denied: false });
        }
    }
    mentions
}

fn is_instance(service: &str, number: &str) -> bool {
    SERVICES.contains(&service) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<(String, bool)> {
        let reading = Reading::of(text, &Lexicon::new());
        let components =
            reading.mentions.iter().filter_map(|one| Some((one.component()?.to_owned(), one.denied)));
        components.collect()
    }

    fn one(name: &str, denied: bool) -> (String, bool) {
        (name.to_owned(), denied)
    }

    #[test]
    fn other_names_are_understood() {
        assert_eq!(named("our card acquirer"), [one("bank", false)]);
        assert_eq!(
            named("the payment service and the payment processor"),
            [one("payment", false), one("bank", false)]
        );
        assert_eq!(
            named("payment-1, payment instance 2"),
            [one("payment-1", false), one("payment-2", false)]
        );
    }

    #[test]
    fn a_figure_of_speech_names_nobody() {
        assert_eq!(named("in order to account for this"), []);
    }

    #[test]
    fn a_not_reaches_to_the_end_of_its_part() {
        assert_eq!(named("not the bank but order"), [one("bank", true), one("order", false)]);
        assert_eq!(
            named("it is not order's fault, payment hangs"),
            [one("order", true), one("payment", false)]
        );
    }

    #[test]
    fn the_no_of_a_longer_phrase_denies_nothing() {
        assert_eq!(named("no timeout at the bank"), [one("bank", false)]);
    }

    #[test]
    fn a_phrase_stays_within_its_sentence() {
        let reading = Reading::of("It takes. 30 s", &Lexicon::new());
        assert!(reading.mentions.iter().all(|one| !matches!(one.means, Means::Listed(Meaning::Root(_)))));
    }
}
