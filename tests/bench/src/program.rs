//! A process of the program under test that belongs to no lab, ended with its owner.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use harness::Scratch;
use serde_json::Value;

/// Until a process serves.
const START: Duration = Duration::from_secs(5);

/// The process.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it with its files in the scratch folder.
    pub(crate) fn start(scratch: &Scratch, name: &str, args: &[&str]) -> anyhow::Result<Self> {
        let folder = scratch.work().join(name);
        std::fs::create_dir_all(&folder)?;
        let log = folder.join("log");
        let file = File::create(&log)?;
        let child = Command::new(harness::program::path())
            .args(args)
            .arg("--data")
            .arg(&folder)
            .env("FIREDRILL_DIR", scratch.labs())
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("failed to start {name}"))?;
        Ok(Self { child, log })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it serves and where it is administered, as its log tells once it has started.
    pub(crate) fn addresses(&self) -> anyhow::Result<(String, String)> {
        let start = Instant::now();
        while start.elapsed() < START {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let started = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(line) = started.into_iter().find(|line| line["message"] == "started") {
                let field = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
                return Ok((field("traffic"), field("admin")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("it did not start; its log is {}", self.log.display())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
