//! The program under test, started as a person would start it, and what it said.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::scratch::Scratch;
use crate::wait::until;

/// Names the program under test.
const BIN: &str = "FIREDRILL_BIN";
/// No command of a person takes longer, a run excepted.
const COMMAND: Duration = Duration::from_secs(60);

static NEXT: AtomicU32 = AtomicU32::new(0);

/// What a command said, and how it ended.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its arguments, for messages.
    pub line: String,
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A command that has been started.
#[derive(Debug)]
pub struct Running {
    line: String,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// The path of the program under test.
///
/// # Panics
/// When nobody said which it is.
pub fn path() -> PathBuf {
    let path = std::env::var_os(BIN).map(PathBuf::from).unwrap_or_else(|| {
        panic!("{BIN} is not set, so there is nothing to test: `make test` builds the program and names it")
    });
    assert!(path.is_file(), "{BIN} names `{}`, which is no file: `make build` builds it", path.display());
    path
}

/// Runs a command to its end in the working folder.
pub fn say(scratch: &Scratch, args: &[&str]) -> Said {
    start(scratch, args).finish(COMMAND)
}

/// Starts a command in the working folder. Its labs carry the folder in their environment, which is how the harness
/// knows them again.
///
/// # Panics
/// When it cannot be started.
pub fn start(scratch: &Scratch, args: &[&str]) -> Running {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [stdout, stderr] = ["out", "err"].map(|kind| scratch.said().join(format!("{number}.{kind}")));
    let file = |path: &PathBuf| {
        File::create(path).unwrap_or_else(|error| panic!("failed to make `{}`: {error}", path.display()))
    };
    let line = format!("firedrill {}", args.join(" "));
    let child = Command::new(path())
        .args(args)
        .current_dir(scratch.work())
        .env_remove("FIREDRILL_LAB")
        .env("FIREDRILL_DIR", scratch.labs())
        .env("NO_COLOR", "1")
        .envs(scratch.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(file(&stdout))
        .stderr(file(&stderr))
        .spawn()
        .unwrap_or_else(|error| panic!("failed to start `{line}`: {error}"));
    Running { line, child, stdout, stderr }
}

impl Running {
    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written so far.
    pub fn so_far(&self) -> (String, String) {
        (read(&self.stdout), read(&self.stderr))
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within `limit`.
    pub fn finish(mut self, limit: Duration) -> Said {
        let stderr = self.stderr.clone();
        let code = until(&format!("`{}` ends", self.line), limit, || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status.code()),
            Ok(None) => Err(format!("it runs, and said last: {}", tail(&read(&stderr)))),
            Err(error) => panic!("`{}` cannot be waited for: {error}", self.line),
        });
        Said { line: self.line.clone(), code, stdout: read(&self.stdout), stderr: read(&self.stderr) }
    }

    /// Waits for its end, and ends it if that does not come within `limit`. Never panics: tests clean up with it.
    pub(crate) fn finish_or_kill(mut self, limit: Duration) {
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && start.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill();
    }

    /// Makes sure that it is gone.
    pub(crate) fn kill(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Said {
    /// Asserts the exit code.
    ///
    /// # Panics
    /// With all that was said, when it is another.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "`{}` should have ended with {code}\nstdout: {}\nstderr: {}",
            self.line,
            self.stdout,
            self.stderr
        );
        self
    }

    /// What was said to programs.
    ///
    /// # Panics
    /// When that is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("`{}` said no JSON: {error}\nstdout: {}\nstderr: {}", self.line, self.stdout, self.stderr)
        })
    }
}

fn read(path: &PathBuf) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

fn tail(text: &str) -> &str {
    text.trim_end().lines().next_back().unwrap_or("nothing")
}
