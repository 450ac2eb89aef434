//! What a person in trouble sees: the live samples and those of a recording, the board, the doctor, and an explanation.

use std::time::Duration;

use evidence::SampleWriter;
use serde_json::Value;
use tests::site::SOON;
use tests::{Lab, Role, Site, processes, until};

fn values(answer: &Value) -> Vec<f64> {
    let rows = answer["data"]["result"].as_array().into_iter().flatten();
    rows.filter_map(|row| row["value"][1].as_str()?.parse().ok()).collect()
}

#[test]
fn a_live_query_is_what_the_process_exposes() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let payment = lab.member("payment");
    let query = "lab_workers_limit{service=\"payment\"}";
    let exposed = lab.metric(&payment.admin, "lab_workers_limit", &[]).expect("payment tells its workers");
    let answered = until("the samples have payment's workers", SOON, || {
        let answer = lab.say(&["query", query, "-o", "json", "--as", "observer"]).expect(0).json();
        values(&answer).first().copied().ok_or(format!("{answer}"))
    });
    assert_eq!(answered, exposed);
    // Prometheus' own clients read the same, and only with a token.
    let path = "/api/v1/query?query=sum%20by%20(service)%20(up)";
    let twin = lab.ask(Role::Observer, "GET", path, None).expect(200).json();
    assert_eq!((twin["status"].as_str(), values(&twin).len()), (Some("success"), 10), "{twin}");
    assert_eq!(lab.ask(Role::Nobody, "GET", path, None).status, 401);
    let listed = lab.say(&["query", "--metrics", "workers"]).expect(0);
    assert!(
        listed.stdout.contains("lab_workers_limit") && listed.stdout.contains("gauge"),
        "{}",
        listed.stdout
    );
}

#[test]
fn a_recorded_run_answers_without_a_lab() {
    let site = Site::new();
    let mut writer = SampleWriter::new();
    let mut bytes = Vec::new();
    for second in 0..60 {
        let text = format!(
            "lab_queue_depth{{pool=\"main\"}} {}\nlab_charges_total{{state=\"committed\"}} {}\n",
            second,
            second * 10
        );
        bytes.extend(writer.scrape(second * 1000, "payment", "payment-0", &text));
    }
    let folder = site.scratch.work().join("runs").join("x");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(folder.join("samples.bin"), bytes).expect("the samples can be written");
    let ask = |args: &[&str]| site.say(&[&["query", "--run", "runs/x"], args].concat()).expect(0);
    let last = ask(&["sum(lab_queue_depth)", "-o", "json"]).json();
    assert_eq!(values(&last), [59.0]);
    let before = ask(&["sum(lab_queue_depth)", "--at", "00:30", "-o", "json"]).json();
    assert_eq!(values(&before), [30.0]);
    let rate = ask(&["rate(lab_charges_total[10s])", "--range", "30s", "--step", "10s", "-o", "csv"]).stdout;
    assert_eq!(rate.lines().count(), 5, "{rate}");
    assert!(ask(&["lab_queue_depth", "--range", "30s"]).stdout.contains("█"));
    assert!(ask(&["--metrics"]).stdout.contains("lab_charges_total"));
    site.say(&["query", "up", "--run", "runs/none"]).expect(104);
}

#[test]
fn a_query_that_cannot_be_says_where_and_an_empty_answer_says_why() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let refused = lab.say(&["query", "sum(rat(up[5s]))"]).expect(104);
    let caret = refused.stderr.lines().find(|line| line.trim_start().starts_with('^'));
    assert!(refused.stderr.contains("  sum(rat(up[5s]))") && caret.is_some(), "{}", refused.stderr);
    assert_eq!(lab.ask(Role::Observer, "GET", "/api/query?query=sum(", None).status, 400);
    assert_eq!(lab.ask(Role::Observer, "GET", "/api/v1/query_range?query=up", None).status, 400);
    until("an unknown metric has near ones", SOON, || {
        let empty = lab.say(&["query", "lab_queue_dept"]).expect(0).stderr;
        if empty.contains("did you mean `lab_queue_depth`") { Ok(()) } else { Err(empty) }
    });
    until("the services that there are stand in the hint", SOON, || {
        let empty = lab.say(&["query", "lab_queue_depth{service=\"paymnt\"}"]).expect(0).stderr;
        if empty.contains("payment") { Ok(()) } else { Err(empty) }
    });
}

#[test]
fn the_board_shows_users_services_and_money_and_never_the_fault() {
    let lab = Lab::up(&["--scale", "1/10"]);
    lab.sell(5.0);
    lab.say(&["fault", "add", "bank", "--latency", "300ms", "--id", "zugzwang"]).expect(0);
    let page = until("the board shows a busy shop", Duration::from_secs(20), || {
        let page = lab.say(&["watch", "--once", "--as", "candidate"]).expect(0).stdout;
        let there = ["checkout", "payment", "order > payment.Charge", "MONEY", "confirmed", "EVENTS"];
        if there.iter().all(|word| page.contains(word)) { Ok(page) } else { Err(page) }
    });
    assert!(!page.contains("zugzwang") && !page.to_lowercase().contains("fault"), "{page}");
    let board = lab.say(&["watch", "--once", "-o", "json"]).expect(0).json();
    assert_eq!(board["services"].as_array().map(Vec::len), Some(10), "{board}");
    assert!(board["queries"]["services.busy"].is_string(), "the page tells its queries");
    // The page shows what a query does, so every query of it is one.
    for query in board["queries"].as_object().expect("queries by name").values() {
        lab.say(&["query", query.as_str().expect("a query is text")]).expect(0);
    }
}

#[test]
fn a_good_lab_is_well_and_a_frozen_process_is_found() {
    let lab = Lab::up(&["--scale", "1/10"]);
    let state_of = |findings: &Value, what: &str| {
        let found = findings.as_array().into_iter().flatten().find(|finding| finding["what"] == what);
        found.unwrap_or_else(|| panic!("nothing about {what} in {findings}"))["state"].clone()
    };
    until("the doctor finds nothing wrong", Duration::from_secs(60), || {
        let said = lab.say(&["doctor", "-o", "json"]);
        let well = |what| state_of(&said.json(), what) == "ok";
        let all = ["processes", "frozen", "scrapes", "guard", "faults"].into_iter().all(well);
        if said.code == Some(0) && all { Ok(()) } else { Err(said.stdout) }
    });
    let search = lab.member("search");
    processes::freeze(search.pid);
    let findings = lab.say(&["doctor", "-o", "json"]).expect(1).json();
    assert_eq!(state_of(&findings, "frozen"), "fail", "{findings}");
    processes::thaw(search.pid);
}

#[test]
fn a_path_is_explained_with_what_is_in_force() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let said = lab.say(&["explain", "payment.server.workers"]).expect(0).stdout;
    assert!(said.contains("in force") && said.contains("1 to 100000"), "{said}");
    lab.say(&["explain", "lab_queue_wait_seconds"]).expect(0);
    let unknown = lab.say(&["explain", "payment.server.wokers"]).expect(2);
    assert!(unknown.stderr.contains("services.payment.server.workers"), "{}", unknown.stderr);
}
