//! A text as a row of words that can be compared: lower case, without accents, inflections or contractions, with times
//! and numbers told apart from words. Where a sentence or a part of one ends is kept, because that is how far a "not"
//! reaches. What the words mean is left to the lexicon.

/// A word of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As it was written, in lower case, without accents.
    pub(super) written: String,
    /// What it is compared by.
    pub(super) stem: String,
    pub(super) sentence: usize,
    /// A comma, colon or bracket stands before it.
    pub(super) after_pause: bool,
}

/// A second or more.
pub(super) const TIME: &str = "<time>";
/// Less than a second: nothing that anybody calls slow.
pub(super) const INSTANT: &str = "<instant>";
/// "5x", "five times".
pub(super) const TIMES: &str = "<times>";
pub(super) const ARROW: &str = "->";

/// Words with their own meaning that an ending would be taken off.
const WHOLE: [&str; 4] = ["orders", "ordering", "queues", "site"];

/// The words of a text, in their order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut raw = Vec::new();
    let mut reading = Reading::default();
    let text = text.replace(['\u{2192}', '\u{21d2}'], " -> ").replace("=>", " -> ").replace("->", " -> ");
    let letters: Vec<char> =
        text.replace(['\u{2019}', '`'], "'").chars().flat_map(char::to_lowercase).collect();
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied().unwrap_or(' ');
        let after = letters.get(at + 1).copied().unwrap_or(' ');
        let inside_number = before.is_ascii_digit() && after.is_ascii_digit();
        match letter {
            '.' | ':' if inside_number => reading.word.push(letter),
            // 1,047 is one number.
            ',' if inside_number => {}
            '-' if before == ' ' && after == ' ' => reading.pause(&mut raw),
            '-' if after == '>' => reading.end(&mut raw),
            '>' if before == '-' => {
                reading.word.push_str(ARROW);
                reading.end(&mut raw);
            }
            // payment-1 is an instance; third-party is two words.
            '-' if before.is_alphabetic() && after.is_ascii_digit() => reading.word.push('-'),
            '\'' => reading.word.push('\''),
            '.' | '!' | '?' | ';' | '\n' => reading.stop(&mut raw),
            ',' | ':' | '(' | ')' | '\u{2013}' | '\u{2014}' => reading.pause(&mut raw),
            letter if letter.is_alphanumeric() => plain(letter, &mut reading.word),
            _ => reading.end(&mut raw),
        }
    }
    reading.end(&mut raw);
    numbers(raw)
}

/// A word without its ending. Crude, and the same on both sides of every comparison.
pub(super) fn stem(word: &str) -> String {
    if WHOLE.contains(&word) || word.starts_with('<') || word.contains(|c: char| c.is_ascii_digit()) {
        return word.to_owned();
    }
    for ending in ["ies", "ied"] {
        if let Some(rest) = word.strip_suffix(ending).filter(|rest| rest.len() >= 2) {
            return format!("{rest}y");
        }
    }
    let endings = ["ing", "ed", "es", "s", "e"];
    let rest = endings.iter().find_map(|ending| word.strip_suffix(ending).filter(|rest| rest.len() >= 3));
    let mut rest = rest.unwrap_or(word).to_owned();
    // dropped -> dropp -> drop
    let doubled =
        rest.len() > 3 && rest.bytes().rev().take(2).collect::<Vec<u8>>().windows(2).all(|w| w[0] == w[1]);
    if doubled {
        rest.pop();
    }
    // A silent e goes as it does in "taking".
    rest.strip_suffix('e').filter(|short| short.len() >= 3).map(str::to_owned).unwrap_or(rest)
}

#[derive(Default)]
struct Reading {
    word: String,
    sentence: usize,
    paused: bool,
}

impl Reading {
    fn end(&mut self, words: &mut Vec<Word>) {
        let word = std::mem::take(&mut self.word);
        for word in uncontracted(word.trim_matches('\'')) {
            let stem = stem(&word);
            words.push(Word { stem, written: word, sentence: self.sentence, after_pause: self.paused });
            self.paused = false;
        }
    }

    fn pause(&mut self, words: &mut Vec<Word>) {
        self.end(words);
        self.paused = true;
    }

    fn stop(&mut self, words: &mut Vec<Word>) {
        self.end(words);
        self.sentence += 1;
        self.paused = false;
    }
}

/// "isn't" says "is not"; "order's" is "order".
fn uncontracted(word: &str) -> Vec<String> {
    let split = |head: &str| vec![head.to_owned(), "not".to_owned()];
    match word {
        "" => Vec::new(),
        "can't" | "cannot" | "cant" => split("can"),
        "won't" | "wont" => split("will"),
        "isnt" | "doesnt" | "wasnt" | "didnt" | "dont" | "arent" => split(&word[..word.len() - 2]),
        _ => match word.strip_suffix("n't") {
            Some(head) => split(head),
            None => vec![word.split('\'').next().unwrap_or_default().to_owned()],
        },
    }
}

