//! `firedrill run`: a drill from its baseline to its verdict, told as it
//! happens. Uses the lab of the given name if it runs, else starts one and
//! takes it down at the end, also when the run fails.
//!
//! ```text
//! Ctrl-C once   the run stops: no load, no faults, proof, journal; exit 105
//! Ctrl-C twice  faults are removed, nothing else is waited for; exit 105
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use controller::PlatformName;
use controller::PrometheusAddress;
use controller::api::{Event, Role, RunStatus, StartRun};
use controller::grading;
use drill::{Mode, Plan};
use platform::LabFile;
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::fault::active_ids;
use super::plan::ChoiceFlags;
use super::up::must_be_open;
use crate::abort::AbortFlags;
use crate::api::Api;
use crate::away::fetch::fetch;
use crate::away::{self, PlatformFlags};
use crate::exit::{Exit, Failure};
use crate::gate;
use crate::interview::{Conductor, Due};
use crate::lab::LabFlags;
use crate::launch::{Launch, Presence, launch, presence, take_down};
use crate::output::{Format, Output, write_data, write_json};
use crate::paint::{Paint, Tone};
use crate::verdict;
use crate::watch::screen::Screen;
use crate::watch::stream::Events;

/// How long the removal of faults may take after the second Ctrl-C.
const LAST_PATIENCE: Duration = Duration::from_secs(1);
/// Without an event for so long, the controller is asked how it is.
const SILENCE: Duration = Duration::from_secs(5);

/// Flags of `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    choice: ChoiceFlags,
    #[command(flatten)]
    abort: AbortFlags,
    /// Folder that the run's folder is made in
    #[arg(long, default_value = "runs", value_name = "FOLDER")]
    runs_dir: PathBuf,
    /// Keep the lab that was started for this run
    #[arg(long)]
    keep: bool,
    /// Metrics tell everybody of faults while they are on; not with mode assessed
    #[arg(long)]
    open_book: bool,
    /// Nobody conducts: an assessed run without its agenda
    #[arg(long)]
    no_interview: bool,
    /// Write the verdict as JUnit XML into this file too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Tell nothing while it runs
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Prometheus that scrapes the lab that is started for this run; one that is up has its own
    #[arg(long, value_name = "URL", env = "FIREDRILL_PROMETHEUS")]
    prometheus: Option<PrometheusAddress>,
    #[command(flatten)]
    platform: PlatformFlags,
    #[command(flatten)]
    lab: LabFlags,
    #[command(flatten)]
    output: Output,
}

/// How watching a run ended.
enum Watched {
    Finished(Box<RunStatus>),
    /// The second Ctrl-C.
    Abandoned,
}

/// What a person asked for on the keyboard, or a platform by a signal.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal was closed; a lab must not be left running for nobody.
    hangup: Signal,
}

