//! The controller is killed in the middle of a fault. Nobody is left to end it, and it ends all the same: by its lease,
//! where it acts. What happened can be told, and nothing that was written is lost.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::http::Ask;
use tests::site::{Member, SOON};
use tests::{Playing, Role, Turn, ledgers, processes, until};

/// The lease of the drill's fault, and what a busy machine may add.
const LEASE: Duration = Duration::from_secs(10);
const LATE: Duration = Duration::from_secs(2);

fn member(run: &Playing, service: &str) -> Member {
    run.site
        .filed()
        .into_iter()
        .find(|member| member.service == service)
        .expect("the lab's file names everybody")
}

fn charge_ids(bank: &Member, operator: &str) -> BTreeSet<String> {
    ledgers::lines(&bank.admin, operator).iter().map(|charge| charge["id"].to_string()).collect()
}

#[test]
fn a_fault_ends_with_its_lease_when_the_controller_is_killed() {
    let _turn = Turn::take();
    let mut run = Playing::start("nothing", "1/10", &["--keep"]);
    let applied =
        run.journaled("that a fault is on", Duration::from_secs(40), |entry| entry.kind == "fault_applied");
    let fault = applied.text("id").to_owned();
    let (bank, frontend) = (member(&run, "bank"), member(&run, "frontend"));
    let operator = run.site.token(Role::Operator);
    let described = || {
        let ask = Ask::get(&bank.admin, &format!("/faults/{fault}")).token(&operator);
        ask.send().expect("the bank answers").expect(200).json()
    };
    until("the bank is sick", SOON, || {
        let fault = described();
        if fault["lease_left_ms"].as_u64().is_some() { Ok(()) } else { Err(fault.to_string()) }
    });
    let before = charge_ids(&bank, &operator);
    let dir = run.dir().expect("the run has a folder");
    let policy = run.site.status()["policy_version"].clone();

    let killed = Instant::now();
    processes::kill(run.site.pid("/controller/pid"));
    let said = run.end().expect(1);
    assert!(said.stderr.contains("the controller is gone"), "{}", said.stderr);
    assert!(said.stderr.contains("firedrill status"), "no hint at what to do: {}", said.stderr);

    // Nobody but the bank ends it, and nobody but its clock says when.
    let ended = until("the bank has ended the fault by itself", LEASE + LATE, || {
        let fault = described();
        if fault["reason"].is_string() { Ok(fault) } else { Err(fault.to_string()) }
    });
    assert_eq!(ended["reason"], "expired", "{ended} after {:?}", killed.elapsed());
    let probe = json!({"reference": "probe", "amount_cents": 1, "dry_run": true});
    let answer =
        Ask::post(&bank.traffic, "/charges").body(probe).send().expect("the bank answers").expect(200);
    assert!(answer.took < Duration::from_secs(1), "the bank is still slow: {:?}", answer.took);

    // The next who asks is told what happened.
    let status = run.site.say(&["status"]).expect(1).stdout;
    for wanted in ["is gone", &fault, "by itself within its lease", "firedrill up"] {
        assert!(status.contains(wanted), "`{wanted}` is missing in\n{status}");
    }

    // A new controller takes over: the same processes, the same policy, the run closed.
    let bank_pid = bank.pid;
    let up = run.site.say(&["up"]).expect(0);
    assert!(up.stderr.contains("adopted"), "{}", up.stderr);
    assert_eq!(member(&run, "bank").pid, bank_pid, "the bank was started anew");
    assert_eq!(run.site.status()["policy_version"], policy);
    let card = until("the interrupted run has its verdict", Duration::from_secs(60), || {
        let card = std::fs::read(dir.join("scorecard.json")).map_err(|error| error.to_string())?;
        serde_json::from_slice::<Value>(&card).map_err(|error| error.to_string())
    });
    assert_eq!(card["exit"], 105, "interrupted: {}", card["reason"]);
    // Whoever closes a run proves that nothing is left of it, also where another one played it.
    for name in ["trigger_removed", "clean"] {
        let mut proofs = card["proofs"].as_array().into_iter().flatten();
        let proof = proofs.find(|proof| proof["name"] == name);
        assert!(proof.is_some_and(|proof| proof["status"] == "pass"), "{name}: {proof:?}");
    }

    // Nothing that was written is lost.
    let journal = run.journal();
    assert_eq!(journal.last().map(|entry| entry.kind.as_str()), Some("sealed"));
    let cleared = |entry: &evidence::Entry| entry.kind == "fault_cleared" && entry.text("id") == fault;
    assert!(journal.iter().any(cleared), "the journal does not say how the fault ended");
    let labs = std::fs::read(run.site.scratch.labs().join(&run.site.lab).join("journal.jsonl"));
    assert!(
        evidence::verify(labs.expect("the lab has a journal")).is_ok(),
        "the lab's own journal is broken"
    );
    let after = charge_ids(&member(&run, "bank"), &operator);
    assert!(before.is_subset(&after), "charges are gone: {:?}", before.difference(&after));
    until("the shop sells again", Duration::from_secs(20), || {
        let checkout = Ask::post(&frontend.traffic, "/api/checkout").send()?;
        if checkout.status == 200 { Ok(()) } else { Err(format!("{} {}", checkout.status, checkout.body)) }
    });
}
