//! What a submission claims: who caused it and what is wrong with them, by what it became an outage, in which order it
//! climbed, and who is cleared. Read from what stands together and from which word joins it; nothing is guessed from
//! what the right answer would be.

use std::collections::BTreeSet;

use crate::truth::{MechanismKind, RootKind};

use super::graph::Graph;
use super::lexicon::{ELSEWHERE, Lexicon, Mark, Meaning, USERS};
use super::mention::{Means, Mention, Reading};

/// What was claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Claims {
    /// Who is said to have begun it, in the order of the words.
    pub(super) causes: Vec<String>,
    /// They were called the cause, and are not only what nothing else is said to have caused.
    pub(super) explicit: bool,
    /// Who is said to be what. `None`: it is not said of whom.
    pub(super) faults: Vec<(Option<String>, &'static [RootKind])>,
    pub(super) mechanisms: BTreeSet<MechanismKind>,
    /// Services in the order in which it is said to have climbed.
    pub(super) climb: Vec<String>,
    /// The climb is told without names.
    pub(super) climbs: bool,
    /// It was given as a list, so every name in it is meant.
    pub(super) listed_climb: bool,
    /// Who is said to be well, or not to be the cause.
    pub(super) cleared: BTreeSet<String>,
    /// Who is said to have been sick, and not to be any more.
    pub(super) over: BTreeSet<String>,
}

/// What a part of the submission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Anything,
    /// What stands in it is called the cause.
    Cause,
    Mechanism,
    /// A list of names.
    Climb,
}

impl Claims {
    pub(super) fn of(parts: &[(About, String)], lexicon: &Lexicon) -> Claims {
        let mut claims = Claims::default();
        let mut graph = Graph::default();
        let mut explicit: Vec<String> = Vec::new();
        let mut mentioned: Vec<String> = Vec::new();
        let mut listed: Vec<String> = Vec::new();
        for (about, text) in parts {
            let reading = Reading::of(text, lexicon);
            if *about == About::Climb {
                listed.extend(names(&reading).map(str::to_owned));
                continue;
            }
            graph.read(&reading);
            claims.read(&reading, *about);
            let named: Vec<String> = names(&reading).map(str::to_owned).collect();
            match about {
                About::Cause => explicit.extend(graph.sources(&named)),
                _ => explicit.extend(called_the_cause(&reading, &graph)),
            }
            mentioned.extend(named);
        }
        let faulty: Vec<String> = claims.faults.iter().filter_map(|(who, _)| who.clone()).collect();
        let mut begun: Vec<String> = graph.sources(&faulty);
        if begun.is_empty() {
            begun = graph.sources(&graph.causes());
        }
        // One name and nothing said of it: it can only be meant as the answer.
        if begun.is_empty() && listed.is_empty() {
            begun = mentioned.iter().take(1).filter(|_| distinct(&mentioned).len() == 1).cloned().collect();
        }
        let surge = |who: &String| {
            claims
                .faults
                .iter()
                .any(|(of, kinds)| of.as_ref() == Some(who) && kinds.contains(&RootKind::Surge))
        };
        let meant = |who: &String| !claims.cleared.contains(who) && (who != USERS || surge(who));
        let explicit: Vec<String> = distinct(&explicit).into_iter().filter(meant).collect();
        let begun =
            distinct(&begun).into_iter().filter(meant).min_by_key(|who| depth(who)).into_iter().collect();
        claims.explicit = !explicit.is_empty();
        claims.causes = if claims.explicit { explicit } else { begun };
        claims.listed_climb = !listed.is_empty();
        let services = |who: &String| !matches!(who.as_str(), USERS | ELSEWHERE | super::lexicon::BANK);
        claims.climb = if listed.is_empty() {
            told_upwards(graph.ordered(&distinct(&mentioned)), &claims.causes, &graph)
        } else {
            distinct(&listed)
        };
        // Who is named to be cleared is no link that was told.
        let told = |who: &String| claims.listed_climb || !claims.cleared.contains(who);
        let climb = claims.climb.iter().filter(|who| services(who) && told(who)).cloned().collect();
        claims.climb = climb;
        claims
    }

