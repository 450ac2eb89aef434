//! The lab's file, `.firedrill/<lab>.json`: how the command line finds a lab
//! that runs, and how a new controller finds the one it adopts. It holds the
//! tokens, so it is readable by its owner only.
//!
//! Left out: who may write it when. The controller is the only writer; the
//! guard only removes it.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::proc;

/// The format that this program writes; newer ones are refused.
const FORMAT: u32 = 1;

/// A lab that runs, or that ran until its processes died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabFile {
    /// The lab's name.
    pub lab: String,
    /// Format of this file.
    pub version: u32,
    /// The controller that wrote it last.
    pub controller: ControllerRef,
    /// The guard, once it is up.
    #[serde(default)]
    pub guard: Option<GuardRef>,
    /// Every process that joined.
    #[serde(default)]
    pub processes: Vec<ProcessRef>,
    /// The keys to the lab.
    pub tokens: Tokens,
    /// Folder of the run in progress.
    #[serde(default)]
    pub run_dir: Option<String>,
    /// Where it runs, if not as processes of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
}

/// A lab that somebody else's engine runs. Its controller is told from its URL, and not from a process id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Away {
    /// A Compose project.
    Docker {
        /// Its name.
        project: String,
    },
    /// A namespace of a cluster.
    Kubernetes {
        /// The context of the cluster's configuration; the current one if there is none.
        #[serde(default)]
        context: Option<String>,
        /// The namespace.
        namespace: String,
    },
}

/// Where the controller is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerRef {
    /// Operating-system process id.
    pub pid: u32,
    /// When it started, milliseconds of Unix time.
    pub started_unix_ms: u64,
    /// Its API, such as `http://127.0.0.1:41234`.
    pub url: String,
    /// When it started, in the kernel's clock ticks since boot: with the pid it
    /// names a process for good. 0 where the system does not tell.
    #[serde(default)]
    pub start_ticks: u64,
}

/// Where the guard is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardRef {
    /// Operating-system process id.
    pub pid: u32,
    /// Its API.
    pub url: String,
    /// As in [`ControllerRef`].
    #[serde(default)]
    pub start_ticks: u64,
}

/// One process of the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRef {
    /// Such as `payment-0`.
    pub instance: String,
    /// Such as `payment`.
    pub service: String,
    /// Operating-system process id.
    pub pid: u32,
    /// `host:port` of its health and metrics.
    pub admin: String,
    /// `host:port` where it serves.
    pub traffic: String,
}

/// The keys to the lab, one for each role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Processes join with it.
    pub lab: String,
    /// Reads what candidates may see.
    pub observer: String,
    /// Changes policies, restarts, scales, speaks.
    pub candidate: String,
    /// Everything, the bank's faults included.
    pub operator: String,
}

/// Why and when a lab ended without its controller; the guard leaves it in the
/// state folder so that the next `status` can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When, milliseconds of Unix time.
    pub unix_ms: u64,
    /// Why, for a person.
    pub reason: String,
    /// The folder of the lab's last run, if it had one.
    #[serde(default)]
    pub run_dir: Option<String>,
}

/// What can be wrong with the lab's file.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// There is none: no lab of that name runs here.
    #[error("no lab `{lab}` here (`{path}` does not exist)")]
    Missing {
        /// The lab asked for.
        lab: String,
        /// Where its file would be.
        path: PathBuf,
    },
    /// It could not be read or written.
    #[error("failed to {act} the lab's file `{path}`")]
    Io {
        /// `read`, `write` or `remove`.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not a lab's file.
    #[error("the lab's file `{path}` is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It was written by a newer program.
    #[error("the lab's file `{path}` has format {found}, this program reads up to {FORMAT}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

impl Tokens {
    /// Four keys from the kernel's randomness.
    ///
    /// # Errors
    /// When the kernel gives none.
    pub fn new() -> std::io::Result<Self> {
        let mut bytes = [0_u8; 64];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let key = |n: usize| bytes[n * 16..(n + 1) * 16].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { lab: key(0), observer: key(1), candidate: key(2), operator: key(3) })
    }
}

impl LabFile {
    /// A lab whose controller is this process, serving at `url`.
    pub fn new(lab: &str, url: &str, tokens: Tokens) -> Self {
        Self {
            lab: lab.to_owned(),
            version: FORMAT,
            controller: ControllerRef::this(url),
            guard: None,
            processes: Vec::new(),
            tokens,
            run_dir: None,
            away: None,
        }
    }

    /// A lab that runs elsewhere, as its controller is reached at `url` (empty if only a tunnel leads there).
    pub fn of_away(lab: &str, url: &str, tokens: Tokens, away: Away) -> Self {
        let controller =
            ControllerRef { pid: 0, started_unix_ms: unix_ms(), url: url.to_owned(), start_ticks: 0 };
        Self { controller, away: Some(away), ..Self::new(lab, url, tokens) }
    }

    /// Where the file of `lab` is, under `root` (usually `.firedrill`).
    pub fn path(root: &Path, lab: &str) -> PathBuf {
        root.join(format!("{lab}.json"))
    }

    /// Reads the file of `lab`.
    pub fn load(root: &Path, lab: &str) -> Result<Self, LabError> {
        Self::read(&Self::path(root, lab), lab)
    }

