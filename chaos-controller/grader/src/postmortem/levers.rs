//! What cuts a cascade, in the words that people use for it: which levers a sentence names, and which levers cut which
//! mechanism. A lever that is taken away ("remove the timeout", "raise the queue limit") is not named.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use resilience::policy::topology;

use super::phrase::{self, Words};
use crate::truth::MechanismKind;

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

use Lever::{
    Breaker, Bulkhead, Cancel, Codel, Deadline, Decouple, DropExpired, Eject, Idempotency, NewestFirst,
    RetryLimit, Shed, ShortQueue, Timeout,
};

/// Levers in words, in the form of `phrase.rs`.
const WORDS: [(Lever, &[&str]); 14] = [
    (
        Timeout,
        &[
            "timeout*",
            "time out|outs|limit|limits",
            "give|gives|giving up ... after|at|once|within",
            "stop|stops|stopping|quit waiting",
            "bound|bounds|bounding|cap|caps|limit|limits|cut|shorten|shortens ... wait|waits|waiting|patience",
            "wait|waits|waiting|waited ... at most",
            "wait|waits|waiting ... longer|more than",
            "wait|waits|waiting ... only #",
            "wait|waits|waiting ... bounded|limited|capped|limit|bound",
            "max|maximum|maximal wait*",
            "bounded wait*",
            "hang|hangs up ... after",
            "abandon* ... after",
            "no longer than #",
            "answer|answers|reply ... within #",
        ],
    ),
    (
        Deadline,
        &[
            "deadline*",
            "remaining time",
            "time budget*",
            "time left",
            "time that is left",
            "pass|passes|hand|hands|carry|carries|forward|forwards|propagat* ... time|patience",
        ],
    ),
    (
        Cancel,
        &[
            "cancel*",
            "abort* ... work|request|requests|call|calls",
            "stop|stops|stopping|end|ends ... work* ... left|leaves|gone|disconnect*",
            "nobody waits|wait",
            "nobody is waiting",
            "user|users|caller|callers|client|clients|customer ... left|leaves|gone",
        ],
    ),
    (
        Breaker,
        &[
            "breaker*",
            "circuit*",
            "fail|fails|failing fast",
            "stop|stops|stopping ... calling",
            "stops|stop calls",
            "trip|trips|tripped",
            "cut|cuts|cutting ... off",
            "kill switch*",
            "killswitch*",
            "fuse|fuses",
            "leave|leaves ... alone",
        ],
    ),
    (
        Bulkhead,
        &[
            "bulkhead*",
            "isolat*",
            "compartment*",
            "semaphore*",
            "concurrency limit*|cap*",
            "separate|own|dedicated|distinct|reserve|reserved|second|two ... pool|pools|worker|workers|thread|threads|slot|slots|instance|instances",
            "at most ... worker|workers|thread|threads|slots|concurrent*|once",
            "than ... workers|threads|slots|concurrent*|once",
            "in flight",
            "at the same time",
            "limit*|cap|caps|only ... workers|threads|slots|concurrent*",
            "partition*|split* ... pool|workers",
            "keep|keeps|keeping ... workers|slots|threads",
            "workers ... kept|reserved",
        ],
    ),
    (
        Decouple,
        &[
            "asynchron*",
            "off|out ... path",
            "outbox",
            "charg* ... later|afterwards",
            "in|into the background",
        ],
    ),
    (
        RetryLimit,
        &[
            "retr* budget*|quota*|limit*|cap*|token*",
            "budget* ... retr*",
            "retry after",
            "throttl*",
            "never retr*",
            "not|t retry",
            "no|without|stop|stops|disabl*|remov*|drop|drops|forbid*|delet*|cut|cuts|halv*|cap|caps|limit*|fewer|bound*|ration*|restrict* ... retr*",
            "turn|switch|take ... off|out ... retr*",
            "turn|switch ... retr* off",
            "retr* ... off|once|disabled|removed|capped|limited|bounded",
            "retr* only",
            "retr* ... at most",
            "at most ... retr*",
            "more than ... retr*",
            "only ... extra|second attempt*",
            "retr* ... than",
            "single|one layer|place ... retr*",
        ],
    ),
    (
        ShortQueue,
        &[
            "short*|small*|bounded|bound|limit*|cap|caps|capped|cut|cuts|shrink*|reduc*|lower* ... queue|queues|backlog|backlogs",
            "queue|queues|backlog|backlogs limit*|cap*|bounded|shorter|short|length",
            "queue|queues|backlog|backlogs ... at most",
            "queue|queues of #",
            "refus*|reject* ... full",
        ],
    ),
    (NewestFirst, &["lifo", "last in", "newest|youngest|latest|freshest ... first", "most recent ... first"]),
    (Codel, &["codel", "co del", "controlled delay", "active queue management"]),
    (
        DropExpired,
        &[
            "drop|drops|refus*|reject*|discard*|skip*|throw* ... expired|late|stale|nobody|already|older",
            "drop|drops|refus*|reject*|discard* ... no|out time",
            "drop|drops|refus*|reject*|discard* ... too old",
        ],
    ),
    (
        Shed,
        &[
            "shed|sheds|shedding|loadshedding",
            "admission",
            "rate limit*",
            "turn|turns|turning ... away",
            "priorit*",
            "overload protection",
            "load limit*",
            "refus*|reject*|drop|drops ... brows*|search*|low|less|least|extra|excess|unimportant|background|rest",
            "concurrency limit*",
            "adaptive limit*|concurrency",
            "paying|pay|pays|buyer*|checkout* ... first",
            "waiting room",
            "brownout*",
            "brown out*",
        ],
    ),
    (
        Idempotency,
        &[
            "idempoten*",
            "dedup*",
            "de dup*",
            "same key",
            "unique|one key|reference per|for",
            "charg* ... most|exactly|only once",
            "ask* the bank ... first|before",
            "second charge ... refused|rejected|impossible",
        ],
    ),
    (
        Eject,
        &[
            "eject*",
            "outlier*",
            "health check*",
            "healthcheck*",
            "take|takes|taking|remov*|drop*|pull* ... rotation|balanc*",
            "instance|instances ... out|from ... rotation|balanc*",
            "least loaded|busy|request*|connection*",
            "p2c",
            "power of two",
            "two choices",
            "peak ewma",
            "skip*|avoid*|bypass* ... sick|dead|slow|frozen|unresponsive",
            "steer* ... away",
            "quarantin*",
        ],
    ),
];

