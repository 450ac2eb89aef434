//! The first draft of a postmortem: everything that the journal and the scorecard know, in the order of the public
//! templates, and a mark wherever people have to think. Words of the journal are quotations; the draft itself blames
//! nobody, whatever was said in the heat.

mod after;
mod graphs;
mod impact;
mod story;
mod timeline;

use drill::Plan;
use evidence::{Recording, journal, kind};

use super::FILL_IN;
use super::date::Date;
use crate::finding::Status;
use crate::scorecard::Scorecard;

/// Before the hash in a draft's first line.
const MARK: &str = "<!-- firedrill draft ";

/// Writes the draft. The same recording gives the same draft.
pub fn draft(recording: &Recording, card: &Scorecard) -> String {
    let plan: Option<Plan> = serde_json::from_str(&recording.plan_text).ok();
    let draft = Draft { recording, card, plan: plan.as_ref() };
    let parts: [(&str, Vec<String>); 12] = [
        ("Summary", draft.summary()),
        ("Impact", [draft.impact(), graphs::impact()].concat()),
        ("Timeline", [draft.timeline(), graphs::timeline()].concat()),
        ("Detection", draft.detection()),
        ("Root cause, trigger, contributing factors", [draft.causes(), graphs::causes()].concat()),
        ("Resolution", [draft.resolution(), graphs::resolution()].concat()),
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
}

#[cfg(test)]
mod tests {
    use evidence::Said;

    use super::*;
    use crate::grade;
    use crate::postmortem::{Around, check};
    use crate::testbed::Bed;

    fn drafted(bed: &Bed) -> (String, Scorecard) {
        let recording = bed.recording();
        let card = grade(&recording).card;
        (draft(&recording, &card), card)
    }

    #[test]
    fn a_draft_has_every_section_and_lacks_only_what_people_must_say() {
        let (text, card) = drafted(&Bed::recovered());
        let mut rules: Vec<String> =
            check(&text, &card, &Around::default()).into_iter().map(|problem| problem.rule).collect();
        rules.dedup();
        // Mechanisms stay uncut until somebody says what cuts them.
        rules.retain(|rule| rule != "cascade");
        let only: Vec<&str> = rules
            .iter()
            .map(String::as_str)
            .filter(|rule| !matches!(*rule, "unfilled" | "section"))
            .collect();
        assert!(only.is_empty(), "{only:?}\n{text}\n{:#?}", check(&text, &card, &Around::default()));
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
        let wording = check(&text, &card, &Around::default())
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
