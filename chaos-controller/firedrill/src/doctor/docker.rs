//! The Docker Engine and Compose: whether a lab can be started here as containers. The engine is asked over its socket,
//! as the guard will ask it; Compose is the program that `up` will run.

use std::io::ErrorKind;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::program::{Silence, ask, version};
use super::{Finding, Limits, State};
use crate::away::engine::socket;

/// An engine that lives answers from memory.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of the engine 20.10, the oldest that the lab is tested on.
const API: (u32, u32) = (1, 41);
/// The oldest Compose that reads the file.
const COMPOSE: (u32, u32) = (2, 0);
const MEMORY_MIB: Limits = Limits { warn: 1_500.0, fail: 600.0 };
const CORES: Limits = Limits { warn: 1.0, fail: 0.0 };

/// Looks at the engine, at Compose, and at the image.
pub(crate) async fn look() -> Vec<Finding> {
    let mut found = match socket().await {
        Ok(socket) => engine(&socket.to_string_lossy()).await,
        Err(host) => {
            let todo = "the guard mounts the engine's socket, so the engine must be on this machine: unset DOCKER_HOST, \
                        or name a socket, such as DOCKER_HOST=unix:///var/run/docker.sock";
            vec![Finding::new(State::Fail, "engine", format!("it is at {host}"), todo)]
        }
    };
    found.push(compose().await);
    found
}

/// Whether there is anything of Docker here.
pub(crate) async fn is_there() -> bool {
    socket().await.is_ok_and(|socket| std::fs::exists(socket).unwrap_or(false))
        || ask("docker", &["--version"], "").await != Err(Silence::Absent)
}

async fn engine(socket: &str) -> Vec<Finding> {
    let about = match get(socket, "/version").await {
        Ok((_, about)) => about,
        Err(error) => return vec![unreachable(socket, &error)],
    };
    let text = |name: &str| about[name].as_str().unwrap_or("unknown").to_owned();
    let seen = format!("{} (API {}) at {socket}", text("Version"), text("ApiVersion"));
    let young = version(&text("ApiVersion")) >= Some(API);
    let state = if young { State::Ok } else { State::Fail };
    let mut found = vec![Finding::new(state, "engine", seen, "install Docker Engine 20.10 or newer")];
    match get(socket, "/info").await {
        Ok((_, info)) => found.extend(host(&info)),
        Err(error) => {
            let todo = "`docker info` says more";
            found.push(Finding::new(State::Warn, "engine's host", error.to_string(), todo));
        }
    }
    found.push(image(socket).await);
    found
}

fn unreachable(socket: &str, error: &std::io::Error) -> Finding {
    let (seen, todo) = match error.kind() {
        ErrorKind::NotFound => (
            format!("there is no socket {socket}"),
            "install or start the Docker Engine (`systemctl start docker`), or name its socket: DOCKER_HOST=unix:///path",
        ),
        ErrorKind::PermissionDenied => (
            format!("{socket} may not be used by this user"),
            "`sudo usermod --append --groups docker $USER`, then sign in anew; whoever may use it rules the machine",
        ),
        ErrorKind::ConnectionRefused => {
            (format!("nobody listens at {socket}"), "start the Docker Engine (`systemctl start docker`)")
        }
        _ => (format!("{socket}: {error}"), "the engine's log says more (`journalctl --unit docker`)"),
    };
    Finding::new(State::Fail, "engine", seen, todo)
}

