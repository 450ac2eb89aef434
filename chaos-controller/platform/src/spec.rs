//! What the guard is told and what it answers: its spec file and the wire types
//! of its API. Nothing here does anything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::lab::write_private;

/// The file that a guard starts from. It holds a token, so it is private.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardSpec {
    /// The lab's name.
    pub lab: String,
    /// The executable of every process.
    pub exe: PathBuf,
    /// The lab's state folder, absolute. It also marks the lab's processes
    /// (in their environment), so that strays can be told from strangers.
    pub state_dir: PathBuf,
    /// The lab's file, absolute; removed when the guard takes the lab down.
    pub lab_file: PathBuf,
    /// Folder of `<instance>.log`, absolute.
    pub log_dir: PathBuf,
    /// The key to the guard's API.
    pub operator_token: String,
    /// How long the lab waits for a controller that is gone, in milliseconds.
    pub controller_grace_ms: u64,
    /// Environment of every process.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The processes, started all at once and in this order.
    pub processes: Vec<ProcessSpec>,
}

/// One process. `{instance}` in an argument or a value of the environment
/// becomes the instance's name, so that a scaled service has no fixed names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSpec {
    /// Such as `payment-0`.
    pub instance: String,
    /// Such as `payment`.
    pub service: String,
    /// Arguments of the executable.
    pub args: Vec<String>,
    /// Environment beside [`GuardSpec::env`].
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Whether it starts again when it ends by itself.
    pub restart: bool,
}

/// The line that a guard prints when its API is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The guard's process id.
    pub pid: u32,
    /// Its API.
    pub url: String,
}

/// `GET /processes` (`?pss=true` fills `pss_kib`, which costs the kernel a walk
/// over the page tables): one process. The guard itself is listed last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessState {
    /// Such as `payment-0`.
    pub instance: String,
    /// Such as `payment`.
    pub service: String,
    /// Process id; 0 while there is none.
    pub pid: u32,
    /// `up`, `waiting` (crashed, starts again soon), `stopping`, `stopped` or `exited`.
    pub state: String,
    /// How often it was started again.
    pub restarts: u32,
    /// How it last ended, such as `killed by signal 9`; empty if it never did.
    pub last_exit: String,
    /// Resident memory.
    pub rss_kib: u64,
    /// Proportional memory; 0 unless asked for.
    pub pss_kib: u64,
    /// Processor time so far, in microseconds.
    pub cpu_us: u64,
}

/// `POST /heartbeat`: a controller is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartBeat {
    /// The controller's process id.
    pub controller_pid: u32,
}

/// `GET /controller`: how long the guard has heard no controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Process id of the last controller that was heard; 0 if none ever was.
    pub controller_pid: u32,
    /// Time since its last heartbeat, in milliseconds.
    pub silent_ms: u64,
    /// Time until the guard takes the lab down, in milliseconds.
    pub down_in_ms: u64,
}

/// `POST /restart`: SIGTERM, SIGKILL after the grace, start again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// Services or instances.
    pub targets: Vec<String>,
    /// Time to drain, in milliseconds.
    pub grace_ms: u64,
}

/// `POST /scale`: so many instances from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// The service.
    pub service: String,
    /// How many; 0 stops it.
    pub instances: u32,
    /// Time to drain for those that go, in milliseconds.
    pub grace_ms: u64,
}

/// `POST /signal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Services or instances.
    pub targets: Vec<String>,
    /// Which.
    pub signal: SignalName,
}

/// The signals that a drill may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalName {
    /// SIGKILL: dies at once; the guard starts it again.
    Kill,
    /// SIGTERM: drains.
    Terminate,
    /// SIGSTOP: freezes.
    Freeze,
    /// SIGCONT: thaws.
    Thaw,
}

impl GuardSpec {
    /// Reads a spec.
    pub fn load(path: &Path) -> std::io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }

    /// Writes a spec, whole or not at all.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(self).expect("a spec is plain data");
        write_private(path, &text)
    }
}
