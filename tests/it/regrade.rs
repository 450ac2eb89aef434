//! A run's folder is enough for its verdict: graded again, from a copy, by a program that has no lab, it gives the bytes
//! that the run wrote. What was altered or is gone is named, and what cannot be believed is refused. The run is one that
//! `drills.rs` plays anyway.

use std::fs;
use std::path::{Path, PathBuf};

use evidence::recording::{JOURNAL, SEALED_FILES};
use evidence::review::{self, Note, REVIEW};
use tests::{Said, Scratch, program};

/// What the run wrote of its verdict.
const FORMS: [&str; 4] = ["scorecard.json", "report.html", "report.md", "junit.xml"];

/// A copy of a run's evidence, and nothing else of it.
struct Copy {
    scratch: Scratch,
    folder: PathBuf,
}

impl Copy {
    fn of(run: &Path) -> Self {
        let scratch = Scratch::new();
        let folder = scratch.work().join("elsewhere");
        fs::create_dir_all(folder.join("ledgers")).expect("a folder is made");
        let copy = Self { scratch, folder };
        SEALED_FILES.iter().chain([&JOURNAL]).for_each(|name| copy.restore(run, name));
        copy
    }

    fn restore(&self, run: &Path, name: &str) {
        fs::copy(run.join(name), self.folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.folder.join(name), bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    fn say(&self, verb: &str, flags: &[&str]) -> Said {
        let args: Vec<&str> = [verb, "elsewhere"].into_iter().chain(flags.iter().copied()).collect();
        program::say(&self.scratch, &args)
    }

    fn regrade(&self) -> Said {
        self.say("regrade", &["--output", "json"])
    }
}

/// What is wrong with grading this run again, a line each. `exit` is what the run itself came to.
pub(crate) fn wrong(run: &Path, exit: i32) -> Vec<String> {
    let copy = Copy::of(run);
    [same(run, &copy, exit), touched(run, &copy), refused(run, &copy), told(run, &copy), compared(run, &copy)]
        .concat()
}

/// The same bytes, twice and elsewhere.
fn same(run: &Path, copy: &Copy, exit: i32) -> Vec<String> {
    let mut wrong = Vec::new();
    for before in ["none", "same"] {
        let said = copy.regrade();
        let one = said.json()["runs"][0].clone();
        if said.code != Some(exit) || one["before"] != before {
            wrong.push(format!("{before} before: {said:?}"));
        }
        let sum = evidence::journal::digest(&copy.bytes(FORMS[0]));
        if one["scorecard_sha256"] != sum.as_str() {
            wrong.push(format!("the scorecard is {sum}: {one}"));
        }
        let differs = |name: &&&str| fs::read(run.join(name)).ok() != Some(copy.bytes(name));
        wrong.extend(FORMS.iter().filter(differs).map(|name| format!("{name} is not what the run wrote")));
    }
    let other = String::from_utf8_lossy(&copy.bytes(FORMS[0])).replacen("\"goodput\"", "\"badput\"", 1);
    copy.write(FORMS[0], other);
    let differ = copy.regrade().json()["runs"][0]["differ"].to_string();
    if !differ.contains("criteria.goodput.status") {
        wrong.push(format!("the row that differs is not told: {differ}"));
    }
    wrong
}

/// Evidence that was altered in one byte, or is gone, makes the run void by its name.
fn touched(run: &Path, copy: &Copy) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut void = |what: &str, expected: String| {
        let said = copy.regrade();
        if said.code != Some(98) || !said.json()["runs"][0]["reason"].to_string().contains(&expected) {
            wrong.push(format!("{what}: {said:?}"));
        }
    };
    for name in SEALED_FILES {
        let mut bytes = copy.bytes(name);
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        copy.write(name, bytes);
        void("altered", format!("{name} was altered after it was sealed"));
        fs::remove_file(copy.folder.join(name)).expect("a file is removed");
        void("deleted", format!("{name} is missing"));
        copy.restore(run, name);
    }
    let journal = String::from_utf8(copy.bytes(JOURNAL)).expect("a journal is text");
    let sealed = journal.lines().next_back().expect("a journal has lines").len() + 1;
    copy.write(JOURNAL, &journal[..journal.len() - sealed]);
    void("without a seal", "the journal does not end in a seal".to_owned());
    copy.restore(run, JOURNAL);
    wrong
}

/// A chain that does not hold is refused by file and line, and so is a folder that is no run's.
fn refused(run: &Path, copy: &Copy) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut refuses = |said: &Said, expected: &str| {
        if said.code != Some(104) || !said.stderr.contains(expected) {
            wrong.push(format!("not refused with `{expected}`: {said:?}"));
        }
    };
    let journal = String::from_utf8(copy.bytes(JOURNAL)).expect("a journal is text");
    copy.write(JOURNAL, journal.replacen("\"name\":\"handover\"", "\"name\":\"handovex\"", 1));
    let line =
        1 + journal.lines().position(|line| line.contains("\"name\":\"handover\"")).unwrap_or_default();
    refuses(&copy.regrade(), &format!("journal line {line} is broken"));
    refuses(&copy.say("report", &[]), &format!("journal line {line} is broken"));
    copy.restore(run, JOURNAL);
    let seal = evidence::verify(&journal).expect("a chain that holds").entries.pop().expect("a seal");
    let note = Note::SelfScore { row: "calm".to_owned(), score: 3, reason: String::new() };
    let line = review::next(&seal, 1, "ada", &note).line() + "\n";
    copy.write(REVIEW, line.replace("\"score\":3", "\"score\":5"));
    refuses(&copy.regrade(), "review.jsonl line 1 is broken");
    fs::remove_file(copy.folder.join(REVIEW)).expect("a file is removed");
    fs::remove_file(copy.folder.join(FORMS[0])).expect("a file is removed");
    let sealed = journal.lines().next_back().expect("a journal has lines").len() + 1;
    copy.write(JOURNAL, &journal[..journal.len() - sealed]);
    refuses(&copy.regrade(), "is not sealed");
    copy.write(JOURNAL, "");
    refuses(&copy.regrade(), "its journal.jsonl has no whole line");
    let written = copy.folder.join(FORMS[0]).exists();
    copy.restore(run, JOURNAL);
    refuses(&program::say(&copy.scratch, &["regrade", "nowhere"]), "it does not exist");
    refuses(&program::say(&copy.scratch, &["regrade", "elsewhere/ledgers"]), "it has no journal.jsonl");
    refuses(&program::say(&copy.scratch, &["regrade", "elsewhere/plan.yaml"]), "it is a file");
    if written {
        wrong.push("a scorecard was written of what was refused".to_owned());
    }
    wrong
}

