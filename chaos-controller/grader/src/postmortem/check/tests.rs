//! Sentences one by one, and whole postmortems in `tests/postmortem/`: beside each `.md` its problems, one a line (`.out`).

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use super::*;
use crate::grade;
use crate::testbed::Bed;
use crate::truth::{Mechanism, MechanismKind};

fn card(mechanisms: &[(MechanismKind, &str)]) -> Scorecard {
    // Grading takes its time, and there are many sentences.
    static GRADED: LazyLock<Scorecard> = LazyLock::new(|| grade(&Bed::never_recovered().recording()).card);
    let mut card = GRADED.clone();
    card.people.names = vec!["Bob".to_owned(), "ada".to_owned()];
    let mechanism = |(kind, at): &(MechanismKind, &str)| Mechanism {
        kind: *kind,
        at: (*at).to_owned(),
        what: "it is so".to_owned(),
        evidence: "samples".to_owned(),
    };
    card.truth.mechanisms = mechanisms.iter().map(mechanism).collect();
    card
}

/// The rules about words that a sentence breaks.
fn wording(sentence: &str) -> Vec<String> {
    let problems = check(&format!("## Summary\n\n{sentence}\n"), &card(&[]), &Around::default());
    let rules = problems.into_iter().map(|problem| problem.rule);
    rules.filter(|rule| matches!(rule.as_str(), "blame" | "counterfactual")).collect()
}

#[test]
fn a_person_is_no_explanation() {
    for sentence in [
        "Bob forgot the timeout.",
        "bob ignored the page for 4 minutes",
        "Then Mallory forgot to tell anybody.",
        "It was operator error.",
        "A human error brought payment down.",
        "The change was careless.",
        "The payment team failed to test it.",
        "The payment team did not bother to answer.",
        "The on-call engineer overlooked the queue.",
        "We panicked and restarted everything.",
        "Somebody made a mistake in the policy.",
        "It was caused by Bob.",
        "The outage was triggered by the payment team.",
        "It is Bob's fault.",
        "That was Ada's mistake.",
        "The reviewers should know better.",
        "Nothing was tried because of the team.",
        "The intern blindly restarted order.",
        "The on-call did not notice the page.",
        "Ada was supposed to check the pool.",
        "They were too slow to react.",
        "The team neglected the alert.",
        "Bob didn't look at payment.",
        "The responders were expected to page somebody.",
    ] {
        assert!(wording(sentence).contains(&"blame".to_owned()), "{sentence}: {:?}", wording(sentence));
    }
}

#[test]
fn names_and_failing_systems_are_no_blame() {
    for sentence in [
        "Bob noticed the full pool first.",
        "Ada decided to set a timeout, and Bob undid it.",
        "The bank failed to answer within 2 s.",
        "The bank failed.",
        "Payment failed to start a worker for 847 requests.",
        "Retries caused four times the load.",
        "The payment team added a breaker at 14:07.",
        "This is a blameless postmortem.",
        "There was no operator error.",
        "Nobody is to blame.",
        "Bob asked why order answers 503.",
        "She wrote \u{201c}Bob forgot it\u{201d} in the channel.",
        "The reason in the journal is `operator error`.",
        "The fault's start was not visible to anybody.",
        "The bank's fault was cleared after 140 s.",
        "We did not have an alert on the queue.",
        "Users gave up after 10 s.",
        "Prometheus missed two scrapes.",
        "Orders broke first, at 14:00:25.",
        "The bank did not answer.",
        "Payment was too slow to keep up with order.",
        "The alert did not notice the queue.",
        "Ada noticed that the bank did not respond.",
        "The breaker was supposed to open at half of the calls.",
        "Callers did not see the mark on the answer.",
    ] {
        assert_eq!(wording(sentence), Vec::<String>::new(), "{sentence}");
    }
}

