//! A worker process, as the guard holds it: started, ready, told; killed when dropped.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};

use crate::guard::{GUARD_MARK, INSTANCE_MARK, STATE_MARK};
use crate::proc;
use crate::spec::GuardSpec;
use crate::worker::Work;

/// What a worker is called where a lab's processes are told apart.
pub(super) const WORKER: &str = "worker";
/// It starts within this, or it does not.
const STARTS_WITHIN: Duration = Duration::from_secs(5);

/// One worker.
pub(super) struct Worker {
    pub(super) pid: u32,
    /// What it weighed before it began.
    pub(super) base_kib: u64,
    child: Child,
    _input: ChildStdin,
}

impl Worker {
    /// Starts one, waits until it is there, and tells it what to do.
    pub(super) async fn start(guard: &GuardSpec, work: &Work) -> std::io::Result<Self> {
        let mut child = Command::new(&guard.exe)
            .arg(WORKER)
            .env(STATE_MARK, &guard.state_dir)
            .env(INSTANCE_MARK, WORKER)
            .env(GUARD_MARK, std::process::id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (mut input, mut output) =
            child.stdin.take().zip(child.stdout.take()).expect("both ends are piped");
        let ready = async {
            output.read_u8().await?;
            let pid = child.id().ok_or(std::io::ErrorKind::BrokenPipe)?;
            let base_kib = proc::rss_kib(pid).unwrap_or(0);
            let order = serde_json::to_string(work).expect("an order is plain data") + "\n";
            input.write_all(order.as_bytes()).await?;
            Ok::<_, std::io::Error>((pid, base_kib))
        };
        let (pid, base_kib) =
            tokio::time::timeout(STARTS_WITHIN, ready).await.map_err(|_| std::io::ErrorKind::TimedOut)??;
        Ok(Self { pid, base_kib, child, _input: input })
    }

    /// Whether it lives; somebody may have killed it.
    pub(super) fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it holds beyond what it was started with, in KiB.
    pub(super) fn held_kib(&self) -> u64 {
        proc::rss_kib(self.pid).unwrap_or(0).saturating_sub(self.base_kib)
    }
}
