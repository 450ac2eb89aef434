//! One submission, from its words to its grade. Which entries of a journal are submissions is known in `submitted.rs`.

use evidence::Said;

use crate::finding::round;
use crate::truth::Truth;

use super::claims::{About, Claims};
use super::lexicon::Lexicon;
use super::points::{BLAME, COMPONENT, Held, KIND, MECHANISM, judged};
use super::{Grade, Point, explain, hints, refused};

/// From here on a diagnosis is right: the whole of cause and mechanism is 0.80 of four points, and one of the weaker
/// mechanisms is enough if the chain is told with it.
const RIGHT: f64 = 0.75;
/// Up to here it is wrong: a lucky word.
const WRONG: f64 = 0.20;

/// What a submission is held against, besides the truth.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    /// What the drill itself had told everybody.
    pub(super) texts: Vec<String>,
    /// The levels of the hints that were read before, where they count.
    pub(super) hints: Vec<String>,
}

/// A grade with everything that explains it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Graded {
    pub(super) grade: Grade,
    pub(super) score: f64,
    pub(super) points: Vec<Point>,
    pub(super) blamed: Vec<String>,
    pub(super) explanation: String,
}

pub(super) fn graded(said: &Said, truth: &Truth, given: &Given) -> Graded {
    let parts = parts(said);
    if !parts.iter().any(|(_, text)| text.contains(char::is_alphanumeric)) {
        return nothing(
            Grade::Empty,
            "Nothing was said: name what is broken, why, and how it climbed.",
            truth,
        );
    }
    if truth.roots.is_empty() && truth.mechanisms.is_empty() {
        let why =
            "The recording does not show what was done to the shop, so no diagnosis can be held against it.";
        return nothing(Grade::Nonsense, why, truth);
    }
    let lexicon = Lexicon::new();
    if refused::is_copied(&parts, &given.texts) {
        let why = "That is what the drill itself had told everybody, word for word, and nothing besides.";
        return nothing(Grade::Nonsense, why, truth);
    }
    if refused::is_heap(&parts, &lexicon) {
        let why = "These are words without a statement: say who did what to whom, as in \"payment waits for the bank\".";
        return nothing(Grade::Nonsense, why, truth);
    }
    let claims = Claims::of(&parts, &lexicon);
    if claims.is_empty() {
        let why = "Nothing in it names a part of the shop or says what happens to it.";
        return nothing(Grade::Nonsense, why, truth);
    }
    let held = Held { truth, claims: &claims };
    if let Some(why) = refused::is_everything(&claims, held.wrong().len()) {
        let why = format!("It claims too much to claim anything: {why}.");
        return nothing(Grade::Wrong, &why, truth);
    }
    let (mut points, blamed) = judged(held);
    let grade = grade(&points);
    let told = hints::credit(&mut points, &given.hints);
    let score = sum(&points);
    let explanation = explain::paragraph(grade, score, &points, &told);
    Graded { grade, score, points, blamed, explanation }
}

/// All of it in one text, as it is shown.
pub(super) fn whole(said: &Said) -> String {
    let named =
        |name: &str, text: String| if text.is_empty() { None } else { Some(format!("{name}: {text}")) };
    match said {
        Said::Diagnose { text, root_cause, mechanism, propagation } => {
            let text = (!text.is_empty()).then(|| text.clone());
            let all = [
                text,
                named("Root cause", root_cause.clone()),
                named("Mechanism", mechanism.join("; ")),
                named("Propagation", propagation.join(", ")),
            ];
            all.into_iter().flatten().collect::<Vec<String>>().join("\n")
        }
        _ => String::new(),
    }
}

fn parts(said: &Said) -> Vec<(About, String)> {
    let Said::Diagnose { text, root_cause, mechanism, propagation } = said else { return Vec::new() };
    let mut parts = vec![(About::Cause, root_cause.clone()), (About::Anything, text.clone())];
    parts.extend(mechanism.iter().map(|one| (About::Mechanism, one.clone())));
    parts.push((About::Climb, propagation.join(", ")));
    parts.retain(|(_, text)| !text.trim().is_empty());
    parts
}

/// The grade is of the words; what a hint had told lowers the score and not the grade.
fn grade(points: &[Point]) -> Grade {
    let named = |name: &str| points.iter().find(|point| point.name == name);
    let cause = [COMPONENT, KIND].iter().all(|name| named(name).is_none_or(|point| point.got >= point.worth));
    let mechanism = named(MECHANISM).is_none_or(|point| point.got > 0.0);
    let blames = named(BLAME).is_some_and(|point| point.got < 0.0);
    let none = named(COMPONENT).is_some_and(|point| point.got <= 0.0);
    let score = sum(points);
    match score {
        _ if cause && mechanism && !blames && score >= RIGHT => Grade::Right,
        _ if score <= WRONG || (none && blames) => Grade::Wrong,
        _ => Grade::Partial,
    }
}

fn sum(points: &[Point]) -> f64 {
    round(points.iter().map(|point| point.got).sum::<f64>().clamp(0.0, 1.0))
}

/// Nothing to hold against the truth; every point is listed all the same, with what the recording shows.
fn nothing(grade: Grade, why: &str, truth: &Truth) -> Graded {
    let (points, _) = judged(Held { truth, claims: &Claims::default() });
    let explanation = format!("{why} {}", explain::shown(&points)).trim_end().to_owned();
    Graded { grade, score: 0.0, points, blamed: Vec::new(), explanation }
}
