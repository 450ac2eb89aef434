//! Blame of persons and teams. Names are no problem ("Bob noticed"), and neither are systems that fail ("the bank failed to
//! answer"); a person as the subject of a failing is, and so is a person as the cause.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::{Page, Problem, problem};
use crate::scorecard::Scorecard;

const WHY_FAILING: &str =
    "it makes a person the explanation; another one would have stood there with the same tools";
const WHY_CAUSE: &str = "a person is no cause; what made this act possible, and look right, is one";
const WHY_NAME: &str = "it names a failing instead of what led to it";
const BETTER: &str = "say what the system showed, allowed or lacked at that moment";

/// Words that are blame whoever is meant.
const NAMES: &str = r"\b(?:operator|human|user|pilot|engineer|developer|people) errors?\b|\bcareless(?:ly|ness)?\b|\bneglig(?:ent|ently|ence)\b|\bincompeten(?:t|ce|tly)\b|\bstupid(?:ly|ity)?\b|\blazy\b|\blaziness\b|\bsloppy\b|\bsloppiness\b|\breckless(?:ly|ness)?\b|\birresponsibl[ey]\b|\bto blame\b|\bguilty\b|\bculpable\b|\black of (?:attention|care|diligence|discipline|competence)\b|\bpaying (?:no )?attention\b|\basleep at the wheel\b|\b(?:should know|knew|known) better\b|\b(?:poor|bad) (?:judge?ment|decisions?) (?:by|of|from)\b";

/// Who is a person without having a name; the word before may say which ("the payment team").
const ROLES: &str = "operator|operators|engineer|engineers|developer|developers|dev|devs|commander|commanders|responder|responders|admin|admins|administrator|manager|managers|intern|interns|junior|juniors|oncall|call|colleague|colleagues|person|people|team|teams|staff|sre|sres|employee|employees|contractor|contractors|reviewer|reviewers|author|authors|deployer|crew|squad|shift|management|he|she|we|i|you|they|someone|somebody|everyone|everybody";

/// A subject and a failing, with little between: "the payment team then again forgot".
const FAILING: &str = r"(?P<who>(?u:[^\s,.;:()|*]+))(?:\s+(?:who|on duty|again|also|simply|then|had|has|have|just|probably|apparently|clearly|still)){0,2}\s+(?:(?P<strong>forgot|forgets|forgotten|neglected|overlooked|messed up|screwed up|panicked|blindly \w+|mistakenly \w+|foolishly \w+|carelessly \w+|made (?:a|the|an|several) (?:\w+ )?(?:mistakes?|errors?|blunders?)|failed to|(?:did not|didn't) (?:bother|care|pay attention|listen))|ignored|wrongly \w+|failed|broke|caused|refused|(?:was|were) (?:too slow|too late|supposed to|meant to|expected to|wrong|lazy|confused|inexperienced|asleep|distracted)|(?:did not|didn't) (?:follow|check|read|notice|see|look|react|respond|do (?:his|her|their|our) job))\b";

/// A person as the cause: "caused by Bob", "because of the team", "her fault".
const CAUSE: &str = r"\b(?:caused|triggered|introduced|broken|brought down|taken down|made possible|because of|due to|mistakes? (?:by|of|made by)|errors? (?:by|made by)|fault of)\s+(?:by\s+)?(?:the\s+)?(?P<which>(?u:[^\s,.;:()|*]+))(?:\s+(?P<role>[a-z-]+))?";
const POSSESSED: &str = r"(?P<who>(?u:[^\s,.;:()|*]+?))(?:'s|\u2019s)?\s+(?:own )?(?:fault|mistake|error|negligence|carelessness|blunder)\b";
const OWNERS: &str = "my|his|her|our|their|your";

/// Capitalised words that are nobody: parts of the shop, tools, and how sentences begin.
const NOBODY: &[&str] = &[
    "Frontend",
    "Cart",
    "Search",
    "Account",
    "Order",
    "Payment",
    "Inventory",
    "Bank",
    "Traffic",
    "Checkout",
    "Checkouts",
    "Home",
    "Redis",
    "Kubernetes",
    "Docker",
    "Prometheus",
    "Grafana",
    "Linux",
    "Nginx",
    "Envoy",
    "Postgres",
    "Kafka",
    "It",
    "This",
    "That",
    "These",
    "Those",
    "They",
    "Which",
    "What",
    "Nobody",
    "None",
    "Nothing",
    "Everything",
    "Something",
    "One",
    "Both",
    "All",
    "Each",
    "Every",
    "The",
    "Firedrill",
    "Retry",
    "Queue",
    "Breaker",
    "Client",
    "Server",
    "Service",
    "Monitoring",
    "Alerting",
    "Deploy",
    "Deployment",
    "Rollback",
    "Rollout",
    "Automation",
    "Failover",
    "Users",
    "Customers",
    "Callers",
];