impl Run {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        // Everything that can be wrong with the drill is found before anything starts.
        let mut plan = self.choice.plan()?;
        self.abort.add_to(&mut plan)?;
        if self.open_book && plan.mode == Mode::Assessed {
            return Err(Failure::new(
                Exit::Usage,
                "nobody can be assessed with --open-book: the metrics would tell of the faults",
            )
            .hint("leave one of the two out"));
        }
        if let Some(file) = &self.junit {
            gate::may_write(file)?;
        }
        let mut interrupts = Interrupts::listen()?;
        let mut screen = Screen::new(self.quiet);
        let Some((file, own)) = self.lab(&plan, &mut screen, &mut interrupts).await? else {
            return Ok(Exit::Interrupted);
        };
        let outcome = self.play(&plan, &file, &mut screen, &mut interrupts).await;
        screen.end();
        if own && !self.keep {
            self.end_lab(&file, &outcome, &mut screen).await?;
        } else if own {
            screen.note(&format!(
                "lab `{0}` is kept: `firedrill status --lab {0}`, `firedrill down --lab {0}`",
                file.lab
            ));
        }
        let Watched::Finished(status) = outcome? else { return Ok(Exit::Interrupted) };
        self.tell(&status)
    }

    /// The lab to run in, and whether it is ours; `None` after a Ctrl-C.
    async fn lab(
        &self,
        plan: &Plan,
        screen: &mut Screen,
        interrupts: &mut Interrupts,
    ) -> Result<Option<(LabFile, bool)>, Failure> {
        let name = self.lab.name();
        if let Some(file) = self.lab.known(&self.platform)? {
            match presence(&file) {
                Presence::Runs => {
                    if self.open_book {
                        must_be_open(&file).await?;
                    }
                    return Ok(Some((away::fit(file, plan).await?, false)));
                }
                Presence::Orphaned => {
                    let adopt = Launch {
                        open_book: self.open_book,
                        prometheus: self.prometheus.as_ref(),
                        ..Launch::adopting(&self.lab.dir, &file)
                    };
                    let (file, _) = launch(&adopt).await?;
                    screen.note(&format!("lab `{name}` is adopted: its controller had died"));
                    return Ok(Some((away::fit(file, plan).await?, false)));
                }
                Presence::Dead => drop(take_down(&self.lab.dir, &file).await?),
            }
        }
        // The run brings its own load.
        let new = Launch {
            plan: Some(plan),
            load: false,
            open_book: self.open_book,
            prometheus: self.prometheus.as_ref(),
            platform: self.platform.clone(),
            ..Launch::new(&self.lab.dir, name)
        };
        tokio::select! {
            started = launch(&new) => {
                let (file, took) = started?;
                screen.note(&format!("lab `{name}` is ready after {} ms", took.as_millis()));
                // A namespace was there before, and is not a run's to clear.
                Ok(Some((file, self.platform.platform != PlatformName::Kubernetes)))
            }
            () = interrupts.next() => {
                match LabFile::load(&self.lab.dir, name) {
                    Ok(_) if self.platform.platform == PlatformName::Kubernetes => {
                        LabFile::remove(&self.lab.dir, name)?;
                    }
                    Ok(file) => drop(take_down(&self.lab.dir, &file).await?),
                    Err(_) => {}
                }
                Ok(None)
            }
        }
    }

    /// Starts the run and tells it until it is over.
    async fn play(
        &self,
        plan: &Plan,
        file: &LabFile,
        screen: &mut Screen,
        interrupts: &mut Interrupts,
    ) -> Result<Watched, Failure> {
        let api = Api::of(file, Role::Operator);
        let runs_dir = std::path::absolute(&self.runs_dir).map_err(|error| {
            Failure::unexpected(format!("`{}` is no folder: {error}", self.runs_dir.display()))
        })?;
        // Before the run, so that none of its events is missed.
        let events = Events::open(&api).await.map_err(|error| Failure::caused(&error))?;
        let away = file.away.is_some();
        let start = StartRun {
            plan: serde_json::to_value(plan).expect("a plan is plain data"),
            // Elsewhere its folder is the controller's choice, and fetched when the run is over.
            runs_dir: if away { String::new() } else { runs_dir.display().to_string() },
        };
        let status: RunStatus = api.post("/api/runs", &start).await?;
        let dir = if away { runs_dir.join(&status.run).display().to_string() } else { status.dir };
        screen.note(&format!("run {dir} (at most {} s)", plan.longest().as_secs()));
        let flag =
            if file.lab == crate::lab::DEFAULT_LAB { String::new() } else { format!(" --lab {}", file.lab) };
        let mut conductor = Conductor::of(plan, &api).filter(|_| !self.no_interview);
        if let Some(conductor) = &mut conductor {
            conductor.open(screen, &flag);
        } else if plan.candidate.is_none() {
            screen.note(&format!(
                "you play: in another terminal `firedrill policy set{flag} ...`, `firedrill status{flag}`, \
                 `firedrill say{flag} ...`, and `firedrill declare-recovered{flag}` when it is over"
            ));
        }
        if plan.candidate.is_none() {
            screen.note(mode_words(plan.mode));
        }
        let conducted = conductor.is_some();
        let home = away.then_some(runs_dir.as_path());
        let watched = watch(&api, events, screen, interrupts, conductor, home).await?;
        if let (true, Watched::Finished(status)) = (conducted, &watched) {
            grade_again(&status.dir)?;
        }
        Ok(watched)
    }

    async fn end_lab(
        &self,
        file: &LabFile,
        outcome: &Result<Watched, Failure>,
        screen: &mut Screen,
    ) -> Result<(), Failure> {
        if presence(file) == Presence::Orphaned {
            // The guard ends it soon; until then it can be looked at, and adopted.
            return Ok(());
        }
        if matches!(outcome, Ok(Watched::Abandoned)) {
            // Asked for, not waited for: whoever presses twice wants to be gone.
            let ended = tokio::time::timeout(
                LAST_PATIENCE,
                Api::of(file, Role::Operator).post::<Value>("/api/down", &Value::Null),
            )
            .await;
            if !matches!(ended, Ok(Ok(_))) {
                screen.note(&format!("lab `{0}` may still run: `firedrill down --lab {0}`", file.lab));
            }
            return Ok(());
        }
        let ended = take_down(&self.lab.dir, file).await;
        match (outcome, ended) {
            // The run's own failure matters more.
            (Err(_), _) | (_, Ok(_)) => Ok(()),
            (_, Err(failure)) => Err(failure),
        }
    }

    /// The verdict: data on stdout, and the exit code.
    fn tell(&self, status: &RunStatus) -> Result<Exit, Failure> {
        let card = crate::recorded::stored(std::path::Path::new(&status.dir))?;
        match self.output.output {
            Format::Json => write_json(&card),
            Format::Text if self.choice.is_gate() => {
                write_data(&gate::lines(&card, &status.dir, Paint::for_stdout()));
            }
            Format::Text => write_data(&verdict::summary(&card, &status.dir, Paint::for_stdout())),
        }
        if let Some(file) = &self.junit {
            gate::write_junit(std::path::Path::new(&status.dir), file)?;
        }
        Ok(Exit::of_run(status.exit.unwrap_or(card.exit)))
    }
}