/// A verb whose object is a lever takes it away, or makes it wider.
const UNDOES: &str = "raise|raises|raising|increas*|extend*|lengthen*|double|triple|enlarg*|widen*|relax*|loosen*|remov*|delet*|disabl*|abolish*";
/// What a verb's object does not reach across: "increase resilience by a breaker".
const BY: &str = "by|with|through|via|using|and|then|but";
/// "No more than", "no longer than" take nothing away.
const MORE: &str = "more|longer|later|fewer|less|other";
/// Words between a verb and its object, at most.
const OBJECT: usize = 4;

/// A sentence that begins so only watches, writes or practises: a lever in it is not pulled.
const ONLY_WATCHES: &str = "alert*|page|pages|monitor*|graph*|chart*|dashboard*|document*|write|log|record|describe|review*|rehears*|practi*|train*|teach|explain|investigat*|look|consider*|discuss*|evaluat*|explor*|think|analy*|assess*";

/// Levers that sit at a place of the shop; the others work wherever they are.
const PLACED: [Lever; 8] = [Timeout, Breaker, Bulkhead, RetryLimit, ShortQueue, NewestFirst, Codel, Eject];

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
    let mut object = words.before(at).take(OBJECT).take_while(|word| !phrase::is(word, BY));
    object.any(|word| phrase::is(word, UNDOES))
        || words
            .before(at)
            .take(2)
            .take_while(|word| !phrase::is(word, MORE))
            .any(|word| phrase::is(word, "no|without"))
}

/// What cuts a mechanism, and the same in words.
pub(super) fn cuts(kind: MechanismKind) -> (&'static [Lever], &'static str) {
    match kind {
        MechanismKind::PoolExhausted => (
            &[Timeout, Deadline, Breaker, Bulkhead, Decouple],
            "a timeout or a breaker on the call that holds the workers, a bulkhead around it, or charging later",
        ),
        MechanismKind::UnboundedWait => (
            &[Timeout, Deadline, Breaker, Bulkhead, Decouple],
            "a timeout on the call, or a deadline for the whole request",
        ),
        MechanismKind::RetryAmplification => (
            &[RetryLimit, Breaker],
            "a retry budget, a breaker, or no retries at this layer; backoff alone is none",
        ),
        MechanismKind::LateQueue => (
            &[ShortQueue, NewestFirst, Codel, DropExpired, Deadline, Shed],
            "a short queue, the newest first, CoDel, or refusing what has no time left",
        ),
        MechanismKind::WastedWork => (
            &[Deadline, Cancel, DropExpired],
            "a deadline that travels with the request, or cancelling when the caller leaves",
        ),
        MechanismKind::SharedPool => (
            &[Bulkhead, Decouple],
            "a bulkhead: workers that the sick call cannot take, or a pool of its own",
        ),
        MechanismKind::Metastable => (
            &[RetryLimit, Breaker, ShortQueue, NewestFirst, Codel, Deadline, Cancel, Shed],
            "what ends the load that feeds itself: a retry budget, a breaker, a short queue, the newest first, deadlines",
        ),
        MechanismKind::Duplicated => (
            &[Idempotency],
            "an idempotency key on every charge; a reconciliation finds the rest, and prevents none",
        ),
        MechanismKind::DeadInstance => (
            &[Eject, Timeout, Breaker],
            "ejecting what does not answer, timeouts, or sending to the least loaded",
        ),
        MechanismKind::Overload => {
            (&[Shed], "shedding by priority: who pays goes first, and the rest is told at once")
        }
    }
}

