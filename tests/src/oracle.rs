//! The real Prometheus, as a judge: a process of its own on an empty store, that is given the samples of a recording and
//! asked what we are asked. It ends with the value.

mod answer;
mod remote_write;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::http::Ask;
use crate::scrapes::Scrape;
use crate::scratch::Scratch;
use crate::wait::until;

pub use answer::Answer;

/// What Prometheus marks the end of a series with.
pub const STALE: u64 = 0x7ff0_0000_0000_0002;
/// No query here takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Series in one request of the remote writer.
const BATCH: usize = 500;

/// A running Prometheus. Times are milliseconds since the zero of the recording.
#[derive(Debug)]
pub struct Oracle {
    /// None if somebody else has started it.
    process: Option<Child>,
    address: String,
    /// When the recording's zero is for it, in ms since 1970.
    pub zero_ms: u64,
    _scratch: Option<Scratch>,
}

/// What it must agree with us about.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub lookback_ms: u64,
    /// The step of a subquery that names none.
    pub subquery_step_ms: u64,
    /// The zero of the recording is a multiple of this, and so of every step of a subquery: those count from 1970.
    pub zero_multiple_ms: u64,
}

impl Oracle {
    /// Starts one.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn start(program: &Path, rules: Rules) -> Self {
        let scratch = Scratch::new();
        let config =
            format!("global: {{scrape_interval: 1s, evaluation_interval: {}ms}}\n", rules.subquery_step_ms);
        let config = scratch.write("prometheus.yml", &config);
        // Freed again and taken by Prometheus, which cannot tell a port that the system chose.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let address = port.expect("the system has a free port").to_string();
        let process = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", scratch.work().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg(format!("--query.lookback-delta={}ms", rules.lookback_ms))
            .args(["--web.enable-remote-write-receiver", "--log.level=error"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start `{}`: {error}", program.display()));
        let now_ms = std::time::UNIX_EPOCH.elapsed().expect("it is later than 1970").as_millis() as u64;
        let zero_ms = now_ms - now_ms % rules.zero_multiple_ms;
        let oracle = Oracle { process: Some(process), address, zero_ms, _scratch: Some(scratch) };
        until("Prometheus is ready", PATIENCE, || match Ask::get(&oracle.address, "/-/ready").send() {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => Err(answer.body),
            Err(error) => Err(error),
        });
        oracle
    }

    /// One that runs, and has scraped what is compared.
    pub fn at(address: &str, zero_ms: u64) -> Self {
        Oracle { process: None, address: address.to_owned(), zero_ms, _scratch: None }
    }

    /// Gives it the samples, as its own scraper would have stored them.
    ///
    /// # Panics
    /// When it does not take them.
    pub fn learn(&self, scrapes: &[Scrape], job: &str) {
        let series = remote_write::series(scrapes, job, self.zero_ms);
        for batch in series.chunks(BATCH) {
            remote_write::send(&self.address, batch).unwrap_or_else(|problem| panic!("{problem}"));
        }
    }

    /// What it answers at an instant.
    ///
    /// # Errors
    /// Its own words, when the query fails.
    pub fn instant(&self, query: &str, t_ms: u64) -> Result<Answer, String> {
        self.ask("query", &format!("query={}&time={}", encoded(query), self.seconds(t_ms)))
    }

    /// What it answers over a range.
    ///
    /// # Errors
    /// Its own words, when the query fails.
    pub fn range(&self, query: &str, from_ms: u64, to_ms: u64, step_ms: u64) -> Result<Answer, String> {
        let (start, end) = (self.seconds(from_ms), self.seconds(to_ms));
        let step = step_ms as f64 / 1_000.0;
        self.ask("query_range", &format!("query={}&start={start}&end={end}&step={step}", encoded(query)))
    }

    fn seconds(&self, t_ms: u64) -> String {
        let t_ms = self.zero_ms + t_ms;
        format!("{}.{:03}", t_ms / 1_000, t_ms % 1_000)
    }

    fn ask(&self, what: &str, parameters: &str) -> Result<Answer, String> {
        let path = format!("/api/v1/{what}?{parameters}");
        let answer = Ask::get(&self.address, &path).patience(PATIENCE).send();
        let answer = answer.unwrap_or_else(|error| panic!("Prometheus does not answer: {error}")).json();
        answer::read(&answer, self.zero_ms)
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // An error says that it has ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
