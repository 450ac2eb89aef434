//! The controller's process, from its flags to its end.
//!
//! ```text
//! bind -> lab file -> guard (-> all processes) -> joins -> first checkout answered -> READY -> ... -> down
//!                       ^ or attach, when adopting a lab whose controller died, and on other platforms
//! ```

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer;
use platform::{Ended, Guard, LabFile, ProcessRef, Tokens};
use process::monotonic_us;
use proto::control::control_server::ControlServer;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::adopt;
use crate::alerts;
use crate::api::Ready;
use crate::away::{self, AwayFlags};
use crate::directory::State;
use crate::faults;
use crate::fleet::Fleet;
use crate::footprint;
use crate::grading;
use crate::http;
use crate::join::JoinServer;
use crate::journal::Journal;
use crate::lab::{Founding, Lab};
use crate::open_book;
use crate::otlp::TraceReceiver;
use crate::policy_store::PolicyStore;
use crate::prometheus::Address;
use crate::ready;
use crate::run::instances;
use crate::scraper;
use crate::traces::{DEFAULT_RATIO, ratio, ratio_of};

/// Between two heartbeats to the guard, and two weighings.
const BEAT: Duration = Duration::from_secs(1);
/// Between two tries of the first checkout.
const TRY_AGAIN: Duration = Duration::from_millis(5);
/// The same where starting takes seconds.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// A lab that did not answer a checkout by then tells why and ends.
const READY_WITHIN: Duration = Duration::from_secs(25);
/// One of each service.
static NONE_MORE: BTreeMap<String, u32> = BTreeMap::new();
/// For those who are not waited for by anybody who starts them.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
/// A run that is stopped by the end of the lab has this long for its verdict.
const LAST_VERDICT: Duration = Duration::from_secs(60);
/// Room for the last answers of the API.
const LAST_ANSWERS: Duration = Duration::from_millis(100);

/// Flags of the controller.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeFlags {
    /// Name of the lab
    #[arg(long, env = "FIREDRILL_LAB", default_value = "lab")]
    pub lab: String,
    /// Folder of the labs' files
    #[arg(long, default_value = ".firedrill")]
    pub dir: PathBuf,
    /// Where the API is served
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// File with the plan (JSON) whose policy, load and bank the lab starts with
    #[arg(long)]
    pub plan: Option<PathBuf>,
    /// That plan itself (JSON)
    #[arg(long, env = "FIREDRILL_PLAN", hide_env_values = true, conflicts_with = "plan")]
    pub plan_text: Option<String>,
    /// Take over a lab whose controller died
    #[arg(long, conflicts_with = "plan")]
    pub adopt: bool,
    /// Start without load
    #[arg(long, env = "FIREDRILL_NO_LOAD")]
    pub no_load: bool,
    /// Share of traces that is kept whatever happens in them, 0 to 1; an adopted lab keeps its own
    #[arg(long, env = "FIREDRILL_TRACE_RATIO", default_value_t = DEFAULT_RATIO, value_parser = ratio)]
    pub trace_ratio: f64,
    /// Leave the session of whoever starts this, to outlive their terminal
    #[arg(long)]
    pub detach: bool,
    /// File of alerting rules (as Prometheus reads them) instead of the shipped ones
    #[arg(long)]
    pub rules: Option<PathBuf>,
    /// Metrics tell of faults while they are on; no run in mode assessed is started then
    #[arg(long, env = "FIREDRILL_OPEN_BOOK")]
    pub open_book: bool,
    #[command(flatten)]
    pub away: AwayFlags,
    /// Prometheus that scrapes the lab, as `http://host:port`: its samples are recorded, and its Alertmanager tells the alerts
    #[arg(long, value_name = "URL", env = "FIREDRILL_PROMETHEUS")]
    pub prometheus: Option<Address>,
    /// Only grade the run in this folder
    #[arg(long, hide = true, conflicts_with_all = ["plan", "adopt"])]
    pub grade: Option<PathBuf>,
}