    /// Whether anything was claimed at all.
    pub(super) fn is_empty(&self) -> bool {
        self.causes.is_empty()
            && self.faults.iter().all(|(who, _)| who.is_none())
            && self.mechanisms.is_empty()
            && self.climb.is_empty()
    }

    fn read(&mut self, reading: &Reading, about: About) {
        for one in &reading.mentions {
            match one.means {
                Means::Listed(Meaning::Root(kinds)) if !one.denied && about != About::Mechanism => {
                    let mut who = subject(reading, one).map(str::to_owned);
                    // A surge is always one of users.
                    if kinds.contains(&RootKind::Surge) {
                        who = Some(USERS.to_owned());
                    }
                    self.faults.push((who, kinds));
                }
                Means::Listed(Meaning::Mechanism(kind)) if !one.denied => {
                    self.mechanisms.insert(kind);
                }
                Means::Listed(Meaning::Mark(Mark::Clears)) if !one.denied => {
                    self.cleared.extend(nearest(reading, one).map(str::to_owned));
                }
                Means::Listed(Meaning::Mark(Mark::Over)) if !one.denied => {
                    self.over.extend(nearest(reading, one).map(str::to_owned));
                }
                Means::Listed(Meaning::Mark(Mark::Cause)) if one.denied => {
                    self.cleared.extend(nearest(reading, one).map(str::to_owned));
                }
                Means::Listed(Meaning::Mark(Mark::Climbs)) if !one.denied => self.climbs = true,
                Means::Listed(Meaning::Component(_)) | Means::Instance(_) if one.denied => {
                    // "the bank does not wait for order" denies what is said of order, and clears nobody, unless
                    // it is all that is said.
                    let relation = reading.mentions.iter().any(|link| {
                        link.link().is_some()
                            && link.denied
                            && link.to <= one.from
                            && !reading.parted(link.from, one.from)
                    });
                    if reading.denied_itself(one) && (!relation || self.blames(reading, one)) {
                        self.cleared.extend(one.component().map(str::to_owned));
                    }
                }
                _ => {}
            }
        }
    }

    /// "not because of the bank": the relation is the blame.
    fn blames(&self, reading: &Reading, one: &Mention) -> bool {
        !reading.mentions.iter().any(|other| {
            other.component().is_some() && !other.denied && !reading.parted(other.from, one.from)
        })
    }
}

/// The components that are named, in the order of the words.
fn names(reading: &Reading) -> impl Iterator<Item = &str> {
    reading.mentions.iter().filter(|one| !one.denied).filter_map(Mention::component)
}

/// Symptoms that nothing joins, with the cause at their end, are told from the page down.
fn told_upwards(mut names: Vec<String>, causes: &[String], graph: &Graph) -> Vec<String> {
    if graph.is_empty() && names.len() > 1 && names.last().is_some_and(|last| causes.contains(last)) {
        names.reverse();
    }
    names
}

/// Of several who are said to be sick, with nothing that joins them, the one who is called by the others is taken to be
/// meant: whoever lists symptoms knows that trouble climbs from who is called to who calls.
fn depth(who: &str) -> usize {
    const DEEPEST_FIRST: [&str; 8] =
        [USERS, ELSEWHERE, super::lexicon::BANK, "payment", "inventory", "order", "cart", "frontend"];
    let service = who.split_once('-').map_or(who, |(service, _)| service);
    DEEPEST_FIRST.iter().position(|one| *one == service).unwrap_or(DEEPEST_FIRST.len())
}

/// Of whom something is said: who stands before it in its part of the sentence, else after it, else whoever was named
/// last.
fn subject<'a>(reading: &'a Reading, one: &Mention) -> Option<&'a str> {
    beside(reading, one, |reading, a, b| reading.apart(a, b)).or_else(|| {
        let before =
            reading.mentions.iter().rev().find(|other| other.from < one.from && other.component().is_some());
        before.and_then(Mention::component)
    })
}

