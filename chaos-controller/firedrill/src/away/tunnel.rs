//! The way to a controller in a cluster: `kubectl port-forward`, a child of this process for as long as that lives. It
//! breaks when the controller's pod is replaced, and is dug again at the same port.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::kubernetes::Cluster;
use crate::exit::Failure;

/// The controller's port in its pod.
const PORT: u16 = 7070;
/// After a tunnel broke.
const DIG_AGAIN: Duration = Duration::from_millis(500);

/// Those that are open; ended with this process.
static OPEN: Mutex<Vec<Arc<Tunnel>>> = Mutex::new(Vec::new());

struct Tunnel {
    child: Mutex<Child>,
    closed: AtomicBool,
}

/// Opens one; gives where it begins, such as `http://127.0.0.1:41234`.
pub(crate) fn open(cluster: &Cluster) -> Result<String, Failure> {
    let (child, port) = dig(cluster, 0)?;
    let tunnel = Arc::new(Tunnel { child: Mutex::new(child), closed: AtomicBool::new(false) });
    held().push(Arc::clone(&tunnel));
    let cluster = cluster.clone();
    std::thread::spawn(move || tunnel.keep(&cluster, port));
    Ok(format!("http://127.0.0.1:{port}"))
}

/// Closes all of them. Called at the end of the process, and before a lab is deleted.
pub(crate) fn close_all() {
    for tunnel in held().drain(..) {
        tunnel.closed.store(true, Ordering::SeqCst);
        let mut child = tunnel.child();
        // That it ended by itself is as good.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Tunnel {
    /// Digs again whenever it breaks, until it is closed.
    fn keep(&self, cluster: &Cluster, port: u16) {
        loop {
            std::thread::sleep(DIG_AGAIN);
            let broken = !matches!(self.child().try_wait(), Ok(None));
            // Without the lock, because it takes its time, and whoever closes must not wait for it.
            let again = if broken && !self.closed() { dig(cluster, port).ok() } else { None };
            let mut child = self.child();
            match again {
                Some((again, _)) => *child = again,
                None if self.closed() => return,
                None => continue,
            }
            if self.closed() {
                let _ = child.kill();
                let _ = child.wait();
                return;
            }
        }
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

/// Starts the program and waits for the line that names its port.
fn dig(cluster: &Cluster, port: u16) -> Result<(Child, u16), Failure> {
    let local = if port == 0 { String::new() } else { port.to_string() };
    let mut command = Command::new("kubectl");
    command
        .args(cluster.arguments())
        .args([
            "port-forward",
            "--address",
            "127.0.0.1",
            "--pod-running-timeout=10s",
            "deployment/controller",
        ])
        .arg(format!("{local}:{PORT}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in the terminal is for this process, which still needs the way to say so.
        .process_group(0);
    let failed = |why: String| {
        Failure::unexpected(format!("failed to reach the controller: {why}")).hint(
            "`kubectl get pods` says whether it runs; `--controller-url` takes another way to it, such as a node's port",
        )
    };
    let mut child = command.spawn().map_err(|error| failed(format!("`kubectl` cannot be run: {error}")))?;
    let stdout = child.stdout.take().expect("its stdout is piped");
    let mut line = String::new();
    let mut lines = BufReader::new(stdout);
    let read = lines.read_line(&mut line);
    let Some(port) = read.ok().and_then(|_| port_of(&line)) else {
        let _ = child.kill();
        let output = child.wait_with_output().map(|output| output.stderr).unwrap_or_default();
        return Err(failed(String::from_utf8_lossy(&output).trim().to_owned()));
    };
    // It writes a line for each connection, and stops when nobody reads them; of its complaints none is needed.
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    if let Some(mut stderr) = child.stderr.take() {
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    }
    Ok((child, port))
}

/// From `Forwarding from 127.0.0.1:41234 -> 7070`.
fn port_of(line: &str) -> Option<u16> {
    line.split(" -> ").next()?.rsplit(':').next()?.trim().parse().ok()
}

fn held() -> MutexGuard<'static, Vec<Arc<Tunnel>>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_program_names_its_port() {
        assert_eq!(port_of("Forwarding from 127.0.0.1:41234 -> 7070\n"), Some(41_234));
        assert_eq!(port_of(""), None);
        assert_eq!(port_of("error: unable to forward port\n"), None);
    }
}
