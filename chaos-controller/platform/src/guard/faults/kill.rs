//! `kill`: SIGKILL, at once and then by the clock. The guard starts the process again by its own
//! rules; one that is not there when its turn comes cannot be killed, and is told beside the dose.

use fault::{Kill, Measure};

use super::site::{Site, median, millis};

pub(super) async fn act(of: Kill, site: Site) {
    let all = site.instances.len() as u64;
    let mut turns = Turns::default();
    let mut took = Vec::new();
    loop {
        let up = site.up();
        turns.take(of.due(site.applied.elapsed()), up.len() as u64, all);
        for process in &up {
            took.extend(site.kill(process).await);
        }
        site.measured(Measure::new("kills", "", turns.requested as f64, took.len() as f64, 0.0));
        site.note("not_there", turns.not_there);
        site.note("gone_after_ms", millis(median(took.clone())));
        match of.every {
            Some(every) => {
                let next = site.applied + every.get() * u32::try_from(turns.taken).unwrap_or(u32::MAX);
                tokio::time::sleep_until(next.into()).await;
            }
            None => std::future::pending().await,
        }
    }
}

/// The turns so far, and what they asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Turns {
    pub(crate) taken: u64,
    /// Kills of processes that were there, or could have been: a turn that was slept through asks for all.
    pub(crate) requested: u64,
    /// Instances that were waiting to be started again.
    pub(crate) not_there: u64,
}

impl Turns {
    /// The last of the `due` turns is taken now, with `up` of `all` instances there.
    pub(crate) fn take(&mut self, due: u64, up: u64, all: u64) {
        let missed = due.saturating_sub(self.taken + 1);
        self.requested += up + missed * all;
        self.not_there += all.saturating_sub(up);
        self.taken = due;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_to_be_started_again_is_not_asked_for() {
        let mut turns = Turns::default();
        turns.take(1, 2, 2);
        turns.take(2, 1, 2);
        assert_eq!(turns, Turns { taken: 2, requested: 3, not_there: 1 });
    }

    #[test]
    fn a_turn_that_was_slept_through_is_missing_from_the_dose() {
        let mut turns = Turns::default();
        turns.take(1, 2, 2);
        turns.take(4, 2, 2);
        assert_eq!(turns, Turns { taken: 4, requested: 8, not_there: 0 });
    }
}
