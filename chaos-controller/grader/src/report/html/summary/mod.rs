//! The half page for somebody who has read nothing else: five plain paragraphs, five numbers, and the chain of what
//! happened. Every sentence is made of measured facts; what was not measured is not said.

mod glance;
mod told;

use serde::Serialize;

use self::glance::{Link, Tile};
use super::words::{self, list, offset};
use crate::scorecard::Scorecard;
use crate::story::{Revision, Story};
use crate::truth::RootKind;
use crate::verdict::{Exit, Verdict};

#[derive(Debug, Serialize)]
pub(in crate::report) struct Summary {
    headline: String,
    /// `pass`, `fail` or `void`.
    tone: &'static str,
    sign: &'static str,
    word: &'static str,
    pub(in crate::report) lead: String,
    chain: Vec<Link>,
    tiles: Vec<Tile>,
    pub(in crate::report) paragraphs: Vec<(&'static str, String)>,
}

pub(in crate::report) fn of(card: &Scorecard, story: &Story) -> Summary {
    let (tone, sign, word, outcome) = match (card.verdict, card.exit) {
        (_, exit) if exit == Exit::INTERRUPTED.0 => ("void", "◆", "Interrupted", "interrupted"),
        (Verdict::Pass, _) => ("pass", "✓", "Survived", "survived"),
        (Verdict::Fail, _) => ("fail", "✕", "Not survived", "not survived"),
        (Verdict::Void, _) => ("void", "◆", "Void", "nothing can be concluded"),
    };
    let title = [story.about.title.as_str(), card.drill.as_str(), "A run"];
    let title = title.into_iter().find(|title| !title.is_empty()).unwrap_or_default();
    let facts = Facts { card, story };
    let paragraphs = [
        ("What happened", facts.happened()),
        ("Who was hurt", facts.hurt()),
        ("Was it survived?", facts.survived()),
        ("What made the difference", facts.difference()),
        ("What next", facts.next()),
    ];
    Summary {
        headline: format!("{title}: {outcome}"),
        tone,
        sign,
        word,
        lead: facts.lead(),
        chain: facts.chain(),
        tiles: facts.tiles(),
        paragraphs: paragraphs.into_iter().filter(|(_, text)| !text.is_empty()).collect(),
    }
}

struct Facts<'a> {
    card: &'a Scorecard,
    story: &'a Story,
}

impl Facts<'_> {
    /// The trigger in words: as the recording has it, or else by its name.
    fn trigger(&self) -> Option<(f64, String, String)> {
        if let Some(root) = self.card.truth.roots.first() {
            return Some((root.seconds, root.component.clone(), root.what.replace("->", "→")));
        }
        let band = self.story.axis.bands.first()?;
        let about = self.story.about.trigger.trim_start_matches("the ");
        let who = if about.is_empty() { "the lab" } else { about };
        Some((band.from, who.to_owned(), format!("{} begins", band.name)))
    }

    /// What was wrong, as a half sentence.
    fn cause(&self) -> Option<String> {
        let Some(root) = self.card.truth.roots.first() else {
            return Some(format!("There was trouble at {}", the(&self.trigger()?.1)));
        };
        let became = match root.kind {
            RootKind::Slow => "became slow",
            RootKind::Failing => "began to fail",
            RootKind::AnswerLost => "lost its answers",
            RootKind::WrongAnswer => "gave wrong answers",
            RootKind::RateLimited => "refused what was too much for it",
            RootKind::Killed => "was killed",
            RootKind::Frozen => "froze",
            RootKind::Starved => "was starved",
            RootKind::Surge => "came in far greater number",
        };
        Some(words::capital(&format!("{} {became}", the(&root.component))))
    }

    /// The change that users felt first: the first one by whoever played.
    fn first_change(&self) -> Option<&Revision> {
        self.story.revisions.iter().find(|revision| revision.version > 1 && revision.author != "controller")
    }

    fn lead(&self) -> String {
        if self.card.verdict == Verdict::Void {
            return format!("The run proves nothing either way: {}.", self.card.reason);
        }
        let services: Vec<String> = self.card.cascade.iter().map(|broken| broken.service.clone()).collect();
        let mut told = match (self.cause(), services.as_slice()) {
            (Some(cause), []) => format!("{cause}, and no service broke by it."),
            (Some(cause), [one]) => format!("{cause} and took {one} down."),
            (Some(cause), _) => format!("{cause} and took {} down, one after the other.", list(&services)),
            (None, _) => return words::capital(&self.card.reason) + ".",
        };
        let times = &self.card.measures.time_to;
        told += &match (times.first_action, times.recovery) {
            (None, None) => " Nobody acted, and the shop did not recover.".to_owned(),
            (None, Some(at)) => format!(" Nobody acted; users were served again from {}.", offset(at)),
            (Some(acted), Some(back)) if back >= acted => {
                format!(
                    " Somebody acted at {}, and {} later users were served again.",
                    offset(acted),
                    words::seconds(back - acted)
                )
            }
            (Some(acted), Some(back)) => format!(
                " Somebody acted at {}; users were served again from {}.",
                offset(acted),
                offset(back)
            ),
            (Some(acted), None) => {
                format!(" Somebody acted at {}, and the shop did not recover.", offset(acted))
            }
        };
        told
    }
}

/// `the bank`, but `payment` and `users`.
fn the(who: &str) -> String {
    if who == "bank" || who == "lab" { format!("the {who}") } else { who.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn told(bed: &Bed) -> String {
        let graded = crate::grade(&bed.recording());
        let summary = of(&graded.card, &graded.story);
        let paragraphs: Vec<String> = summary.paragraphs.iter().map(|(_, text)| text.clone()).collect();
        format!("{}\n{}\n{}", summary.headline, summary.lead, paragraphs.join("\n"))
    }

    #[test]
    fn who_reads_only_the_top_knows_that_nobody_acted_and_nothing_survived() {
        let told = told(&Bed::never_recovered());
        for part in [
            "not survived",
            "and took payment, order, cart and frontend down",
            "Nobody acted, and the shop did not recover",
            "Nothing was changed, by anybody",
            "No: goodput",
        ] {
            assert!(told.contains(part), "no `{part}` in\n{told}");
        }
    }

    #[test]
    fn who_reads_only_the_top_knows_what_turned_it() {
        let told = told(&Bed::recovered());
        for part in [
            "survived",
            "Somebody acted at +5 s, and 1 s later users were served again",
            "Yes. Every required criterion",
        ] {
            assert!(told.contains(part), "no `{part}` in\n{told}");
        }
    }

    #[test]
    fn of_a_void_run_nothing_is_claimed() {
        let mut bed = Bed::never_recovered();
        bed.delivered_ms = Some(1.0);
        let told = told(&bed);
        assert!(
            told.contains("nothing can be concluded") && told.contains("proves nothing either way"),
            "{told}"
        );
        assert!(!told.contains("Not survived") && !told.contains("Yes."), "{told}");
    }
}
