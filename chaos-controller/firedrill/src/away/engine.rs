//! Which engine `docker` speaks with, and how the guard gets to it: the socket that is mounted into its container, and the
//! group that may write to it.

use std::path::PathBuf;

use tokio::process::Command;

use super::program;

/// Where an engine listens unless somebody says otherwise, and where it is for containers of Docker Desktop.
const SOCKET: &str = "/var/run/docker.sock";

/// The socket of the engine; the host, if it is none of this machine's.
pub(crate) async fn socket() -> Result<PathBuf, String> {
    match std::env::var("DOCKER_HOST") {
        Ok(host) if !host.is_empty() => on_this_machine(host),
        _ => {
            let mut asked = Command::new("docker");
            asked.args(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
            match program::run(asked, "ask for the engine", "").await {
                Ok(host) if !host.trim().is_empty() => on_this_machine(host.trim().to_owned()),
                _ => Ok(PathBuf::from(SOCKET)),
            }
        }
    }
}

fn on_this_machine(host: String) -> Result<PathBuf, String> {
    host.strip_prefix("unix://").map(PathBuf::from).ok_or(host)
}

/// What the Compose file is told: the socket to mount, and the group of the guard. Nothing, if the engine is elsewhere: the
/// file's defaults are those of most machines.
pub(super) async fn environment() -> Vec<(&'static str, String)> {
    let Ok(socket) = socket().await else { return Vec::new() };
    let mut asked = Command::new("docker");
    asked.args(["info", "--format", "{{.OperatingSystem}} {{.SecurityOptions}}"]);
    let about = program::run(asked, "ask the engine", "").await.unwrap_or_default();
    let gid = rustix::fs::stat(&socket).ok().map(|about| about.st_gid);
    let (socket, gid) = seen_from_inside(&about, socket, gid);
    let mut all = vec![("FIREDRILL_DOCKER_SOCKET", socket.display().to_string())];
    all.extend(gid.map(|gid| ("FIREDRILL_DOCKER_GID", gid.to_string())));
    all
}

/// A container of a rootless engine sees the engine's user as root; one of Docker Desktop is in a machine of its own.
fn seen_from_inside(about: &str, socket: PathBuf, gid: Option<u32>) -> (PathBuf, Option<u32>) {
    if about.contains("Docker Desktop") {
        (PathBuf::from(SOCKET), Some(0))
    } else if about.contains("rootless") {
        (socket, Some(0))
    } else {
        (socket, gid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_of_another_machine_has_no_socket_here() {
        assert_eq!(on_this_machine("unix:///run/x.sock".to_owned()), Ok(PathBuf::from("/run/x.sock")));
        assert_eq!(on_this_machine("tcp://1.2.3.4:2375".to_owned()), Err("tcp://1.2.3.4:2375".to_owned()));
    }

    #[test]
    fn the_guard_sees_the_socket_as_its_engine_shows_it() {
        let socket = || PathBuf::from("/run/user/1000/docker.sock");
        let seen = |about| seen_from_inside(about, socket(), Some(1000));
        assert_eq!(seen("Debian GNU/Linux 12 [name=seccomp,profile=default]"), (socket(), Some(1000)));
        assert_eq!(seen("Debian GNU/Linux 12 [name=rootless]"), (socket(), Some(0)));
        assert_eq!(seen("Docker Desktop [name=seccomp]"), (PathBuf::from(SOCKET), Some(0)));
    }
}