/// What the engine says of the machine that its containers get.
fn host(info: &Value) -> Vec<Finding> {
    let can = |name: &str| info[name].as_bool().unwrap_or(true);
    let groups = info["CgroupVersion"].as_str().unwrap_or("1");
    let (state, todo) = match (can("MemoryLimit"), can("CpuCfsQuota")) {
        (true, true) => (State::Ok, ""),
        (false, _) => (
            State::Fail,
            "without memory limits an outage can take the machine down, and `memory_squeeze` does nothing: boot with \
             `cgroup_enable=memory`; rootless: delegate the controllers `memory` and `cpu`",
        ),
        (true, false) => (
            State::Warn,
            "`cpu_squeeze` does nothing here: the kernel lacks CFS quotas, or they are not delegated",
        ),
    };
    let mut found = vec![Finding::new(state, "cgroups", format!("version {groups}"), todo)];
    let mib = info["MemTotal"].as_f64().unwrap_or_default() / f64::from(1 << 20);
    let todo = "an outage at full scale takes some 500 MiB, Prometheus, Grafana and Jaeger about 1 GiB more: give the \
                engine more, or use a smaller `--scale`";
    found.push(Finding::new(MEMORY_MIB.below(mib), "engine's memory", format!("{mib:.0} MiB"), todo));
    let cores = info["NCPU"].as_f64().unwrap_or_default();
    let todo = "a lab at full scale wants two; use `--scale 1/4` or less";
    found.push(Finding::new(CORES.below(cores), "engine's cores", format!("{cores:.0}"), todo));
    let options = info["SecurityOptions"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if options.into_iter().any(|option| option.contains("rootless")) {
        let todo = "the guard finds its socket by FIREDRILL_DOCKER_SOCKET; this has not been tried";
        found.push(Finding::new(State::Warn, "engine's user", "rootless", todo));
    }
    found
}

async fn image(socket: &str) -> Finding {
    let named = std::env::var("FIREDRILL_IMAGE").ok().filter(|name| !name.is_empty());
    let name = named.unwrap_or_else(|| format!("firedrill:{}", env!("CARGO_PKG_VERSION")));
    match get(socket, &format!("/images/{name}/json")).await {
        Ok((200, image)) => {
            let mib = image["Size"].as_f64().unwrap_or_default() / 1e6;
            Finding::ok("image", format!("{name}, {mib:.0} MB"))
        }
        _ => Finding::new(State::Warn, "image", format!("{name} is not here"), "`make image` builds it"),
    }
}

async fn compose() -> Finding {
    let named = std::env::var("FIREDRILL_COMPOSE").ok().filter(|program| !program.is_empty());
    let candidates: Vec<(String, Vec<&str>)> = match named {
        Some(program) => vec![(program, vec!["version", "--short"])],
        None => vec![
            ("docker".into(), vec!["compose", "version", "--short"]),
            ("docker-compose".into(), vec!["version", "--short"]),
        ],
    };
    let mut old = String::new();
    for (program, args) in &candidates {
        let Ok(said) = ask(program, args, "").await else { continue };
        let said = said.trim();
        if version(said) >= Some(COMPOSE) {
            let plugin = if args.len() > 2 { " compose" } else { "" };
            return Finding::ok("compose", format!("{said} (`{program}{plugin}`)"));
        }
        old = format!("`{program}` is {said}");
    }
    let seen =
        if old.is_empty() { "neither `docker compose` nor `docker-compose` is here".to_owned() } else { old };
    let todo = "install Compose v2 (Debian: docker-compose-plugin of Docker's own repository), or name one that is \
                somewhere else: FIREDRILL_COMPOSE=/path/docker-compose";
    Finding::new(State::Fail, "compose", seen, todo)
}

/// Asks the engine; gives the status and the answer. HTTP/1.0, so that the answer ends where the connection does.
async fn get(socket: &str, path: &str) -> std::io::Result<(u16, Value)> {
    let exchange = async {
        let mut stream = UnixStream::connect(socket).await?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let late = |_| std::io::Error::from(ErrorKind::TimedOut);
    let answer = tokio::time::timeout(PATIENCE, exchange).await.map_err(late)??;
    parse(&answer).ok_or_else(|| std::io::Error::other("it does not answer as a Docker Engine does"))
}

fn parse(answer: &str) -> Option<(u16, Value)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_of_the_engine_is_a_status_and_json() {
        let answer = "HTTP/1.0 404 Not Found\r\nContent-Type: application/json\r\n\r\n{\"message\":\"no\"}";
        assert_eq!(parse(answer), Some((404, json!({"message": "no"}))));
        assert_eq!(parse("SSH-2.0"), None);
    }

    #[test]
    fn a_socket_that_cannot_be_used_says_the_fix() {
        for (kind, word) in [
            (ErrorKind::NotFound, "DOCKER_HOST"),
            (ErrorKind::PermissionDenied, "usermod"),
            (ErrorKind::ConnectionRefused, "systemctl start docker"),
        ] {
            let finding = unreachable("/run/d.sock", &kind.into());
            assert_eq!(finding.state, State::Fail);
            assert!(finding.todo.contains(word) && finding.seen.contains("/run/d.sock"), "{finding:?}");
        }
    }

    #[test]
    fn an_engine_that_cannot_limit_memory_or_has_little_is_told() {
        let states = |info: Value| host(&info).into_iter().map(|finding| finding.state).collect::<Vec<_>>();
        let good = json!({"CgroupVersion": "2", "MemTotal": 8u64 << 30, "NCPU": 4, "MemoryLimit": true});
        assert_eq!(states(good), [State::Ok; 3]);
        let poor = json!({"CgroupVersion": "1", "MemTotal": 1u64 << 30, "NCPU": 1, "MemoryLimit": false,
            "SecurityOptions": ["name=rootless"]});
        assert_eq!(states(poor), [State::Fail, State::Warn, State::Warn, State::Warn]);
    }
}
