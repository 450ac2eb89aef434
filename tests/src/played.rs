//! A drill that is played live by a planted candidate, and what it came to. The runs that several tests look at are
//! played once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use evidence::Entry;
use serde_json::Value;

use crate::http::Ask;
use crate::lanes::Turn;
use crate::program::{Running, Said};
use crate::repo;
use crate::scratch::names;
use crate::site::{DRILL, Site};
use crate::wait::until;

/// The smoke variant takes at most 90 s; the rest is the machine's other work.
const RUN: Duration = Duration::from_secs(180);
/// Between two looks at the storefront.
const LOOK: Duration = Duration::from_millis(250);
/// A user of the smoke variant leaves after 2 s; so does one who looks at the page.
const PATIENCE: Duration = Duration::from_secs(2);

/// A run that is on.
#[derive(Debug)]
pub struct Playing {
    pub site: Arc<Site>,
    running: Option<Running>,
}

/// A run that is over.
#[derive(Debug)]
pub struct Played {
    /// Where it was played; none if several tests look at it.
    site: Option<Arc<Site>>,
    /// Its folder; none if the run did not begin.
    pub dir: Option<PathBuf>,
    pub said: Said,
    /// The scorecard, as `run --output json` printed it.
    pub card: Value,
    pub journal: Vec<Entry>,
    /// What somebody saw who looked at the storefront all the time.
    pub page: Vec<Look>,
}

/// One look at the storefront.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// When it was asked for, milliseconds of Unix time.
    pub unix_ms: u64,
    /// The answer; `None` if the user left before it came.
    pub status: Option<u16>,
}

impl Playing {
    /// Starts a run of the smoke variant in a lab of its own.
    pub fn start(candidate: &str, scale: &str, flags: &[&str]) -> Self {
        Self::start_at(Site::new(), &repo::drill(DRILL), candidate, scale, flags)
    }

    /// Starts a run of the smoke variant of a drill that is not shipped.
    pub fn start_at(site: Site, folder: &Path, candidate: &str, scale: &str, flags: &[&str]) -> Self {
        let folder = folder.display().to_string();
        let given = ["run", &folder, "--variant", "smoke", "--candidate", candidate, "--scale", scale];
        let fixed = ["--runs-dir", "runs", "--output", "json"];
        let args: Vec<&str> = given.into_iter().chain(fixed).chain(flags.iter().copied()).collect();
        let running = Some(site.start(&args));
        Self { site: Arc::new(site), running }
    }

    /// The run's folder, once there is one.
    pub fn dir(&self) -> Option<PathBuf> {
        let runs = self.site.scratch.work().join("runs");
        names(&runs).pop().map(|name| runs.join(name))
    }

    /// The journal so far; empty before there is one.
    ///
    /// # Panics
    /// When its chain is broken.
    pub fn journal(&self) -> Vec<Entry> {
        let text =
            self.dir().and_then(|dir| std::fs::read(dir.join("journal.jsonl")).ok()).unwrap_or_default();
        evidence::verify(&text).unwrap_or_else(|broken| panic!("the journal is broken: {broken:?}")).entries
    }

    /// Waits until the journal has such a line.
    pub fn journaled(&self, what: &str, limit: Duration, wanted: impl Fn(&Entry) -> bool) -> Entry {
        until(&format!("the journal says {what}"), limit, || {
            let journal = self.journal();
            let found = journal.iter().find(|entry| wanted(entry)).cloned();
            found.ok_or_else(|| journal.last().map_or("no journal yet".to_owned(), Entry::line))
        })
    }

    /// Waits for the command's end, without expecting a verdict.
    pub fn end(&mut self) -> Said {
        self.running.take().expect("a run ends once").finish(RUN)
    }

    /// Waits for the verdict, looking at the storefront all the time if asked to.
    pub fn finish(mut self, looking: bool) -> Played {
        let page = if looking { self.look() } else { Vec::new() };
        let said = self.end();
        let card = said.json();
        Played {
            site: Some(Arc::clone(&self.site)),
            dir: self.dir(),
            card,
            journal: self.journal(),
            page,
            said,
        }
    }

    fn look(&mut self) -> Vec<Look> {
        let site = &self.site;
        let frontend = until("the lab's file names the frontend", Duration::from_secs(40), || {
            let frontend = site.filed().into_iter().find(|member| member.service == "frontend");
            frontend.map(|member| member.traffic).ok_or_else(|| format!("{:?}", site.file()))
        });
        let start = Instant::now();
        let mut looks = Vec::new();
        // The lab goes with the end of the run, and its file with it.
        while site.file().is_some() && start.elapsed() < RUN {
            let asked = Instant::now();
            let unix_ms =
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
            let status = Ask::get(&frontend, "/").patience(PATIENCE).send().ok().map(|answer| answer.status);
            looks.push(Look { unix_ms, status });
            std::thread::sleep(LOOK.saturating_sub(asked.elapsed()));
        }
        looks
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill();
        }
    }
}

