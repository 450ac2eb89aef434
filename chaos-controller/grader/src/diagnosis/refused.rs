//! Answers that are not held against anything, because they claim nothing: words without a statement, what the page
//! itself had said, and everything at once.

use super::claims::{About, Claims};
use super::lexicon::{Lexicon, Meaning, joins};
use super::mention::{Means, Reading};
use super::words::words;

/// A text shorter than this many words may do without those that join them.
const LIST: usize = 8;
/// Of so many words one must join others.
const ONE_IN: usize = 8;
/// As many kinds of mechanism are all there are.
const EVERYTHING: usize = 8;
/// So many causes, or so many wrong ones, are a guess at everybody. A loop of two and what lit it are three.
const EVERYBODY: usize = 4;
const WRONG: usize = 3;
/// Fewer words than this may stand in what the page says by chance.
const QUOTE: usize = 3;

/// Whether the whole of it is what the drill had said already, word for word.
pub(super) fn is_copied(parts: &[(About, String)], given: &[String]) -> bool {
    let plain = |text: &str| -> Vec<String> {
        let mut sentences: Vec<Vec<String>> = Vec::new();
        for word in words(text) {
            sentences.resize(sentences.len().max(word.sentence + 1), Vec::new());
            sentences[word.sentence].push(word.written);
        }
        sentences
            .into_iter()
            .filter(|sentence| !sentence.is_empty())
            .map(|sentence| sentence.join(" "))
            .collect()
    };
    let given: Vec<String> = given.iter().map(|text| format!(" {} ", plain(text).join(" "))).collect();
    let sentences: Vec<String> = parts.iter().flat_map(|(_, text)| plain(text)).collect();
    let quoted = |sentence: &String| {
        let long = sentence.split(' ').count() >= QUOTE;
        given.iter().any(|text| text.trim() == sentence || (long && text.contains(&format!(" {sentence} "))))
    };
    !sentences.is_empty() && sentences.iter().all(quoted)
}

/// Whether it is a heap of words, with nothing said of anything.
pub(super) fn is_heap(parts: &[(About, String)], lexicon: &Lexicon) -> bool {
    parts.iter().filter(|(about, _)| matches!(about, About::Anything | About::Cause)).any(|(_, text)| {
        let reading = Reading::of(text, lexicon);
        let joined =
            reading.words.iter().filter(|word| joins(&word.stem) || word.stem == super::words::ARROW).count();
        reading.words.len() >= LIST && (joined + statements(&reading)) * ONE_IN < reading.words.len()
    })
}

/// Why it claims too much to claim anything.
pub(super) fn is_everything(claims: &Claims, wrong: usize) -> Option<String> {
    if claims.causes.len() >= EVERYBODY || wrong >= WRONG {
        return Some(format!(
            "{} were called the cause; who names everybody names nobody",
            claims.causes.join(", ")
        ));
    }
    (claims.mechanisms.len() >= EVERYTHING).then(|| {
        format!(
            "{} mechanisms were named, nearly all there are; who names all names none",
            claims.mechanisms.len()
        )
    })
}

/// Parts between pauses that say something of somebody: "order 503".
fn statements(reading: &Reading) -> usize {
    let mut parts: Vec<(bool, bool)> = vec![(false, false)];
    let mut sentence = 0;
    for (at, word) in reading.words.iter().enumerate() {
        if word.after_pause || word.sentence != sentence {
            parts.push((false, false));
            sentence = word.sentence;
        }
        let here = reading.mentions.iter().filter(|one| one.from == at);
        let Some(part) = parts.last_mut() else { continue };
        for one in here {
            part.0 |= one.component().is_some();
            part.1 |= matches!(one.means, Means::Listed(Meaning::Root(_) | Meaning::Mechanism(_)));
        }
        part.1 |= word.written == "504";
    }
    parts.into_iter().filter(|(who, what)| *who && *what).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<(About, String)> {
        vec![(About::Anything, text.to_owned())]
    }

    #[test]
    fn telegrams_are_statements_and_heaps_are_not() {
        let heap = |words: &str| is_heap(&text(words), &Lexicon::new());
        assert!(heap("bank slow payment pool exhausted order cart frontend retry timeout queue"));
        assert!(heap("bank, slow, payment, pool, exhausted, order, cart, frontend, retry, timeout"));
        assert!(!heap("bank slow, payment pool exhausted, order 503, cart 504, frontend down"));
        assert!(!heap("bank slow -> payment pool exhausted -> order 503 -> cart 504 -> frontend blank"));
        assert!(!heap("bank slow"));
    }

    #[test]
    fn what_the_page_said_is_copied_and_a_word_of_it_is_not() {
        let given = [
            "frontend: home page failing for more than half of the users".to_owned(),
            "bank-slowdown".to_owned(),
        ];
        assert!(is_copied(&text("Home page failing for more than half of the users"), &given));
        assert!(is_copied(&text("bank slowdown"), &given));
        assert!(!is_copied(&text("the users"), &given));
        assert!(!is_copied(
            &text("Home page failing for more than half of the users. The bank is slow"),
            &given
        ));
        assert!(!is_copied(&text(""), &given));
    }
}
