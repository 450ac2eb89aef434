//! The parts that every postmortem has, under the names of the public templates (Google's SRE book, PagerDuty's incident
//! response guide) or others that mean the same: as a heading, or as a label before a colon.

use std::sync::LazyLock;

use regex::Regex;

use super::{Page, Place, Problem, problem};
use crate::postmortem::actions;
use crate::postmortem::page::Section;
use crate::scorecard::Scorecard;

/// A part: its name, other names of it, the fewest words that say something, and what is wanted.
type Part = (&'static str, &'static str, usize, &'static str);

const PARTS: [Part; 11] = [
    ("status", "status|state", 1, "draft, in review, or final"),
    (
        "summary",
        "summary|overview|abstract|what happened|in short|in brief|tl;?dr|synopsis",
        3,
        "what happened, to whom, for how long, in three sentences",
    ),
    (
        "impact",
        "impact|damage|consequences|effects?|blast radius|who was hurt|what it cost|cost|harm",
        3,
        "users, requests, money and error budget, in numbers",
    ),
    (
        "timeline",
        "timeline|time line|chronology|sequence of events|course of events|what happened when|log of events|history",
        3,
        "when, who, what, and why then",
    ),
    (
        "detection",
        "detection|how (?:we|it was|this was) (?:found|noticed|detected|heard|discovered)|how we (?:knew|learned of it)|detected|alerting|first signs?",
        3,
        "which signal said it first, and how long that took",
    ),
    (
        "causes",
        "(?:root )?causes?|trigger|contributing factors?|why it happened|what made it possible|analysis|how it could happen|factors",
        3,
        "the trigger, and the factors that made an outage of it",
    ),
    (
        "resolution",
        "resolution|recovery|mitigation|response|how it (?:was (?:fixed|resolved|stopped)|ended)|what (?:stopped|ended|fixed) it|repair",
        3,
        "what was changed, in which order, and what each change did",
    ),
    (
        "what went well",
        "(?:what )?(?:went|worked) well|what worked|what helped|what saved us|strengths",
        3,
        "what to keep",
    ),
    (
        "what went wrong",
        "(?:what )?(?:went|did) (?:wrong|badly|poorly|not go well|less well)|what (?:didn't|did not) (?:work|go well)|what (?:hurt|slowed us(?: down)?)|what made it worse|weaknesses",
        3,
        "what stood in the way",
    ),
    (
        "where we got lucky",
        "(?:where )?we (?:got|were) lucky|luck|lucky breaks|good fortune|by chance",
        3,
        "what might as well have gone the other way",
    ),
    (
        "lessons",
        "lessons?(?: learned)?|what we (?:have )?learn(?:ed|t)|learnings|takeaways?|insights",
        3,
        "what somebody who was not there learns from it",
    ),
];

pub(super) fn check(page: &Page<'_>, _card: &Scorecard) -> Vec<Problem> {
    let last = Place { line: page.lines.len().max(1), column: 1 };
    let mut problems: Vec<Problem> = PARTS.iter().filter_map(|part| missing(page, part, last)).collect();
    if actions::table(page).is_none_or(|(_, actions)| actions.is_empty()) {
        let why = "without action items the next one is the same";
        let better = "a table `| id | action | kind | owner | due | drill | status |` with a row per action";
        problems.push(problem(last, "action items", why, better));
    }
    problems
}

/// The headings that mean a part.
pub(super) fn of<'p>(page: &'p Page<'_>, part: &str) -> Vec<&'p Section> {
    let Some(at) = PARTS.iter().position(|(name, ..)| *name == part) else { return Vec::new() };
    page.sections.iter().filter(|section| FORMS[at].title.is_match(&section.title)).collect()
}

fn missing(page: &Page<'_>, part: &Part, last: Place) -> Option<Problem> {
    let (name, _, fewest, wanted) = *part;
    let sections = of(page, name);
    let said = sections.iter().any(|section| words(&page.body(section)) >= fewest);
    if said || labels(page, name).any(|rest| words(rest) >= fewest) {
        return None;
    }
    Some(match sections.first() {
        Some(section) => {
            let place = Place { line: section.line, column: 1 };
            problem(place, &section.title, "this section says nothing", format!("say here: {wanted}"))
        }
        None => problem(
            last,
            name,
            "this section is missing",
            format!("a section `## {}` that says: {wanted}", titled(name)),
        ),
    })
}

/// How a part is recognised: by a title that has one of its names as words of its own, or by `Name:` or `**Name:**` at the
/// beginning of a line or an item.
struct Form {
    title: Regex,
    label: Regex,
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let form = |(_, names, ..): &Part| Form {
        title: super::form(&format!(r"(?:^|[\s,/&(:*])(?:{names})(?:$|[\s,/&)?:*])")),
        label: super::form(&format!(r"^\s*(?:[-*+]\s+|\|\s*)?\**(?:{names})\**\s*[:|]\**\s*")),
    };
    PARTS.iter().map(form).collect()
});

/// What stands behind a part's label, each time.
fn labels<'p>(page: &'p Page<'_>, part: &str) -> impl Iterator<Item = &'p str> {
    let form = PARTS.iter().position(|(name, ..)| *name == part).map(|at| &FORMS[at]);
    page.lines.iter().filter_map(move |line| Some(&line[form?.label.find(line)?.end()..]))
}

/// Words that somebody wrote: neither what is to be filled in, nor comments, nor an excuse for a word.
fn words(text: &str) -> usize {
    static NOT_SAID: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\[FILL IN:[^\]]*\]|<!--(?s:.*?)-->|\b(?:tbd|todo|tba|n/a)\b")
            .expect("a regular expression")
    });
    let rest = NOT_SAID.replace_all(text, " ");
    rest.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count()
}

fn titled(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
