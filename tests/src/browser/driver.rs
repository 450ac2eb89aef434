//! The driver of the browser: a process of its own on a port that the system chose.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::PATIENCE;
use crate::http::Ask;
use crate::processes;
use crate::scratch::Scratch;
use crate::wait::until;

/// What it says before its port.
const STARTED: &str = "was started successfully on port ";

#[derive(Debug)]
pub(super) struct Driver {
    process: Child,
    address: String,
    scratch: Scratch,
}

impl Driver {
    /// Starts one, and waits until it listens.
    pub(super) fn start(program: &Path) -> Self {
        let scratch = Scratch::new();
        let said = scratch.work().join("driver.out");
        let out = File::create(&said).expect("a scratch folder can be written");
        let process = Command::new(program)
            .arg("--port=0")
            // What the two would leave in somebody's home they leave here, and by this they are known as ours.
            .env("FIREDRILL_DIR", scratch.labs())
            .env("HOME", scratch.work())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start `{}`: {error}", program.display()));
        let mut driver = Self { process, address: String::new(), scratch };
        let port = until("the driver of the browser says its port", PATIENCE, || {
            let said = std::fs::read_to_string(&said).unwrap_or_default();
            let port = said.split_once(STARTED).and_then(|(_, rest)| rest.split_once('.'));
            port.map(|(port, _)| port.to_owned()).ok_or(said)
        });
        driver.address = format!("127.0.0.1:{port}");
        driver
    }

    /// A folder for the browser that goes with it.
    pub(super) fn profile(&self) -> PathBuf {
        self.scratch.work().join("profile")
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// What it answers.
    ///
    /// # Panics
    /// With its own words, when it could not do what was asked.
    pub(super) fn ask(&self, method: &'static str, path: &str, body: &Value) -> Value {
        let ask = Ask::new(method, &self.address, path).patience(PATIENCE);
        let ask = if body.is_null() { ask } else { ask.header("accept", "application/json").body(body) };
        let answer = ask.send().unwrap_or_else(|error| panic!("the browser does not answer: {error}"));
        let mut value = answer.json();
        assert_eq!(answer.status, 200, "{method} {path}: {}", value["value"]["message"]);
        value["value"].take()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        processes::end(&self.scratch);
    }
}