#[test]
fn what_did_not_happen_explains_nothing() {
    for sentence in [
        "We should have noticed the queue.",
        "The alert should've been louder.",
        "Somebody could have looked at payment.",
        "If only the timeout had been there.",
        "A breaker would have prevented the outage.",
        "A shorter queue would\nhave helped.",
        "The tests failed to catch it.",
        "Had we known that the pool is shared, it would be over sooner.",
        "In hindsight, the timeline was clear.",
        "The load test ought to have shown it.",
        "It wouldn't have happened with a bulkhead.",
        "They should never have been in one pool.",
    ] {
        assert_eq!(wording(sentence), ["counterfactual"], "{sentence}");
    }
}

#[test]
fn wishes_for_the_future_and_quotations_are_no_counterfactuals() {
    for sentence in [
        "Every call should have a timeout.",
        "Queues should have bounded lengths.",
        "Each service should have its own pool.",
        "The alert should fire within 30 s.",
        "It could have been worse.",
        "\"We should have noticed\" is what Ada said.",
        "`if only` is no PromQL.",
        "> would have prevented",
        "Payment would need 450 workers.",
        "Whoever waits could have a limit of 400 ms.",
        "The queue had been full for 9 s when the alert fired.",
        "The bank failed to answer in time.",
    ] {
        assert_eq!(wording(sentence), Vec::<String>::new(), "{sentence}");
    }
}

fn table(action: &str) -> String {
    format!(
        "## Action items\n\n| id | action | kind | owner | due | drill | status |\n|-|-|-|-|-|-|-|\n| A1 | {action} | prevent | Ada | 2026-12-01 | bank-slowdown | open |\n"
    )
}

fn broken(text: &str, rule: &str, card: &Scorecard) -> Vec<String> {
    let problems = check(text, card, &Around::default()).into_iter().filter(|problem| problem.rule == rule);
    problems.map(|problem| format!("{}: {}", problem.words, problem.why)).collect()
}

#[test]
fn an_action_says_what_will_be_different() {
    for action in [
        "Be more careful",
        "Be more careful with the 3 retries",
        "Improve monitoring",
        "Better alerting for payment",
        "Train people",
        "Training for the on-call rotation",
        "Remind everyone to set timeouts",
        "Make sure this does not happen again",
        "Investigate the slow bank",
        "Consider a breaker",
        "Review the code",
        "Fix the bug",
        "Follow best practices",
        "Increase test coverage of code",
    ] {
        assert_eq!(broken(&table(action), "vague", &card(&[])).len(), 1, "{action}");
    }
    for action in [
        "Page when payment's workers are all busy for 5 s",
        "Improve monitoring: alert when the queue is longer than what is served in 2 s",
        "Better alerting: page as soon as `lab_queue_depth` grows",
        "Train every new on-call with bank-slowdown until 2 runs in a row pass",
        "Improve resilience by a circuit breaker on the bank",
        "Refuse a policy without a timeout in the pipeline",
    ] {
        assert_eq!(broken(&table(action), "vague", &card(&[])), Vec::<String>::new(), "{action}");
    }
}

#[test]
fn every_mechanism_needs_an_action_that_cuts_it() {
    use MechanismKind::*;
    let cases: [(MechanismKind, &str, &[&str], &[&str]); 10] = [
        (
            PoolExhausted,
            "payment",
            &["Timeout of 400 ms on the bank", "Charge asynchronously, off the request path"],
            &["Payment gets 10,000 workers", "A timeout on search's call to inventory"],
        ),
        (
            UnboundedWait,
            "payment->bank",
            &["Nobody waits for the bank longer than 400 ms: give up on it after that"],
            &["Raise the timeout on the bank to 60 s"],
        ),
        (
            RetryAmplification,
            "order->payment",
            &["Order retries at most 20 % of its calls", "Turn off retries in order"],
            &["Exponential backoff with jitter", "No retries at the frontend"],
        ),
        (
            LateQueue,
            "payment",
            &["Queue limit 100 at payment", "LIFO at payment", "CoDel"],
            &["Raise the queue limit to 100,000"],
        ),
        (
            WastedWork,
            "payment",
            &["Propagate the user's deadline", "Cancel what nobody waits for"],
            &["More workers for payment"],
        ),
        (
            SharedPool,
            "payment",
            &["A pool of its own for Charge: separate workers"],
            &["A timeout of 400 ms on the bank"],
        ),
        (
            Metastable,
            "order->payment",
            &["A retry budget in order", "Serve the newest first"],
            &["Restart payment by hand", "Jittered backoff"],
        ),
        (
            Duplicated,
            "bank",
            &["An idempotency key on each charge, and reconciliation"],
            &["Reconcile the books each night"],
        ),
        (
            DeadInstance,
            "order->payment",
            &["Eject instances that do not answer", "Send to the least loaded instance"],
            &["Restart payment-1 each night"],
        ),
        (
            Overload,
            "frontend",
            &["Shed browsing before checkouts", "Admission by priority"],
            &["Buy twice as many machines"],
        ),
    ];
    for (kind, at, right, wrong) in cases {
        let card = card(&[(kind, at)]);
        for action in right {
            assert_eq!(broken(&table(action), "cascade", &card), Vec::<String>::new(), "{kind:?}: {action}");
        }
        for action in wrong {
            assert_eq!(broken(&table(action), "cascade", &card).len(), 1, "{kind:?}: {action}");
        }
    }
}