pub(super) fn check(page: &Page<'_>, card: &Scorecard) -> Vec<Problem> {
    static FORMS: LazyLock<[Regex; 4]> =
        LazyLock::new(|| [NAMES, FAILING, CAUSE, POSSESSED].map(super::form));
    let [named, failing, cause, possessed] = &*FORMS;
    let known = names(card);
    let mut problems = Vec::new();
    for block in &page.blocks {
        let mut say = |at: usize, words: &str, why: &str| {
            if !is_negated(&block.prose[..at]) {
                problems.push(problem(block.place(at), words, why, BETTER));
            }
        };
        for found in named.find_iter(&block.prose) {
            say(found.start(), found.as_str(), WHY_NAME);
        }
        for found in failing.captures_iter(&block.prose) {
            let who = &found["who"];
            let strong = found.name("strong").is_some();
            if is_person(who, &known) || strong && is_unknown_name(who) {
                let at = found.get(0).map_or(0, |whole| whole.start());
                say(at, &found[0], WHY_FAILING);
            }
        }
        for found in cause.captures_iter(&block.prose) {
            let role = found.name("role").map_or("", |role| role.as_str());
            let named = is_known(&found["which"], &known);
            if named || is_role(&found["which"]) || is_role(role) {
                let at = found.get(0).map_or(0, |whole| whole.start());
                let end = if is_role(role) { found.get(0) } else { found.name("which") };
                let end = end.map_or(at, |part| part.end());
                say(at, &block.prose[at..end], WHY_CAUSE);
            }
        }
        for found in possessed.captures_iter(&block.prose) {
            let who = found["who"].trim_end_matches("'s").trim_end_matches("\u{2019}s");
            if is_known(who, &known)
                || is_role(who)
                || OWNERS.split('|').any(|owner| who.eq_ignore_ascii_case(owner))
            {
                let at = found.get(0).map_or(0, |whole| whole.start());
                say(at, &found[0], WHY_CAUSE);
            }
        }
    }
    problems.sort_by_key(|one| (one.line, one.column));
    problems.dedup_by_key(|one| (one.line, one.column));
    problems
}

fn is_person(word: &str, known: &BTreeSet<String>) -> bool {
    is_known(word, known) || is_role(word)
}

fn is_role(word: &str) -> bool {
    let word = word.to_lowercase().replace('-', "");
    ROLES.split('|').any(|role| role == word)
}

fn is_known(word: &str, known: &BTreeSet<String>) -> bool {
    known.contains(&word.trim_end_matches("'s").to_lowercase())
}

/// Somebody whom nobody has introduced: a capital, and none of the words that begin sentences. Plurals are things.
fn is_unknown_name(word: &str) -> bool {
    let mut letters = word.chars();
    let capital = letters.next().is_some_and(char::is_uppercase) && letters.all(char::is_lowercase);
    capital && !NOBODY.contains(&word) && !(word.ends_with('s') && word.len() > 4)
}

/// Who took part, by the scorecard. Scripts and the controller are nobody; neither are roles of the API.
fn names(card: &Scorecard) -> BTreeSet<String> {
    const PROGRAMS: [&str; 5] = ["controller", "operator", "candidate", "observer", "system"];
    let said = card.people.names.iter().cloned();
    let roles = card.people.roles.iter().map(|role| role.name.clone());
    let owners = card.people.tasks.iter().map(|task| task.owner.clone());
    let actors = card.timeline.iter().map(|event| event.actor.clone());
    let all = said.chain(roles).chain(owners).chain(actors).filter(|actor| !actor.starts_with("script"));
    // `candidate:ada` is ada; of `Ada Lovelace`, either word is she.
    let words = all.flat_map(|actor| {
        let name = actor.rsplit(':').next().unwrap_or_default().to_lowercase();
        name.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    });
    words.filter(|name| name.len() > 1 && !PROGRAMS.contains(&name.as_str())).collect()
}

/// "There was no operator error", "nobody is to blame".
fn is_negated(before: &str) -> bool {
    static NOT: LazyLock<Regex> = LazyLock::new(|| {
        super::form(
            r"\b(?:no|not|nor|never|nobody|none|without|isn't|wasn't|neither|no one)\s+(?:\w+\s+){0,2}$",
        )
    });
    NOT.is_match(before)
}
