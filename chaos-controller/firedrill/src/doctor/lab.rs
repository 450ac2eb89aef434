//! The lab: whether everything of it is there, hears and is heard, and keeps its own time; and what earlier labs have
//! left behind.

use std::path::Path;
use std::time::Instant;

use controller::api::query::{Answer, Data};
use controller::api::{ProcessStatus, SamplesFrom, Status};
use platform::{LabFile, state_dir, strays};

use super::{Finding, Limits, State};
use crate::api::Api;
use crate::command::query::encoded;
use crate::figures::{Unit, seconds};
use crate::launch::{Presence, presence};
use crate::watch::narrate::describe_fault;

/// The controller answers from memory.
const ANSWER_SECONDS: Limits = Limits { warn: 0.5, fail: 5.0 };
/// All processes read the same clock; an offset is the error of its measurement.
const OFFSET_MS: Limits = Limits { warn: 5.0, fail: 50.0 };
/// The generator's, at which a run is void.
const LATE_SECONDS: Limits = Limits { warn: 0.02, fail: 0.05 };
/// Since the last scrape; they come each second.
const STALE_SECONDS: Limits = Limits { warn: 3.0, fail: 10.0 };
const STORE_BYTES: Limits = Limits { warn: 60e6, fail: f64::INFINITY };

/// What is left in a folder of labs by those that are no more.
pub(crate) fn leftovers(dir: &Path) -> Vec<Finding> {
    let labs = LabFile::list(dir);
    let mut found = Vec::new();
    for lab in &labs {
        let Ok(file) = LabFile::load(dir, lab) else {
            let todo = format!("remove `{}` by hand", LabFile::path(dir, lab).display());
            found.push(Finding::new(
                State::Fail,
                "lab file",
                format!("that of `{lab}` cannot be read"),
                todo,
            ));
            continue;
        };
        let (state, seen) = match presence(&file) {
            Presence::Runs => continue,
            // A way into a cluster is dug when it is needed.
            _ if matches!(file.away, Some(platform::Away::Kubernetes { .. })) => continue,
            Presence::Orphaned => {
                (State::Fail, format!("lab `{lab}` has lost its controller; its guard lives"))
            }
            Presence::Dead => (State::Warn, format!("lab `{lab}` is dead, its file is left")),
        };
        let todo =
            format!("`firedrill status --lab {lab}` says more, `firedrill down --lab {lab}` clears it");
        found.push(Finding::new(state, "lab file", seen, todo));
    }
    for folder in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = folder.file_name().to_string_lossy().into_owned();
        if !folder.path().is_dir() || labs.contains(&name) {
            continue;
        }
        let left: Vec<String> =
            strays(&state_dir(dir, &name)).into_iter().map(|stray| stray.instance).collect();
        if !left.is_empty() {
            let seen = format!("of lab `{name}`, which has no file: {}", left.join(", "));
            let todo = format!("`firedrill up --lab {name}` and `firedrill down --lab {name}` end them");
            found.push(Finding::new(State::Fail, "processes", seen, todo));
        }
    }
    if found.is_empty() {
        found.push(Finding::ok("leftovers", "none"));
    }
    found
}

/// Looks at the lab that is up.
pub(crate) async fn look(file: &LabFile, api: &Api, operator: bool) -> Vec<Finding> {
    let lab = &file.lab;
    let mut found = Vec::new();
    // Elsewhere the guard is seen by the controller only, and process ids are not this machine's.
    let here = file.away.is_none();
    if here {
        found.push(guard(file));
    }
    let asked = Instant::now();
    let status: Status = match api.get("/api/status").await {
        Ok(status) => status,
        Err(failure) => {
            let todo = format!("`firedrill status --lab {lab}` says what happened");
            found.push(Finding::new(State::Fail, "controller", failure.message, todo));
            return found;
        }
    };
    let took = asked.elapsed().as_secs_f64();
    let todo = "it has too little processor time, or too many questions";
    found.push(Finding::new(
        ANSWER_SECONDS.above(took),
        "controller",
        format!("answers in {}", seconds(took)),
        todo,
    ));
    found.extend(processes(&status, here));
    if status.halted {
        let todo = "`firedrill resume` brings the load back";
        found.push(Finding::new(State::Warn, "halted", "no load, no faults", todo));
    }
    if operator {
        found.push(faults(&status));
    }
    found.extend(status.samples.as_ref().map(prometheus));
    found.extend(samples(api).await);
    found
}

