//! Starting a lab: a detached `serve`, which starts a guard, which starts the
//! rest. This process waits for the one line that `serve` prints when the first
//! checkout was answered: no polling, no sleeping.
//!
//! Also ending one, whatever is left of it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use controller::PlatformName;
use controller::PrometheusAddress;
use controller::api::{Ready, Role};
use drill::Plan;
use platform::{Guard, LabFile, end_strays, state_dir};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::api::Api;
use crate::away::{self, PlatformFlags};
use crate::exit::Failure;

/// A lab that is not ready by then will not be.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// Lines of the controller's log that explain a failed start.
const LOG_TAIL: usize = 8;

/// What a lab is started with.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    /// Folder of the labs' files.
    pub(crate) dir: &'a Path,
    pub(crate) lab: &'a str,
    /// Its policy, load and bank; `None` adopts a lab whose controller died.
    pub(crate) plan: Option<&'a Plan>,
    /// Whether load arrives from the start.
    pub(crate) load: bool,
    /// Share of traces that is kept whatever happens in them; `None` leaves it to the controller.
    pub(crate) trace_ratio: Option<f64>,
    /// Alerting rules instead of the shipped ones.
    pub(crate) rules: Option<&'a Path>,
    /// Where it runs.
    pub(crate) platform: PlatformFlags,
    /// Whether metrics tell of faults while they are on.
    pub(crate) open_book: bool,
    /// Who scrapes in the controller's place.
    pub(crate) prometheus: Option<&'a PrometheusAddress>,
}

impl<'a> Launch<'a> {
    /// A lab on this machine, without a plan yet.
    pub(crate) fn new(dir: &'a Path, lab: &'a str) -> Self {
        Self {
            dir,
            lab,
            plan: None,
            load: true,
            trace_ratio: None,
            rules: None,
            open_book: false,
            prometheus: None,
            platform: PlatformFlags::default(),
        }
    }

    /// The lab of a file, wherever that was started.
    pub(crate) fn adopting(dir: &'a Path, file: &'a LabFile) -> Self {
        Self { platform: PlatformFlags::of(file), ..Self::new(dir, &file.lab) }
    }
}

/// How a lab is that has a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Its controller answers for it.
    Runs,
    /// Its controller is gone, its guard and processes live.
    Orphaned,
    /// Only the file is left.
    Dead,
}

/// How the lab of a file is.
pub(crate) fn presence(file: &LabFile) -> Presence {
    if file.away.is_some() {
        // Of the others, their engine knows.
        return if away::answers(file) { Presence::Runs } else { Presence::Orphaned };
    }
    if file.controller.alive() {
        Presence::Runs
    } else if file.guard.as_ref().is_some_and(platform::GuardRef::alive) {
        Presence::Orphaned
    } else {
        Presence::Dead
    }
}

/// Starts a lab and waits until it is ready. Gives its file and the time it took.
pub(crate) async fn launch(launch: &Launch<'_>) -> Result<(LabFile, Duration), Failure> {
    match launch.platform.platform {
        PlatformName::Local => here(launch).await,
        PlatformName::Docker => away::docker::launch(launch).await,
        PlatformName::Kubernetes => away::kubernetes::launch(launch).await,
    }
}

async fn here(launch: &Launch<'_>) -> Result<(LabFile, Duration), Failure> {
    let start = Instant::now();
    let state = state_dir(launch.dir, launch.lab);
    if launch.plan.is_some() {
        clear_state(launch, &state)?;
    }
    let mut command = serve_command(launch, &state)?;
    let mut serve = command
        .spawn()
        .map_err(|error| Failure::unexpected(format!("failed to start the controller: {error}")))?;
    let stdout = serve.stdout.take().expect("the controller's stdout is piped");
    let mut lines = BufReader::new(stdout).lines();
    let ready = match tokio::time::timeout(START_PATIENCE, lines.next_line()).await {
        Ok(line) => line.ok().flatten().and_then(|line| serde_json::from_str::<Ready>(&line).ok()),
        Err(_) => None,
    };
    if ready.is_none() {
        return Err(not_ready(launch, &state, start.elapsed()).await);
    }
    Ok((LabFile::load(launch.dir, launch.lab)?, start.elapsed()))
}

