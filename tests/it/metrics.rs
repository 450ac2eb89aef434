//! Every process tells what it does in a form that any scraper reads, and none of them tells a candidate what is wrong
//! with the bank.

use std::time::Duration;

use serde_json::json;
use tests::http::Ask;
use tests::site::{DRILL, SOON};
use tests::{Lab, Playing, Role, Site, Turn, exposition, repo, tools, until};

/// What a candidate must not read anywhere before the reveal. The last one is the name of the fault itself.
const SECRETS: [&str; 8] = ["fault", "chaos", "inject", "dose", "lease", "probe", "replay", "zugzwang"];
const FAULT: &str = "zugzwang";

fn keeps_the_secret(what: &str, text: &str) {
    for line in text.to_lowercase().lines() {
        // By words: "default" and "release" give nothing away.
        let mut words = line.split(|letter: char| !letter.is_ascii_alphabetic());
        let told = words.find(|word| SECRETS.iter().any(|secret| word.starts_with(secret)));
        assert_eq!(told, None, "{what} says: {line}");
    }
}

fn make_the_bank_slow(lab: &Lab) {
    let spec = json!({"effect": {"latency": {"fixed": {"value": "300ms"}}}});
    let fault = json!({"target": "bank", "id": FAULT, "spec": spec});
    let _ = lab.ask(Role::Operator, "POST", "/api/faults", Some(fault)).expect(200);
}

#[test]
fn every_process_writes_metrics_that_a_strict_scraper_takes() {
    let promtool = tools::need("promtool");
    let lab = Lab::up(&["--scale", "1/10"]);
    lab.sell(10.0);
    make_the_bank_slow(&lab);
    lab.sell(10.0);
    let mut scraped = vec![("controller".to_owned(), lab.text("/controller/url"))];
    let members = lab.members().into_iter().filter(|member| !member.admin.is_empty());
    scraped.extend(members.map(|member| (member.instance, member.admin)));
    assert_eq!(scraped.len(), 10, "eight services, traffic and the controller: {scraped:?}");
    for (instance, admin) in scraped {
        let answer = Ask::get(&admin, "/metrics").send().expect("the process answers").expect(200);
        let samples =
            exposition::parse(&answer.body).unwrap_or_else(|problem| panic!("{instance}: {problem}"));
        assert!(!samples.is_empty(), "{instance} tells nothing");
        for sample in &samples {
            for label in ["service", "instance", "job"] {
                assert!(!sample.labels.contains_key(label), "{instance} labels itself: {sample:?}");
            }
        }
        keeps_the_secret(&format!("/metrics of {instance}"), &answer.body);
        if let Some(promtool) = &promtool {
            let complaints = tools::complaints(promtool, &["check", "metrics"], &answer.body);
            assert_eq!(complaints, "", "promtool about {instance}");
        }
    }
}

#[test]
fn a_candidate_does_not_learn_what_is_wrong_with_the_bank() {
    let lab = Lab::up(&["--scale", "1/10"]);
    let token = lab.token(Role::Candidate);
    let url = lab.text("/controller/url");
    let mut told = String::new();
    std::thread::scope(|scope| {
        // From before the fault until some pulses after it.
        let events = scope.spawn(|| {
            let enough = |text: &str| text.matches("\"pulse\"").count() >= 4;
            let ask = Ask::get(&url, "/api/events").token(&token).patience(Duration::from_secs(30));
            ask.listen(enough).expect("the controller tells its pulse")
        });
        make_the_bank_slow(&lab);
        told = events.join().expect("the events were heard");
    });
    keeps_the_secret("/api/events", &told);
    for path in ["/api/policy", "/api/policy/versions", "/metrics"] {
        keeps_the_secret(path, &lab.ask(Role::Candidate, "GET", path, None).expect(200).body);
    }
    let mut status = lab.ask(Role::Candidate, "GET", "/api/status", None).expect(200).json();
    assert_eq!(status["faults"], json!([]), "a candidate sees the fault");
    status.as_object_mut().expect("a status has fields").remove("faults");
    keeps_the_secret("/api/status", &status.to_string());
    // The operator sees it, so there was something to hide.
    assert_eq!(lab.status()["faults"][0]["id"], FAULT);
    let bank = lab.member("bank");
    let title = std::fs::read_to_string(format!("/proc/{}/cmdline", bank.pid)).unwrap_or_default();
    keeps_the_secret("the title of the bank's process", &title);
}

