//! The real Prometheus and the real Alertmanager on loopback, with the configuration and the rules that are shipped: only
//! addresses, and the place of the token, are put in. They end with the value.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::http::Ask;
use crate::repo;
use crate::scratch::Scratch;
use crate::site::{Lab, Role};
use crate::tools;
use crate::wait::until;

/// For their start, and for finding the lab: a Prometheus takes new targets over every five seconds.
const PATIENCE: Duration = Duration::from_secs(40);
/// What `--query.lookback-delta` is where the lab is watched: the lookback of the lab's own queries.
const LOOKBACK: &str = "10s";

/// Both, or where they will be.
#[derive(Debug)]
pub struct Monitoring {
    programs: [PathBuf; 2],
    /// `host:port` of the Prometheus and of the Alertmanager.
    pub prometheus: String,
    pub alertmanager: String,
    scratch: Scratch,
    running: Vec<Child>,
}

impl Monitoring {
    /// Chooses where they will be, so that a lab can be told before it can be scraped; `None` where they are not installed.
    pub fn reserve() -> Option<Self> {
        let programs = [tools::need("prometheus")?, tools::need("prometheus-alertmanager")?];
        let (prometheus, alertmanager) = (free_port(), free_port());
        Some(Self { programs, prometheus, alertmanager, scratch: Scratch::new(), running: Vec::new() })
    }

    /// Starts both for a lab, and waits until every process of it is scraped.
    ///
    /// # Panics
    /// When they do not get ready, or do not find the lab.
    pub fn start(&mut self, lab: &Lab) {
        let controller = lab.text("/controller/url").trim_start_matches("http://").to_owned();
        let token = self.scratch.write("token", &lab.token(Role::Observer)).display().to_string();
        let shipped = repo::root().join("deploy/prometheus");
        for file in ["prometheus.yml", "alertmanager.yml", "drill-windows.rules.yml"] {
            let text =
                std::fs::read_to_string(shipped.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let text = text
                .replace("controller:7070", &controller)
                .replace("alertmanager:9093", &self.alertmanager)
                .replace("/etc/prometheus/token", &token)
                .replace("/etc/alertmanager/token", &token);
            self.scratch.write(file, &text);
        }
        let of = |file: &str| self.scratch.work().join(file).display().to_string();
        let alertmanager = [
            format!("--config.file={}", of("alertmanager.yml")),
            format!("--storage.path={}", of("alertmanager")),
            format!("--web.listen-address={}", self.alertmanager),
            "--cluster.listen-address=".to_owned(),
        ];
        let prometheus = [
            format!("--config.file={}", of("prometheus.yml")),
            format!("--storage.tsdb.path={}", of("prometheus")),
            format!("--web.listen-address={}", self.prometheus),
            format!("--query.lookback-delta={LOOKBACK}"),
        ];
        let started = [run(&self.programs[1], &alertmanager), run(&self.programs[0], &prometheus)];
        self.running.extend(started);
        let members = lab.members().into_iter().filter(|member| !member.admin.is_empty()).count() + 1;
        until("every process of the lab is scraped", PATIENCE, || {
            let targets = self.ask("/api/v1/targets")?;
            let all = targets["data"]["activeTargets"].as_array().cloned().unwrap_or_default();
            let up = all.iter().filter(|target| target["health"] == "up").count();
            if up == members && all.len() == members { Ok(()) } else { Err(targets.to_string()) }
        });
    }

    /// What the Prometheus says.
    ///
    /// # Errors
    /// When it does not answer, or is not ready.
    pub fn ask(&self, path: &str) -> Result<Value, String> {
        let answer = Ask::get(&self.prometheus, path).patience(PATIENCE).send()?;
        if answer.status == 200 { Ok(answer.json()) } else { Err(answer.body) }
    }

    /// Ends the Prometheus, as a machine that fails does.
    pub fn lose_prometheus(&mut self) {
        self.running.pop().into_iter().for_each(end);
    }
}

impl Drop for Monitoring {
    fn drop(&mut self) {
        self.running.drain(..).for_each(end);
    }
}

fn end(mut process: Child) {
    // An error says that it has ended already.
    let _ = process.kill();
    let _ = process.wait();
}

fn run(program: &Path, flags: &[String]) -> Child {
    Command::new(program)
        .args(flags)
        .args(["--log.level=error"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("failed to start `{}`: {error}", program.display()))
}

/// Freed again and taken by programs that cannot tell a port which the system chose.
fn free_port() -> String {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    port.expect("the system has a free port").to_string()
}