impl ServeFlags {
    /// The plan that a new lab starts with.
    pub(crate) fn plan(&self) -> anyhow::Result<drill::Plan> {
        if let Some(text) = &self.plan_text {
            return serde_json::from_str(text).context("FIREDRILL_PLAN is not a plan");
        }
        let path = self.plan.as_deref().context("a new lab needs --plan, --drill or FIREDRILL_PLAN")?;
        let text =
            std::fs::read(path).with_context(|| format!("failed to read the plan `{}`", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("`{}` is not a plan", path.display()))
    }
}

/// Runs a lab until it is taken down. `tell` is called once, when a real checkout has been answered.
///
/// # Errors
/// When the lab cannot be started, adopted or served.
pub async fn serve(flags: ServeFlags, tell: impl FnOnce(&Ready)) -> anyhow::Result<()> {
    let start_us = monotonic_us();
    if let Some(dir) = &flags.grade {
        let graded = grading::grade(dir).and_then(|graded| grading::write(dir, &graded));
        return graded.with_context(|| format!("failed to grade the run in `{}`", dir.display()));
    }
    if flags.detach {
        // Fails only if it leads a session already, which is as good.
        let _ = rustix::process::setsid();
    }
    std::fs::create_dir_all(&flags.dir)
        .with_context(|| format!("failed to make `{}`", flags.dir.display()))?;
    let root =
        flags.dir.canonicalize().with_context(|| format!("failed to find `{}`", flags.dir.display()))?;
    let mut adopted = flags.adopt;
    let (lab, listener, guard) = if flags.away.is_away() {
        let (lab, listener, guard, was_there) = away::found(&flags, root, start_us)?;
        adopted = was_there;
        (lab, listener, Some(guard))
    } else if flags.adopt {
        take_over(&flags, root, start_us).await?
    } else {
        found(&flags, root, start_us).await?
    };
    let served = tokio::spawn(process::serve(listener, routes(&lab), lab.served_until.clone(), LAST_ANSWERS));
    lab.wants_load.store(!flags.no_load, Ordering::Relaxed);
    stop_on_signals(&lab)?;
    // Before anybody can join: the scrapes and the heartbeat find the processes as they come.
    tokio::spawn(scraper::scrape(Arc::clone(&lab)));
    tokio::spawn(open_book::watch(Arc::clone(&lab)));
    let guard = match guard {
        Some(guard) => guard,
        None => start_guard(&lab).await?,
    };
    lab.set_guard(guard);
    tokio::spawn(beat(Arc::clone(&lab)));

    if let Err(error) = answered(&lab, adopted).await {
        lab.stop.cancel();
        end(&lab).await;
        return Err(error);
    }
    let ready_ms = monotonic_us().saturating_sub(start_us).div_ceil(1000);
    lab.ready_ms.store(ready_ms, Ordering::Relaxed);
    lab.remember_processes();
    tracing::info!(lab = lab.name, ready_ms, url = lab.url, "lab is ready");
    tell(&Ready { url: lab.url.clone(), ready_ms });
    // A run's end brings the lab's own load back by itself.
    if !(adopted && adopt::finish_interrupted_run(&lab).await) && lab.active_run().is_none() {
        lab.resume_own_load();
    }
    lab.stop.cancelled().await;
    end(&lab).await;
    served.await.context("the API broke off")
}

/// A new lab.
async fn found(
    flags: &ServeFlags,
    root: PathBuf,
    start_us: u64,
) -> anyhow::Result<(Arc<Lab>, TcpListener, Option<Guard>)> {
    let plan = flags.plan()?;
    let state_dir = state_dir(&root, &flags.lab)?;
    Ended::forget(&state_dir);
    let listener =
        process::listen(flags.listen).with_context(|| format!("failed to bind {}", flags.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let file =
        LabFile::new(&flags.lab, &url, Tokens::new().context("failed to read the kernel's randomness")?);
    file.save(&root)?;
    let lab = lab(flags, root, state_dir, file, url, plan, start_us)?;
    Ok((lab, listener, None))
}

/// A lab whose controller died: the same port, the same tokens, the same guard.
async fn take_over(
    flags: &ServeFlags,
    root: PathBuf,
    start_us: u64,
) -> anyhow::Result<(Arc<Lab>, TcpListener, Option<Guard>)> {
    let mut file = LabFile::load(&root, &flags.lab)?;
    anyhow::ensure!(
        !file.controller.alive(),
        "lab `{}` has a controller: process {}",
        file.lab,
        file.controller.pid
    );
    let guard =
        file.guard.clone().filter(platform::GuardRef::alive).context("the lab's guard is dead too")?;
    let state_dir = state_dir(&root, &flags.lab)?;
    let plan_path = state_dir.join("plan.json");
    let text =
        std::fs::read(&plan_path).with_context(|| format!("failed to read `{}`", plan_path.display()))?;
    let plan =
        serde_json::from_slice(&text).with_context(|| format!("`{}` is not a plan", plan_path.display()))?;
    let url = file.controller.url.clone();
    let address: SocketAddr =
        url.trim_start_matches("http://").parse().context("the lab's file has no address")?;
    let listener = process::listen(address).with_context(|| format!("failed to bind {address}"))?;
    file.controller = platform::ControllerRef::this(&url);
    file.save(&root)?;
    let guard = Guard::attach(guard.pid, &guard.url, &file.tokens.operator);
    let lab = lab(flags, root, state_dir, file, url, plan, start_us)?;
    Ok((lab, listener, Some(guard)))
}

pub(crate) fn lab(
    flags: &ServeFlags,
    root: PathBuf,
    state_dir: PathBuf,
    file: LabFile,
    url: String,
    plan: drill::Plan,
    start_us: u64,
) -> anyhow::Result<Arc<Lab>> {
    let (journal, _) = Journal::resume(&state_dir.join("journal.jsonl"))?;
    let policy = PolicyStore::open(&state_dir, plan.policy.clone(), plan.bank.second_region.is_none());
    let trace_ratio = ratio_of(&state_dir, (!flags.adopt).then_some(flags.trace_ratio));
    let rules = alerts::rules(flags.rules.as_deref())?;
    let prometheus = flags.prometheus.clone();
    let founding = Founding {
        name: flags.lab.clone(),
        away: flags.away.is_away(),
        runs: flags.away.runs.clone().unwrap_or_else(|| root.join("runs")),
        otlp_endpoint: flags.away.otlp_endpoint.clone().unwrap_or_else(|| url.clone()),
        root,
        state_dir,
        file,
        url,
        plan,
        policy,
        journal,
        start_us,
        trace_ratio,
        rules,
        open_book: flags.open_book,
        prometheus,
    };
    Ok(Lab::new(founding))
}

pub(crate) fn state_dir(root: &Path, lab: &str) -> anyhow::Result<PathBuf> {
    let dir = platform::state_dir(root, lab);
    std::fs::create_dir_all(dir.join("logs"))
        .with_context(|| format!("failed to make `{}`", dir.display()))?;
    Ok(dir)
}

/// Processes and people share one port.
fn routes(lab: &Arc<Lab>) -> Router {
    tonic::service::Routes::new(ControlServer::new(JoinServer { lab: Arc::clone(lab) }))
        .add_service(TraceServiceServer::new(TraceReceiver { lab: Arc::clone(lab) }))
        .into_axum_router()
        .merge(http::routes(Arc::clone(lab)))
        .fallback(http::no_such_route)
}

async fn start_guard(lab: &Lab) -> anyhow::Result<Guard> {
    let fleet = Fleet {
        lab: &lab.name,
        root: &lab.root,
        state_dir: &lab.state_dir,
        url: &lab.url,
        tokens: &lab.tokens,
        bank: &lab.plan.bank,
        instances: &lab.plan.instances,
        index_latency: lab.plan.search.index_latency,
    };
    let spec = fleet.spec().context("this program has no path")?;
    Guard::spawn(&spec).await.context("failed to start the lab's guard")
}

/// Waits until everybody has joined and a real checkout was answered. An adopted lab may be in the middle of an
/// outage: there, everybody's joining is enough. Containers and pods take the time that they take.
async fn answered(lab: &Lab, adopted: bool) -> anyhow::Result<()> {
    let patience = if lab.away { A_YEAR } else { READY_WITHIN };
    let deadline = tokio::time::Instant::now() + patience;
    // Elsewhere there is one of each, and the others are asked for once all of these are there.
    let more = lab.plan.instances.clone();
    let mut wanted = Fleet::instances(if lab.away { &NONE_MORE } else { &more });
    if adopted
        && !lab.away
        && let Some(guard) = lab.guard.get()
    {
        let processes = guard.processes(false).await?;
        wanted = processes
            .into_iter()
            .filter(|p| p.state == "up" && p.service != "guard")
            .map(|p| p.instance)
            .collect();
    }
    let mut changes = lab.directory.changes();
    loop {
        let members = lab.directory.members();
        let up = |name: &String| members.iter().any(|m| m.instance == *name && m.state == State::Up);
        let missing: Vec<&String> = wanted.iter().filter(|name| !up(name)).collect();
        if missing.is_empty() {
            break;
        }
        tokio::select! {
            changed = changes.changed() => changed?,
            () = tokio::time::sleep_until(deadline) => anyhow::bail!("not joined: {missing:?}"),
            () = lab.stop.cancelled() => anyhow::bail!("stopped before it was ready"),
        }
    }
    if lab.away && !adopted {
        instances::bring(lab, &more).await?;
    }
    for number in 0_u64.. {
        if adopted {
            break;
        }
        match ready::checkout(lab, &format!("ready-{}-{number}", crate::book::unix_ms())).await {
            Ok(()) => break,
            Err(problem) if tokio::time::Instant::now() >= deadline => {
                anyhow::bail!("no checkout was answered: {problem}")
            }
            Err(_) => tokio::time::sleep(if lab.away { LOOK_AGAIN } else { TRY_AGAIN }).await,
        }
        if lab.stop.is_cancelled() {
            anyhow::bail!("stopped before it was ready");
        }
    }
    Ok(())
}

/// Tells the guard that we live, and weighs the lab.
async fn beat(lab: Arc<Lab>) {
    let mut beats = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            _ = beats.tick() => {}
            () = lab.stop.cancelled() => return,
        }
        if let Some(guard) = lab.guard.get()
            && let Err(error) = guard.heartbeat().await
        {
            tracing::warn!(%error, "the guard does not hear us");
        }
        footprint::weigh(&lab, false).await;
    }
}

fn stop_on_signals(lab: &Arc<Lab>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
    let stop = lab.stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = stop.cancelled() => {}
        }
        stop.cancel();
    });
    Ok(())
}

/// The end of the lab: a run that is on gets its verdict, then everything goes down.
async fn end(lab: &Lab) {
    if let Some(run) = lab.active_run() {
        run.abort.cancel();
        if tokio::time::timeout(LAST_VERDICT, run.finished()).await.is_err() {
            tracing::error!("the run has no verdict in time");
        }
    }
    if lab.away {
        // The others are not ours to end, and this controller may come back: the lab's file stays.
        faults::clear_all(lab, "the controller ends", true).await;
        lab.served_until.cancel();
        return;
    }
    if let Some(guard) = lab.guard.get()
        && let Err(error) = guard.down().await
    {
        tracing::error!(%error, "the guard did not take the lab down");
    }
    if let Err(error) = LabFile::remove(&lab.root, &lab.name) {
        tracing::error!(%error, "the lab's file is left");
    }
    lab.served_until.cancel();
}

impl Lab {
    /// Writes into the lab's file who is there.
    fn remember_processes(&self) {
        let processes = self
            .directory
            .members()
            .into_iter()
            .map(|m| ProcessRef {
                instance: m.instance,
                service: m.service,
                pid: m.pid,
                admin: m.admin,
                traffic: m.traffic,
            })
            .collect();
        self.edit_file(|file| file.processes = processes);
    }
}
