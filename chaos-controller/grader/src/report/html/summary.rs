//! The half page for somebody who has read nothing else: five plain paragraphs, five numbers, and the chain of what
//! happened. Every sentence is made of measured facts; what was not measured is not said.

use serde::Serialize;

use super::draw;
use super::words::{self, count, list, offset, percent, times};
use crate::scorecard::Scorecard;
use crate::story::{Revision, Story};
use crate::truth::RootKind;
use crate::verdict::{Exit, Verdict};

#[derive(Debug, Serialize)]
pub(super) struct Summary {
    headline: String,
    /// `pass`, `fail` or `void`.
    tone: &'static str,
    sign: &'static str,
    word: &'static str,
    lead: String,
    chain: Vec<Link>,
    tiles: Vec<Tile>,
    paragraphs: Vec<(&'static str, String)>,
}

/// One thing of the chain.
#[derive(Debug, Serialize)]
struct Link {
    when: String,
    who: String,
    what: String,
    /// `cause`, `broken`, `act`, `idle`, `well`, `ill`.
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct Tile {
    value: String,
    label: &'static str,
    note: String,
}

pub(super) fn of(card: &Scorecard, story: &Story) -> Summary {
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

    fn chain(&self) -> Vec<Link> {
        let link = |seconds: f64, who: &str, what: &str, kind| {
            (seconds, Link { when: offset(seconds), who: who.to_owned(), what: what.to_owned(), kind })
        };
        let mut links: Vec<(f64, Link)> = Vec::new();
        links.extend(self.trigger().map(|(at, who, what)| link(at, &who, &what, "cause")));
        let broken = self.card.cascade.iter();
        links.extend(broken.map(|broken| link(broken.seconds, &broken.service, &broken.symptom, "broken")));
        let times = &self.card.measures.time_to;
        if let Some(acted) = times.first_action {
            let acts = draw::acts(self.story);
            let named =
                acts.iter().find(|(seconds, _)| *seconds >= acted - 0.01).map(|(_, name)| name.as_str());
            let by = self.first_change().map_or("somebody", |change| change.author.as_str());
            let what = match named.unwrap_or_default() {
                "" => "changes something".to_owned(),
                version if version.starts_with('v') => format!("changes the policy ({version})"),
                other => format!("acts: {other}"),
            };
            links.push(link(acted, by.trim_start_matches("script:"), &what, "act"));
        }
        links.extend(times.recovery.map(|at| link(at, "users", "are served again", "well")));
        links.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut links: Vec<Link> = links.into_iter().map(|(_, link)| link).collect();
        if links.is_empty() {
            return links;
        }
        let ending = |when: &str, who: &str, what: &str, kind| Link {
            when: when.to_owned(),
            who: who.to_owned(),
            what: what.to_owned(),
            kind,
        };
        if times.first_action.is_none() {
            links.push(ending("all along", "nobody", "changes anything", "idle"));
        }
        if times.recovery.is_none() {
            links.push(ending("never", "users", "are served again in the time for it", "ill"));
        }
        links
    }

    fn tiles(&self) -> Vec<Tile> {
        let measures = &self.card.measures;
        let tile = |value: Option<String>, label, note: String| Tile {
            value: value.unwrap_or_else(|| "no data".to_owned()),
            label,
            note,
        };
        let of_users = if self.story.about.users > 0 {
            format!("of {}", count(self.story.about.users))
        } else {
            String::new()
        };
        let never = |value: Option<f64>| Some(value.map_or("never".to_owned(), offset));
        let revenue = measures.revenue.as_ref();
        let sound = self.card.verdict != Verdict::Void || measures.users_hit.is_some();
        let mut tiles = vec![
            tile(measures.users_hit.map(count), "users hit", of_users),
            tile(
                measures.goodput_lost.map(|lost| count(lost as u64)),
                "requests not answered in time",
                String::new(),
            ),
            tile(
                revenue.map(|revenue| words::about(revenue.missed_cents)),
                "in missed checkouts",
                "estimate, at the mean order".to_owned(),
            ),
        ];
        if sound {
            tiles.push(tile(
                never(measures.time_to.first_action),
                "first action",
                "after the fault's start".to_owned(),
            ));
            tiles.push(tile(
                never(measures.time_to.recovery),
                "users served again",
                "after the fault's start".to_owned(),
            ));
        }
        tiles
    }

    fn happened(&self) -> String {
        let Some((at, who, what)) = self.trigger() else { return String::new() };
        let mut told = format!("{}: {what}, from {} on.", words::capital(&the(&who)), offset(at));
        let broken: Vec<String> = self
            .card
            .cascade
            .iter()
            .map(|broken| format!("{}: {} ({})", broken.service, broken.symptom, offset(broken.seconds)))
            .collect();
        if broken.is_empty() {
            told += " No service of the shop broke by it.";
        } else {
            told += &format!(" Then, in this order, {}.", list(&broken));
        }
        if let [Some(busy), Some(queued)] =
            [self.card.measures.payment_workers_busy_max, self.card.measures.payment_queue_depth_max]
        {
            told += &format!(
                " At its worst payment had {busy:.0} workers busy and {queued:.0} requests waiting."
            );
        }
        told
    }

    fn hurt(&self) -> String {
        let measures = &self.card.measures;
        let (Some(users), Some(lost)) = (measures.users_hit, measures.goodput_lost) else {
            return String::new();
        };
        if lost <= 0.0 {
            return "Nobody: every request was answered in time.".to_owned();
        }
        let mut journeys: Vec<(&String, &f64)> =
            measures.goodput_lost_by_journey.iter().filter(|(_, lost)| **lost > 0.0).collect();
        journeys.sort_by(|a, b| b.1.total_cmp(a.1));
        let by: Vec<String> = journeys
            .iter()
            .map(|(name, lost)| format!("{} {}", words::name(name), count(**lost as u64)))
            .collect();
        let mut told = format!(
            "{} were not answered in time at least once; {} requests in all ({}).",
            times(users, "user", "users"),
            count(lost as u64),
            list(&by)
        );
        if let Some(revenue) = &measures.revenue {
            told += &format!(
                " {} did not go through, worth about {}; ",
                times(revenue.missed_checkouts, "checkout", "checkouts"),
                words::about(revenue.missed_cents)
            );
            told += &if revenue.saved_orders > 0 {
                format!(
                    "{} worth {} were saved while the trigger was on.",
                    times(revenue.saved_orders, "order", "orders"),
                    words::about(revenue.saved_cents)
                )
            } else {
                "none was saved while the trigger was on.".to_owned()
            };
        }
        told + &self.books()
    }

    fn books(&self) -> String {
        let Some(money) = &self.card.money else {
            return " The ledgers are missing, so nothing is known of the money.".to_owned();
        };
        let wrong: Vec<String> = [
            (money.double, money.double_cents, "charged twice or more"),
            (money.lost, money.lost_cents, "lost"),
            (money.pending, money.pending_cents, "left open"),
        ]
        .into_iter()
        .filter(|(orders, _, _)| *orders > 0)
        .map(|(orders, cents, what)| {
            format!("{} {what} ({})", times(orders, "order was", "orders were"), words::about(cents))
        })
        .collect();
        if wrong.is_empty() {
            " The books balance.".to_owned()
        } else {
            format!(" {}.", words::capital(&list(&wrong)))
        }
    }

    fn survived(&self) -> String {
        let times = &self.card.measures.time_to;
        match self.card.verdict {
            Verdict::Pass => {
                let back = times
                    .recovery
                    .map_or(String::new(), |at| format!(" Users were served again from {}", offset(at)));
                let held = times
                    .verified_recovery
                    .map_or(".".to_owned(), |at| format!(", it held until {}", offset(at)));
                let again = if back.is_empty() {
                    ""
                } else if held == "." {
                    "."
                } else {
                    ", and the trigger was fired again and survived."
                };
                let held = if held == "." { String::new() } else { held };
                format!("Yes. Every required criterion passed, and every proof holds.{back}{held}{again}")
            }
            Verdict::Fail => {
                let failed: Vec<String> =
                    self.failed().map(|criterion| words::name(&criterion.name)).collect();
                format!("No: {} failed. {}.", list(&failed), words::capital(&self.card.reason))
            }
            Verdict::Void => format!("Nobody can say: {}.", self.card.reason),
        }
    }

    fn failed(&self) -> impl Iterator<Item = &crate::scorecard::Criterion> {
        self.card
            .criteria
            .iter()
            .filter(|one| one.required && one.finding.status == crate::finding::Status::Fail)
    }

    fn difference(&self) -> String {
        let measures = &self.card.measures;
        if measures.time_to.first_action.is_none() {
            let held = measures.goodput_during.get("checkout").map_or(String::new(), |share| {
                format!(
                    " While the trigger was on, {} of the checkouts were answered in time.",
                    percent(*share)
                )
            });
            return if self.card.cascade.is_empty() {
                String::new()
            } else {
                format!("Nothing was changed, by anybody.{held}")
            };
        }
        let Some(change) = self.first_change() else {
            return "No policy was changed; what was done is on the axis below.".to_owned();
        };
        let reason = if change.reason.is_empty() {
            "no reason was stated".to_owned()
        } else {
            format!("“{}”", change.reason)
        };
        let what = format!(
            "{} by {} at {}: {reason}.",
            format_args!("Version {} of the policy", change.version),
            change.author,
            offset(change.seconds)
        );
        let effect = match (measures.time_to.recovery, self.failed().next()) {
            (Some(at), _) if at >= change.seconds => format!(
                " {} later every journey was answered again{}.",
                words::seconds(at - change.seconds),
                self.still_on(at)
            ),
            (_, Some(failed)) => format!(" It was not enough: {}.", failed.finding.reason),
            _ => String::new(),
        };
        what + &effect
    }

    /// Whether a trigger was on at that moment.
    fn still_on(&self, seconds: f64) -> &'static str {
        let on = self
            .story
            .axis
            .bands
            .iter()
            .any(|band| band.from <= seconds && band.to.is_none_or(|to| to > seconds));
        if on { ", with the trigger still on" } else { "" }
    }