/// What anybody may read of the controller.
fn told(site: &Site) -> String {
    let ask = Ask::get(&site.text("/controller/url"), "/metrics");
    ask.send().expect("the controller answers").expect(200).body
}

/// What anybody with a token may read of the lab's own samples.
fn sampled(site: &Site) -> String {
    site.ask(Role::Observer, "GET", "/api/metrics?match=lab_", None).expect(200).body
}

#[test]
fn what_is_done_to_the_shop_is_told_from_the_reveal_on_and_not_before() {
    let _turn = Turn::take();
    let mut run = Playing::start("nothing", "1/10", &["--keep"]);
    let applied =
        run.journaled("that a fault is on", Duration::from_secs(40), |entry| entry.kind == "fault_applied");
    let site = &run.site;
    // For some scrapes of the fault.
    let since = std::time::Instant::now();
    while since.elapsed() < Duration::from_secs(3) {
        keeps_the_secret("/metrics of the controller", &told(site));
        std::thread::sleep(Duration::from_millis(200));
    }
    let samples = sampled(site);
    assert!(samples.contains("lab_processes"), "the controller is among the samples: {samples}");
    keeps_the_secret("the samples", &samples.replace("lab_deadline", ""));

    let revealed = site.ask(Role::Candidate, "POST", "/api/reveal", None).expect(200).json();
    let fault = applied.text("id");
    assert_eq!(revealed["faults"][0]["id"], fault);
    let line = |value: u8| {
        format!("lab_fault_active{{fault=\"{fault}\",target=\"bank\",effect=\"latency\"}} {value}\n")
    };
    let text = told(site);
    assert!(text.contains(&line(1)), "{text}");
    let _ = exposition::parse(&text).expect("a strict scraper takes it");
    until("the samples have it", SOON, || {
        let samples = sampled(site);
        if samples.contains("lab_fault_active") { Ok(()) } else { Err(samples) }
    });

    let _ = site.ask(Role::Operator, "POST", "/api/runs/current/abort", None).expect(200);
    let _ = run.end().expect(105);
    let text = told(&run.site);
    assert!(text.contains(&line(0)), "{text}");
}

#[test]
fn a_lab_whose_book_is_open_tells_everybody_and_assesses_nobody() {
    let site = Site::new();
    let folder = repo::drill(DRILL).display().to_string();
    let assessed = ["run", &folder, "--variant", "smoke", "--scale", "1/10", "--mode", "assessed"];
    let said = site.say(&[&assessed[..], &["--open-book"]].concat()).expect(2);
    assert!(said.stderr.contains("nobody can be assessed with --open-book"), "{}", said.stderr);

    let lab = Lab::up(&["--scale", "1/10", "--variant", "smoke", "--open-book"]);
    make_the_bank_slow(&lab);
    let told = until("the dose is measured", SOON, || {
        let text = told(&lab);
        if text.contains("lab_fault_delivered_dose_seconds{") { Ok(text) } else { Err(text) }
    });
    let samples = exposition::parse(&told).expect("a strict scraper takes it");
    let of = |name: &str| {
        samples.iter().find(|sample| sample.is(name, &[("fault", FAULT)])).map(|sample| sample.value)
    };
    assert_eq!(of("lab_fault_active"), Some(1.0));
    // Both are quantiles of a histogram, which is exact to a permille.
    for dose in ["lab_fault_requested_dose_seconds", "lab_fault_delivered_dose_seconds"] {
        assert!(of(dose).is_some_and(|dose| (0.299..0.4).contains(&dose)), "{dose}: {told}");
    }
    if let Some(promtool) = tools::need("promtool") {
        assert_eq!(tools::complaints(&promtool, &["check", "metrics"], &told), "", "promtool about {told}");
    }
    let status = lab.say(&["status", "--as", "observer"]).expect(0).stdout;
    assert!(status.contains("open book"), "{status}");
    let said = lab.say(&assessed);
    assert!(said.code != Some(0) && said.stderr.contains("--open-book"), "{said:?}");
}
