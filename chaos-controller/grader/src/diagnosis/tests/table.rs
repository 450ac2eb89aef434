//! The table: a submission, its grade, and what each point earned.

use evidence::Said;

use super::{fields, judge, share, text, truths};
use crate::diagnosis::Grade::{self, Empty, Nonsense, Partial, Right, Wrong};
use crate::diagnosis::points::{COMPONENT, KIND, MECHANISM, PROPAGATION};

struct Row {
    drill: &'static str,
    said: Said,
    grade: Grade,
    /// Component, kind, mechanism, propagation: each 0 to 1 of what it is worth; `-1`: not asked.
    earned: [f64; 4],
    blamed: &'static [&'static str],
}

fn row(
    drill: &'static str,
    said: Said,
    grade: Grade,
    earned: [f64; 4],
    blamed: &'static [&'static str],
) -> Row {
    Row { drill, said, grade, earned, blamed }
}

fn check(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for row in rows {
        let found = judge(&row.said, &truths::named(row.drill));
        let earned = [COMPONENT, KIND, MECHANISM, PROPAGATION].map(|name| {
            let share = share(&found, name);
            if share.is_nan() { -1.0 } else { share }
        });
        if found.grade != row.grade || earned != row.earned || found.blamed != row.blamed {
            let said = super::super::grading::whole(&row.said);
            wrong.push(format!(
                "{}: {said}\n  {:?} {earned:?} {:?}\n  {}",
                row.drill, found.grade, found.blamed, found.explanation
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

const BANK: &str = "bank-slowdown";

#[test]
fn honest_answers_get_what_they_say() {
    check(vec![
        row(
            BANK,
            fields(
                "the bank is slow",
                &["pool_exhausted", "unbounded_wait"],
                &["payment", "order", "cart", "frontend"],
            ),
            Right,
            [1.0; 4],
            &[],
        ),
        row(
            BANK,
            text(
                "Root cause: the bank takes 30 s to answer. Payment waits for it without a \
                 timeout, so all 200 workers are held and its queue fills; order waits for \
                 payment and answers 503, cart waits for order and answers 504, and at last the \
                 frontend is full and the page is blank.",
            ),
            Right,
            [1.0; 4],
            &[],
        ),
        row(
            BANK,
            text("The bank is slow and payment's pool is exhausted."),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
        row(
            BANK,
            text("bank slow -> payment pool exhausted -> order 503 -> cart 504 -> frontend blank"),
            Right,
            [1.0; 4],
            &[],
        ),
        row(
            BANK,
            text(
                "The page is blank because cart waits for order, which waits for payment, which \
                 waits for the slow bank with every worker.",
            ),
            Right,
            [1.0; 4],
            &[],
        ),
        row(BANK, text("The bank is slow."), Partial, [1.0, 1.0, 0.0, 0.0], &[]),
        row(
            BANK,
            text("Root cause: payment has no timeout on its calls."),
            Partial,
            [0.5, 0.0, 1.0, 0.0],
            &[],
        ),
        row(BANK, text("payment's workers are exhausted"), Partial, [0.5, 0.0, 1.0, 0.0], &[]),
        row(BANK, text("bank"), Partial, [1.0, 0.0, 0.0, 0.0], &[]),
    ]);
}

#[test]
fn unusual_words_are_understood() {
    check(vec![
        row(
            BANK,
            text(
                "our third-party card acquirer takes half a minute to answer, so every thread of \
                 the payment service is parked on it, and the callers pile up behind",
            ),
            Right,
            [1.0, 1.0, 1.0, 0.5],
            &[],
        ),
        row(
            BANK,
            text(
                "The PSP has become sluggish; billing service's threads are all tied up waiting \
                 for it, hence the ordering service, then the basket, then the storefront go \
                 down.",
            ),
            Right,
            [1.0; 4],
            &[],
        ),
        row(
            BANK,
            text(
                "The bnak is slwo: paymnet has run out of workers becuase it waits for it without \
                 a timeuot",
            ),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
        row(
            BANK,
            text(
                "Die Bank ist langsam, payment hat keine freien Worker: der Pool ist saturiert, \
                 alle Worker h\u{e4}ngen",
            ),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
        row(
            BANK,
            text("La banque est lente, le pool de payment est satur\u{e9}"),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
        row(
            BANK,
            text("When the external API hangs, payment hangs with it, all of its workers blocked."),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
    ]);
}

#[test]
fn a_narrative_without_joints_is_understood() {
    check(vec![
        row(
            BANK,
            text(
                "The bank API's p99 went from 100ms to 30s. Payment has no timeout there, so its \
                 200 workers were all in use. Order ran out of workers (503s), cart timed out \
                 (504s) and finally even the home page failed.",
            ),
            Right,
            [1.0; 4],
            &[],
        ),
        row(
            BANK,
            text(
                "The page is down, cart answers 504, order answers 503, payment's pool is full. \
                 The bank is slow.",
            ),
            Right,
            [1.0; 4],
            &[],
        ),
        row(
            BANK,
            text("Not payment's fault - upstream bank is degraded; threads in payment pile up"),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
    ]);
}

#[test]
fn a_denial_is_a_denial() {
    check(vec![
        row(
            BANK,
            text("The bank is fine, order is the culprit: its threads are exhausted."),
            Wrong,
            [0.0, 0.0, 1.0, 0.0],
            &["order"],
        ),
        row(
            BANK,
            text("It is not order's fault. The bank hangs, and payment's workers are all held."),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
        row(
            BANK,
            text(
                "The root cause is not order but the bank, which takes 30 s; payment's pool is \
                 exhausted.",
            ),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
        row(BANK, text("It is not the bank."), Nonsense, [0.0, 0.0, 0.0, 0.0], &[]),
        row(BANK, text("The bank isn't slow, payment is slow."), Wrong, [0.0, 0.0, 0.0, 0.0], &["payment"]),
        row(
            BANK,
            text(
                "Order is only a victim. Root cause: the bank answers after 30 s instead of 0.1 \
                 s; no worker is free in payment.",
            ),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
    ]);
}

#[test]
fn blaming_a_victim_costs() {
    check(vec![
        row(BANK, text("Order is the root cause: it returns 503."), Wrong, [0.0, 0.0, 0.0, 0.0], &["order"]),
        row(
            BANK,
            fields("cart is failing", &["pool exhausted"], &["payment", "order", "cart", "frontend"]),
            Wrong,
            [0.0, 0.0, 1.0, 1.0],
            &["cart"],
        ),
        row(
            BANK,
            text("The root cause is the bank and the order service."),
            Wrong,
            [0.5, 0.0, 0.0, 0.0],
            &["order"],
        ),
        row(BANK, text("The database is down."), Wrong, [0.0, 0.0, 0.0, 0.0], &[]),
        row(
            "black-friday",
            text("The bank is slow, so payment's pool is exhausted."),
            Wrong,
            [0.0, 0.0, 1.0, 0.0],
            &["bank"],
        ),
    ]);
}

#[test]
fn cheating_does_not_pay() {
    check(vec![
        row(BANK, text(""), Empty, [0.0; 4], &[]),
        row(BANK, text(" \n .. "), Empty, [0.0; 4], &[]),
        row(BANK, text("lorem ipsum dolor sit amet"), Nonsense, [0.0; 4], &[]),
        row(BANK, text("503 504 30 200 847 1047"), Nonsense, [0.0; 4], &[]),
        row(
            BANK,
            text("frontend: home page failing for more than half of the users"),
            Nonsense,
            [0.0; 4],
            &[],
        ),
        row(BANK, text("bank slowdown"), Nonsense, [0.0; 4], &[]),
        row(
            BANK,
            text(
                "bank slow payment pool exhausted order cart frontend retry timeout queue breaker \
                 deadline",
            ),
            Nonsense,
            [0.0; 4],
            &[],
        ),
        row(
            BANK,
            text(
                "The root cause is the bank, or payment, or order, or cart, or the frontend: one \
                 of them is slow, failing, frozen or overloaded, and there are retries, queues \
                 and exhausted pools.",
            ),
            Wrong,
            [0.0; 4],
            &[],
        ),
        row(
            BANK,
            fields(
                "bank payment order cart frontend search account inventory users",
                &[
                    "pool_exhausted",
                    "unbounded_wait",
                    "retry_amplification",
                    "late_queue",
                    "wasted_work",
                    "shared_pool",
                    "metastable",
                    "duplicated",
                    "dead_instance",
                    "overload",
                ],
                &["payment", "order", "cart", "frontend"],
            ),
            Nonsense,
            [0.0; 4],
            &[],
        ),
        row(
            BANK,
            fields(
                "the bank is slow",
                &[
                    "pool_exhausted",
                    "unbounded_wait",
                    "retry_amplification",
                    "late_queue",
                    "wasted_work",
                    "shared_pool",
                    "metastable",
                    "duplicated",
                    "dead_instance",
                    "overload",
                ],
                &["payment", "order", "cart", "frontend"],
            ),
            Wrong,
            [0.0; 4],
            &[],
        ),
        row(
            BANK,
            text(
                "The frontend was overloaded and dragged down cart with 504, cart then overloaded \
                 order with 503, order exhausted payment's pool of workers, and payment made the \
                 bank slow, up to 30 s.",
            ),
            Wrong,
            [0.0, 0.0, 1.0, 0.0],
            &["frontend"],
        ),
        row(
            BANK,
            fields("the bank is slow", &["pool exhausted"], &["frontend", "cart", "order", "payment"]),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
    ]);
}

#[test]
fn every_drill_has_its_right_answer_and_its_tempting_one() {
    check(vec![
        row(
            "retry-storm",
            text(
                "Retry storm: order gives up after 250 ms and retries, so payment's queue is full \
                 of calls that nobody waits for. The bank only lit it and has recovered; the shop \
                 keeps itself down.",
            ),
            Right,
            [1.0, 1.0, 1.0, 0.0],
            &[],
        ),
        row(
            "retry-storm",
            text("The bank is slow, payment's pool is exhausted."),
            Partial,
            [0.5, 0.5, 1.0, 0.0],
            &[],
        ),
        row(
            "deadline-mismatch",
            text(
                "The bank takes 30 s. Users leave after 10 s, but cart, order and payment work on \
                 for nobody: the deadline is not propagated.",
            ),
            Right,
            [1.0; 4],
            &[],
        ),
        row(
            "deadline-mismatch",
            text("payment has too few workers"),
            Wrong,
            [0.0, 0.0, 0.0, 0.0],
            &["payment"],
        ),
        row(
            "commit-then-fail",
            text(
                "The bank takes the money but answers 503. Order retries without an idempotency \
                 key, so customers pay twice.",
            ),
            Right,
            [1.0, 1.0, 1.0, -1.0],
            &[],
        ),
        row(
            "commit-then-fail",
            text("The bank fails 30 % of the charges, and order retries them."),
            Partial,
            [1.0, 0.5, 0.5, -1.0],
            &[],
        ),
        row(
            "flapping-bank",
            text(
                "The bank is bad for 10 s of every 30 s, intermittent slowness. Payment waits \
                 without a bound and is full at once, and order refuses.",
            ),
            Right,
            [1.0; 4],
            &[],
        ),
        row(
            "lost-instance",
            text("payment-1 is frozen, and round robin goes on giving it every third call."),
            Right,
            [1.0, 1.0, 1.0, -1.0],
            &[],
        ),
        row(
            "lost-instance",
            text("One payment instance hangs, the calls are still routed to it."),
            Right,
            [1.0, 1.0, 1.0, -1.0],
            &[],
        ),
        row("lost-instance", text("payment-2 was killed."), Wrong, [0.0, 0.0, 0.0, -1.0], &["payment-2"]),
        row(
            "black-friday",
            text(
                "Five times as many users come as the frontend can serve; nobody is turned away, \
                 so the queue gets longer than anybody's patience.",
            ),
            Right,
            [1.0; 4],
            &[],
        ),
        row("black-friday", text("The frontend is overloaded."), Partial, [0.5, 0.0, 1.0, 1.0], &[]),
    ]);
}