/// Whether the one that scrapes in the controller's place answers.
fn prometheus(from: &SamplesFrom) -> Finding {
    let Some(problem) = &from.problem else {
        return Finding::ok(
            "prometheus",
            format!("{} has samples of {} processes", from.prometheus, from.instances),
        );
    };
    let silent = from.silent_ms.map_or("it never answered".to_owned(), |ms| {
        format!("it last answered {} ago", seconds(ms as f64 / 1e3))
    });
    let todo = "a run is refused without its samples, and void where they are missing: is it up, and is this its address? \
                `deploy/prometheus/README.md` says how it finds the lab";
    Finding::new(State::Fail, "prometheus", format!("{}: {problem}; {silent}", from.prometheus), todo)
}

fn guard(file: &LabFile) -> Finding {
    let lab = &file.lab;
    let lives = file.guard.as_ref().is_some_and(platform::GuardRef::alive);
    let state = if lives { State::Ok } else { State::Fail };
    let todo =
        format!("its processes died with it: `firedrill down --lab {lab}`, then `firedrill up --lab {lab}`");
    Finding::new(state, "guard", if lives { "lives" } else { "is gone" }, todo)
}

fn processes(status: &Status, here: bool) -> Vec<Finding> {
    let listed = |wanted: &dyn Fn(&&ProcessStatus) -> bool| -> Vec<String> {
        status.processes.iter().filter(wanted).map(|process| process.instance.clone()).collect()
    };
    let finding = |what, bad: Vec<String>, state, good: String, todo: &str| {
        if bad.is_empty() { Finding::ok(what, good) } else { Finding::new(state, what, bad.join(", "), todo) }
    };
    let down = listed(&|process| process.state != "up");
    let frozen = listed(&|process| here && stopped(process.pid));
    let again = listed(&|process| process.restarts > 0);
    let behind =
        listed(&|process| process.policy_version > 0 && process.policy_version != status.policy_version);
    let offset = status.processes.iter().map(|process| process.clock_offset_us.unsigned_abs()).max();
    let offset_ms = offset.unwrap_or_default() as f64 / 1e3;
    vec![
        finding(
            "processes",
            down,
            State::Fail,
            format!("{} are up", status.processes.len()),
            "`firedrill status` says how they are, their logs why; `firedrill restart` starts one anew",
        ),
        finding(
            "frozen",
            frozen,
            State::Fail,
            "none".into(),
            "continue it: `kill -CONT <pid>`, or restart it",
        ),
        finding(
            "restarts",
            again,
            State::Warn,
            "none".into(),
            "they were started again since the lab began; `firedrill status` says how often",
        ),
        finding(
            "policy",
            behind,
            State::Warn,
            format!("version {} runs everywhere", status.policy_version),
            "these have not applied the newest version: are they frozen, or lost?",
        ),
        Finding::new(
            OFFSET_MS.above(offset_ms),
            "clocks",
            format!("{offset_ms:.2} ms apart at most"),
            "times in the recording are off by that much; the machine was busy when they joined",
        ),
    ]
}

/// Whether the process is stopped by a signal.
fn stopped(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // The name in parentheses may hold anything.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
}

fn faults(status: &Status) -> Finding {
    let faults: Vec<String> = status
        .faults
        .iter()
        .map(|fault| {
            let id = fault.get("id").and_then(serde_json::Value::as_str).unwrap_or("?");
            format!("{id} ({})", fault.get("spec").map_or_else(|| describe_fault(fault), describe_fault))
        })
        .collect();
    if faults.is_empty() {
        return Finding::ok("faults", "none is on");
    }
    let todo = "if nobody drills: `firedrill fault clear --all`";
    Finding::new(State::Warn, "faults", faults.join(", "), todo)
}

