//! Bad input: refused before anything starts, every problem at once, with its place, what is allowed, and what was
//! probably meant. The broken drill is the shipped one with mistakes put into it.

use std::fs;

use serde_json::Value;
use tests::repo::{self, read};
use tests::{Said, Scratch, program};

const DRILL: &str = "bank-slowdown";

/// A mistake: what stands in the shipped file, what is put there, and what must be said about it.
struct Mistake {
    right: &'static str,
    wrong: &'static str,
    /// What the problem points at.
    points_at: &'static str,
    says: &'static str,
    allowed: &'static str,
    hint: Option<&'static str>,
}

const MISTAKES: [Mistake; 6] = [
    Mistake {
        right: "\nseed: 1\n",
        wrong: "\nseed: minus one\n",
        points_at: "minus one",
        says: "`minus one` is not allowed here",
        allowed: "a whole number from 0",
        hint: None,
    },
    Mistake {
        right: "\n  users: 50000\n",
        wrong: "\n  usres: 50000\n",
        points_at: "usres",
        says: "unknown key `usres`",
        allowed: "users",
        hint: Some("did you mean `users`?"),
    },
    Mistake {
        right: "arrivals: poisson",
        wrong: "arrivals: poison ",
        points_at: "poison ",
        says: "`poison` is not allowed here",
        allowed: "poisson, constant",
        hint: Some("did you mean `poisson`?"),
    },
    Mistake {
        right: "bank: {latency: 100ms",
        wrong: "bank: {latency: -10ms",
        points_at: "-10ms",
        says: "`-10ms` is no duration",
        allowed: "400ms",
        hint: None,
    },
    Mistake {
        right: "        payment.Charge: *try_again",
        wrong: "        bank.charge: *try_again",
        points_at: "bank.charge: *try_again",
        says: "order does not call bank.charge",
        allowed: "payment.Charge",
        hint: Some("payment does"),
    },
    Mistake {
        right: "\n    payment:\n",
        wrong: "\n    paymnt:\n",
        points_at: "paymnt:",
        says: "the shop has no service `paymnt`",
        allowed: "payment",
        hint: Some("did you mean `payment`?"),
    },
];

/// The shipped drill with all mistakes in it; gives its text.
fn broken_drill(scratch: &Scratch) -> String {
    let mut text = read(&repo::drill(DRILL).join("drill.yaml"));
    for mistake in &MISTAKES {
        assert!(text.contains(mistake.right), "the shipped drill says no more `{}`", mistake.right);
        text = text.replacen(mistake.right, mistake.wrong, 1);
    }
    scratch.write("broken/drill.yaml", &text);
    for path in repo::walk(&repo::drill(DRILL).join("candidates")) {
        let name = path.file_name().expect("a walk gives files").to_string_lossy();
        scratch.write(&format!("broken/candidates/{name}"), &read(&path));
    }
    text
}

/// Line and column of the first occurrence, from 1.
fn place(text: &str, of: &str) -> (usize, usize) {
    let before = &text[..text.find(of).expect("it was put there")];
    let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
    (before.matches('\n').count() + 1, column)
}

fn nothing_was_started(scratch: &Scratch, said: &Said) {
    assert!(!scratch.labs().exists(), "`{}` left a folder of labs: {:?}", said.line, scratch.names());
    assert!(!scratch.work().join("runs").exists(), "`{}` left a run", said.line);
    assert!(tests::processes::of(scratch).is_empty(), "`{}` left processes", said.line);
}

#[test]
fn a_broken_drill_is_refused_with_every_problem_before_anything_starts() {
    let scratch = Scratch::new();
    let text = broken_drill(&scratch);
    for line in
        ["run broken --variant smoke --candidate nothing", "plan broken", "up --drill broken", "check broken"]
    {
        let said = program::say(&scratch, &line.split(' ').collect::<Vec<_>>()).expect(104);
        for mistake in &MISTAKES {
            let (line, column) = place(&text, mistake.points_at);
            let place = format!("broken/drill.yaml:{line}:{column}: ");
            let found =
                said.stderr.lines().find(|said| said.starts_with(&place) || said.trim().starts_with(&place));
            let found = found
                .unwrap_or_else(|| panic!("`{}` says nothing about {place}\n{}", said.line, said.stderr));
            assert!(found.contains(mistake.says), "{found}");
            for wanted in [Some(mistake.allowed), mistake.hint].into_iter().flatten() {
                assert!(said.stderr.contains(wanted), "`{wanted}` is missing in\n{}", said.stderr);
            }
        }
        nothing_was_started(&scratch, &said);
    }
}

#[test]
fn a_broken_drill_is_told_to_programs_field_by_field() {
    let scratch = Scratch::new();
    let text = broken_drill(&scratch);
    let answer = program::say(&scratch, &["check", "broken", "--output", "json"]).expect(104).json();
    assert_eq!(answer["ok"], false);
    let problems = answer["problems"].as_array().expect("a list of problems");
    for mistake in &MISTAKES {
        let (line, column) = place(&text, mistake.points_at);
        let at = |problem: &&Value| problem["line"] == line && problem["column"] == column;
        let problem =
            problems.iter().find(at).unwrap_or_else(|| panic!("nothing at {line}:{column}: {problems:?}"));
        let field = |name: &str| problem[name].as_str().unwrap_or_default();
        assert_eq!(field("source"), "broken/drill.yaml");
        assert!(field("message").contains(mistake.says), "{problem}");
        assert!(field("allowed").contains(mistake.allowed), "{problem}");
        assert!(mistake.hint.is_none_or(|hint| field("hint").contains(hint)), "{problem}");
    }
}