/// Whoever sets runs side by side believes their recordings and not their scorecards.
fn compared(run: &Path, copy: &Copy) -> Vec<String> {
    let (mut wrong, run_of) = (Vec::new(), run.display().to_string());
    let compare = || program::say(&copy.scratch, &["compare", "elsewhere", &run_of]);
    let card = fs::read_to_string(run.join(FORMS[0])).unwrap_or_default();
    copy.write(FORMS[0], card.replacen("\"exit\": ", "\"exit\": 1", 1));
    let said = compare();
    if said.code != Some(0)
        || !said.stdout.contains("scorecard.json` is not what the recording gives (exit: ")
    {
        wrong.push(format!("an edited scorecard is not told: {said:?}"));
    }
    let journal = String::from_utf8(copy.bytes(JOURNAL)).expect("a journal is text");
    copy.write(JOURNAL, journal.replacen("\"name\":\"handover\"", "\"name\":\"handovex\"", 1));
    let said = compare();
    if said.code != Some(104) || !said.stderr.contains("is broken") {
        wrong.push(format!("a changed journal is compared: {said:?}"));
    }
    fs::remove_file(copy.folder.join(JOURNAL)).expect("a file is removed");
    let said = compare();
    if said.code != Some(104) || !said.stderr.contains("no journal.jsonl") {
        wrong.push(format!("a scorecard alone is compared: {said:?}"));
    }
    copy.restore(run, JOURNAL);
    wrong
}

/// Each form on stdout and in a file is what stands in the folder.
fn told(run: &Path, copy: &Copy) -> Vec<String> {
    let mut wrong = Vec::new();
    let of_run = |name: &str| fs::read_to_string(run.join(name)).unwrap_or_default();
    for (format, name) in [("html", FORMS[1]), ("md", FORMS[2]), ("junit", FORMS[3])] {
        let said = copy.say("report", &["--format", format]);
        let written = copy.say("report", &["--format", format, "--out", "here"]);
        let here = fs::read_to_string(copy.scratch.work().join("here")).unwrap_or_default();
        if (said.code, written.stdout.trim()) != (Some(0), "here")
            || [said.stdout, here] != [of_run(name), of_run(name)]
        {
            wrong.push(format!("report --format {format} is not {name}: {}{written:?}", said.stderr));
        }
    }
    let said = copy.say("report", &["--format", "json"]);
    if Some(&said.json()["scorecard"]) != card(&of_run(FORMS[0])).as_ref()
        || !said.json()["story"].is_object()
    {
        wrong.push(format!("report --format json: {}", said.stderr));
    }
    let said = copy.say("report", &[]);
    if said.stdout.trim() != "elsewhere/report.html" {
        wrong.push(format!("report: {said:?}"));
    }
    wrong
}

fn card(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}
