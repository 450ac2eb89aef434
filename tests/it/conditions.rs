//! What a drill says in PromQL, live: a steady state before the fault, a candidate who acts when the outage shows and
//! not by the clock, criteria of the drill's own; and a guardrail that stops a run.

use std::path::PathBuf;
use std::time::Duration;

use tests::site::DRILL;
use tests::{Playing, Site, Turn, repo};

/// The shipped drill with more in it, in a folder of the site.
fn watched_drill(site: &Site, extra: &str) -> PathBuf {
    let folder = site.scratch.work().join(DRILL);
    std::fs::create_dir_all(folder.join("candidates")).expect("a scratch folder can be written");
    let drill = repo::read(&repo::drill(DRILL).join("drill.yaml"));
    let (before, variants) = drill.split_once("\nvariants:\n").expect("the shipped drill has variants");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a scratch folder can be written");
    };
    write("drill.yaml", &format!("{before}\n{extra}\nvariants:\n{variants}"));
    let data = repo::root().join("tests/data/conditions");
    write("candidates/watchful.yaml", &repo::read(&data.join("watchful.yaml")));
    folder
}

#[test]
fn a_candidate_may_act_when_the_outage_shows_and_the_drill_judges_by_its_own_queries() {
    let _turn = Turn::take();
    let site = Site::new();
    let extra = repo::read(&repo::root().join("tests/data/conditions/drill-extra.yaml"));
    let folder = watched_drill(&site, &extra);
    let gate = ["--gate", "--junit", "junit.xml", "--threshold", "goodput=0.96"];
    let junit = site.scratch.work().join("junit.xml");
    let played = Playing::start_at(site, &folder, "watchful", "1/10", &gate).finish(false);
    assert_eq!(played.said.code, Some(0), "{}\n{}", played.card["reason"], played.said.stderr);

    // As a gate: by its own threshold, and with the file that CI reads.
    assert_eq!(
        (&played.card["mode"], &played.criterion("goodput")["threshold"]),
        (&"gate".into(), &0.96.into())
    );
    let dir = played.dir.as_ref().expect("a run that passed has a folder");
    assert_eq!(repo::read(&junit), repo::read(&dir.join("junit.xml")));

    for name in ["payment_drained", "guardrails", "baseline", "goodput"] {
        assert_eq!(played.status(name), "pass", "{name}: {}", played.criterion(name)["reason"]);
    }
    // Cart shed nothing, so nothing was ever counted: unknown, and not required.
    assert_eq!(played.status("nothing_shed_at_cart"), "unknown");
    let query = |name: &str| played.criterion(name)["query"].as_str().unwrap_or_default().to_owned();
    assert_eq!(query("payment_drained"), "max(lab_queue_depth{service=\"payment\"}) < 100 * 0.1");
    assert!(query("queue_wait").contains("lab_queue_wait_seconds_bucket"), "{}", query("queue_wait"));

    // Each step once, in the outage, the declaration after the policy.
    let at = |wanted: &dyn Fn(&evidence::Entry) -> bool| -> Vec<u64> {
        let script = |entry: &&evidence::Entry| entry.actor == "script:watchful" && wanted(entry);
        played.journal.iter().filter(script).map(|entry| entry.t_ms).collect()
    };
    let policy = at(&|entry| entry.kind == "policy");
    let diagnosed = at(&|entry| entry.text("verb") == "diagnose");
    let declared = at(&|entry| entry.text("verb") == "declare_recovered");
    assert_eq!(
        (policy.len(), diagnosed.len(), declared.len()),
        (1, 1, 1),
        "{policy:?} {diagnosed:?} {declared:?}"
    );
    let fault =
        played.journal.iter().find(|entry| entry.kind == "fault_applied").expect("a fault was applied");
    // Payment is full 5.3 s after the ramp begins; 3 s more, and a scrape. The policy waits for +20 s besides.
    let after = |t_ms: u64| t_ms - fault.t_ms;
    assert!((7_000..20_000).contains(&after(diagnosed[0])), "{} ms after the fault", after(diagnosed[0]));
    assert!((22_500..28_000).contains(&after(policy[0])), "{} ms after the fault", after(policy[0]));
    assert!(declared[0] > policy[0]);
}

#[test]
fn a_spent_error_budget_stops_the_run_and_it_is_proven_that_nothing_is_left_of_it() {
    let _turn = Turn::take();
    let site = Site::new();
    // 57 s x 45 checkouts/s x 1 %: 26 may fail. Payment is full after 5 s, and 2 s later the first users leave.
    let guardrail = "guardrails:\n  - {name: nobody_can_buy, error_budget: {journey: checkout, spent: 2}}\n";
    let folder = watched_drill(&site, guardrail);
    let never = ["--abort-when", "count(up == 0) > 7", "--abort-for", "2s"];
    let mut run = Playing::start_at(site, &folder, "watchful", "1/10", &never);
    let stopped = run
        .journaled("that a guardrail stopped it", Duration::from_secs(60), |entry| entry.kind == "guardrail");
    assert_eq!((stopped.text("name"), stopped.text("journey")), ("nobody_can_buy", "checkout"));
    let said = run.end().expect(98);
    let card = said.json();
    assert_eq!((card["verdict"].as_str(), card["residue"].as_array().map(Vec::len)), (Some("void"), Some(0)));
    let proof = |name: &str| {
        let all = card["proofs"].as_array().into_iter().flatten();
        all.into_iter().find(|proof| proof["name"] == name).cloned().unwrap_or_default()
    };
    // Live and from the request log it is the same budget; the log knows what was under way when it was stopped.
    let guardrails = proof("guardrails");
    assert!(guardrails["value"].as_f64() >= Some(2.0) && guardrails["threshold"] == 2.0, "{guardrails}");
    let reason = guardrails["reason"].as_str().unwrap_or_default();
    for words in [
        "guardrail `nobody_can_buy` stopped the run",
        "of the error budget of checkout",
        "by the request log",
    ] {
        assert!(reason.contains(words), "{words}: {reason}");
    }
    for name in ["trigger_removed", "clean"] {
        assert_eq!(proof(name)["status"], "pass", "{name}: {}", proof(name));
    }
    let journal = run.journal();
    let cleared = journal.iter().find(|entry| entry.kind == "fault_cleared").expect("the fault was cleared");
    assert!(cleared.t_ms - stopped.t_ms < 2_000, "cleared {} ms later", cleared.t_ms - stopped.t_ms);
    assert!(!journal.iter().any(|entry| entry.kind == "policy" && entry.actor == "script:watchful"));
    let plan = repo::read(&run.dir().expect("the run has a folder").join("plan.yaml"));
    assert!(plan.contains("abort_when_1"), "the plan says what was watched besides");
}
