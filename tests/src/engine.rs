//! A Docker engine of a test's own: its daemon, its images, its networks. It lives in a network namespace, so its
//! bridges and its firewall are nobody else's, and the thread of the test moves in with it: what it starts and whom it
//! asks is in there too. Ended by its process id, with the value.
//!
//! It pulls nothing: the image is built from the program under test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

use crate::program;
use crate::repo;
use crate::scratch::Scratch;
use crate::tools;
use crate::wait::until;

/// A daemon starts its own containerd first.
const READY: Duration = Duration::from_secs(60);
/// It ends its containers first.
const GONE: Duration = Duration::from_secs(30);

/// A running engine. Not to be sent to another thread: that one is not in its network.
#[derive(Debug)]
pub struct Engine {
    daemon: Child,
    socket: PathBuf,
    compose: PathBuf,
    /// Where this thread came from.
    home: File,
    scratch: Scratch,
}

impl Engine {
    /// Starts one; `None`, with a word about it, where that cannot be done.
    ///
    /// # Panics
    /// When it does not become ready, or cannot be started and `CI` is set.
    pub fn start() -> Option<Self> {
        let compose = tools::compose()?;
        for program in ["dockerd", "docker", "unshare", "ip"] {
            tools::need(program)?;
        }
        if !rustix::process::geteuid().is_root() {
            return tools::without("a Docker engine of one's own takes root");
        }
        let scratch = Scratch::new();
        let folder = scratch.work();
        let at = |name: &str| folder.join(name).display().to_string();
        let socket = folder.join("docker.sock");
        let log = File::create(folder.join("log")).expect("a scratch folder can be written to");
        let script = "ip link set lo up && exec dockerd --data-root \"$1\" --exec-root \"$2\" --pidfile \"$3\" --host \"unix://$4\"";
        let daemon = Command::new("unshare")
            .args([
                "--net",
                "sh",
                "-c",
                script,
                "sh",
                &at("data"),
                &at("exec"),
                &at("pid"),
                &at("docker.sock"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("failed to start a Docker engine: {error}"));
        let home = File::open("/proc/thread-self/ns/net").expect("a thread has a network");
        let engine = Self { daemon, socket, compose, home, scratch };
        until("the Docker engine is ready", READY, || engine.try_say(&["version"]).map(drop));
        let inside =
            File::open(format!("/proc/{}/ns/net", engine.daemon.id())).expect("the engine has a network");
        enter(&inside);
        Some(engine)
    }

    /// Builds the image, as `make image` does, under a name; gives that.
    ///
    /// # Panics
    /// When it cannot be built.
    pub fn image(&self) -> String {
        let name = "firedrill:under-test".to_owned();
        let built = Command::new(repo::root().join("deploy/scripts/image"))
            .env("FIREDRILL_BIN", program::path())
            .env("IMAGE", &name)
            .envs(self.environment())
            .output();
        let built = built.unwrap_or_else(|error| panic!("failed to run deploy/scripts/image: {error}"));
        assert!(built.status.success(), "no image: {}", String::from_utf8_lossy(&built.stderr));
        name
    }

    /// What a program needs to find this engine, and Compose.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("DOCKER_HOST", format!("unix://{}", self.socket.display())),
            ("FIREDRILL_COMPOSE", self.compose.display().to_string()),
        ]
    }

    /// `docker`, to its end; gives what it wrote.
    ///
    /// # Panics
    /// When it fails.
    pub fn say(&self, args: &[&str]) -> String {
        self.try_say(args).unwrap_or_else(|said| panic!("`docker {}` failed: {said}", args.join(" ")))
    }

    /// The same, where it may fail.
    ///
    /// # Errors
    /// What it complained of.
    pub fn try_say(&self, args: &[&str]) -> Result<String, String> {
        let output = Command::new("docker").args(args).envs(self.environment()).stdin(Stdio::null()).output();
        let output = output.map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Everything that the engine knows of a container.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn inspect(&self, container: &str) -> Value {
        let told = self.say(&["container", "inspect", container]);
        let told: Value = serde_json::from_str(&told).expect("docker inspect writes JSON");
        told[0].clone()
    }

    /// The names of all containers, networks and volumes that carry a label, also of those that are stopped.
    pub fn labelled(&self, label: &str) -> Vec<String> {
        let filter = format!("label={label}");
        let lists: [&[&str]; 3] = [
            &["ps", "--all", "--format", "{{.Names}}", "--filter", &filter],
            &["network", "ls", "--format", "{{.Name}}", "--filter", &filter],
            &["volume", "ls", "--format", "{{.Name}}", "--filter", &filter],
        ];
        let mut names: Vec<String> = lists
            .iter()
            .flat_map(|list| self.say(list).lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        names.sort();
        names
    }

    /// What the daemon has written.
    pub fn log(&self) -> PathBuf {
        self.scratch.work().join("log")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Whatever is left of a test that failed: the daemon would leave its processes alive.
        let left = self.try_say(&["ps", "--all", "--quiet"]).unwrap_or_default();
        for container in left.lines() {
            let _ = self.try_say(&["rm", "--force", "--volumes", container]);
        }
        enter(&self.home);
        if let Some(pid) = i32::try_from(self.daemon.id()).ok().and_then(rustix::process::Pid::from_raw) {
            // An error says that it has ended already.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let asked = Instant::now();
        while matches!(self.daemon.try_wait(), Ok(None)) && asked.elapsed() < GONE {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        unmount(&self.scratch.work());
    }
}

/// Moves this thread into a network.
fn enter(network: &File) {
    use std::os::fd::AsFd as _;
    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
        .expect("root may move between networks");
}

/// A daemon that was killed leaves mounts behind, and a folder with a mount in it cannot be removed.
fn unmount(folder: &Path) {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let below = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .filter(|at| Path::new(at).starts_with(folder));
    for mount in below.collect::<Vec<_>>().into_iter().rev() {
        let _ = Command::new("umount").args(["--lazy", mount]).output();
    }
}