/// What the samples say of the instruments themselves.
async fn samples(api: &Api) -> Vec<Finding> {
    let mut found = Vec::new();
    let silent = labelled(api, "up == 0").await;
    let age = value(api, "max(time() - timestamp(up))").await;
    found.push(match (silent, age) {
        (Some(silent), _) if !silent.is_empty() => {
            let todo = "they do not answer their scraper: are they frozen, or out of processor time?";
            Finding::new(State::Fail, "scrapes", format!("no answer from {}", silent.join(", ")), todo)
        }
        (_, Some(age)) => {
            let todo = "the controller has too little processor time";
            Finding::new(
                STALE_SECONDS.above(age),
                "scrapes",
                format!("the oldest is of {} ago", seconds(age)),
                todo,
            )
        }
        _ => {
            let todo = "a lab that was just started has none yet; look again in some seconds";
            Finding::new(State::Warn, "scrapes", "there are none", todo)
        }
    });
    if let Some(late) = value(api, "max(max_over_time(lab_schedule_lag_seconds[30s]))").await {
        let todo = "a run whose generator is 50 ms late is void: end other work, or use a smaller `--scale`";
        let seen = format!("{} late in the last 30 s, 99th percentile", seconds(late));
        found.push(Finding::new(LATE_SECONDS.above(late), "generator", seen, todo));
    }
    if let Some(lost) = value(api, "sum(lab_request_records_lost_total)").await {
        let state = if lost > 0.0 { State::Warn } else { State::Ok };
        let todo = "a run in which records are lost may be void; the controller was away, or too busy";
        found.push(Finding::new(state, "records", format!("{lost:.0} lost"), todo));
    }
    if let Some(dropped) = value(api, "sum(rate(lab_spans_dropped_total[30s]))").await {
        // Most of them on purpose: the keep rule.
        found.push(Finding::ok("spans", format!("{dropped:.1}/s are not kept")));
    }
    if let Some(bytes) = value(api, "max(lab_samples_bytes)").await {
        let todo = "the oldest samples are dropped before their hour is over";
        let seen = format!("{} held", Unit::Bytes.write(bytes));
        found.push(Finding::new(STORE_BYTES.above(bytes), "samples", seen, todo));
    }
    found
}

async fn answer(api: &Api, query: &str) -> Option<Answer> {
    api.get(&format!("/api/query?query={}", encoded(query))).await.ok()
}

/// The one value of a query.
async fn value(api: &Api, query: &str) -> Option<f64> {
    match answer(api, query).await?.data {
        Data::Scalar((_, value)) => value.parse().ok(),
        Data::Vector(vector) => vector.first()?.value.1.parse().ok(),
        _ => None,
    }
}

/// The instances that a query answers with.
async fn labelled(api: &Api, query: &str) -> Option<Vec<String>> {
    let Data::Vector(vector) = answer(api, query).await?.data else { return None };
    Some(vector.into_iter().filter_map(|one| one.metric.get("instance").cloned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(instance: &str, state: &str, restarts: u32) -> ProcessStatus {
        ProcessStatus {
            instance: instance.into(),
            service: "payment".into(),
            pid: 0,
            state: state.into(),
            traffic: String::new(),
            admin: String::new(),
            policy_version: 1,
            restarts,
            rss_kib: 0,
            clock_offset_us: -70_000,
        }
    }

    #[test]
    fn processes_that_are_not_well_are_named() {
        let status = Status {
            lab: "red".into(),
            version: String::new(),
            ready_ms: None,
            policy_version: 2,
            processes: vec![process("payment-0", "lost", 0), process("cart-0", "up", 3)],
            run: None,
            users: None,
            faults: Vec::new(),
            halted: false,
            open_book: false,
            rss_mib: 0.0,
            pss_mib: 0.0,
            samples: None,
        };
        let found = processes(&status, true);
        let of = |what: &str| found.iter().find(|finding| finding.what == what).unwrap();
        assert_eq!((of("processes").state, of("processes").seen.as_str()), (State::Fail, "payment-0"));
        assert_eq!((of("restarts").state, of("restarts").seen.as_str()), (State::Warn, "cart-0"));
        assert_eq!(of("policy").seen, "payment-0, cart-0");
        assert_eq!((of("clocks").state, of("clocks").seen.as_str()), (State::Fail, "70.00 ms apart at most"));
        assert_eq!(of("frozen").state, State::Ok);
        assert_eq!(faults(&status).state, State::Ok);
    }

    #[test]
    fn a_prometheus_that_does_not_answer_is_told_with_what_to_do() {
        let mut from = SamplesFrom {
            prometheus: "http://prometheus:9090".into(),
            instances: 10,
            silent_ms: Some(4_000),
            problem: None,
        };
        assert_eq!(prometheus(&from).state, State::Ok);
        from.problem = Some("nobody answers".into());
        let found = prometheus(&from);
        assert_eq!(found.state, State::Fail);
        assert!(found.seen.contains("nobody answers; it last answered 4"), "{}", found.seen);
    }

    #[test]
    fn a_folder_without_labs_has_no_leftovers() {
        let found = leftovers(Path::new("no such folder"));
        assert_eq!(found, [Finding::ok("leftovers", "none")]);
    }
}
