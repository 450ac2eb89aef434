//! The start of a run: its folder, its first journal lines, the policy that it starts from, the load that it asks for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use drill::{Mode, Plan};
use evidence::{kind, recording};
use process::monotonic_us;
use proto::control::Welcome;
use proto::control::to_process::Body as Told;
use serde_json::{Value, json};

use crate::actions::ActError;
use crate::api::StartRun;
use crate::book::{Book, unix_ms};
use crate::control;
use crate::directory::{Member, State};
use crate::lab::Lab;
use crate::load;

use super::{Run, close, instances, play};

/// The part of the schedule that is hashed, and its surges: enough to tell two schedules apart, and cheap.
const HASHED: Duration = Duration::from_secs(60);
/// A surge that holds for a person may last for hours, and is long the same by then.
const MOST_HASHED: Duration = Duration::from_secs(30 * 60);
/// Folders of one second with the same drill.
const SAME_SECOND: u32 = 100;

/// Why a run was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// One is on.
    #[error("a run is on already")]
    Busy,
    /// The plan is not one.
    #[error("not a plan: {0}")]
    Plan(String),
    /// The lab's bank or search was started for another plan.
    #[error(
        "the lab's bank or search runs with another latency than the plan asks for; start a lab for this plan \
         (on Kubernetes: `firedrill up --platform kubernetes --drill ...`)"
    )]
    OtherBank,
    /// Everybody could read in the metrics what an assessed candidate must find out.
    #[error(
        "the metrics of this lab tell of faults (--open-book), so nobody can be assessed in it: `firedrill down`, and start \
         it without"
    )]
    OpenBook,
    /// Its folder could not be made.
    #[error("failed to make the run's folder: {0}")]
    Folder(String),
    /// Somebody is not there.
    #[error("{0} is not up")]
    Absent(String),
    /// The plan's instances could not be started.
    #[error("failed to start as many instances as the plan has")]
    Instances(#[from] ActError),
    /// The lab's Prometheus has not what the run would be graded by.
    #[error("no run without samples: {0}")]
    Samples(String),
    /// The load makes no sense.
    #[error("not a load: {0}")]
    Load(#[from] traffic::schedule::ScheduleError),
}

/// Starts a run; it goes on by itself.
pub(crate) async fn start(lab: &Arc<Lab>, request: StartRun) -> Result<Arc<Run>, StartError> {
    if lab.active_run().is_some() {
        return Err(StartError::Busy);
    }
    let plan: Plan =
        serde_json::from_value(request.plan).map_err(|error| StartError::Plan(error.to_string()))?;
    if lab.plan.bank != plan.bank || lab.plan.search != plan.search {
        return Err(StartError::OtherBank);
    }
    if lab.open_book.open && plan.mode == Mode::Assessed {
        return Err(StartError::OpenBook);
    }
    let (found, brought) = (lab.directory.counts(), plan.instances.clone());
    let begun = begin(lab, plan, &request.runs_dir, &found).await;
    // Whoever was faster has the lab, and its instances.
    if begun.as_ref().is_err_and(|error| !matches!(error, StartError::Busy)) {
        instances::put_back(lab, &brought, &found).await;
    }
    begun
}

/// Brings the lab to what the plan starts with, and lets it go.
async fn begin(
    lab: &Arc<Lab>,
    plan: Plan,
    runs_dir: &str,
    found: &BTreeMap<String, u32>,
) -> Result<Arc<Run>, StartError> {
    instances::bring(lab, &plan.instances).await?;
    // Those that were scaled away are listed for a while, and nobody waits for them.
    let absent = |member: &&Member| member.state != State::Up && !member.is_scaled_away();
    if let Some(gone) = lab.directory.members().iter().find(absent) {
        return Err(StartError::Absent(gone.instance.clone()));
    }
    if let Some(desk) = &lab.prometheus {
        desk.ready(lab).await.map_err(StartError::Samples)?;
    }
    // The wire's load is what the generator makes its schedule from, so its hash is the schedule's.
    let surges = plan.surges();
    let surged = surges.iter().map(|(from, surge)| *from + surge.length).max().unwrap_or_default();
    let wire = load::wire(&plan.load, plan.seed, 1, &surges);
    let schedule_hash = traffic::schedule::Schedule::new(&wire)?.hash(HASHED.max(surged.min(MOST_HASHED)));
    let runs = if runs_dir.is_empty() { lab.runs.as_path() } else { Path::new(runs_dir) };
    let dir = fresh_folder(runs, &plan.drill)?;
    let folder = |error: &dyn std::fmt::Display| StartError::Folder(error.to_string());
    // JSON is YAML, and this one is read back by programs.
    let plan_text = serde_json::to_vec_pretty(&plan).map_err(|error| folder(&error))?;
    std::fs::write(dir.join(recording::PLAN), plan_text).map_err(|error| folder(&error))?;
    let start_us = monotonic_us();
    let book = Book::open(&dir, start_us, unix_ms(), plan.longest()).map_err(|error| folder(&error))?;
    let run = Arc::new(Run::new(plan, Arc::new(book)));
    if !lab.begin_run(&run) {
        return Err(StartError::Busy);
    }
    lab.grid_us.send_replace(start_us);
    if let Some(desk) = &lab.prometheus {
        desk.begin(start_us);
    }
    lab.remember_run_dir(Some(&run.book.dir));
    tokio::spawn(go(Arc::clone(lab), Arc::clone(&run), schedule_hash, found.clone()));
    Ok(run)
}

async fn go(lab: Arc<Lab>, run: Arc<Run>, schedule_hash: String, found: BTreeMap<String, u32>) {
    let ended = match first_lines(&lab, &run, &schedule_hash) {
        Ok(()) => play::play(&lab, &run).await,
        Err(error) => Err(error.into()),
    };
    if let Err(ended) = &ended {
        tracing::warn!(run = run.book.name, %ended, "run ended early");
    }
    close::close(&lab, &run, ended, &found).await;
}

/// What the journal must say before anything happens, and then the load.
fn first_lines(lab: &Arc<Lab>, run: &Run, schedule_hash: &str) -> std::io::Result<()> {
    let plan = &run.plan;
    let services = lab.directory.counts();
    run.set_services(services.clone());
    lab.note(
        kind::RUN_STARTED,
        "controller",
        json!({
            "run": run.book.name,
            "drill": plan.drill,
            "variant": plan.variant,
            "candidate": plan.candidate.as_ref().map(|candidate| &candidate.name),
            "seed": plan.seed,
            "scale": plan.scale,
            "mode": plan.mode,
            "version": env!("CARGO_PKG_VERSION"),
            "wall_unix_ms": run.book.start_unix_ms,
            "schedule_hash": schedule_hash,
            "services": services,
        }),
    )?;
    for member in lab.directory.members() {
        let body = json!({
            "instance": member.instance,
            "offset_us": member.offset_us,
            "error_us": member.offset_error_us,
        });
        lab.note(kind::CLOCK, "controller", body)?;
    }
    if let Some(clock) = lab.prometheus.as_ref().and_then(|desk| desk.clock()) {
        let body = json!({
            "instance": "prometheus",
            "offset_us": clock.offset_us,
            "error_us": clock.error_us,
            "zero_unix_ms": clock.zero_unix_ms(run.book.start_us),
        });
        lab.note(kind::CLOCK, "controller", body)?;
    }
    for journey in &plan.load.journeys {
        lab.live().set_objective(usize::from(journey.journey.index()), journey.slo_latency);
    }
    lab.footprint.restart_peak();
    reseed(lab, plan.seed);
    restart_policy(lab, &plan.policy, "the drill's policy at the start of the run")?;
    // The generator's first report is later than this thread's next line.
    let generation = lab.load.offer(&lab.directory, &plan.load, plan.seed, &plan.surges());
    run.book.expect_load(generation);
    Ok(())
}

/// The draws of the run are those of its seed.
fn reseed(lab: &Lab, seed: u64) {
    if lab.seed.swap(seed, Ordering::Relaxed) == seed {
        return;
    }
    lab.directory.tell_all(&Told::Welcome(lab.welcome()));
}

/// Puts the document in force, and into this run's journal even if it was in force before.
pub(crate) fn restart_policy(lab: &Lab, document: &Value, reason: &str) -> std::io::Result<()> {
    let current = lab.policy.current();
    if current.document == *document {
        return lab.note(
            kind::POLICY,
            "controller",
            json!({
                "version": current.version,
                "base": current.base,
                "author": "controller",
                "reason": reason,
                "patch": [],
                "document": document,
            }),
        );
    }
    match lab.policy.replaced(document.clone(), "controller", reason).map_err(control::ChangeError::from) {
        Ok(draft) => match control::put_in_force(lab, draft) {
            Ok(_) => Ok(()),
            Err(control::ChangeError::Journal(error)) => Err(error),
            Err(control::ChangeError::Refused(refusal)) => Err(std::io::Error::other(format!("{refusal:?}"))),
        },
        Err(error) => Err(std::io::Error::other(format!("the plan's policy is refused: {error:?}"))),
    }
}

impl Lab {
    /// What a process is welcomed with.
    pub(crate) fn welcome(&self) -> Welcome {
        Welcome {
            seed: self.seed(),
            otlp_endpoint: self.otlp_endpoint.clone(),
            clock_us: monotonic_us(),
            trace_ratio: self.traces.ratio,
        }
    }
}

/// `runs/<time>-<drill>`, made new.
fn fresh_folder(runs: &Path, drill: &str) -> Result<PathBuf, StartError> {
    let failed = |error: std::io::Error| StartError::Folder(error.to_string());
    std::fs::create_dir_all(runs).map_err(failed)?;
    let time = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    for number in 1..=SAME_SECOND {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let dir = runs.join(format!("{time}-{drill}{suffix}"));
        match std::fs::create_dir(&dir) {
            Ok(()) => return dir.canonicalize().map_err(failed),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(StartError::Folder("too many runs in one second".to_owned()))
}