#[test]
fn to_see_it_or_to_have_given_it_up_cuts_nothing() {
    let card = card(&[(MechanismKind::PoolExhausted, "payment")]);
    let detects = table("Timeout on the bank").replace("| prevent |", "| detect |");
    assert!(
        broken(&detects, "cascade", &card)[0].contains("A1 is kind detect"),
        "{:?}",
        broken(&detects, "cascade", &card)
    );
    let given_up = table("Timeout on the bank").replace("| open |", "| won't do |");
    assert!(broken(&given_up, "cascade", &card)[0].contains("given up"));
    let elsewhere = table("A timeout on search's call to inventory");
    assert!(broken(&elsewhere, "cascade", &card)[0].contains("A1 works elsewhere"));
    assert_eq!(
        broken(&table("x"), "cascade", &super::tests::card(&[])),
        Vec::<String>::new(),
        "nothing is known"
    );
}

/// The slow bank, as its recording shows it.
fn slow_bank() -> Scorecard {
    use MechanismKind::*;
    card(&[
        (PoolExhausted, "payment"),
        (UnboundedWait, "payment->bank"),
        (RetryAmplification, "order->payment"),
        (LateQueue, "payment"),
        (WastedWork, "payment"),
        (SharedPool, "payment"),
    ])
}

#[test]
fn whole_postmortems_are_told_exactly_this() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postmortem");
    let mut wrong = String::new();
    for name in ["good", "good-unusual", "blaming", "thin"] {
        let text = fs::read_to_string(folder.join(format!("{name}.md"))).unwrap();
        let told: String = check(&text, &slow_bank(), &Around::default())
            .iter()
            .map(|one| format!("{}:{}: {}: {}\n", one.line, one.column, one.rule, one.words))
            .collect();
        let expected = fs::read_to_string(folder.join(format!("{name}.out"))).unwrap_or_default();
        if told != expected {
            wrong.push_str(&format!("=== {name}\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "told otherwise than the .out files say:\n{wrong}");
}

#[test]
fn a_mark_follows_from_the_check() {
    use crate::postmortem::quality;
    use crate::rating::Mark;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postmortem");
    let mark = |text: &str| quality(text, &slow_bank()).mark;
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(mark(&read("good.md")), Some(Mark::Expert));
    assert_eq!(mark(&read("good-unusual.md")), Some(Mark::Expert));
    let without_bulkhead =
        read("good.md").lines().filter(|line| !line.starts_with("| A3")).collect::<Vec<_>>().join("\n");
    let quality_of = quality(&without_bulkhead, &slow_bank());
    assert_eq!(quality_of.mark, Some(Mark::Intermediate));
    assert!(quality_of.why.contains("workers shared with the sick call"), "{}", quality_of.why);
    assert_eq!(mark(&read("blaming.md")), Some(Mark::Novice));
    let recording = Bed::never_recovered().recording();
    let draft = crate::postmortem::draft(&recording, &grade(&recording).card);
    assert_eq!(mark(&draft), None, "nobody has written it yet");
}
