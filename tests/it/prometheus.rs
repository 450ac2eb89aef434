//! A run whose samples are those of a real Prometheus: the shipped configuration and rules, the real Alertmanager and its
//! webhook. One run of the smoke variant, on which everything hangs; beside it the test scrapes the lab as the lab would
//! have done, for a second opinion.

mod alerts;
mod rules;
mod values;
mod verdict;

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use evidence::Entry;
use serde_json::{Value, json};
use tests::monitoring::Monitoring;
use tests::program::Said;
use tests::scrapes::{self, Scrape};
use tests::{Lab, Role, repo, tools, until};

/// A smoke run takes at most 90 s; the rest is the machine's other work.
const RUN: Duration = Duration::from_secs(200);
const SECOND: Duration = Duration::from_secs(1);
/// A verdict lives with 5 s without a sample, and not with these.
const HOLE: Duration = Duration::from_secs(6);

/// The run, and what was seen beside it.
struct Watched {
    dir: PathBuf,
    said: Said,
    journal: Vec<Entry>,
    /// With times in Unix milliseconds.
    beside: Vec<Scrape>,
}

#[test]
fn a_run_that_a_real_prometheus_scrapes_is_told_and_judged_as_one_that_the_lab_scrapes_itself() {
    let Some(mut monitoring) = Monitoring::reserve() else { return };
    let url = format!("http://{}", monitoring.prometheus);
    let lab = Lab::up(&["--scale", "1/10", "--variant", "smoke", "--prometheus", &url]);
    // Not yet there: told, and no run is begun.
    let silent = until("the lab tells that its Prometheus is silent", RUN, || {
        let samples = lab.status()["samples"].clone();
        if samples["problem"].is_string() { Ok(samples) } else { Err(samples.to_string()) }
    });
    assert_eq!(silent["prometheus"], url.as_str());
    monitoring.start(&lab);
    let _ = lab.ask(Role::Nobody, "GET", "/api/sd", None).expect(401);
    let _ = lab.ask(Role::Process, "GET", "/api/sd", None).expect(401);

    let run = watch(&lab, &monitoring);
    let wrong = [
        rules::wrong(&monitoring, &run),
        alerts::wrong(&lab, &run),
        values::wrong(&monitoring, &run),
        verdict::wrong(&run),
    ]
    .concat();
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), run.said.stderr);

    loses_its_prometheus(&lab, &mut monitoring);
}

/// Plays it, and scrapes the lab each second of it.
fn watch(lab: &Lab, monitoring: &Monitoring) -> Watched {
    let drill = repo::drill(tests::site::DRILL).display().to_string();
    let flags = ["--variant", "smoke", "--candidate", "layered", "--scale", "1/10", "--runs-dir", "runs"];
    let args = [&["run", drill.as_str(), "--output", "json"][..], &flags[..]].concat();
    let running = lab.start(&args);
    let mut beside = Vec::new();
    let said = std::thread::scope(|scope| {
        let run = scope.spawn(move || running.finish(RUN));
        while !run.is_finished() {
            let t_ms = UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as u64);
            let begun = SystemTime::now();
            beside.extend(scrapes::scrape(lab).into_iter().map(|(member, text)| Scrape {
                t_ms,
                service: member.service,
                instance: member.instance,
                text,
            }));
            std::thread::sleep(SECOND.saturating_sub(begun.elapsed().unwrap_or_default()));
        }
        run.join().expect("the run is waited for")
    });
    let runs = lab.scratch.work().join("runs");
    let dir =
        runs.join(tests::scratch::names(&runs).pop().unwrap_or_else(|| panic!("no run: {}", said.stderr)));
    let journal = std::fs::read(dir.join("journal.jsonl")).expect("a run has a journal");
    let journal = evidence::verify(&journal).expect("its chain holds").entries;
    let targets = monitoring.ask("/api/v1/targets").expect("the Prometheus answers");
    for target in targets["data"]["activeTargets"].as_array().into_iter().flatten() {
        assert_eq!(target["health"], "up", "{target}");
    }
    Watched { dir, said, journal, beside }
}

impl Watched {
    /// Which millisecond of Unix time is the run's first, for the Prometheus.
    fn zero_unix_ms(&self) -> u64 {
        let clock = self.journal.iter().find(|entry| entry.text("instance") == "prometheus");
        let zero = clock.and_then(|entry| entry.body["zero_unix_ms"].as_u64());
        zero.expect("the journal tells of the clock of the Prometheus")
    }

    /// When a phase began.
    fn phase(&self, name: &str) -> u64 {
        let found = self.journal.iter().find(|entry| entry.kind == "phase" && entry.text("name") == name);
        found.unwrap_or_else(|| panic!("no phase {name}: {}", self.said.stderr)).t_ms
    }

    fn card(&self) -> Value {
        let card = std::fs::read(self.dir.join("scorecard.json")).expect("a run has a scorecard");
        serde_json::from_slice(&card).expect("a scorecard is JSON")
    }
}

/// A Prometheus that dies in a run makes it prove nothing, and none is begun without it.
fn loses_its_prometheus(lab: &Lab, monitoring: &mut Monitoring) {
    let drill = repo::drill(tests::site::DRILL).display().to_string();
    let flags = ["--variant", "smoke", "--candidate", "nothing", "--scale", "1/10", "--runs-dir", "lost"];
    let args = [&["run", drill.as_str(), "--output", "json"][..], &flags[..]].concat();
    let running = lab.start(&args);
    let runs = lab.scratch.work().join("lost");
    let journal = || {
        let dir = tests::scratch::names(&runs).pop().map(|name| runs.join(name));
        let text = dir.and_then(|dir| std::fs::read_to_string(dir.join("journal.jsonl")).ok());
        text.unwrap_or_default()
    };
    until("the second run has begun", RUN, || {
        if journal().contains("\"name\":\"baseline\"") { Ok(()) } else { Err(journal()) }
    });
    monitoring.lose_prometheus();
    std::thread::sleep(HOLE);
    let _ = lab.ask(Role::Operator, "POST", "/api/runs/current/abort", Some(json!({}))).expect(200);
    let said = running.finish(RUN);
    let told = journal();
    let line = told.lines().find(|line| line.contains("the samples are not whole")).unwrap_or_else(|| {
        panic!("the journal does not tell what is lacking: {}\n{told}", said.stderr);
    });
    assert!(line.contains("\"ok\":false") && line.contains(&monitoring.prometheus), "{line}");
    let generator = &said.json()["proofs"].as_array().cloned().unwrap_or_default();
    let generator = generator.iter().find(|proof| proof["name"] == "generator").cloned().unwrap_or_default();
    assert_eq!(generator["status"], "fail", "{generator}");

    let refused = lab.say(&args);
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("no run without samples"), "{}", refused.stderr);
    let doctor = lab.say(&["doctor", "--output", "json"]);
    assert!(
        doctor.stdout.contains("prometheus") && doctor.stdout.contains("nobody answers"),
        "{}",
        doctor.stdout
    );
}

#[test]
fn the_shipped_configuration_is_what_its_tools_accept() {
    let folder = repo::root().join("deploy/prometheus");
    let check = |tool: &str, args: &[&str]| {
        let Some(tool) = tools::need(tool) else { return };
        let output = std::process::Command::new(tool).args(args).current_dir(&folder).output();
        let output = output.expect("the tool can be run");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&said));
    };
    // The token is not there before a lab is.
    check("promtool", &["check", "config", "--syntax-only", "prometheus.yml"]);
    check("amtool", &["check-config", "alertmanager.yml"]);
}