#[test]
fn a_broken_candidate_is_refused_by_the_run_that_would_play_it() {
    let scratch = Scratch::new();
    for path in repo::walk(&repo::drill(DRILL)) {
        let name = path.strip_prefix(repo::drill(DRILL)).expect("a walk stays inside").display().to_string();
        scratch.write(&format!("broken/{name}"), &read(&path).replace("do: scale,", "do: scales,"));
    }
    let line = ["run", "broken", "--variant", "smoke", "--candidate", "scale-to-zero"];
    let said = program::say(&scratch, &line).expect(104);
    assert!(said.stderr.contains("broken/candidates/scale-to-zero.yaml:"), "{}", said.stderr);
    assert!(said.stderr.contains("did you mean `scale`?"), "{}", said.stderr);
    nothing_was_started(&scratch, &said);
}

#[test]
fn a_broken_policy_is_refused_with_every_problem() {
    let scratch = Scratch::new();
    let text = read(&repo::root().join("tests/data/broken-policy.yaml"));
    scratch.write("policy.yaml", &text);
    let said = program::say(&scratch, &["check", "policy.yaml"]).expect(104);
    for (points_at, says, help) in [
        ("paymnt:", "the shop has no service `paymnt`", "did you mean `payment`?"),
        ("-1,", "-1 is out of range", "from 1 to 100000"),
        ("lilo", "`lilo` is not allowed here", "allowed: fifo, lifo, adaptive_lifo"),
        ("bank.charg:", "there is no call `bank.charg`", "did you mean `bank.charge`?"),
        ("400, retry", "the number 400 is not allowed here", "`400s` or `400ms`"),
        ("jitter", "unknown key `jitter`", "max_retries, on, backoff, budget"),
        ("bank.charge: {attempt_timeout: 1s}", "order does not call bank.charge", "payment does"),
        ("maybe", "`maybe` is not allowed here", "allowed: on, off"),
    ] {
        let (line, column) = place(&text, points_at);
        let wanted = format!("policy.yaml:{line}:{column}: ");
        let found = said.stderr.lines().find(|line| line.trim().starts_with(&wanted));
        let found = found.unwrap_or_else(|| panic!("nothing is said about {wanted}\n{}", said.stderr));
        assert!(found.contains(says), "{found}");
        assert!(said.stderr.contains(help), "`{help}` is missing in\n{}", said.stderr);
    }
    assert!(said.stderr.contains("8 problems"), "{}", said.stderr);
    nothing_was_started(&scratch, &said);
}

#[test]
fn exit_codes_tell_usage_from_input_from_absence() {
    let scratch = Scratch::new();
    for (line, code) in [
        ("--version", 0),
        ("--help", 0),
        ("", 2),
        ("no-such-verb", 2),
        ("run", 2),
        ("run x --scale 0", 2),
        ("run x --no-such-flag", 2),
        ("policy set a=1", 2),
        ("fault add bank --hang --error 503", 2),
        ("schema no-such-schema", 2),
        ("status --as admin", 2),
        ("diagnose", 2),
        ("run no-such-drill", 104),
        ("diagnose --run no-such-run the bank", 104),
        ("check no-such-drill", 104),
        ("plan no-such-drill", 104),
        ("status", 1),
        ("down", 1),
    ] {
        let said =
            program::say(&scratch, &line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>());
        let said = said.expect(code);
        assert!(code == 0 || !said.stderr.is_empty(), "`{line}` fails without a word");
        nothing_was_started(&scratch, &said);
    }
}

#[test]
fn check_accepts_every_shipped_drill() {
    let scratch = Scratch::new();
    let mut drills = 0;
    for entry in fs::read_dir(repo::root().join("drills")).expect("drills are shipped").flatten() {
        if entry.path().join("drill.yaml").is_file() {
            let said = program::say(&scratch, &["check", &entry.path().display().to_string()]).expect(0);
            assert!(said.stdout.contains("a drill"), "{}", said.stdout);
            nothing_was_started(&scratch, &said);
            drills += 1;
        }
    }
    assert!(drills > 0, "no drill is shipped");
}

#[test]
fn every_schema_is_json_that_describes_an_object() {
    let scratch = Scratch::new();
    for of in ["drill", "candidate", "policy", "fault"] {
        let schema = program::say(&scratch, &["schema", of]).expect(0).json();
        assert!(schema.get("$schema").is_some() || schema.get("type").is_some(), "{of}: {schema}");
        assert!(schema.get("properties").is_some(), "{of}: {schema}");
    }
}

#[test]
fn a_plan_is_the_same_twice_and_holds_no_verdict() {
    let scratch = Scratch::new();
    let drill = repo::drill(DRILL).display().to_string();
    let line = [
        "plan",
        &drill,
        "--variant",
        "smoke",
        "--candidate",
        "layered",
        "--scale",
        "1/4",
        "--output",
        "json",
    ];
    let plans = [(); 2].map(|()| program::say(&scratch, &line).expect(0).json());
    assert_eq!(plans[0], plans[1]);
    assert_eq!(plans[0]["scale"], "1/4");
    // A decision has an `expect` of its own; a verdict's has exit code and criteria.
    assert!(plans[0]["candidate"]["expect"].is_null(), "the verdict must not enter a run");
    assert!(!plans[0].to_string().contains("\"exit\":"), "the verdict must not enter a run");
    // 450/s, 200 workers: rates and workers are scaled, times are not.
    assert_eq!(plans[0]["policy"]["services"]["payment"]["server"]["workers"], 50);
    assert_eq!(plans[0]["bank"]["latency"], "100ms");
}
