//! Actions that change nothing anybody could see: "be more careful", "improve monitoring". One that says what will be
//! different (a number, a limit, a lever, when somebody is paged) is none of them.

use std::sync::LazyLock;

use regex::Regex;

use super::{Page, Place, Problem, problem};
use crate::postmortem::{actions, levers};
use crate::scorecard::Scorecard;

/// Appeals to people: no number makes a change of them.
const APPEALS: &str = r"\b(?:be|being) (?:more |extra |very )?(?:careful|vigilant|cautious|attentive|diligent|mindful)|\bpay(?:ing)? (?:more |closer |better )?attention|\btry harder|\bdo better|\braise awareness|\b(?:remind|educate|urge|tell|ask) (?:\w+ ){0,2}(?:people|team|teams|everyone|everybody|engineers|developers|operators|staff|on-?call)|\bbe aware\b|\bkeep (?:this|it|that) in mind|\bdouble[- ]check|\btake more care|\bmore (?:care|caution|discipline)\b";
/// Wishes that need a number, a limit or a signal to be an action.
const WISHES: &str = r"\b(?:improv\w+|better|more|increas\w+|enhanc\w+|strengthen\w*|revisit\w*|review\w*|tune|tuning|optimi[sz]e|harden\w*) (?:\w+ ){0,3}(?:monitoring|alert(?:s|ing)?|observability|test(?:s|ing)?|documentation|docs|communication|process(?:es)?|logging|logs|visibility|resilien\w+|reliability|robustness|quality|dashboards?|runbooks?|code|config\w*|system|capacity|stability|performance)|\btrain(?:ing)?\b|\b(?:make sure|ensure) (?:\w+ ){0,4}(?:not |never |n't )?happens?(?: again)?|\bprevent (?:a )?(?:recurrence|reoccurrence|this)|\bavoid (?:this|such|it)\b|\bfix (?:the|this) (?:bug|problem|issue|root cause|incident)|\bfollow best practices?|\bbest practices?";
/// To look is no change yet.
const LOOKS: &str = r"^[ *`]*(?:investigat\w+|look(?:ing)? into|consider\w*|think(?:ing)? about|discuss\w*|explor\w+|evaluat\w+|research\w*|analy[sz]e|assess\w*|find out|check (?:if|whether)|study)\b";

const WHY_APPEAL: &str = "people were careful already; an appeal changes nothing that the next outage meets";
const WHY_WISH: &str = "nobody can tell when it is done";
const WHY_LOOK: &str = "a look is no change: the outage stays possible until something is different";
const BETTER_APPEAL: &str =
    "change what the system does when somebody is not: a limit, a default, a check that refuses";
const BETTER_WISH: &str =
    "say what will be different: which limit, which number, who is paged when what holds for how long";
const BETTER_LOOK: &str = "the change that you expect, or a day by which it is decided and what decides it";

pub(super) fn check(page: &Page<'_>, _card: &Scorecard) -> Vec<Problem> {
    static FORMS: LazyLock<[(Regex, bool, &str, &str); 3]> = LazyLock::new(|| {
        [
            (super::form(APPEALS), false, WHY_APPEAL, BETTER_APPEAL),
            (super::form(LOOKS), false, WHY_LOOK, BETTER_LOOK),
            (super::form(WISHES), true, WHY_WISH, BETTER_WISH),
        ]
    });
    let Some((_, actions)) = actions::table(page) else { return Vec::new() };
    let vague = |action: &actions::Action| {
        let found = FORMS.iter().find_map(|(form, may_be_saved, why, better)| {
            let found = form.find(&action.text)?;
            (!may_be_saved || !is_concrete(&action.text)).then_some((found, *why, *better))
        });
        let (found, why, better) = found?;
        let row = page.lines.get(action.line - 1).copied().unwrap_or_default();
        let column = row.find(found.as_str()).map_or(1, |at| row[..at].chars().count() + 1);
        Some(problem(Place { line: action.line, column }, found.as_str(), why, better))
    };
    actions.iter().filter_map(vague).collect()
}

/// Something in it can be seen from outside: a number, a name in code, a lever, a condition on which somebody is called.
fn is_concrete(text: &str) -> bool {
    static SIGNAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\d|`[^`]+`|\b(?:page|alert|call|wake|notify|warn)\w*\b.{0,60}\b(?:when|if|once|on|as soon as|before)\b.{4,}")
            .expect("a regular expression")
    });
    SIGNAL.is_match(text) || !levers::named(text).is_empty()
}