/// Ends a lab, through whoever of it still answers; gives what was done.
pub(crate) async fn take_down(dir: &Path, file: &LabFile) -> Result<&'static str, Failure> {
    if file.away.is_some() {
        return away::take_down(dir, file).await;
    }
    if presence(file) == Presence::Runs {
        match Api::of(file, Role::Operator).post::<Value>("/api/down", &Value::Null).await {
            Ok(_) => {
                gone(file).await;
                return Ok("ended");
            }
            Err(failure) => tracing::debug!(failure.message, "the controller does not take the lab down"),
        }
    }
    if let Some(guard) = file.guard.as_ref().filter(|guard| guard.alive()) {
        let guard = Guard::attach(guard.pid, &guard.url, &file.tokens.operator);
        if guard.down().await.is_ok() {
            LabFile::remove(dir, &file.lab)?;
            return Ok("ended by its guard; its controller was gone");
        }
    }
    end_strays(&state_dir(dir, &file.lab));
    LabFile::remove(dir, &file.lab)?;
    Ok("its controller and guard were gone; what was left of it is ended")
}

/// Waits until the controller has ended; it answers before its last act.
async fn gone(file: &LabFile) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while file.controller.alive() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Data and policies of an earlier lab of that name are not this one's.
fn clear_state(launch: &Launch<'_>, state: &Path) -> Result<(), Failure> {
    // Killed too early to be swept by the guard that comes.
    end_strays(state);
    let cleared = match std::fs::remove_dir_all(state) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(state.join("logs")),
    };
    cleared
        .map_err(|error| Failure::unexpected(format!("failed to clear `{}`: {error}", state.display())))?;
    let Some(plan) = launch.plan else { return Ok(()) };
    let text = serde_json::to_vec(plan).expect("a plan is plain data");
    platform::write_private(&state.join("plan.json"), &text).map_err(|error| {
        Failure::unexpected(format!("failed to write `{}`: {error}", state.join("plan.json").display()))
    })
}

fn serve_command(launch: &Launch<'_>, state: &Path) -> Result<Command, Failure> {
    let exe = std::env::current_exe()
        .map_err(|error| Failure::unexpected(format!("this program has no path: {error}")))?;
    let log_path = state.join("logs").join("controller.log");
    let log = std::fs::create_dir_all(state.join("logs"))
        .and_then(|()| std::fs::OpenOptions::new().create(true).append(true).open(&log_path))
        .map_err(|error| Failure::unexpected(format!("failed to open `{}`: {error}", log_path.display())))?;
    let mut command = Command::new(exe);
    command.arg("serve").args(["--lab", launch.lab]).arg("--dir").arg(launch.dir).arg("--detach");
    match launch.plan {
        Some(_) => command.arg("--plan").arg(state.join("plan.json")),
        None => command.arg("--adopt"),
    };
    if !launch.load {
        command.arg("--no-load");
    }
    if let Some(ratio) = launch.trace_ratio.filter(|_| launch.plan.is_some()) {
        command.args(["--trace-ratio", &ratio.to_string()]);
    }
    if let Some(rules) = launch.rules {
        command.arg("--rules").arg(rules);
    }
    if launch.open_book {
        command.arg("--open-book");
    }
    if let Some(prometheus) = launch.prometheus {
        command.args(["--prometheus", &prometheus.to_string()]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    Ok(command)
}

/// Why a lab did not get ready, from its own log; what was started of it is ended.
async fn not_ready(launch: &Launch<'_>, state: &Path, after: Duration) -> Failure {
    let log = state.join("logs").join("controller.log");
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n");
    if let Ok(file) = LabFile::load(launch.dir, launch.lab)
        && launch.plan.is_some()
    {
        // The start's own failure is what matters.
        let _ = take_down(launch.dir, &file).await;
    }
    Failure::unexpected(format!("lab `{}` did not get ready ({:.1} s)", launch.lab, after.as_secs_f64()))
        .detail(tail)
        .hint(format!("the logs of all processes are in `{}`", state.join("logs").display()))
}