/// A mechanism as people say it.
pub(super) fn words(kind: MechanismKind) -> &'static str {
    match kind {
        MechanismKind::PoolExhausted => "all workers held",
        MechanismKind::UnboundedWait => "a wait without a bound",
        MechanismKind::RetryAmplification => "retries that multiply the load",
        MechanismKind::LateQueue => "a queue longer than anybody waits",
        MechanismKind::WastedWork => "work for users who have left",
        MechanismKind::SharedPool => "workers shared with the sick call",
        MechanismKind::Metastable => "an outage that keeps itself alive",
        MechanismKind::Duplicated => "the same charge made twice",
        MechanismKind::DeadInstance => "requests sent to an instance that does not answer",
        MechanismKind::Overload => "more load than all workers can serve",
    }
}

/// Whether a sentence that pulls `lever` pulls it where it reaches `at`: a service, or an edge as `order->payment`.
/// One that names no place is taken to mean the right one.
pub(super) fn reaches(lever: Lever, text: &str, at: &str) -> bool {
    if !PLACED.contains(&lever) {
        return true;
    }
    let places = places(text);
    places.is_empty() || places.iter().any(|place| near(at).contains(place))
}

/// The parts of the shop that a sentence speaks of. Their names are common words, so a word counts only where a place
/// stands: after a preposition, before "service" or "'s", or at an arrow.
fn places(text: &str) -> BTreeSet<&'static str> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        let names: Vec<&str> = services().collect();
        let names = names.join("|");
        Regex::new(&format!(
            r"(?i)\b(?:on|at|of|from|for|to|into|between|and|the|in|calls?|->|→)\s*`?(?P<a>{names})\b|\b(?P<b>{names})(?:'s|\s+(?:service|pool|client|call|calls)\b|\s*(?:->|→|\.))"
        ))
        .expect("names make a regular expression")
    });
    let text = text.to_lowercase().replace("in order to", "").replace("in order that", "");
    let found = FORM.captures_iter(&text).filter_map(|found| {
        let name = found.name("a").or(found.name("b"))?.as_str();
        services().find(|service| *service == name)
    });
    found.collect()
}

fn services() -> impl Iterator<Item = &'static str> {
    topology::SERVICES.iter().map(|(service, _)| *service).chain([topology::BANK.0])
}

/// Where a lever can reach a mechanism: its place, whoever calls it, and everything that it waits for.
fn near(at: &str) -> BTreeSet<&'static str> {
    let ends: Vec<&str> = at.split("->").map(str::trim).collect();
    let mut below: BTreeSet<&'static str> = services().filter(|service| ends.contains(service)).collect();
    // Downwards until nothing is added: the shop's calls have no cycle, but this does not need to know.
    while let Some((_, callee)) =
        topology::EDGES.iter().find(|(caller, callee)| below.contains(caller) && !below.contains(callee))
    {
        below.insert(callee);
    }
    if ends.len() == 1 {
        below.extend(topology::callers(at));
    }
    if below.is_empty() { services().collect() } else { below }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_lever_elsewhere_reaches_nothing_here() {
        assert!(reaches(Timeout, "a timeout on payment's call to the bank", "payment"));
        assert!(
            reaches(Timeout, "a timeout on payment -> bank", "cart"),
            "whoever waits above is freed as well"
        );
        assert!(reaches(Timeout, "bound every wait, in order to free workers", "payment"));
        assert!(!reaches(Timeout, "a timeout on search's call to inventory", "payment"));
        assert!(!reaches(RetryLimit, "no retries at the frontend", "order->payment"));
        assert!(reaches(Deadline, "a deadline at the frontend", "payment"));
    }
}
