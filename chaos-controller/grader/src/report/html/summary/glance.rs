//! What is seen at a glance: the chain of what happened, and five numbers.

use serde::Serialize;

use super::Facts;
use crate::report::absent::{By, absent};
use crate::report::html::draw;
use crate::report::html::words::{self, count, offset};
use crate::verdict::Verdict;

/// One thing of the chain.
#[derive(Debug, Serialize)]
pub(super) struct Link {
    when: String,
    who: String,
    what: String,
    /// `cause`, `broken`, `act`, `idle`, `well`, `ill`.
    kind: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Tile {
    value: String,
    label: &'static str,
    note: String,
}

impl Facts<'_> {
    pub(super) fn chain(&self) -> Vec<Link> {
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
        if times.recovery.is_none() && absent(self.card, By::Goodput) == "never" {
            links.push(ending("never", "users", "are served again in the time for it", "ill"));
        }
        links
    }

    pub(super) fn tiles(&self) -> Vec<Tile> {
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
        let moment = |name: &str, at: Option<f64>, by, label| {
            let since = measures.time_to.since_handover.get(name).filter(|_| self.card.candidate.is_none());
            match (since, at) {
                (Some(since), Some(at)) => {
                    let beside = format!("after the handover; {} after the fault's start", offset(at));
                    tile(Some(offset(*since)), label, beside)
                }
                _ => {
                    let told = at.map_or(absent(self.card, by).to_owned(), offset);
                    tile(Some(told), label, "after the fault's start".to_owned())
                }
            }
        };
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
            let times = &measures.time_to;
            tiles.push(moment("first_action", times.first_action, By::Journal, "first action"));
            tiles.push(moment("recovery", times.recovery, By::Goodput, "users served again"));
        }
        tiles
    }
}
