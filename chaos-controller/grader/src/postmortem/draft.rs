//! The first draft of a postmortem: everything that the journal and the scorecard know, in the order of the public
//! templates, and a mark wherever people have to think. Words of the journal are quotations; the draft itself blames
//! nobody, whatever was said in the heat.

use drill::Plan;
use evidence::{Recording, journal, kind};

use super::date::{Date, clock};
use super::{FILL_IN, impact, levers};
use crate::finding::Status;
use crate::report::markdown::cell;
use crate::scorecard::{Criterion, Scorecard};
use crate::timeline::Event;

/// Before the hash in a draft's first line.
const MARK: &str = "<!-- firedrill draft ";
/// A timeline that nobody reads to its end is none.
const MOST_EVENTS: usize = 80;
/// Phases that are the experiment's and not the incident's.
const OWN_PHASES: [&str; 6] =
    ["phase hold", "phase replay", "phase settle", "phase reconcile", "phase prove_clean", "phase done"];

/// Writes the draft. The same recording gives the same draft.
pub fn draft(recording: &Recording, card: &Scorecard) -> String {
    let plan: Option<Plan> = serde_json::from_str(&recording.plan_text).ok();
    let draft = Draft { recording, card, plan: plan.as_ref() };
    let parts: [(&str, Vec<String>); 12] = [
        ("Summary", draft.summary()),
        ("Impact", draft.impact()),
        ("Timeline", draft.timeline()),
        ("Detection", draft.detection()),
        ("Root cause, trigger, contributing factors", draft.causes()),
        ("Resolution", draft.resolution()),
        ("What went well", draft.went(Status::Pass)),
        ("What went wrong", draft.went(Status::Fail)),
        ("Where we got lucky", vec![asked("what might as well have gone the other way")]),
        ("Action items", draft.actions()),
        ("Lessons", vec![asked("what somebody who was not there learns from this")]),
        ("Links", draft.links()),
    ];
    let mut text = draft.head();
    for (title, lines) in parts {
        text.push_str(&format!("\n## {title}\n\n{}\n", lines.join("\n")));
    }
    format!("{MARK}{} -->\n{text}", journal::digest(text.as_bytes()))
}

/// Whether a text is a draft that nobody has edited since it was written.
pub fn is_untouched(text: &str) -> bool {
    let Some((first, rest)) = text.split_once('\n') else { return false };
    let hash = first.strip_prefix(MARK).and_then(|hash| hash.strip_suffix(" -->"));
    hash == Some(journal::digest(rest.as_bytes()).as_str())
}

/// A mark for people.
fn asked(what: &str) -> String {
    format!("{FILL_IN} {what}]")
}

/// Somebody's own words.
fn quoted(words: &str) -> String {
    let words = words.replace(['\u{201c}', '\u{201d}', '"'], "'");
    format!("\u{201c}{}\u{201d}", words.split_whitespace().collect::<Vec<_>>().join(" "))
}

struct Draft<'a> {
    recording: &'a Recording,
    card: &'a Scorecard,
    plan: Option<&'a Plan>,
}

