//! A lab as a Compose project. The Compose file is part of this program and written into the lab's folder, so that a lab
//! can be started anywhere; what differs from lab to lab comes by environment, and is kept beside it for the next time.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drill::Plan;
use fault::Span;
use platform::{Away, LabFile, Tokens, state_dir, write_private};
use tokio::process::Command;

use super::engine;
use super::program;
use crate::exit::{Exit, Failure};
use crate::launch::Launch;

/// The lab alone.
const COMPOSE: &str = include_str!("../../../../deploy/compose.yaml");
/// Containers start in a second, and slowly on a machine that has other work.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// What watches a lab beside it, and the variable that says where its files are.
const WATCHERS: &str = "compose.observability.yaml";
const OBSERVABILITY: &str = "FIREDRILL_OBSERVABILITY";
const WATCHERS_PORTS: [&str; 4] = [
    "FIREDRILL_GRAFANA_PORT",
    "FIREDRILL_PROMETHEUS_PORT",
    "FIREDRILL_ALERTMANAGER_PORT",
    "FIREDRILL_JAEGER_PORT",
];
/// What of a project is started: all of a new one. Of one that was there only those who lead it: Compose would bring every
/// service back to one instance, whatever a candidate or a fault has made of it.
const ALL: &[&str] = &["--remove-orphans"];
const LEADERS: &[&str] = &["--no-recreate", "controller", "guard"];
/// Of the subnets for labs.
const SUBNETS_TRIED: u32 = 16;
/// What a person may have to do first.
const HINT: &str = "`firedrill doctor --platform docker` says what is missing";

/// The environment of a project, by name.
type Environment = BTreeMap<String, String>;

/// Starts a lab's project, or brings back what of it is gone, and waits until it is ready.
pub(crate) async fn launch(launch: &Launch<'_>) -> Result<(LabFile, Duration), Failure> {
    let start = Instant::now();
    let project = project_of(launch.lab);
    let state = state_dir(launch.dir, launch.lab);
    let environment = match launch.plan {
        Some(plan) => environment(launch, plan).await?,
        None => kept(&state)?,
    };
    write(&state.join("compose.yaml"), COMPOSE.as_bytes())?;
    let file = lab_file(launch.lab, &project, &environment);
    // Before anything starts: whoever ends this must find what to end.
    file.save(launch.dir)?;
    let started = async {
        let which = if launch.plan.is_some() { ALL } else { LEADERS };
        let environment = up(&state, &project, environment, which).await?;
        ready(&file, &state, &project, &environment).await
    };
    if let Err(failure) = started.await {
        if launch.plan.is_some() {
            // What was started of it is ended; the start's own failure is what matters.
            let _ = super::take_down(launch.dir, &file).await;
        }
        return Err(failure);
    }
    Ok((file, start.elapsed()))
}

