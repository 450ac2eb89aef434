//! The faults of the bank's calls, as its callers see them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::http::{Answer, Ask};
use tests::site::{Member, SOON};
use tests::{Lab, Role, ledgers, until};

use super::{add, clear, print, row};

const CALLS: usize = 24;
const ROUNDS: usize = 15;
const CENTS: u64 = 1_000;

/// As many charges at once, under names that begin with `name`.
fn charges(bank: &Member, name: &str) -> Vec<Result<Answer, String>> {
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..CALLS)
            .map(|number| {
                let body = json!({"reference": format!("{name}-{number}"), "amount_cents": CENTS});
                scope.spawn(move || Ask::post(&bank.traffic, "/charges").body(body).send())
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("a call does not panic")).collect()
    })
}

/// What was charged under names that begin with `name`.
fn charged(lab: &Lab, bank: &Member, name: &str) -> Vec<u64> {
    let lines = ledgers::lines(&bank.admin, &lab.token(Role::Operator));
    let of = lines.iter().filter(|line| line["reference"].as_str().is_some_and(|id| id.starts_with(name)));
    of.filter_map(|line| line["amount_cents"].as_u64()).collect()
}

fn statuses(answers: &[Result<Answer, String>]) -> Vec<u16> {
    answers.iter().map(|answer| answer.as_ref().map_or(0, |answer| answer.status)).collect()
}