/// Whom a mark is about.
fn nearest<'a>(reading: &'a Reading, mark: &Mention) -> Option<&'a str> {
    beside(reading, mark, |reading, a, b| reading.parted(a, b))
}

fn beside<'a>(
    reading: &'a Reading,
    one: &Mention,
    apart: fn(&Reading, usize, usize) -> bool,
) -> Option<&'a str> {
    let inside = reading
        .mentions
        .iter()
        .find(|other| other.component().is_some() && other.from >= one.from && other.to <= one.to);
    let named = || reading.mentions.iter().filter(|other| other.component().is_some());
    let before =
        || named().rev().find(|other| other.from < one.from && !apart(reading, other.from, one.from));
    let after = || named().find(|other| other.from > one.from && !apart(reading, one.from, other.from));
    // "a slow bank": the adjective stands right before its noun.
    let next = named().find(|other| other.from == one.to && !apart(reading, one.from, other.from));
    inside.or(next).or_else(before).or_else(after).and_then(Mention::component)
}

/// Whom a text calls the cause: who stands in the same part of the sentence as the words that say so, else in the next
/// part, and there whoever the others are said to wait for.
fn called_the_cause(reading: &Reading, graph: &Graph) -> Vec<String> {
    let mut called = Vec::new();
    for mark in reading.mentions.iter().filter(|one| one.is(Mark::Cause)) {
        if mark.denied {
            called.extend(instead(reading, mark));
            continue;
        }
        let named = || reading.mentions.iter().filter(|other| !other.denied && other.component().is_some());
        let mut own: Vec<&Mention> = named().filter(|other| !reading.apart(mark.from, other.from)).collect();
        if let Some(last) = own.last().copied() {
            own.extend(alike(reading, last));
            called.extend(own.into_iter().filter_map(Mention::component).map(str::to_owned));
            continue;
        }
        let Some(first) = named().find(|other| other.from > mark.from) else { continue };
        // "not the order but the bank": the denied one is skipped above, and its "but" does not part them here.
        let next =
            named().filter(|other| other.from >= first.from && !reading.parted(first.from, other.from));
        let next = next.chain(alike(reading, first)).filter_map(Mention::component).map(str::to_owned);
        called.extend(graph.sources(&next.collect::<Vec<String>>()));
    }
    called
}

/// Whoever is named in one breath after somebody: "the bank, payment or the cart".
fn alike<'a>(reading: &'a Reading, first: &Mention) -> Vec<&'a Mention> {
    let mut alike = Vec::new();
    let mut end = first.to;
    for one in reading.mentions.iter().filter(|one| one.from >= first.to && one.component().is_some()) {
        let between = reading.words.get(end..one.from).unwrap_or_default();
        let breath =
            between.iter().all(|word| matches!(word.stem.as_str(), "and" | "or" | "the" | "a" | "also"));
        let listed = reading.words[one.from].after_pause || !between.is_empty();
        if !breath || !listed || reading.sentence(one) != reading.sentence(first) || one.denied {
            break;
        }
        alike.push(one);
        end = one.to;
    }
    alike
}

/// "The culprit is not order but the bank": what is said instead.
fn instead(reading: &Reading, mark: &Mention) -> Option<String> {
    let but = reading.mentions.iter().find(|one| one.is(Mark::But) && one.from > mark.from)?;
    let next = reading
        .mentions
        .iter()
        .find(|one| one.from > but.from && one.component().is_some() && !one.denied)?;
    (reading.sentence(next) == reading.sentence(mark)).then(|| next.component().map(str::to_owned)).flatten()
}

/// Without repetition, in the order of the first time.
pub(super) fn distinct(names: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| seen.insert((*name).clone())).cloned().collect()
}