    /// Reads the file at `path`, which is that of `lab`.
    pub(crate) fn read(path: &Path, lab: &str) -> Result<Self, LabError> {
        let path = path.to_owned();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(LabError::Missing { lab: lab.to_owned(), path });
            }
            Err(source) => return Err(LabError::Io { act: "read", path, source }),
        };
        let file: Self = serde_json::from_slice(&bytes)
            .map_err(|source| LabError::Damaged { path: path.clone(), source })?;
        if file.version > FORMAT {
            return Err(LabError::Newer { path, found: file.version });
        }
        Ok(file)
    }

    /// Writes the file whole or not at all.
    pub fn save(&self, root: &Path) -> Result<(), LabError> {
        let path = Self::path(root, &self.lab);
        let text = serde_json::to_vec_pretty(self).expect("a lab's file is plain data");
        write_private(&path, &text).map_err(|source| LabError::Io { act: "write", path, source })
    }

    /// Removes the file; that it is gone already is fine.
    pub fn remove(root: &Path, lab: &str) -> Result<(), LabError> {
        let path = Self::path(root, lab);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(LabError::Io { act: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    /// The names of all labs under `root`, sorted.
    pub fn list(root: &Path) -> Vec<String> {
        let mut labs: Vec<String> = std::fs::read_dir(root)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
            .collect();
        labs.sort();
        labs
    }
}

impl ControllerRef {
    /// This process, serving at `url`.
    pub fn this(url: &str) -> Self {
        let pid = std::process::id();
        Self {
            pid,
            started_unix_ms: unix_ms(),
            url: url.to_owned(),
            start_ticks: proc::start_ticks(pid).unwrap_or(0),
        }
    }

    /// Whether that very process still runs.
    pub fn alive(&self) -> bool {
        proc::alive(self.pid, self.start_ticks)
    }
}

impl GuardRef {
    /// The guard with this process id, serving at `url`.
    pub fn of(pid: u32, url: &str) -> Self {
        Self { pid, url: url.to_owned(), start_ticks: proc::start_ticks(pid).unwrap_or(0) }
    }

    /// Whether that very process still runs.
    pub fn alive(&self) -> bool {
        proc::alive(self.pid, self.start_ticks)
    }
}

impl Ended {
    const FILE: &str = "ended.json";

    /// Leaves a note in the lab's state folder.
    pub fn leave(state_dir: &Path, reason: &str, run_dir: Option<String>) -> std::io::Result<()> {
        let note = Self { unix_ms: unix_ms(), reason: reason.to_owned(), run_dir };
        let text = serde_json::to_vec(&note).expect("a note is plain data");
        write_private(&state_dir.join(Self::FILE), &text)
    }

    /// The note that was left, if there is one.
    pub fn read(state_dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(state_dir.join(Self::FILE)).ok()?).ok()
    }

    /// Forgets the note; a new lab starts.
    pub fn forget(state_dir: &Path) {
        // Nothing to forget is the usual case.
        let _ = std::fs::remove_file(state_dir.join(Self::FILE));
    }
}

/// The lab's state folder, `.firedrill/<lab>/`: logs, data, the guard's spec.
pub fn state_dir(root: &Path, lab: &str) -> PathBuf {
    root.join(lab)
}

/// Writes a file that only its owner may read, whole or not at all, making its
/// folder if need be.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    write_whole(path, bytes, false)
}

/// [`write_private`], and the disk has it when this returns: for what must not
/// be lost with the machine's power. It costs milliseconds.
pub(crate) fn write_durable(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    write_whole(path, bytes, true)
}

fn write_whole(path: &Path, bytes: &[u8], durable: bool) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    if durable {
        file.sync_all()?;
    }
    std::fs::rename(&draft, path)
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("firedrill-lab-{}-{name}", std::process::id()))
    }

    #[test]
    fn a_saved_file_reads_back_and_is_private() {
        let root = folder("round");
        let mut file = LabFile::new("a", "http://127.0.0.1:1", Tokens::default());
        file.guard = Some(GuardRef::of(std::process::id(), "http://127.0.0.1:2"));
        file.save(&root).unwrap();
        assert_eq!(LabFile::load(&root, "a").unwrap(), file);
        let mode = std::fs::metadata(LabFile::path(&root, "a")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(LabFile::list(&root), ["a"]);
        assert!(file.controller.alive() && file.guard.as_ref().is_some_and(GuardRef::alive));
        LabFile::remove(&root, "a").unwrap();
        LabFile::remove(&root, "a").unwrap();
        assert!(matches!(LabFile::load(&root, "a"), Err(LabError::Missing { .. })));
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_newer_format_is_refused() {
        let root = folder("newer");
        let mut file = LabFile::new("a", "http://127.0.0.1:1", Tokens::default());
        file.version = FORMAT + 1;
        file.save(&root).unwrap();
        assert!(
            matches!(LabFile::load(&root, "a"), Err(LabError::Newer { found, .. }) if found == FORMAT + 1)
        );
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_note_about_the_end_stays_until_it_is_forgotten() {
        let state = folder("ended");
        assert_eq!(Ended::read(&state), None);
        Ended::leave(&state, "the controller was gone for 60 s", None).unwrap();
        assert_eq!(Ended::read(&state).unwrap().reason, "the controller was gone for 60 s");
        Ended::forget(&state);
        assert_eq!(Ended::read(&state), None);
        std::fs::remove_dir_all(state).unwrap();
    }
}
