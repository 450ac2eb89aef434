//! The controller's side of the local platform: starting a guard, attaching to
//! one that lives, and asking it. Also the strays: processes of a lab that
//! neither a guard nor a controller answers for any more.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::guard::{INSTANCE_MARK, STATE_MARK};
use crate::http::{CallError, Client};
use crate::lab::GuardRef;
use crate::proc;
use crate::spec::{GuardSpec, HeartBeat, ProcessState, Ready, Restart, Scale, Signal, SignalName, Silence};

/// A restart or a scale-down waits for processes to drain, and `down` for all. Pods take longer.
const DOWN_PATIENCE: Duration = Duration::from_secs(90);

/// The guard of a lab, as its controller (or the command line) sees it.
#[derive(Debug, Clone)]
pub struct Guard {
    pid: u32,
    pub(crate) client: Client,
}

/// Why a guard could not be started or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Its spec could not be written.
    #[error("failed to write the guard's spec `{path}`")]
    Spec {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It could not be started.
    #[error("failed to start the guard")]
    Spawn(#[source] std::io::Error),
    /// It ended before it was ready.
    #[error("the guard ended before it was ready; its log is `{log}`")]
    Stillborn {
        /// Where it says why.
        log: std::path::PathBuf,
    },
    /// It did not answer.
    #[error("failed to ask the guard")]
    Call(#[from] CallError),
}

/// A process of a lab whose guard is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Process id.
    pub pid: u32,
    /// Such as `payment-0`.
    pub instance: String,
    start_ticks: u64,
}

impl Guard {
    /// Starts a guard, which starts every process of `spec`, and returns when
    /// its API is up; the processes are being started meanwhile. The guard
    /// takes a session of its own, so it outlives this process and its terminal.
    pub async fn spawn(spec: &GuardSpec) -> Result<Self, GuardError> {
        let path = spec.state_dir.join("guard.json");
        spec.save(&path).map_err(|source| GuardError::Spec { path: path.clone(), source })?;
        std::fs::create_dir_all(&spec.log_dir).map_err(GuardError::Spawn)?;
        let log_path = spec.log_dir.join("guard.log");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(GuardError::Spawn)?;
        let mut child = Command::new(&spec.exe)
            .arg("guard")
            .arg("--spec")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(GuardError::Spawn)?;
        let stdout = child.stdout.take().expect("the guard's stdout is piped");
        let line = BufReader::new(stdout).lines().next_line().await.map_err(GuardError::Spawn)?;
        let ready: Ready = line
            .and_then(|line| serde_json::from_str(&line).ok())
            .ok_or_else(|| GuardError::Stillborn { log: log_path })?;
        // Reaps it if it ends while this process lives; otherwise init does.
        tokio::spawn(async move { child.wait().await });
        Ok(Self::attach(ready.pid, &ready.url, &spec.operator_token))
    }

    /// The guard that serves at `url`; whether it does shows at the first question.
    pub fn attach(pid: u32, url: &str, operator_token: &str) -> Self {
        Self { pid, client: Client::new(url, operator_token) }
    }

    /// The guard's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What the lab's file says of it.
    pub fn reference(&self) -> GuardRef {
        GuardRef::of(self.pid, self.client.url())
    }

    /// Every process, the guard itself last. `pss` also weighs them
    /// proportionally, which is dear: not each second.
    pub async fn processes(&self, pss: bool) -> Result<Vec<ProcessState>, GuardError> {
        Ok(self.client.get(if pss { "/processes?pss=true" } else { "/processes" }).await?)
    }

    /// Tells that a controller is there. Without it the lab ends after the spec's grace.
    pub async fn heartbeat(&self) -> Result<(), GuardError> {
        self.post("/heartbeat", &HeartBeat { controller_pid: std::process::id() }).await
    }

    /// How long it has heard no controller.
    pub async fn silence(&self) -> Result<Silence, GuardError> {
        Ok(self.client.get("/controller").await?)
    }

    /// Restarts services or instances; returns the instances when all of them
    /// run again. Unknown names are refused with what there is.
    pub async fn restart(&self, targets: &[String], grace: Duration) -> Result<Vec<String>, GuardError> {
        self.post("/restart", &Restart { targets: targets.to_vec(), grace_ms: grace.as_millis() as u64 })
            .await
    }

    /// Brings a service to `instances`; returns the instances that it has now.
    pub async fn scale(
        &self,
        service: &str,
        instances: u32,
        grace: Duration,
    ) -> Result<Vec<String>, GuardError> {
        let scale = Scale { service: service.to_owned(), instances, grace_ms: grace.as_millis() as u64 };
        self.post("/scale", &scale).await
    }

    /// Signals services or instances; returns the instances that were hit.
    pub async fn signal(&self, targets: &[String], signal: SignalName) -> Result<Vec<String>, GuardError> {
        self.post("/signal", &Signal { targets: targets.to_vec(), signal }).await
    }

    /// Ends every process (SIGTERM, SIGKILL after 5 s), removes the lab's file,
    /// ends the guard. Returns when all of that is done.
    pub async fn down(&self) -> Result<(), GuardError> {
        self.post("/down", &()).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, GuardError> {
        Ok(self.client.clone().patient(DOWN_PATIENCE).post(path, body).await?)
    }
}

/// The processes of the lab with this state folder that are alive, found by the
/// marks in their environment, so that a process id taken by a stranger is
/// never mistaken. Empty where there is no `/proc`.
pub fn strays(state_dir: &Path) -> Vec<Stray> {
    let Ok(state_dir) = state_dir.canonicalize() else { return Vec::new() };
    let state_mark = format!("{STATE_MARK}={}", state_dir.display());
    let instance_mark = format!("{INSTANCE_MARK}=");
    let mut strays = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
        let mut marked = false;
        let mut instance = None;
        for variable in environment.split(|byte| *byte == 0) {
            let variable = String::from_utf8_lossy(variable);
            marked |= variable == state_mark.as_str();
            instance = instance.or_else(|| variable.strip_prefix(&instance_mark).map(str::to_owned));
        }
        if let (true, Some(instance), Some(start_ticks)) = (marked, instance, proc::start_ticks(pid)) {
            strays.push(Stray { pid, instance, start_ticks });
        }
    }
    strays
}

/// Kills the strays of a lab and returns them. They hold nothing that a kill
/// can break: their stores are journaled.
pub fn end_strays(state_dir: &Path) -> Vec<Stray> {
    let strays = strays(state_dir);
    for stray in &strays {
        if let Some(pid) = proc::pid_of(stray.pid).filter(|_| proc::alive(stray.pid, stray.start_ticks)) {
            // That it ended by itself in between is what was wanted.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
    strays
}
