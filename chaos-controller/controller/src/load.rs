//! The load that is asked of the generator: the lab's own, a run's, or none. A new load is a new generation; what the
//! generator reports of an older one is no longer counted.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drill::Journey;
use proto::control::to_process::Body as Told;
use proto::control::{JourneyRate, Load, Surge};
use tokio::time::Instant;

use crate::directory::Directory;

/// Service name of the generator.
pub(crate) const TRAFFIC: &str = "traffic";

/// What is asked for now.
#[derive(Debug)]
pub(crate) struct LoadDesk {
    /// Nothing until it is decided: a controller that adopts a lab leaves its load alone till then.
    current: Mutex<Option<Load>>,
    /// Order ids carry the generation, so one is never used twice in a lab, whatever becomes of its controllers.
    generations: AtomicU64,
    path: PathBuf,
    /// When the current one was asked for: the zero of its schedule, but for the way to the generator.
    offered: Mutex<Option<Instant>>,
}

impl LoadDesk {
    pub(crate) fn open(state_dir: &Path) -> Self {
        let path = state_dir.join("load-generation");
        let last = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
        let generations = AtomicU64::new(last.unwrap_or_default());
        Self { current: Mutex::default(), generations, path, offered: Mutex::default() }
    }

    /// Asks for a load from now on. Gives its generation.
    pub(crate) fn offer(
        &self,
        directory: &Directory,
        load: &drill::Load,
        seed: u64,
        surges: &[(Duration, drill::Surge)],
    ) -> u64 {
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        if let Err(error) = platform::write_private(&self.path, generation.to_string().as_bytes()) {
            tracing::error!(%error, "the load's generation is not saved");
        }
        self.set(directory, wire(load, seed, generation, surges));
        *self.offered.lock().expect("no code panics while it holds the moment") = Some(Instant::now());
        generation
    }

    /// The current load goes on, with these surges from now on. Without a load nothing happens.
    pub(crate) fn resurge(&self, directory: &Directory, surges: &[(Duration, drill::Surge)]) {
        if let Some(load) = self.current() {
            self.set(directory, Load { surges: surges.iter().map(surge).collect(), ..load });
        }
    }

    /// When the current load was asked for.
    pub(crate) fn offered(&self) -> Option<Instant> {
        *self.offered.lock().expect("no code panics while it holds the moment")
    }

    /// Asks for no load.
    pub(crate) fn stop(&self, directory: &Directory) {
        self.set(directory, Load::default());
    }

    /// What is asked for; generation 0 is no load, and nothing is not yet decided.
    pub(crate) fn current(&self) -> Option<Load> {
        self.current.lock().expect("no code panics while it holds the load").clone()
    }

    /// Requests per second that are asked for, all journeys, in the order of their indices.
    pub(crate) fn rates(&self) -> [f64; Journey::ALL.len()] {
        let load = self.current().unwrap_or_default();
        Journey::ALL.map(|journey| {
            load.journeys
                .iter()
                .filter(|rate| rate.journey == journey.name())
                .map(|rate| rate.rate_per_second)
                .sum()
        })
    }

    fn set(&self, directory: &Directory, load: Load) {
        *self.current.lock().expect("no code panics while it holds the load") = Some(load.clone());
        directory.tell(TRAFFIC, &Told::Load(load));
    }
}

fn surge(&(from, surge): &(Duration, drill::Surge)) -> Surge {
    let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Surge { from_us: us(from), over_us: us(surge.over), for_us: us(surge.length), factor: surge.factor }
}

/// A plan's load as the generator is told it.
pub(crate) fn wire(
    load: &drill::Load,
    seed: u64,
    generation: u64,
    surges: &[(Duration, drill::Surge)],
) -> Load {
    Load {
        generation,
        seed,
        journeys: load
            .journeys
            .iter()
            .map(|rate| JourneyRate { journey: rate.journey.name().to_owned(), rate_per_second: rate.rate })
            .collect(),
        users: load.users,
        patience_ms: load.patience.as_millis() as u64,
        constant: load.arrivals == drill::Arrivals::Constant,
        surges: surges.iter().map(surge).collect(),
    }
}