fn plain(letter: char, word: &mut String) {
    word.push(match letter {
        '\u{e0}'..='\u{e5}' => 'a',
        '\u{e7}' => 'c',
        '\u{e8}'..='\u{eb}' => 'e',
        '\u{ec}'..='\u{ef}' => 'i',
        '\u{f1}' => 'n',
        '\u{f2}'..='\u{f6}' | '\u{f8}' => 'o',
        '\u{f9}'..='\u{fc}' => 'u',
        // The sharp s, one letter here and two elsewhere.
        '\u{df}' => 's',
        other => other,
    });
}

/// Numbers with their units become one word each: "30 s", "30s", "half a minute", "five times".
fn numbers(raw: Vec<Word>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut at = 0;
    while let Some(word) = raw.get(at) {
        let text = |ahead: usize| raw.get(at + ahead).map_or("", |word| word.written.as_str());
        let read = match (text(0), text(1), text(2)) {
            ("half", "a", unit) if seconds(unit).is_some() => Some((3, TIME)),
            ("a" | "an" | "many" | "several", unit, _) if seconds(unit).is_some() => Some((2, TIME)),
            (unit @ ("seconds" | "minutes" | "hours"), ..) if seconds(unit).is_some() => Some((1, TIME)),
            (first, second, _) => number(first).and_then(|(value, unit)| {
                let glued = !unit.is_empty();
                let unit = if glued { unit } else { second };
                let length = if glued { 1 } else { 2 };
                match unit {
                    "x" | "times" | "fold" | "fach" | "mal" => Some((length, TIMES)),
                    unit => {
                        seconds(unit).map(|each| (length, if value * each >= 1.0 { TIME } else { INSTANT }))
                    }
                }
            }),
        };
        let (length, stem) = match read {
            Some((length, meaning)) => (length, meaning.to_owned()),
            None => (1, word.stem.clone()),
        };
        words.push(Word { stem, ..word.clone() });
        at += length;
    }
    words
}

/// A number and what is glued to it: `30`, `30s`, `x5`, `thirty`.
fn number(text: &str) -> Option<(f64, &str)> {
    const SPOKEN: [(&str, f64); 14] = [
        ("one", 1.0),
        ("two", 2.0),
        ("three", 3.0),
        ("four", 4.0),
        ("five", 5.0),
        ("six", 6.0),
        ("seven", 7.0),
        ("eight", 8.0),
        ("nine", 9.0),
        ("ten", 10.0),
        ("twenty", 20.0),
        ("thirty", 30.0),
        ("sixty", 60.0),
        ("hundred", 100.0),
    ];
    if let Some((_, value)) = SPOKEN.iter().find(|(name, _)| *name == text) {
        return Some((*value, ""));
    }
    if let Some(value) = text.strip_prefix('x').and_then(|rest| rest.parse().ok()) {
        return Some((value, "x"));
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    digits.parse().ok().map(|value| (value, unit))
}

/// How many seconds a unit is.
fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ms" | "millis" | "millisecond" | "milliseconds" | "msec" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" | "sekunden" | "segundos" | "secondes" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" => 60.0,
        "h" | "hour" | "hours" => 3_600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.stem).collect()
    }

    #[test]
    fn times_are_times_however_they_are_written() {
        for text in
            ["30 s", "30s", "thirty seconds", "half a minute", "1.5 s", "30000 ms", "a minute", "minutes"]
        {
            assert_eq!(stems(text), [TIME], "{text}");
        }
        assert_eq!(stems("250 ms"), [INSTANT]);
        for text in ["5x", "x5", "five times"] {
            assert_eq!(stems(text), [TIMES], "{text}");
        }
        assert_eq!(stems("1,047 workers"), ["1047", "worker"]);
    }

    #[test]
    fn inflections_are_one_word() {
        for group in [
            ["retry", "retries"],
            ["exhausts", "exhausted"],
            ["takes", "taking"],
            ["dropped", "drops"],
            ["freeze", "freezing"],
        ] {
            assert_eq!(stem(group[0]), stem(group[1]), "{group:?}");
        }
        assert_ne!(stem("orders"), stem("order"), "an order is not the service");
    }

    #[test]
    fn contractions_say_not() {
        assert_eq!(stems("it isn't order's"), ["it", "is", "not", "order"]);
        assert_eq!(stems("cannot"), ["can", "not"]);
    }

    #[test]
    fn sentences_and_pauses_are_kept() {
        let found = words("The bank, at 0.1 s. Payment - full");
        let marks: Vec<(usize, bool)> = found.iter().map(|word| (word.sentence, word.after_pause)).collect();
        assert_eq!(marks, [(0, false), (0, false), (0, true), (0, false), (1, false), (1, true)]);
    }

    #[test]
    fn an_instance_and_an_arrow_stay_whole() {
        assert_eq!(stems("payment-1->bank third-party"), ["payment-1", ARROW, "bank", "third", "party"]);
    }
}
