//! The load that is asked of the generators: the lab's own, a run's, or none. A new load is a new generation; what a
//! generator reports of an older one is no longer counted. Where there are several, each is told its own share.

mod sharing;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drill::Journey;
use process::monotonic_us;
use proto::control::to_process::Body as Told;
use proto::control::{JourneyRate, Load, Surge};
use tokio::time::Instant;

use crate::directory::Directory;

use sharing::{Sharer, Sharing};

/// Service name of the generator.
pub(crate) const TRAFFIC: &str = "traffic";

/// What is asked for now.
#[derive(Debug)]
pub(crate) struct LoadDesk {
    /// Nothing until it is decided: a controller that adopts a lab leaves its load alone till then.
    asked: Mutex<Option<Asked>>,
    /// Order ids carry the generation, so one is never used twice in a lab, whatever becomes of its controllers.
    generations: AtomicU64,
    path: PathBuf,
}

/// A load, and who offers it.
#[derive(Debug, Clone, Default)]
struct Asked {
    /// As it is told to everybody, without a share.
    load: Load,
    sharing: Sharing,
    /// The zero of its schedule, on the clock of timers.
    offered: Option<Instant>,
}

impl LoadDesk {
    pub(crate) fn open(state_dir: &Path) -> Self {
        let path = state_dir.join("load-generation");
        let last = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
        let generations = AtomicU64::new(last.unwrap_or_default());
        Self { asked: Mutex::default(), generations, path }
    }

    /// Asks for a load from now on. Gives its generation.
    pub(crate) fn offer(
        &self,
        directory: &Directory,
        load: &drill::Load,
        seed: u64,
        surges: &[(Duration, drill::Surge)],
    ) -> u64 {
        let generation = self.next_generation();
        self.edit(directory, |asked| {
            *asked = Some(Asked::begin(wire(load, seed, generation, surges), sharers(directory)));
        });
        generation
    }

    /// The current load goes on, with these surges from now on. Without a load nothing happens.
    pub(crate) fn resurge(&self, directory: &Directory, surges: &[(Duration, drill::Surge)]) {
        self.edit(directory, |asked| {
            if let Some(asked) = asked {
                asked.load.surges = surges.iter().map(surge).collect();
            }
        });
    }

    /// A generator has come or gone. In a run the load goes on and is shared anew; otherwise it begins anew, so that who
    /// comes to a lab that has been up for days need not draw the schedule of days.
    pub(crate) fn share(&self, directory: &Directory, in_run: bool) {
        let sharers = sharers(directory);
        self.edit(directory, |asked| match asked {
            Some(asked) if asked.load.generation == 0 => {}
            Some(asked) if in_run => {
                let since_zero = monotonic_us().saturating_sub(asked.load.started_us);
                asked.sharing.change(sharers, since_zero);
            }
            Some(asked) if asked.sharing.would_change(&sharers) => {
                let load = Load { generation: self.next_generation(), ..asked.load.clone() };
                *asked = Asked::begin(load, sharers);
            }
            _ => {}
        });
    }

    /// The zero of the current load's schedule.
    pub(crate) fn offered(&self) -> Option<Instant> {
        self.held().as_ref().and_then(|asked| asked.offered)
    }

    /// Asks for no load.
    pub(crate) fn stop(&self, directory: &Directory) {
        self.edit(directory, |asked| *asked = Some(Asked::default()));
    }

    /// Requests per second that are asked for, all journeys, in the order of their indices.
    pub(crate) fn rates(&self) -> [f64; Journey::ALL.len()] {
        let load = self.held().clone().unwrap_or_default().load;
        Journey::ALL.map(|journey| {
            load.journeys
                .iter()
                .filter(|rate| rate.journey == journey.name())
                .map(|rate| rate.rate_per_second)
                .sum()
        })
    }

    fn next_generation(&self) -> u64 {
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        if let Err(error) = platform::write_private(&self.path, generation.to_string().as_bytes()) {
            tracing::error!(%error, "the load's generation is not saved");
        }
        generation
    }

    /// Changes what is asked for, and tells each generator its share of it.
    fn edit(&self, directory: &Directory, edit: impl FnOnce(&mut Option<Asked>)) {
        let mut asked = self.held();
        edit(&mut asked);
        let Some(asked) = asked.as_ref() else { return };
        for sharer in sharers(directory) {
            let shares = asked.sharing.of(&sharer);
            directory.tell(&sharer.instance, Told::Load(Load { shares, ..asked.load.clone() }));
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Asked>> {
        self.asked.lock().expect("no code panics while it holds the load")
    }
}

impl Asked {
    /// From now on.
    fn begin(load: Load, sharers: Vec<Sharer>) -> Self {
        let load = Load { started_us: monotonic_us(), ..load };
        Self { load, sharing: Sharing::begin(sharers), offered: Some(Instant::now()) }
    }
}

fn sharers(directory: &Directory) -> Vec<Sharer> {
    let sharer = |member: crate::directory::Member| Sharer {
        instance: member.instance,
        started: (member.pid, member.started_us),
    };
    directory.live(TRAFFIC).into_iter().map(sharer).collect()
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
        ..Load::default()
    }
}
