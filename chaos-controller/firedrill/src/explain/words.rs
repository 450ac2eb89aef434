//! The words that pages, traces, alerts and scorecards use and that are no path and no metric. Each is said once, here; what a
//! drill, a metric or an alert is called is explained from its own source.

use super::{Explained, verdict_words};

/// A word, what else it is called, what it is, and facts about it.
pub(super) struct Word {
    pub(super) names: &'static [&'static str],
    pub(super) is: &'static str,
    pub(super) facts: &'static [(&'static str, &'static str)],
}

const OUTCOMES: &str = "firedrill query 'sum by (journey, outcome) (rate(lab_user_requests_total[10s])) > 0'";

const WORDS: [Word; 20] = [
    Word {
        names: &["good", "goodput"],
        is: "The share of users' requests that were answered correctly (outcome `ok` or `pending`) and in time.",
        facts: &[
            (
                "in time",
                "home 0.5 s, search 0.3 s, account 0.3 s, prepare_checkout 0.5 s, checkout 2 s, from the intended time; \
                 a drill may say otherwise (`traffic.journeys.<journey>.slo.latency`)",
            ),
            ("shows in", "`firedrill watch` under USERS, and the scorecard"),
            ("mind", "an outcome of `ok` says nothing about time: late answers are `ok` and not good"),
            ("alerts", "BudgetBurnsAt14 and its kin burn on the larger share of the two, failed or late"),
        ],
    },
    Word {
        names: &["outcome", "outcomes"],
        is: "How a request, a call or an attempt ended, as the one who made it saw it.",
        facts: &[
            ("of users", "ok, pending, http_503, http_504, http_other, gave_up, connection, wrong"),
            (
                "of attempts",
                "ok, error, timeout, rejected (breaker or bulkhead), cancelled (the caller left)",
            ),
            ("ask", OUTCOMES),
        ],
    },
    Word {
        names: &["gave_up", "gave up", "gaveup"],
        is: "The user left before there was an answer. The worst end of all: the shop goes on working for nobody.",
        facts: &[
            ("shows in", "lab_user_requests_total{outcome=\"gave_up\"}, lab_wasted_work_seconds_total"),
            ("ask", OUTCOMES),
        ],
    },
    Word {
        names: &["http_503", "503", "UNAVAILABLE"],
        is: "A refusal: somebody's queue was full, a breaker was open, or a flag closed the door. It costs little, and comes fast.",
        facts: &[
            (
                "who",
                "`firedrill query 'sum by (service, reason) (rate(lab_shed_total[10s]))'`: the deepest one that sheds",
            ),
            ("ask", OUTCOMES),
        ],
    },
    Word {
        names: &["http_504", "504", "DEADLINE_EXCEEDED"],
        is: "A wait that ran out: a timeout or a deadline passed before the answer came. The work may have been done all the same.",
        facts: &[("where", "`firedrill traces --error` names the first broken edge"), ("ask", OUTCOMES)],
    },
    Word {
        names: &["http_other"],
        is: "An answer with a status that is neither good nor a refusal nor a timeout.",
        facts: &[("ask", OUTCOMES)],
    },
    Word {
        names: &["connection"],
        is: "The connection broke, or was never made: the process is gone, or its backlog is full.",
        facts: &[("ask", OUTCOMES)],
    },
    Word {
        names: &["wrong"],
        is: "An answer with status 200 that is not what was asked for, such as a page without its products.",
        facts: &[("ask", OUTCOMES)],
    },
    Word {
        names: &["pending"],
        is: "Of an order: accepted without its payment (the fallback of order's call `payment.Charge`); the settler pays it later. \
             Of a user's request: answered with such an order, which counts as good. Of an alert: true, and not yet for long enough.",
        facts: &[
            ("shows in", "lab_orders_open{state=\"pending\"}"),
            ("see", "`firedrill explain order.settler`"),
        ],
    },
    Word {
        names: &["unknown"],
        is: "Of an order: its charge was asked for and nobody knows whether it was made, because the wait ended first.",
        facts: &[
            ("shows in", "lab_orders_open{state=\"unknown\"}"),
            ("see", "`firedrill explain order.settler`"),
        ],
    },
    Word {
        names: &["first broken", "first broken edge"],
        is: "Of all calls of a trace that failed or waited, the deepest one that the failures above it come from: where to look first.",
        facts: &[("shows in", "`firedrill traces`, column FIRST BROKEN, and under each trace")],
    },
    Word {
        names: &["amplification", "tries"],
        is: "Attempts per call. 1 is no retries; 4 means that the callee gets four times what its callers were asked for.",
        facts: &[
            ("shows in", "`firedrill watch` under EDGES, column `tries`; the alert RetryAmplification"),
            (
                "ask",
                "firedrill query 'sum by (service, target) (rate(lab_client_attempts_total[10s])) / sum by (service, target) (rate(lab_client_calls_total[10s]))'",
            ),
            ("limit it", "`firedrill explain cart.calls.order.Checkout.retry.budget`"),
        ],
    },
    Word {
        names: &["attempt", "attempts"],
        is: "One try of a call. A call that is retried has several; each is counted when it ends.",
        facts: &[("shows in", "lab_client_attempts_total")],
    },
    Word {
        names: &["FULL"],
        is: "Every worker of the service runs a request, and others wait. The deepest one that is full is the nearest to the cause.",
        facts: &[("runbook", "deploy/runbooks/workers-full.md")],
    },
    Word {
        names: &["FAILING"],
        is: "Half or more of what the service answers are failures. In small letters: somebody below it is in trouble, too.",
        facts: &[],
    },
    Word {
        names: &["SLOW", "HANGS", "NO ANSWERS"],
        is: "Calls take longer than 1 s (SLOW), or none of them ends while its caller has no worker left (HANGS, NO ANSWERS). \
             In small letters: an edge below it is sick, too.",
        facts: &[(
            "mind",
            "a latency is known when a call ends: a call of 30 s is told after 30 s; full workers tell at once",
        )],
    },
    Word {
        names: &["p99"],
        is: "99 of 100 were faster, of those that ended. It is read off the buckets of a histogram, so it is near and not exact.",
        facts: &[("mind", "what has not ended is not in it")],
    },
    Word {
        names: &["error budget", "budget burn", "burn"],
        is: "1 % of the requests of each journey may be bad. A burn of 14.4 spends that share 14.4 times too fast.",
        facts: &[
            (
                "shows in",
                "`measures.error_budgets` of the scorecard: what was spent of a month's, and how fast",
            ),
            ("see", "`firedrill explain BudgetBurnsAt14`"),
            ("runbook", "deploy/runbooks/budget-burn.md"),
        ],
    },
    Word {
        names: &["shed", "shedding"],
        is: "Refused or dropped before a worker began with it: the queue was full, or the wait or the deadline had run out.",
        facts: &[("shows in", "lab_shed_total")],
    },
    Word {
        names: &["journey", "journeys"],
        is: "One thing that users come for: home, search, account, prepare_checkout, checkout.",
        facts: &[("shows in", "`firedrill watch` under USERS")],
    },
];

/// By any of its names, in any case, with `_` or a blank.
pub(super) fn explain(word: &str) -> Option<Explained> {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
    let found = all().find(|one| one.names.iter().any(|name| plain(name) == plain(word)))?;
    let mut explained = Explained {
        subject: found.names[0].to_owned(),
        kind: "word",
        is: found.is.to_owned(),
        ..Explained::default()
    };
    for (name, text) in found.facts {
        explained.fact(name, *text);
    }
    Some(explained)
}

fn all() -> impl Iterator<Item = &'static Word> {
    WORDS.iter().chain(&verdict_words::WORDS)
}

/// All of their names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    all().flat_map(|word| word.names.iter().copied())
}