/// Tells events until the run is over, and the interview if there is one; hears interrupts. The folder of a run that
/// was written elsewhere is brought `home`.
async fn watch(
    api: &Api,
    mut events: Events,
    screen: &mut Screen,
    interrupts: &mut Interrupts,
    mut conductor: Option<Conductor>,
    home: Option<&Path>,
) -> Result<Watched, Failure> {
    let mut aborted = false;
    // Set once the run is over and the interview is not.
    let mut finished: Option<RunStatus> = None;
    loop {
        let over = tokio::select! {
            event = tokio::time::timeout(SILENCE, events.next()), if finished.is_none() => match event {
                Ok(Some(event)) => {
                    if conductor.is_none() || !is_mark(&event) {
                        screen.show(&event);
                    }
                    if let Some(conductor) = &mut conductor {
                        conductor.hear(&event, screen);
                    }
                    if let Event::Finished(status) = event { Some(status) } else { None }
                }
                // The stream ended, or says nothing: perhaps the run is over, perhaps the controller is gone.
                ended => {
                    let status: RunStatus = api.get("/api/runs/current").await.map_err(|_| lost(screen))?;
                    if status.exit.is_none() && matches!(ended, Ok(None)) {
                        events = Events::open(api).await.map_err(|_| lost(screen))?;
                    }
                    status.exit.map(|_| status)
                }
            },
            due = due(&mut conductor) => {
                if let Some(conductor) = &mut conductor {
                    conductor.act(due, screen).await;
                }
                None
            },
            () = interrupts.next() => {
                if let Some(status) = finished {
                    // What is left to end is the interview.
                    return Ok(Watched::Finished(Box::new(status)));
                }
                if aborted {
                    remove_faults(api).await;
                    return Ok(Watched::Abandoned);
                }
                aborted = true;
                screen.say(Tone::Warn, "stopping: load off, faults off, then the proof that both are; Ctrl-C again leaves at once");
                if let Err(failure) = api.post::<Value>("/api/runs/current/abort", &Value::Null).await {
                    screen.say(Tone::Bad, &failure.message);
                }
                None
            }
        };
        if let Some(mut status) = over {
            if let Some(home) = home {
                status.dir = fetch(api, &status.run, home).await?.display().to_string();
            }
            if let Some(conductor) = &mut conductor {
                conductor.run_is_over(&status, screen);
            }
            finished = Some(status);
        }
        if (aborted || conductor.as_ref().is_none_or(Conductor::is_over))
            && let Some(status) = finished.take()
        {
            return Ok(Watched::Finished(Box::new(status)));
        }
    }
}

/// Whoever conducts has seen what they marked.
fn is_mark(event: &Event) -> bool {
    matches!(event, Event::Journal { body, .. } if body["verb"] == "mark")
}

/// What the conductor has to do next; without one, nothing ever.
async fn due(conductor: &mut Option<Conductor>) -> Due {
    match conductor {
        Some(conductor) => conductor.due().await,
        None => std::future::pending().await,
    }
}

/// The verdict once more, with the marks that were given after the seal.
fn grade_again(dir: &str) -> Result<(), Failure> {
    let dir = std::path::Path::new(dir);
    let graded = grading::grade(dir).map_err(|error| Failure::caused(&error))?;
    grading::write(dir, &graded).map_err(|error| Failure::caused(&error))
}

/// What a mode means for the person who plays.
fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Learn => {
            "mode learn: no clock (8 hours), each change is explained, `firedrill hint` helps, nothing is held against you"
        }
        Mode::Practice => {
            "mode practice: the clock starts at the handover; `firedrill hint` helps and is on record"
        }
        Mode::Assessed => {
            "mode assessed: nothing is revealed to the candidate before the end; what follows a hint counts as helped"
        }
        Mode::Gate => "mode gate: a script alone plays",
    }
}

/// The controller died in the middle of the run.
fn lost(screen: &mut Screen) -> Failure {
    screen.end();
    Failure::unexpected("the controller is gone in the middle of the run")
        .detail("faults end by themselves when their lease is over; the guard takes the lab down after 60 s")
        .hint(
            "`firedrill status` says what happened; `firedrill up` adopts the lab, `firedrill down` ends it",
        )
}

/// All that the second Ctrl-C does.
async fn remove_faults(api: &Api) {
    let removal = async {
        let faults: Value = api.get("/api/faults").await?;
        for id in active_ids(&faults) {
            api.delete(&format!("/api/faults/{id}?abort_inflight=true")).await?;
        }
        Ok::<(), Failure>(())
    };
    // Should it fail, the lease ends them.
    let _ = tokio::time::timeout(LAST_PATIENCE, removal).await;
}

impl Interrupts {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::unexpected(format!("failed to listen for signals: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