#[test]
fn each_fault_of_the_bank_does_what_it_says_and_leaves_nothing() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let bank = lab.member("bank");
    let mut rows = Vec::new();
    let mut over = |id: &str| -> Value {
        let fault = clear(&lab, id);
        assert_eq!(fault["dose"]["within"], true, "{fault}");
        rows.push(row(&fault));
        // Well again, for whoever comes now.
        let name = format!("after-{id}");
        assert_eq!(statuses(&charges(&bank, &name)), [201; CALLS], "after {id}");
        assert_eq!(charged(&lab, &bank, &name), [CENTS; CALLS], "after {id}");
        fault
    };

    add(&lab, "latency", "bank --latency 400ms");
    let answers = charges(&bank, "late-");
    assert_eq!(statuses(&answers), [201; CALLS]);
    let least = answers.iter().flatten().map(|answer| answer.took).min();
    assert!(least >= Some(Duration::from_millis(400)), "an answer was there after {least:?}");
    over("latency");

    add(&lab, "error", "bank --error 503");
    assert_eq!(statuses(&charges(&bank, "error-")), [503; CALLS]);
    assert_eq!(charged(&lab, &bank, "error-"), [0; 0], "an error charges nothing");
    over("error");

    add(&lab, "commit-then-fail", "bank --commit-then-fail 502");
    assert_eq!(statuses(&charges(&bank, "failed-")), [502; CALLS]);
    assert_eq!(charged(&lab, &bank, "failed-"), [CENTS; CALLS], "what is told to have failed is charged");
    over("commit-then-fail");

    add(&lab, "hang", "bank --hang");
    let body = json!({"reference": "hang-0", "amount_cents": CENTS});
    let hung = Ask::post(&bank.traffic, "/charges").body(body).patience(Duration::from_millis(500)).send();
    assert!(hung.is_err(), "{hung:?}");
    assert_eq!(charged(&lab, &bank, "hang-"), [CENTS], "the bank commits and says nothing");
    over("hang");

    add(&lab, "reset", "bank --reset");
    let answers = charges(&bank, "reset-");
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    assert_eq!(charged(&lab, &bank, "reset-"), [0; 0]);
    over("reset");

    add(&lab, "reset-after", "bank --reset --after-commit");
    assert!(charges(&bank, "paid-").iter().all(Result::is_err));
    assert_eq!(charged(&lab, &bank, "paid-"), [CENTS; CALLS]);
    over("reset-after");

    add(&lab, "slow-body", "bank --slow-body 800ms");
    let start = Instant::now();
    let answers = charges(&bank, "slow-");
    assert_eq!(statuses(&answers), [201; CALLS]);
    let least = answers.iter().flatten().map(|answer| answer.took).min();
    assert!(least >= Some(Duration::from_millis(800)), "a body was there after {least:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "bodies took {:?}", start.elapsed());
    over("slow-body");

    add(&lab, "malformed", "bank --malformed-body --share 0.5");
    // A share is known the better the more calls there are.
    let answers: Vec<_> = (0..ROUNDS).flat_map(|round| charges(&bank, &format!("cut-{round}-"))).collect();
    assert_eq!(statuses(&answers), [201; ROUNDS * CALLS]);
    let cut = answers.iter().flatten().filter(|answer| serde_json::from_str::<Value>(&answer.body).is_err());
    let cut = cut.count() as u64;
    assert_eq!(charged(&lab, &bank, "cut-"), [CENTS; ROUNDS * CALLS], "what is cut is charged all the same");
    assert_eq!(over("malformed")["hits"], cut);

    add(&lab, "wrong-amount", "bank --wrong-amount 1.5");
    assert_eq!(statuses(&charges(&bank, "wrong-")), [201; CALLS]);
    assert_eq!(charged(&lab, &bank, "wrong-"), [CENTS * 3 / 2; CALLS]);
    over("wrong-amount");

    add(&lab, "too-many", "bank --error 429 --retry-after 1500ms --path lookup");
    let lookup =
        Ask::get(&bank.traffic, "/charges?reference=x").send().expect("the bank answers").expect(429);
    assert!(lookup.head.to_ascii_lowercase().contains("retry-after: 2"), "{}", lookup.head);
    over("too-many");

    // Ten at once and eleven: what is above them is refused.
    add(&lab, "limit", "bank --rate-limit 20 --retry-after 3s");
    let mut taken = 0;
    let start = Instant::now();
    for round in 0..ROUNDS {
        let answers = charges(&bank, &format!("limit-{round}-"));
        taken += statuses(&answers).iter().filter(|status| **status == 201).count();
        for refused in answers.iter().flatten().filter(|answer| answer.status != 201) {
            assert_eq!(refused.status, 429, "{}", refused.body);
            assert!(refused.head.to_ascii_lowercase().contains("retry-after: 3"), "{}", refused.head);
        }
    }
    // A bucket of three, and twenty a second.
    let most = 3.0 + 20.0 * start.elapsed().as_secs_f64();
    assert!(taken >= 3 && (taken as f64) <= most, "{taken} were taken in {:?}", start.elapsed());
    assert_eq!(charged(&lab, &bank, "limit-").len(), taken, "who is refused is not charged");
    over("limit");
    print(&rows);

    // Last, because the shop tries again for long: on its connections only the call breaks off.
    add(&lab, "reset-shop", "bank --reset");
    let patience = Duration::from_secs(1);
    let checkout = Ask::post(&lab.frontend(), "/api/checkout").patience(patience).send();
    assert!(
        checkout.as_ref().map_or(true, |answer| answer.status != 200),
        "a shop whose bank breaks off sold: {checkout:?}"
    );
    assert!(clear(&lab, "reset-shop")["hits"].as_u64() >= Some(1));
    until("the shop sells again", SOON, || {
        let checkout = Ask::post(&lab.frontend(), "/api/checkout").send()?;
        if checkout.status == 200 { Ok(()) } else { Err(format!("{} {}", checkout.status, checkout.body)) }
    });

    // Its own log is open to candidates, and does not tell.
    let log = lab.scratch.labs().join(&lab.lab).join("logs/bank-0.log");
    let log = std::fs::read_to_string(log).expect("the bank has a log");
    for word in ["fault", "reset-after", "wrong_amount"] {
        assert!(!log.contains(word), "the bank's log says `{word}`:\n{log}");
    }
}
