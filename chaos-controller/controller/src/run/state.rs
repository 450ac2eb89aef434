//! How far a run is: its phase, whether the shop is locked, whether it is over. The phases themselves are elsewhere.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use drill::{Mode, Plan};
use evidence::{Entry, Said, kind};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::words::Told;
use crate::api::{Clock, Role, RunStatus};
use crate::book::Book;
use crate::events::phase_for;
use crate::lab::Lab;

use super::spent::Spent;

/// One run of a drill.
pub(crate) struct Run {
    pub(crate) plan: Plan,
    pub(crate) book: Arc<Book>,
    /// Cancelled by an abort; every wait of the run listens.
    pub(crate) abort: CancellationToken,
    /// What users were not given, for guardrails on error budgets.
    pub(crate) spent: Spent,
    /// True once somebody declared the shop recovered.
    pub(crate) declared: watch::Sender<bool>,
    phase: Mutex<String>,
    locked: AtomicBool,
    acted: AtomicBool,
    /// When it was handed over, in milliseconds since its start.
    handover_ms: OnceLock<u64>,
    /// Everything that was said.
    words: Mutex<Vec<Told>>,
    /// Held while something is put on record.
    speaking: Mutex<()>,
    exit: watch::Sender<Option<i32>>,
    services: OnceLock<BTreeMap<String, u32>>,
}

/// Why a run did not go through all of its phases.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// Somebody stopped it.
    #[error("the run was stopped")]
    Interrupted,
    /// The controller that played it died; another one closes it.
    #[error("the controller was killed")]
    ControllerKilled,
    /// Going on would prove nothing.
    #[error("{0}")]
    Void(String),
    /// A guardrail of the drill, by name, held for its time.
    #[error("guardrail `{0}` stopped the run")]
    Guardrail(String),
    /// The journal could not be written.
    #[error("failed to write the journal")]
    Journal(#[from] io::Error),
}

impl Run {
    pub(crate) fn new(plan: Plan, book: Arc<Book>) -> Self {
        Self {
            plan,
            book,
            abort: CancellationToken::new(),
            spent: Spent::default(),
            declared: watch::Sender::new(false),
            phase: Mutex::new("starting".to_owned()),
            locked: AtomicBool::new(false),
            acted: AtomicBool::new(false),
            handover_ms: OnceLock::new(),
            words: Mutex::default(),
            speaking: Mutex::default(),
            exit: watch::Sender::new(None),
            services: OnceLock::new(),
        }
    }

    /// The phase that the run is in.
    pub(crate) fn phase(&self) -> String {
        held(&self.phase).clone()
    }

    /// Enters a phase: journal first.
    pub(crate) fn enter(&self, lab: &Lab, phase: &str) -> io::Result<()> {
        lab.note(kind::PHASE, "controller", json!({"name": phase}))?;
        tracing::info!(run = self.book.name, phase, "phase");
        phase.clone_into(&mut held(&self.phase));
        if phase == kind::phase::HANDOVER {
            // There is one in a run.
            let _ = self.handover_ms.set(self.book.t_ms());
        }
        Ok(())
    }

    /// The clock of whoever plays, from the handover on.
    pub(crate) fn clock(&self) -> Option<Clock> {
        let elapsed_ms = self.book.t_ms().saturating_sub(*self.handover_ms.get()?);
        let counts = self.plan.candidate.is_none()
            && self.plan.mode != Mode::Learn
            && matches!(self.phase().as_str(), kind::phase::HANDOVER | kind::phase::RECOVER);
        let budget_ms = self.plan.budget.as_millis() as u64;
        Some(Clock { elapsed_ms, left_ms: counts.then(|| budget_ms.saturating_sub(elapsed_ms)) })
    }

    /// How many instances of each service there were at the start.
    pub(crate) fn services_at_start(&self) -> &BTreeMap<String, u32> {
        self.services.get_or_init(BTreeMap::new)
    }

    pub(crate) fn set_services(&self, services: BTreeMap<String, u32>) {
        // Set once, at the start.
        let _ = self.services.set(services);
    }

    /// As the first line of the journal of an earlier controller tells it.
    pub(crate) fn remember_services(&self, first: Option<&Entry>) {
        let services = first.and_then(|entry| entry.body.get("services"));
        if let Some(services) = services.and_then(|value| serde_json::from_value(value.clone()).ok()) {
            self.set_services(services);
        }
    }

    /// From now on nobody changes the shop.
    pub(crate) fn lock(&self) {
        self.locked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.locked.load(Ordering::Relaxed)
    }

    /// Takes note of an entry: a change of the shop by anybody but the controller is an act. Words are none.
    pub(crate) fn noted(&self, kind: &str, actor: &str, body: &serde_json::Value) {
        let acts = match kind {
            kind::POLICY => true,
            kind::ACTION => matches!(body["verb"].as_str(), Some("restart" | "scale")),
            _ => false,
        };
        if acts && actor != "controller" {
            self.acted.store(true, Ordering::Relaxed);
        }
    }

    /// Keeps what was said, once it is in the journal.
    pub(crate) fn heard(&self, entry: &Entry) {
        if let Some(said) = Said::of(entry) {
            held(&self.words).push(Told { t_ms: entry.t_ms, by: entry.actor.clone(), said });
        }
    }

    /// Everything that was said so far.
    pub(crate) fn words(&self) -> Vec<Told> {
        held(&self.words).clone()
    }

    /// Nobody else puts anything on record while this is held.
    pub(crate) fn speaking(&self) -> MutexGuard<'_, ()> {
        held(&self.speaking)
    }

    /// Whether anybody has changed the shop since the run began.
    pub(crate) fn acted(&self) -> bool {
        self.acted.load(Ordering::Relaxed)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// The verdict is written.
    pub(crate) fn finish(&self, exit: i32) {
        kind::phase::DONE.clone_into(&mut held(&self.phase));
        self.exit.send_replace(Some(exit));
    }

    /// Waits for the verdict.
    pub(crate) async fn finished(&self) {
        // The sender lives as long as the run.
        let _ = self.exit.subscribe().wait_for(Option::is_some).await;
    }

    /// Waits until a moment, or for an abort.
    pub(crate) async fn until(&self, moment: Instant) -> Result<(), Ended> {
        tokio::select! {
            () = tokio::time::sleep_until(moment) => Ok(()),
            () = self.abort.cancelled() => Err(Ended::Interrupted),
        }
    }

    /// Waits for a time, or for an abort.
    pub(crate) async fn pause(&self, time: Duration) -> Result<(), Ended> {
        self.until(Instant::now() + time).await
    }

    /// As the API tells it.
    pub(crate) fn status(&self, role: Role) -> RunStatus {
        RunStatus {
            run: self.book.name.clone(),
            dir: self.book.dir.display().to_string(),
            drill: self.plan.drill.clone(),
            variant: self.plan.variant.clone(),
            candidate: self.plan.candidate.as_ref().map(|candidate| candidate.name.clone()),
            phase: phase_for(role, &self.phase()).to_owned(),
            mode: self.plan.mode.name().to_owned(),
            t_ms: self.book.t_ms(),
            clock: self.clock(),
            exit: *self.exit.borrow(),
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
