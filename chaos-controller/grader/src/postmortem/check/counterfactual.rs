//! What did not happen explains nothing: "should have", "if only", "would have prevented". Luck is the one section that is
//! about what might have been.

use std::sync::LazyLock;

use regex::Regex;

use super::{Page, Problem, problem, sections};
use crate::scorecard::Scorecard;

/// A form, why it is a problem, and a better way.
type Form = (&'static str, &'static str, &'static str);

const REGRET: &str = "it judges with today's knowledge, and says nothing of what was known then";
const FACTS: &str = "say what was seen and known at that moment, and what made this look right";
const WISH: &str = "it tells of a run that nobody has seen";
const ACTION: &str = "make it an action item, and name the drill that proves it";

/// What follows "have" if something is missed and not wanted: "should have noticed", but not "should have a timeout".
const DONE: &str = r"(?:(?:never|also|just|simply|really|better|already|at least|\w+ly)\s+)?(?:been|seen|known|done|taken|caught|had|gone|told|thought|found|kept|set|put|made|sent|begun|broken|chosen|got|gotten|held|led|left|lost|paid|run|said|shown|stood|understood|written|read|come|become|given|let|cut|shut|spoken|brought|built|\w+ed)\b";
/// Participles that describe what is wanted: "should have bounded queues".
const WANTED: &str = r"(?:bounded|limited|shared|named|dedicated|isolated|automated|tested|documented|capped|agreed|defined|fixed|weighted|separated)\s+(?:[a-z-]+s)\b";

const FORMS: [Form; 7] = [
    (r"\b(?:should|ought to|needed to|need to)(?:n't| not| never)?(?: have|'ve) {done}", REGRET, FACTS),
    (r"\bcould(?:n't| not)?(?: have|'ve) {done}", WISH, FACTS),
    (
        r"\b(?:would|might)(?:n't| not)?(?: have|'ve) (?:been )?(?:prevent|avoid|stop|catch|caught|sav|help|detect|happen|notic|contain|spar)\w*",
        WISH,
        ACTION,
    ),
    (r"\bif only\b", WISH, ACTION),
    (
        r"\bhad (?:we|they|he|she|i|anyone|anybody|someone|somebody|the \w+(?: team)?) (?:only )?(?:known|noticed|checked|tested|looked|read|asked|been|had|seen|thought|set|acted)\b",
        WISH,
        ACTION,
    ),
    (r"\b(?:in|with) hindsight\b", REGRET, FACTS),
    (
        r"\bfail(?:ed|ing|ure)? to (?:catch|prevent|anticipate|foresee|consider|reali[sz]e|notice|see|spot|think|recogni[sz]e|appreciate)\b",
        REGRET,
        "say what there was instead: \u{201c}no alert watched the queue\u{201d}",
    ),
];

/// "It could have been worse" is luck, wherever it stands.
const LUCK: &str = r"could have been (?:\w+ )?worse";

pub(super) fn check(page: &Page<'_>, _card: &Scorecard) -> Vec<Problem> {
    static FOUND: LazyLock<Vec<(Regex, &str, &str)>> = LazyLock::new(|| {
        let compiled = FORMS
            .iter()
            .map(|(form, why, better)| (super::form(&form.replace("{done}", DONE)), *why, *better));
        compiled.collect()
    });
    static WANTED_HAVE: LazyLock<Regex> = LazyLock::new(|| super::form(&format!("have {WANTED}")));
    static WORSE: LazyLock<Regex> = LazyLock::new(|| super::form(LUCK));
    let lucky: Vec<&str> =
        sections::of(page, "where we got lucky").iter().map(|section| section.title.as_str()).collect();
    let mut problems = Vec::new();
    for block in page.blocks.iter().filter(|block| !lucky.contains(&block.section.as_str())) {
        for (form, why, better) in FOUND.iter() {
            for found in form.find_iter(&block.prose) {
                let rest = &block.prose[found.start()..];
                let wanted = WANTED_HAVE.find(rest).is_some_and(|at| at.start() < found.len());
                let worse = WORSE.find(rest).is_some_and(|at| at.start() == 0);
                if !wanted && !worse {
                    problems.push(problem(block.place(found.start()), found.as_str(), *why, *better));
                }
            }
        }
    }
    problems
}
