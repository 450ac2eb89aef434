//! The lab: what every part of the controller shares. Each part owns its own state; here they only find each other.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use drill::{Plan, Rules};
use platform::{LabFile, Tokens};
use process::monotonic_us;
use serde_json::Value;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::alerts::Board;
use crate::api::{Event, Pulse};
use crate::bank::Bank;
use crate::book::Book;
use crate::directory::Directory;
use crate::events::event_of;
use crate::faults::FaultDesk;
use crate::footprint::Footprint;
use crate::journal::Journal;
use crate::live::Live;
use crate::load::LoadDesk;
use crate::open_book::OpenBook;
use crate::policy_store::PolicyStore;
use crate::prometheus;
use crate::run::Run;
use crate::samples::SampleStore;
use crate::traces::TraceDesk;

/// Events that a slow watcher may be behind before it misses some.
const EVENTS: usize = 256;

/// Lines of the journal that are kept for whoever looks only now.
const RECENT: usize = 64;

/// Everything the parts share. One per process.
pub(crate) struct Lab {
    /// Name of the lab.
    pub(crate) name: String,
    /// Folder of the lab's files (`.firedrill`).
    pub(crate) root: PathBuf,
    /// The lab's own folder in it.
    pub(crate) state_dir: PathBuf,
    pub(crate) tokens: Tokens,
    /// What the lab was started with: its load between runs, and its bank for good.
    pub(crate) plan: Plan,
    /// The controller's clock at its start.
    pub(crate) start_us: u64,
    /// Draws of the lab that belong to no run.
    pub(crate) seed: AtomicU64,
    /// Where this controller serves, such as `http://127.0.0.1:41234`.
    pub(crate) url: String,
    /// Whether somebody else starts and ends the processes.
    pub(crate) away: bool,
    /// Folder of the runs of those who name none.
    pub(crate) runs: PathBuf,
    /// Where processes send their spans.
    pub(crate) otlp_endpoint: String,
    pub(crate) directory: Directory,
    pub(crate) policy: PolicyStore,
    pub(crate) load: LoadDesk,
    pub(crate) live: Mutex<Live>,
    /// What every process said in the last hour.
    pub(crate) samples: SampleStore,
    /// The newest pulse.
    pub(crate) pulse: watch::Sender<Arc<Pulse>>,
    /// Orders by state, as last scraped; the ones that are over are not among them.
    pub(crate) open_orders: watch::Sender<BTreeMap<String, u64>>,
    pub(crate) events: broadcast::Sender<Arc<Event>>,
    pub(crate) bank: Bank,
    pub(crate) faults: FaultDesk,
    /// What metrics tell of them.
    pub(crate) open_book: OpenBook,
    pub(crate) alerts: Mutex<Board>,
    /// Who scrapes, if it is not the controller itself.
    pub(crate) prometheus: Option<prometheus::Desk>,
    pub(crate) guard: OnceLock<platform::Guard>,
    pub(crate) footprint: Footprint,
    /// Milliseconds from the start to the first answered checkout; 0 until then.
    pub(crate) ready_ms: AtomicU64,
    /// After `halt`.
    pub(crate) halted: AtomicBool,
    /// Whether load arrives when no run is on.
    pub(crate) wants_load: AtomicBool,
    /// When the scrapes of a run begin; the second grid is counted from there.
    pub(crate) grid_us: watch::Sender<u64>,
    /// With milliseconds since the start of the lab.
    recent: Mutex<VecDeque<(u64, Arc<Event>)>>,
    /// The traces of the lab's whole life, as far as they fit.
    pub(crate) traces: TraceDesk,
    run: Mutex<Option<Arc<Run>>>,
    book: Mutex<Option<Arc<Book>>>,
    journal: Mutex<Journal>,
    file: Mutex<LabFile>,
    /// Ends the controller, and the lab with it.
    pub(crate) stop: CancellationToken,
    /// Ends the API, as the last thing.
    pub(crate) served_until: CancellationToken,
}

/// What a lab starts from.
pub(crate) struct Founding {
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) state_dir: PathBuf,
    pub(crate) file: LabFile,
    pub(crate) url: String,
    pub(crate) away: bool,
    pub(crate) runs: PathBuf,
    pub(crate) otlp_endpoint: String,
    pub(crate) plan: Plan,
    pub(crate) policy: PolicyStore,
    pub(crate) journal: Journal,
    /// What the lab evaluates each second.
    pub(crate) rules: Rules,
    /// Scrapes and evaluates alerts in its place.
    pub(crate) prometheus: Option<prometheus::Address>,
    pub(crate) start_us: u64,
    pub(crate) trace_ratio: f64,
    /// Whether metrics tell of faults while they are on.
    pub(crate) open_book: bool,
}

