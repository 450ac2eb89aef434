//! What somebody says in an incident, as a sentence. One for each verb, so that a log of a run reads like minutes.

use evidence::Said;
use evidence::said::{Audience, Level, Outcome, Role};
use serde::Serialize;

/// The sentence.
pub(crate) fn sentence(by: &str, said: &Said) -> String {
    match said {
        Said::Say { text, to: Audience::Team } => format!("{by}: {text}"),
        Said::Say { text, to } => format!("{by} tells {}: {text}", word(to)),
        Said::Severity { level, text } => {
            format!("{by} calls it {}, {}{}", word(level), severity(*level), after(text))
        }
        Said::Role { role, name } if name == by => format!("{by} takes the role of {}", role_words(*role)),
        Said::Role { role, name } => format!("{by} gives {name} the role of {}", role_words(*role)),
        Said::Hypothesis { id, text, prediction, reversal } => {
            let [text, prediction, reversal] = [text, prediction, reversal].map(|part| open(part));
            format!("{by} believes ({id}): {text}; then {prediction}; unless {reversal}")
        }
        Said::Conclude { id, outcome, text } => {
            let outcome = match outcome {
                Outcome::Held => "has held",
                Outcome::Refuted => "is refuted",
                Outcome::Open => "stays open",
            };
            format!("{by} concludes: {id} {outcome}{}", after(text))
        }
        Said::Decide { text, reason, expect, undo } => {
            let expect =
                if expect.is_empty() { String::new() } else { format!("; expected: {}", open(expect)) };
            let undo = if undo.is_empty() { String::new() } else { format!("; taken back by: {undo}") };
            format!("{by} decides: {}, because {}{expect}{undo}", open(text), open(reason))
        }
        Said::Task { id, text, owner } => format!("{by} gives {owner} a task ({id}): {text}"),
        Said::Done { id, text } => format!("{by} is done with {id}{}", after(text)),
        Said::Acknowledge { alert, text } => {
            let what = if alert.is_empty() { "the page" } else { alert };
            format!("{by} acknowledges {what}{}", after(text))
        }
        Said::HandOver { to, text } => format!("{by} hands over to {to}: {text}"),
        Said::Diagnose { text, root_cause, mechanism, propagation } => {
            let steps = [("because", mechanism.join("; ")), ("it climbs", propagation.join(" > "))];
            let parts = [root_cause.clone(), text.clone()].into_iter().filter(|part| !part.is_empty());
            let steps = steps.into_iter().filter(|(_, step)| !step.is_empty());
            let parts: Vec<String> =
                parts.chain(steps.map(|(name, step)| format!("{name}: {step}"))).collect();
            format!("{by} diagnoses: {}", parts.join("; "))
        }
        Said::Hint { level } => format!("{by} reads a hint: {level}"),
        Said::Reveal {} => format!("{by} is shown what happens"),
        Said::Mark { row, mark, reason } => {
            format!("{by} marks {}: {mark}{}", row.replace('_', " "), after(reason))
        }
    }
}

/// What a level of severity means, in words that need no table.
pub(crate) fn severity(level: Level) -> &'static str {
    match level {
        Level::Sev1 => "the shop is down for most",
        Level::Sev2 => "a part of it is down",
        Level::Sev3 => "it is worse than it should be",
        Level::Sev4 => "nobody has noticed",
    }
}

fn role_words(role: Role) -> &'static str {
    match role {
        Role::Commander => "incident commander",
        Role::Operations => "operations",
        Role::Communications => "communications",
        Role::Scribe => "scribe",
        Role::Expert => "subject expert",
    }
}

/// A word as it is written in the journal.
pub(crate) fn word(word: &impl Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Without its full stop: the sentence goes on.
fn open(text: &str) -> &str {
    text.trim_end().trim_end_matches('.')
}

fn after(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(said: serde_json::Value) -> String {
        sentence("ada", &serde_json::from_value(said).unwrap())
    }

    #[test]
    fn each_word_is_a_sentence() {
        for (said, sentence) in [
            (json!({"verb": "say", "text": "looking"}), "ada: looking"),
            (
                json!({"verb": "say", "text": "paying is down", "to": "users"}),
                "ada tells users: paying is down",
            ),
            (json!({"verb": "severity", "level": "sev1"}), "ada calls it sev1, the shop is down for most"),
            (
                json!({"verb": "role", "role": "commander", "name": "ada"}),
                "ada takes the role of incident commander",
            ),
            (json!({"verb": "role", "role": "scribe", "name": "bob"}), "ada gives bob the role of scribe"),
            (
                json!({"verb": "hypothesis", "id": "h1", "text": "payment waits for the bank",
                    "prediction": "its workers are all busy", "reversal": "a probe of the bank is fast"}),
                "ada believes (h1): payment waits for the bank; then its workers are all busy; unless a probe of the \
                 bank is fast",
            ),
            (json!({"verb": "conclude", "id": "h1", "outcome": "held"}), "ada concludes: h1 has held"),
            (
                json!({"verb": "decide", "text": "bound the wait", "reason": "the pool is full", "undo": "revert 1"}),
                "ada decides: bound the wait, because the pool is full; taken back by: revert 1",
            ),
            (
                json!({"verb": "task", "id": "t1", "text": "watch the money", "owner": "bob"}),
                "ada gives bob a task (t1): watch the money",
            ),
            (json!({"verb": "done", "id": "t1", "text": "all settled"}), "ada is done with t1: all settled"),
            (json!({"verb": "acknowledge"}), "ada acknowledges the page"),
            (
                json!({"verb": "hand_over", "to": "bob", "text": "the pool is full"}),
                "ada hands over to bob: the pool is full",
            ),
            (json!({"verb": "diagnose", "text": "the bank"}), "ada diagnoses: the bank"),
            (
                json!({"verb": "diagnose", "root_cause": "the bank is slow", "mechanism": ["no bound"],
                    "propagation": ["payment", "order"]}),
                "ada diagnoses: the bank is slow; because: no bound; it climbs: payment > order",
            ),
            (json!({"verb": "hint", "level": "nudge"}), "ada reads a hint: nudge"),
            (json!({"verb": "reveal"}), "ada is shown what happens"),
            (
                json!({"verb": "mark", "row": "system_thinking", "mark": "expert"}),
                "ada marks system thinking: expert",
            ),
        ] {
            assert_eq!(told(said), sentence);
        }
    }
}
