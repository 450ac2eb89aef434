//! What cuts a cascade, in the words that people use for it: which levers a sentence names, which of them cut which
//! mechanism, and where in the shop they reach it. A lever that is taken away ("remove the timeout", "raise the queue
//! limit") is not named.

mod cuts;
mod places;
mod words;

use std::collections::BTreeSet;

pub(super) use cuts::{cuts, said};
pub(super) use places::reaches;

use super::phrase::{self, Words};
use words::WORDS;

/// Something that keeps an outage from climbing. Not a policy's name: an order that is charged later is one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lever {
    Timeout,
    Deadline,
    Cancel,
    Breaker,
    Bulkhead,
    Decouple,
    RetryLimit,
    ShortQueue,
    NewestFirst,
    Codel,
    DropExpired,
    Shed,
    Idempotency,
    Eject,
}

/// A verb whose object is a lever takes it away, or makes it wider.
const UNDOES: &str = "raise|raises|raising|increas*|extend*|lengthen*|double|triple|enlarg*|widen*|relax*|loosen*|remov*|delet*|disabl*|abolish*|drop|drops|dropping|scrap*|undo|revert*";
/// A verb that pulls what follows it, so that what was undone before it ends there: "raise the limit and add a breaker".
const PULLS: &str = "add|adds|adding|set|sets|setting|put|puts|putting|give|gives|giving|use|uses|using|introduc*|install*|configur*|enabl*|bound|bounds|limit|limits|limiting|cap|caps|capping|reserv*|keep|keeps|make|makes|refus*|reject*|return*|answer*|stop|stops|pass|passes|hand|hands";
/// What is not done: "do not add".
const NOT: &str = "not|never|don|dont|doesn|won|avoid|avoids|avoiding|stop|stops|cannot|longer";
/// What a verb's object does not reach across: "increase resilience by a breaker". A list goes on over "and".
const BY: &str = "by|with|through|via|then|but|instead|so|because";
/// "No more than", "no longer than" take nothing away.
const MORE: &str = "more|longer|later|fewer|less|other";
/// Words between a verb and what denies it, at most.
const DENIED: usize = 2;

/// A sentence that begins so only watches, writes or practises: a lever in it is not pulled.
const ONLY_WATCHES: &str = "alert*|page|pages|monitor*|graph*|chart*|dashboard*|document*|write|log|record|describe|review*|rehears*|practi*|train*|teach|explain|investigat*|look|consider*|discuss*|evaluat*|explor*|think|analy*|assess*";

/// The levers that a sentence pulls.
pub(super) fn named(text: &str) -> BTreeSet<Lever> {
    let words = Words::of(text);
    if phrase::is(words.first(), ONLY_WATCHES) {
        return BTreeSet::new();
    }
    let pulled =
        |phrases: &[&str]| phrases.iter().any(|phrase| words.find(phrase).any(|at| !is_undone(&words, at)));
    WORDS.iter().filter(|(_, phrases)| pulled(phrases)).map(|(lever, _)| *lever).collect()
}

fn is_undone(words: &Words, at: usize) -> bool {
    let clause: Vec<&str> = words.sentence_before(at).take_while(|word| !phrase::is(word, BY)).collect();
    let verb = clause.iter().position(|word| phrase::is(word, UNDOES) || phrase::is(word, PULLS));
    let undone = verb.is_some_and(|verb| {
        let mut before = clause[verb + 1..].iter().take(DENIED);
        phrase::is(clause[verb], UNDOES) || before.any(|word| phrase::is(word, NOT))
    });
    undone
        || words
            .before(at)
            .take(2)
            .take_while(|word| !phrase::is(word, MORE))
            .any(|word| phrase::is(word, "no|without"))
}

#[cfg(test)]
mod tests {
    use super::Lever::*;
    use super::*;

    #[test]
    fn levers_are_known_in_everyday_words() {
        for (text, lever) in [
            ("Give up on the bank after 400 ms", Timeout),
            ("order waits for payment at most 500 ms", Timeout),
            ("Cap how long we wait for the bank", Timeout),
            ("Stop calling the bank for 5 s once half of the calls fail", Breaker),
            ("Reserve 50 of payment's workers for ListMethods", Bulkhead),
            ("No more than 150 charges at once", Bulkhead),
            ("Remove the immediate retries and add a breaker", Breaker),
            ("Raise the alert threshold and bound the wait with a timeout of 400 ms", Timeout),
            ("Do not only alert: use a breaker", Breaker),
            ("Take the charge out of the request path", Decouple),
            ("Retry at most 20 % of the calls", RetryLimit),
            ("Turn order's retries off", RetryLimit),
            ("Let only the frontend retry: limit retries to one layer", RetryLimit),
            ("Serve the newest requests first", NewestFirst),
            ("Shrink the queue to 100", ShortQueue),
            ("Hand the user's remaining time down with each call", Deadline),
            ("Stop work for users who have left", Cancel),
            ("Refuse browsing before checkouts when full", Shed),
            ("The same key for every attempt of an order", Idempotency),
            ("Take an instance that does not answer out of rotation", Eject),
        ] {
            assert!(named(text).contains(&lever), "{text}: {:?}", named(text));
        }
    }

    #[test]
    fn a_lever_that_is_taken_away_or_only_watched_is_not_pulled() {
        for text in [
            "Remove the timeout on the bank",
            "Remove the timeout on payment to bank, the breaker, the bulkhead and the retry budget",
            "Do not add a timeout, a breaker, a bulkhead, a retry budget or a deadline",
            "Never use breakers",
            "Avoid adding a bulkhead",
            "Don't introduce breakers",
            "Drop the deadline",
            "Raise the queue limit to 100,000",
            "Increase the timeout of payment to 60 s",
            "Alert when timeouts exceed 1 %",
            "Document the breaker",
            "Investigate whether a breaker helps",
            "Retry with jittered backoff",
            "More dashboards for payment",
        ] {
            assert!(named(text).is_empty(), "{text}: {:?}", named(text));
        }
    }
}
