//! A pool that is full, in the log: one line when it begins to refuse and one
//! when it has stopped, however many it refused in between. A pool with room
//! pays one relaxed load for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use opentelemetry::trace::TraceId;

/// A pool at its limit frees and fills places all the time: it is over when
/// nobody was refused for this long.
const OVER_AFTER: Duration = Duration::from_secs(1);

/// Whether the pool is refusing, and since when.
#[derive(Default)]
pub(crate) struct Overflow {
    /// Whether there is a spell.
    on: AtomicBool,
    spell: Mutex<Option<Spell>>,
}

struct Spell {
    since: Duration,
    last: Duration,
    refused: u64,
}

/// How full the pool was when it began to refuse.
pub(crate) struct Fill {
    pub(crate) workers: u32,
    pub(crate) busy: u32,
    pub(crate) queued: usize,
    pub(crate) capacity: u32,
}

impl Overflow {
    /// A request of this trace found no place. `fill` is asked at the beginning of a spell only.
    pub(crate) fn refused(&self, now: Duration, fill: impl FnOnce() -> Fill, trace: TraceId) {
        let mut spell = self.spell();
        if let Some(spell) = &mut *spell {
            spell.last = now;
            spell.refused += 1;
            return;
        }
        *spell = Some(Spell { since: now, last: now, refused: 1 });
        self.on.store(true, Ordering::Relaxed);
        let Fill { workers, busy, queued, capacity } = fill();
        tracing::warn!(workers, busy, queued, capacity, trace_id = %trace, "pool is full, requests are refused");
    }

    /// Time goes on. `now` is asked while there is a spell only.
    pub(crate) fn passed(&self, now: impl FnOnce() -> Duration) {
        if !self.on.load(Ordering::Relaxed) {
            return;
        }
        let now = now();
        let mut spell = self.spell();
        let over = spell.as_ref().is_some_and(|spell| now.saturating_sub(spell.last) > OVER_AFTER);
        if let Some(spell) = spell.take_if(|_| over) {
            self.on.store(false, Ordering::Relaxed);
            let refusing_ms = spell.last.saturating_sub(spell.since).as_millis() as u64;
            tracing::info!(refused = spell.refused, refusing_ms, "pool has room again");
        }
    }

    fn spell(&self) -> MutexGuard<'_, Option<Spell>> {
        self.spell.lock().expect("no panic while refusals are counted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spell_of_refusals_ends_when_nobody_was_refused_for_a_second() {
        let overflow = Overflow::default();
        overflow.passed(|| panic!("nobody asks for the time while nothing is refused"));
        let at = Duration::from_millis;
        let mut asked = 0;
        for ms in [0, 10, 900] {
            let fill = || {
                asked += 1;
                Fill { workers: 1, busy: 1, queued: 1, capacity: 1 }
            };
            overflow.refused(at(ms), fill, TraceId::INVALID);
            overflow.passed(|| at(ms + 5));
        }
        assert_eq!((overflow.spell().as_ref().map(|spell| spell.refused), asked), (Some(3), 1));
        overflow.passed(|| at(1_950));
        assert!(overflow.spell().is_none() && !overflow.on.load(Ordering::Relaxed));
    }
}