    fn next(&self) -> String {
        let improvements: Vec<String> =
            self.card.rating.improvements.iter().map(|remark| sentence(&remark.text)).collect();
        if !improvements.is_empty() && self.card.verdict != Verdict::Void {
            return improvements.join(" ").replace('`', "");
        }
        match self.card.verdict {
            Verdict::Pass => "Play it again without help, at full scale, and in the drills beside it; the questions at the end are for the debrief.".to_owned(),
            Verdict::Fail => {
                let failed: Vec<String> = self.failed().map(|one| words::name(&one.name)).collect();
                format!("A next run passes when {} {}; what each of them asks, and how far it was off, is in the table of criteria.", list(&failed), if failed.len() == 1 { "does" } else { "do" })
            }
            Verdict::Void => {
                let unproven = self.card.proofs.iter().filter(|proof| proof.finding.status != crate::finding::Status::Pass);
                let names: Vec<String> = unproven.map(|proof| words::name(&proof.name)).collect();
                if names.is_empty() { "Run it again.".to_owned() } else { format!("Repair what could not be proven ({}), and run it again.", list(&names)) }
            }
        }
    }
}

/// `the bank`, but `payment` and `users`.
fn the(who: &str) -> String {
    if who == "bank" || who == "lab" { format!("the {who}") } else { who.to_owned() }
}

fn sentence(text: &str) -> String {
    let text = words::capital(text.trim());
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
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