impl Draft<'_> {
    fn head(&self) -> String {
        let (card, title) = (self.card, self.plan.map_or("an outage", |plan| plan.title.as_str()));
        let people = match card.people.names.join(", ") {
            nobody if nobody.is_empty() => card.candidate.clone().unwrap_or_else(|| asked("who took part")),
            names => names,
        };
        format!(
            "# Postmortem: {title}\n\n- Status: draft\n- Date: {}\n- Run: {} (drill {}, variant {}, seed {}, scale {})\n- Took part: {people}\n- Written by: {}\n",
            Date::of_unix_ms(self.unix_ms(0)),
            card.run,
            card.drill,
            card.variant,
            card.seed,
            card.scale,
            asked("who writes this, and who has read it")
        )
    }

    /// Wall clock, an annotation only.
    fn unix_ms(&self, t_ms: u64) -> u64 {
        let started = self.recording.entries(kind::RUN_STARTED).next();
        started.and_then(|entry| entry.number("wall_unix_ms")).unwrap_or_default() as u64 + t_ms
    }

    fn summary(&self) -> Vec<String> {
        let card = self.card;
        let mut lines = Vec::new();
        let roots: Vec<&str> = card.truth.roots.iter().map(|root| root.what.as_str()).collect();
        if !roots.is_empty() {
            lines.push(format!("It began with this: {}.", roots.join("; ")));
        }
        let broke: Vec<String> = card
            .cascade
            .iter()
            .map(|broken| format!("{} after {:.0} s ({})", broken.service, broken.seconds, broken.symptom))
            .collect();
        if !broke.is_empty() {
            lines.push(format!("It climbed: {}.", broke.join(", ")));
        }
        lines.push(match card.measures.time_to.recovery {
            Some(seconds) => format!("Users were served again {seconds:.0} s after its start."),
            None => "Users were not served again before the trigger was gone.".to_owned(),
        });
        lines.push(asked("what this meant to users, in one sentence that needs no knowledge of the shop"));
        lines
    }

    fn impact(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            impact::lines(self.card, self.plan).iter().map(|line| format!("- {line}")).collect();
        if lines.is_empty() {
            lines.push(asked("users, requests, money and error budget, in numbers"));
        }
        lines
    }

    fn timeline(&self) -> Vec<String> {
        let told: Vec<&Event> = self.card.timeline.iter().filter(|event| is_told(event)).collect();
        let mut lines = vec![
            "| time | after the start | who | what | why |".to_owned(),
            "|---|---|---|---|---|".to_owned(),
        ];
        lines.extend(told.iter().take(MOST_EVENTS).map(|event| self.row(event)));
        if told.len() > MOST_EVENTS {
            lines.push(String::new());
            lines.push(format!("{} more events are in the journal.", told.len() - MOST_EVENTS));
        }
        lines
    }

    fn row(&self, event: &Event) -> String {
        // What somebody said or gave as a reason is theirs.
        let what = match event.what.split_once(' ') {
            Some((verb, words)) if event.kind == kind::ACTION => format!("{verb} {}", quoted(words)),
            _ => event.what.clone(),
        };
        let why = if event.why.is_empty() { String::new() } else { quoted(&event.why) };
        let at = clock(self.unix_ms(event.t_ms));
        format!(
            "| {at} | {:+.1} s | {} | {} | {} |",
            event.seconds,
            cell(&event.actor),
            cell(&what),
            cell(&why)
        )
    }

    fn detection(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let timeline = &self.card.timeline;
        let after = |event: &&Event| event.seconds >= 0.0;
        match timeline
            .iter()
            .filter(after)
            .find(|event| event.kind == kind::ALERT && event.what.ends_with(" firing"))
        {
            Some(alert) => lines
                .push(format!("The first alert, `{}`, {:.0} s after the start.", alert.what, alert.seconds)),
            None => lines.push("No alert fired.".to_owned()),
        }
        let said = timeline.iter().filter(after).find(|event| event.kind == kind::ACTION);
        if let Some(said) = said {
            lines.push(format!(
                "The first entry by a person or script, {:.0} s after the start: {}.",
                said.seconds,
                quoted(&said.what)
            ));
        }
        lines.push(asked("which signal would be earlier, and who gets it"));
        lines
    }

    fn causes(&self) -> Vec<String> {
        let truth = &self.card.truth;
        let mut lines = vec!["Trigger:".to_owned(), String::new()];
        if truth.roots.is_empty() {
            lines.push(format!("- {}", asked("what set it off")));
        }
        lines.extend(
            truth.roots.iter().map(|root| format!("- {}: {} ({})", root.component, root.what, root.evidence)),
        );
        if let Some(edge) = &truth.first_broken_edge {
            let (caller, callee) = (&edge.caller, &edge.callee);
            lines.push(format!("- The call that broke first: {caller} to {callee} ({})", edge.evidence));
        }
        lines.extend([String::new(), "Contributing factors, by the recording:".to_owned(), String::new()]);
        lines.extend(
            truth
                .mechanisms
                .iter()
                .map(|one| format!("- {} at {}: {}", levers::words(one.kind), one.at, one.what)),
        );
        lines.push(format!(
            "- {}",
            asked("why each of these was possible: defaults, limits, reviews, missing drills")
        ));
        if let Some(last) = self.card.diagnoses.submitted.last() {
            lines.extend([
                String::new(),
                format!("As it was diagnosed {:.0} s after the start: {}.", last.seconds, quoted(&last.said)),
            ]);
        }
        lines
    }

    fn resolution(&self) -> Vec<String> {
        let acts = |event: &&Event| {
            let acted = event.kind == kind::POLICY
                || event.kind == kind::ACTION
                    && ["restart", "scale", "declare"].iter().any(|verb| event.what.starts_with(verb));
            acted && event.actor != "controller" && event.seconds >= 0.0
        };
        let mut lines: Vec<String> = Vec::new();
        for event in self.card.timeline.iter().filter(acts) {
            let why = if event.why.is_empty() { asked("why") } else { quoted(&event.why) };
            lines.push(format!(
                "- {:+.0} s, {}: `{}`, because {why}",
                event.seconds,
                event.actor,
                event.what.replace('`', "'")
            ));
        }
        if lines.is_empty() {
            lines.push("Nobody changed anything while it was on.".to_owned());
        }
        lines.extend([String::new(), asked("what each change did, by which graph, and what ended it")]);
        lines
    }

    /// Criteria that passed, or that did not.
    fn went(&self, status: Status) -> Vec<String> {
        let found = |one: &&Criterion| one.required && one.finding.status == status;
        let line = |one: &Criterion| format!("- {}: {}", one.name, one.finding.reason);
        let mut lines: Vec<String> = self.card.criteria.iter().filter(found).map(line).collect();
        lines.push(format!(
            "- {}",
            asked(match status {
                Status::Pass => "what people or the system did that is worth keeping",
                _ => "what stood in the way: signals, knowledge, tools, defaults",
            })
        ));
        lines
    }

    /// A row for each mechanism that has to be cut, one to see it earlier, one for what is still to be done.
    fn actions(&self) -> Vec<String> {
        let drill = format!("{}/{}", self.card.drill, self.card.variant);
        let (owner, due) = (asked("who"), asked("YYYY-MM-DD"));
        let mut lines = vec![
            "| id | action | kind | owner | due | drill | status |".to_owned(),
            "|---|---|---|---|---|---|---|".to_owned(),
        ];
        let mut kinds = Vec::new();
        for mechanism in &self.card.truth.mechanisms {
            if kinds.contains(&mechanism.kind) {
                continue;
            }
            kinds.push(mechanism.kind);
            let what = asked(&format!(
                "what cuts {} at {}: {}",
                levers::words(mechanism.kind),
                mechanism.at,
                levers::cuts(mechanism.kind).1
            ));
            lines.push(format!("| A{} | {what} | prevent | {owner} | {due} | {drill} | open |", kinds.len()));
        }
        let mut number = kinds.len();
        number += 1;
        lines.push(format!(
            "| A{number} | {} | detect | {owner} | {due} | {drill} | open |",
            asked("what pages earlier: which signal, above what, for how long")
        ));
        for task in self.card.people.tasks.iter().filter(|task| !task.done) {
            number += 1;
            lines.push(format!(
                "| A{number} | {} | process | {} | {due} | - | open |",
                cell(&quoted(&task.text)),
                cell(&task.owner)
            ));
        }
        lines
    }

    fn links(&self) -> Vec<String> {
        let mut lines = vec![
            "- [report](report.html), [scorecard](scorecard.json), [journal](journal.jsonl)".to_owned(),
            format!("- head of the journal: `{}`", self.card.head),
        ];
        let asked =
            self.card.criteria.iter().filter_map(|one| Some((&one.name, one.finding.query.as_ref()?)));
        lines.extend(asked.map(|(name, query)| {
            format!("- {name}: `firedrill query '{query}' --run runs/{}`", self.card.run)
        }));
        lines
    }
}