/// A run at the drill's own rates that several tests look at: played when the first one asks.
pub fn full(candidate: &'static str) -> Arc<Played> {
    type Runs = Mutex<BTreeMap<&'static str, Arc<Played>>>;
    static RUNS: LazyLock<Runs> = LazyLock::new(Mutex::default);
    let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    let run = runs.entry(candidate).or_insert_with(|| {
        let _turn = Turn::take();
        let mut run = Playing::start(candidate, "1", &[]).finish(true);
        // The place where it was played goes; its files stay to be looked at, until it is played again.
        run.dir = run.dir.map(|dir| kept(&dir, candidate));
        run.site = None;
        Arc::new(run)
    });
    Arc::clone(run)
}

/// A copy of a run's folder that outlives its test.
fn kept(dir: &Path, name: &str) -> PathBuf {
    let keep = repo::target().join("played").join(name);
    // It need not be there.
    let _ = std::fs::remove_dir_all(&keep);
    copy(dir, &keep).unwrap_or_else(|error| panic!("failed to keep `{}`: {error}", dir.display()));
    keep
}

/// Copies a folder with all that is below it.
///
/// # Errors
/// Those of the system.
pub fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let copied = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &copied)?;
        } else {
            std::fs::copy(entry.path(), copied)?;
        }
    }
    Ok(())
}

impl Played {
    /// The status of a criterion or proof.
    pub fn status(&self, name: &str) -> &str {
        self.criterion(name)["status"].as_str().unwrap_or("absent")
    }

    /// A criterion or proof.
    pub fn criterion(&self, name: &str) -> &Value {
        let lists = ["criteria", "proofs"].map(|list| self.card[list].as_array());
        let all = lists.into_iter().flatten().flatten();
        all.into_iter().find(|criterion| criterion["name"] == name).unwrap_or(&Value::Null)
    }

    /// A number of the scorecard, such as `/money/lost`.
    ///
    /// # Panics
    /// When there is none.
    pub fn number(&self, pointer: &str) -> f64 {
        let number = self.card.pointer(pointer).and_then(Value::as_f64);
        number.unwrap_or_else(|| panic!("the scorecard has no number `{pointer}`: {}", self.card))
    }

    /// What differs from what the candidate must get, one line each; nothing if all is as it should be.
    pub fn differences(&self, expected: &drill::Expect) -> Vec<String> {
        if self.card["verdict"] == "void" {
            return vec![format!(
                "the run proves nothing: {} (a sick generator may be the work of a neighbour on this machine)",
                self.card["reason"]
            )];
        }
        let mut differences = Vec::new();
        if self.said.code != Some(expected.exit) || self.card["exit"] != expected.exit {
            let (code, exit, reason) = (self.said.code, &self.card["exit"], &self.card["reason"]);
            differences
                .push(format!("exit code {code:?}, scorecard {exit}, expected {}: {reason}", expected.exit));
        }
        for (name, status) in &expected.criteria {
            if self.status(name) != status {
                let reason = &self.criterion(name)["reason"];
                differences.push(format!("{name} is {}, expected {status}: {reason}", self.status(name)));
            }
        }
        differences
    }

    /// What the recording answers to a query, `at` seconds after the start of the run; 0 if there is nothing.
    ///
    /// # Panics
    /// When there is no recording, or the query is none.
    pub fn ask(&self, query: &str, at: f64) -> f64 {
        let dir = self.dir.as_ref().unwrap_or_else(|| panic!("there is no run: {}", self.said.stderr));
        let (dir, moment) = (dir.display().to_string(), format!("{:.0}ms", at * 1e3));
        let site = self.site.as_ref().expect("who asks plays the run alone");
        let said = site.say(&["query", query, "--run", &dir, "--at", &moment, "--output", "json"]);
        assert_eq!(said.code, Some(0), "{query}: {}", said.stderr);
        let answer = said.json();
        let value = answer.pointer("/data/result/0/value/1").and_then(Value::as_str);
        value.map_or(0.0, |value| value.parse().expect("a sample is a number"))
    }

    /// When a fault was applied or cleared, in seconds after the start of the run.
    ///
    /// # Panics
    /// When it was not.
    pub fn moment(&self, kind: &str, fault: &str) -> f64 {
        let entry = self.journal.iter().find(|entry| entry.kind == kind && entry.text("id") == fault);
        entry.unwrap_or_else(|| panic!("the journal has no {kind} of {fault}")).t_ms as f64 / 1e3
    }

    /// Milliseconds of Unix time at which a phase began.
    ///
    /// # Panics
    /// When the run never reached it.
    pub fn phase_unix_ms(&self, phase: &str) -> u64 {
        let start = self.journal.first().and_then(|entry| entry.number("wall_unix_ms"));
        let begin = self.journal.iter().find(|entry| entry.kind == "phase" && entry.text("name") == phase);
        match (start, begin) {
            (Some(start), Some(begin)) => start as u64 + begin.t_ms,
            _ => panic!("the journal has no phase `{phase}`"),
        }
    }
}