impl Lab {
    pub(crate) fn new(founding: Founding) -> Arc<Self> {
        let bank = Bank::new(founding.file.tokens.operator.clone());
        Arc::new(Self {
            name: founding.name,
            root: founding.root,
            tokens: founding.file.tokens.clone(),
            start_us: founding.start_us,
            seed: AtomicU64::new(founding.plan.seed),
            plan: founding.plan,
            url: founding.url,
            away: founding.away,
            runs: founding.runs,
            otlp_endpoint: founding.otlp_endpoint,
            directory: Directory::new(),
            policy: founding.policy,
            load: LoadDesk::open(&founding.state_dir),
            state_dir: founding.state_dir,
            live: Mutex::new(Live::new()),
            samples: SampleStore::start(),
            pulse: watch::Sender::new(Arc::default()),
            open_orders: watch::Sender::default(),
            events: broadcast::Sender::new(EVENTS),
            bank,
            faults: FaultDesk::default(),
            open_book: OpenBook::new(founding.open_book),
            alerts: Mutex::new(Board::new(founding.rules, founding.prometheus.is_none())),
            prometheus: founding.prometheus.map(prometheus::Desk::new),
            guard: OnceLock::new(),
            footprint: Footprint::default(),
            ready_ms: AtomicU64::new(0),
            halted: AtomicBool::new(false),
            wants_load: AtomicBool::new(false),
            grid_us: watch::Sender::new(founding.start_us),
            recent: Mutex::default(),
            traces: TraceDesk::new(founding.trace_ratio),
            run: Mutex::new(None),
            book: Mutex::new(None),
            journal: Mutex::new(founding.journal),
            file: Mutex::new(founding.file),
            stop: CancellationToken::new(),
            served_until: CancellationToken::new(),
        })
    }

    /// Writes to the journal of the run that is on, else to the lab's own, and tells the watchers.
    ///
    /// # Errors
    /// The journal could not be written: what it was to tell of must not be done.
    pub(crate) fn note(&self, kind: &str, actor: &str, body: Value) -> std::io::Result<()> {
        if let Some(run) = self.active_run() {
            run.noted(kind, actor, &body);
        }
        let entry = match self.book() {
            Some(book) => {
                let entry = book.note(kind, actor, body)?;
                if let Some(run) = self.run() {
                    run.heard(&entry);
                }
                self.open_book.hear(&entry.kind, &entry.body, Some(&book.name));
                entry
            }
            None => {
                let mut journal = self.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let entry =
                    journal.append(monotonic_us().saturating_sub(self.start_us) / 1000, kind, actor, body)?;
                self.open_book.hear(&entry.kind, &entry.body, None);
                entry
            }
        };
        self.tell(event_of(&entry));
        Ok(())
    }

    /// Notes something that happened anyway, whether or not it can be written.
    pub(crate) fn observe(&self, kind: &str, body: Value) {
        if let Err(error) = self.note(kind, "controller", body) {
            tracing::error!(%error, kind, "the journal is not written");
        }
    }

    /// Tells the watchers; that there are none is fine.
    pub(crate) fn tell(&self, event: Event) {
        let event = Arc::new(event);
        if matches!(*event, Event::Journal { .. }) {
            let mut recent = held(&self.recent);
            recent.truncate(RECENT - 1);
            recent.push_front((monotonic_us().saturating_sub(self.start_us) / 1000, Arc::clone(&event)));
        }
        let _ = self.events.send(event);
    }

    /// The last lines of the journal, the youngest last, and when they came since the start of the lab.
    pub(crate) fn recent_events(&self) -> Vec<(u64, Arc<Event>)> {
        held(&self.recent).iter().rev().cloned().collect()
    }

    /// The book of the run that is on.
    pub(crate) fn book(&self) -> Option<Arc<Book>> {
        held(&self.book).clone()
    }

    /// The last run, which may be over.
    pub(crate) fn run(&self) -> Option<Arc<Run>> {
        held(&self.run).clone()
    }

    /// The run that is on.
    pub(crate) fn active_run(&self) -> Option<Arc<Run>> {
        self.run().filter(|run| !run.is_over())
    }

    /// A run begins; false if one is on.
    pub(crate) fn begin_run(&self, run: &Arc<Run>) -> bool {
        let mut current = held(&self.run);
        if current.as_ref().is_some_and(|run| !run.is_over()) {
            return false;
        }
        *current = Some(Arc::clone(run));
        drop(current);
        *held(&self.book) = Some(Arc::clone(&run.book));
        true
    }

    /// The book of the run is closed; what happens from now on is not part of it.
    pub(crate) fn close_book(&self) {
        *held(&self.book) = None;
    }

    /// The guard is there.
    pub(crate) fn set_guard(&self, guard: platform::Guard) {
        if !self.away {
            self.edit_file(|file| file.guard = Some(guard.reference()));
        }
        // Set once, at the start.
        let _ = self.guard.set(guard);
    }

    /// Which run the lab's file tells of.
    pub(crate) fn run_dir(&self) -> Option<String> {
        held(&self.file).run_dir.clone()
    }

    /// Tells in the lab's file which run is on, for whoever comes after us.
    pub(crate) fn remember_run_dir(&self, dir: Option<&Path>) {
        self.edit_file(|file| file.run_dir = dir.map(|dir| dir.display().to_string()));
    }

    /// Changes the lab's file.
    pub(crate) fn edit_file(&self, edit: impl FnOnce(&mut LabFile)) {
        let mut file = held(&self.file);
        edit(&mut file);
        if let Err(error) = file.save(&self.root) {
            tracing::error!(%error, "the lab's file is not written");
        }
    }

    /// The load that the lab has when no run is on.
    pub(crate) fn resume_own_load(&self) {
        if self.wants_load.load(Ordering::Relaxed)
            && !self.halted.load(Ordering::Relaxed)
            && !self.stop.is_cancelled()
        {
            // The lab's own load goes on for ever, and calmly.
            self.load.offer(&self.directory, &self.plan.load, self.plan.seed, &[]);
        } else {
            self.load.stop(&self.directory);
        }
    }

    /// The aggregates of the last seconds.
    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        held(&self.live)
    }

    /// The seed of the lab's draws.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.load(Ordering::Relaxed)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