/// What belongs to the incident, and not to the experiment.
fn is_told(event: &Event) -> bool {
    match event.kind.as_str() {
        kind::ALERT => event.what.ends_with(" firing") || event.what.ends_with(" resolved"),
        kind::PHASE => !OWN_PHASES.contains(&event.what.as_str()),
        // The lab being put back in order.
        kind::POLICY => event.actor != "controller",
        kind::PROCESS => event.seconds >= 0.0,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use evidence::Said;

    use super::*;
    use crate::grade;
    use crate::postmortem::check;
    use crate::testbed::Bed;

    fn drafted(bed: &Bed) -> (String, Scorecard) {
        let recording = bed.recording();
        let card = grade(&recording).card;
        (draft(&recording, &card), card)
    }

    #[test]
    fn a_draft_has_every_section_and_lacks_only_what_people_must_say() {
        let (text, card) = drafted(&Bed::recovered());
        let mut rules: Vec<String> = check(&text, &card).into_iter().map(|problem| problem.rule).collect();
        rules.dedup();
        // Mechanisms stay uncut until somebody says what cuts them.
        rules.retain(|rule| rule != "cascade");
        let only: Vec<&str> = rules
            .iter()
            .map(String::as_str)
            .filter(|rule| !matches!(*rule, "unfilled" | "section"))
            .collect();
        assert!(only.is_empty(), "{only:?}\n{text}\n{:#?}", check(&text, &card));
        for part in ["Users: ", "Requests: ", "Error budget", "Books: ", "| A1 |"] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn what_was_said_in_the_heat_is_a_quotation() {
        let said = Said::Say {
            text: "Bob forgot the timeout, he should have \"known\"".to_owned(),
            to: Default::default(),
        };
        let (text, card) = drafted(&Bed::recovered().said(9_000, "ada", &said));
        assert!(text.contains("Bob forgot"), "{text}");
        let wording = check(&text, &card)
            .into_iter()
            .filter(|one| matches!(one.rule.as_str(), "blame" | "counterfactual"));
        assert_eq!(wording.collect::<Vec<_>>(), []);
    }

    #[test]
    fn an_edited_draft_is_known_by_its_hash() {
        let (text, _) = drafted(&Bed::recovered());
        assert!(is_untouched(&text));
        assert!(!is_untouched(&text.replacen("Status: draft", "Status: final", 1)));
        assert!(!is_untouched("# mine\n"));
    }
}
