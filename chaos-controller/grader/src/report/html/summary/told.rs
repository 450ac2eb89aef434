//! The paragraphs: what happened, who was hurt, whether it was survived, what made the difference, what next.

use super::{Facts, the};
use crate::finding::Status;
use crate::measures::Mitigation;
use crate::rating::Remark;
use crate::report::html::words::{self, count, list, offset, percent, times};
use crate::scorecard::Criterion;
use crate::verdict::Verdict;

impl Facts<'_> {
    pub(super) fn happened(&self) -> String {
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

    pub(super) fn hurt(&self) -> String {
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

    pub(super) fn survived(&self) -> String {
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

    fn failed(&self) -> impl Iterator<Item = &Criterion> {
        self.card.criteria.iter().filter(|one| one.required && one.finding.status == Status::Fail)
    }

    pub(super) fn difference(&self) -> String {
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
        if let Some(helped) = &measures.mitigation {
            return self.helped(helped);
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

    /// The act that helped, by its author's own reason and by what users felt.
    fn helped(&self, helped: &Mitigation) -> String {
        let change =
            self.story.revisions.iter().find(|revision| (revision.seconds - helped.seconds).abs() < 0.01);
        let reason = change.map(|change| change.reason.as_str()).filter(|reason| !reason.is_empty());
        let reason = reason.map_or(String::new(), |reason| format!(" (“{reason}”)"));
        format!(
            "{} by {} at {}{reason}. Before it {} of all requests were answered in time, after it {}: users felt it for good from {}{}.",
            words::capital(&helped.what),
            helped.actor,
            offset(helped.seconds),
            percent(helped.before),
            percent(helped.after),
            offset(helped.felt),
            self.still_on(helped.felt)
        )
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

    pub(super) fn next(&self) -> String {
        // What was found stands with the rating; here is what to do about it.
        let short = |remark: &Remark| match remark.advice.as_str() {
            "" => sentence(&remark.text),
            advice => sentence(advice),
        };
        let mut improvements: Vec<String> = self.card.rating.improvements.iter().map(short).collect();
        improvements.dedup();
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
                let unproven = self.card.proofs.iter().filter(|proof| proof.finding.status != Status::Pass);
                let names: Vec<String> = unproven.map(|proof| words::name(&proof.name)).collect();
                if names.is_empty() { "Run it again.".to_owned() } else { format!("Repair what could not be proven ({}), and run it again.", list(&names)) }
            }
        }
    }
}

fn sentence(text: &str) -> String {
    let text = words::capital(text.trim());
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}