/// Starts the containers, in the first subnet that nobody has.
async fn up(
    state: &Path,
    project: &str,
    mut environment: Environment,
    which: &[&str],
) -> Result<Environment, Failure> {
    let first = environment.get("FIREDRILL_SUBNET").cloned();
    for number in 0..SUBNETS_TRIED {
        if first.is_none() {
            environment.insert("FIREDRILL_SUBNET".to_owned(), subnet(project, number));
        }
        let text = serde_json::to_vec_pretty(&environment).expect("names and texts are plain data");
        write(&state.join("environment.json"), &text)?;
        let mut up = compose(state, project, &environment).await;
        up.args(["up", "--detach", "--no-build"]).args(which);
        let hint = format!("`make image` builds {}; {HINT}", environment["FIREDRILL_IMAGE"]);
        match program::run(up, "start the lab's containers", &hint).await {
            Ok(_) => break,
            // The engine's words for a subnet that another network has.
            Err(failure)
                if first.is_none() && failure.details.iter().any(|said| said.contains("overlap")) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(environment)
}

/// One of 256 subnets: the same one for a lab each time, unless it is taken.
fn subnet(project: &str, number: u32) -> String {
    let sum = project.bytes().fold(number * 7, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("10.211.{}.0/24", sum % 256)
}

/// Removes a project: its containers (also those that were scaled up), networks and volumes.
pub(super) async fn down(dir: &Path, lab: &str, project: &str) -> Result<(), Failure> {
    let state = state_dir(dir, lab);
    let environment = kept(&state).unwrap_or_default();
    let mut down = compose(&state, project, &environment).await;
    down.args(["down", "--volumes", "--remove-orphans", "--timeout", "5"]);
    program::run(down, "end the lab's containers", HINT).await.map(drop)
}

/// Where the shop is on this machine.
pub(super) fn shop(dir: &Path, lab: &str) -> String {
    let environment = kept(&state_dir(dir, lab)).unwrap_or_default();
    format!("http://127.0.0.1:{}", environment.get("FIREDRILL_FRONTEND_PORT").map_or("", String::as_str))
}

/// Compose refuses capitals.
fn project_of(lab: &str) -> String {
    format!("firedrill-{}", lab.to_lowercase())
}

fn lab_file(lab: &str, project: &str, environment: &Environment) -> LabFile {
    let of = |name: &str| environment.get(name).cloned().unwrap_or_default();
    let tokens = Tokens {
        lab: of("FIREDRILL_TOKEN"),
        observer: of("FIREDRILL_OBSERVER_TOKEN"),
        candidate: of("FIREDRILL_CANDIDATE_TOKEN"),
        operator: of("FIREDRILL_OPERATOR_TOKEN"),
    };
    let url = format!("http://127.0.0.1:{}", of("FIREDRILL_CONTROLLER_PORT"));
    LabFile::of_away(lab, &url, tokens, Away::Docker { project: project.to_owned() })
}

async fn environment(launch: &Launch<'_>, plan: &Plan) -> Result<Environment, Failure> {
    let failed =
        |what: &str, error: std::io::Error| Failure::unexpected(format!("failed to {what}: {error}"));
    let tokens = Tokens::new().map_err(|error| failed("make the lab's tokens", error))?;
    // Chosen here and not by the engine, which would choose anew whenever a container is started again.
    let (controller, frontend) = free_ports().map_err(|error| failed("find a free port", error))?;
    let mut all = of_plan(plan);
    all.extend([
        ("FIREDRILL_LAB", launch.lab.to_owned()),
        ("FIREDRILL_IMAGE", launch.platform.image.clone().unwrap_or_else(default_image)),
        ("FIREDRILL_TOKEN", tokens.lab),
        ("FIREDRILL_OBSERVER_TOKEN", tokens.observer),
        ("FIREDRILL_CANDIDATE_TOKEN", tokens.candidate),
        ("FIREDRILL_OPERATOR_TOKEN", tokens.operator),
        ("FIREDRILL_CONTROLLER_PORT", controller.to_string()),
        ("FIREDRILL_FRONTEND_PORT", frontend.to_string()),
        ("FIREDRILL_NO_LOAD", (!launch.load).to_string()),
        ("FIREDRILL_OPEN_BOOK", launch.open_book.to_string()),
    ]);
    if let Some(ratio) = launch.trace_ratio {
        all.push(("FIREDRILL_TRACE_RATIO", ratio.to_string()));
    }
    if let Some(prometheus) = launch.prometheus {
        all.push(("FIREDRILL_PROMETHEUS", prometheus.to_string()));
    }
    if let Some(folder) = &launch.platform.observability {
        all.push((OBSERVABILITY, watched(folder)?.display().to_string()));
    }
    // Whoever brings the lab back must find the watchers where they were.
    let chosen = |name: &'static str| Some((name, std::env::var(name).ok().filter(|port| !port.is_empty())?));
    all.extend(WATCHERS_PORTS.into_iter().filter_map(chosen));
    all.extend(engine::environment().await);
    Ok(all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The folder of the watchers' files, as the engine can mount it.
fn watched(folder: &Path) -> Result<PathBuf, Failure> {
    let there = folder.canonicalize().ok().filter(|folder| folder.join(WATCHERS).is_file());
    there.ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`{}` has no {WATCHERS}", folder.display()))
            .hint("--observability=FOLDER names the folder `deploy` of the sources")
    })
}

/// What bank, search and controller are told of a plan.
pub(super) fn of_plan(plan: &Plan) -> Vec<(&'static str, String)> {
    let bank = &plan.bank;
    let span = |span: Duration| Span(span).to_string();
    let mut all = vec![
        ("FIREDRILL_PLAN", serde_json::to_string(plan).expect("a plan is plain data")),
        ("FIREDRILL_BANK_LATENCY", span(bank.latency)),
        ("FIREDRILL_BANK_JITTER", bank.jitter.to_string()),
        ("FIREDRILL_BANK_LOOKUP_LATENCY", span(bank.lookup_latency)),
        ("FIREDRILL_INDEX_LATENCY", span(plan.search.index_latency)),
    ];
    if let Some(second) = &bank.second_region {
        all.push(("FIREDRILL_BANK_SECOND_LATENCY", span(second.latency)));
        all.push(("FIREDRILL_BANK_SECOND_LOOKUP_LATENCY", span(second.lookup_latency)));
    }
    all
}

/// The image of this very version.
fn default_image() -> String {
    format!("firedrill:{}", env!("CARGO_PKG_VERSION"))
}

fn free_ports() -> std::io::Result<(u16, u16)> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let second = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok((first.local_addr()?.port(), second.local_addr()?.port()))
}

fn kept(state: &Path) -> Result<Environment, Failure> {
    let path = state.join("environment.json");
    let read = std::fs::read(&path).map_err(|error| error.to_string());
    let environment = read.and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()));
    environment.map_err(|error| Failure::unexpected(format!("failed to read `{}`: {error}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_private(path, bytes)
        .map_err(|error| Failure::unexpected(format!("failed to write `{}`: {error}", path.display())))
}

/// `docker compose` where the plugin is there, else `docker-compose`; FIREDRILL_COMPOSE names another one.
async fn compose(state: &Path, project: &str, environment: &Environment) -> Command {
    let mut command = match std::env::var("FIREDRILL_COMPOSE") {
        Ok(program) if !program.is_empty() => Command::new(program),
        _ if has_plugin().await => {
            let mut docker = Command::new("docker");
            docker.arg("compose");
            docker
        }
        _ => Command::new("docker-compose"),
    };
    command.args(["--project-name", project, "--file"]).arg(state.join("compose.yaml"));
    if let Some(folder) = environment.get(OBSERVABILITY) {
        command.arg("--file").arg(Path::new(folder).join(WATCHERS));
    }
    command.envs(environment);
    command
}

async fn has_plugin() -> bool {
    let mut asked = Command::new("docker");
    asked.args(["compose", "version"]);
    program::run(asked, "ask for Compose", "").await.is_ok()
}

/// Waits for the controller's word that a checkout was answered.
async fn ready(
    file: &LabFile,
    state: &Path,
    project: &str,
    environment: &Environment,
) -> Result<(), Failure> {
    let deadline = Instant::now() + READY_WITHIN;
    let client = platform::http::Client::new(&file.controller.url, "").patient(Duration::from_secs(2));
    while Instant::now() < deadline {
        let answer = client.send(hyper::Method::GET, "/readyz", None).await;
        if answer.is_ok_and(|answer| answer.status.is_success()) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let mut logs = compose(state, project, environment).await;
    logs.args(["logs", "--tail", "5", "controller", "guard"]);
    let said = program::run(logs, "read its logs", "").await.unwrap_or_default();
    Err(Failure::unexpected(format!("lab `{}` did not get ready ({} s)", file.lab, READY_WITHIN.as_secs()))
        .detail(said)
        .hint(HINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_named_after_its_lab_in_small_letters() {
        assert_eq!(project_of("Team-7"), "firedrill-team-7");
    }

    #[test]
    fn a_lab_tries_one_subnet_after_another() {
        let tried: std::collections::BTreeSet<String> =
            (0..SUBNETS_TRIED).map(|number| subnet("firedrill-red", number)).collect();
        assert_eq!(tried.len(), SUBNETS_TRIED as usize);
        assert_eq!(subnet("firedrill-red", 0), subnet("firedrill-red", 0));
    }

    #[test]
    fn a_lab_is_reached_at_the_port_that_was_chosen_for_it() {
        let environment = [("FIREDRILL_CONTROLLER_PORT", "4711"), ("FIREDRILL_OPERATOR_TOKEN", "secret")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let file = lab_file("red", "firedrill-red", &environment);
        assert_eq!(
            (file.controller.url.as_str(), file.tokens.operator.as_str()),
            ("http://127.0.0.1:4711", "secret")
        );
        assert!(!file.controller.alive(), "its process is not one of this machine");
    }
}
