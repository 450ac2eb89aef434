//! A pool that is full, in the log: one line when it begins to refuse and one
//! when it has stopped, however many it refused in between.

use std::time::Duration;

use opentelemetry::trace::TraceId;
use resilience::pool::Pool;

/// A pool at its limit frees and fills places all the time: it is over when
/// nobody was refused for this long.
const OVER_AFTER: Duration = Duration::from_secs(1);

/// Whether the pool is refusing, and since when.
#[derive(Default)]
pub(crate) struct Overflow {
    now: Option<Spell>,
}

struct Spell {
    since: Duration,
    last: Duration,
    refused: u64,
}

impl Overflow {
    /// A request of this trace found no place.
    pub(crate) fn refused<T>(&mut self, now: Duration, pool: &Pool<T>, trace: TraceId) {
        if let Some(spell) = &mut self.now {
            spell.last = now;
            spell.refused += 1;
            return;
        }
        self.now = Some(Spell { since: now, last: now, refused: 1 });
        tracing::warn!(
            workers = pool.workers(),
            busy = pool.busy(),
            queued = pool.queued(),
            capacity = pool.queue_limit(),
            trace_id = %trace,
            "pool is full, requests are refused"
        );
    }

    /// Time goes on.
    pub(crate) fn passed(&mut self, now: Duration) {
        let over = self.now.as_ref().is_some_and(|spell| now.saturating_sub(spell.last) > OVER_AFTER);
        if let Some(spell) = self.now.take_if(|_| over) {
            let refusing_ms = spell.last.saturating_sub(spell.since).as_millis() as u64;
            tracing::info!(refused = spell.refused, refusing_ms, "pool has room again");
        }
    }
}

#[cfg(test)]
mod tests {
    use resilience::policy::{self, Server};

    use super::*;

    fn pool() -> Pool<()> {
        let document = policy::parse(&serde_json::json!({"version": 1})).unwrap();
        let _: &Server = &resilience::Snapshot::of(&document, 1, "payment").server;
        Pool::new(&resilience::Snapshot::of(&document, 1, "payment").server)
    }

    #[test]
    fn a_spell_of_refusals_ends_when_nobody_was_refused_for_a_second() {
        let mut overflow = Overflow::default();
        let at = Duration::from_millis;
        for ms in [0, 10, 900] {
            overflow.refused(at(ms), &pool(), TraceId::INVALID);
            overflow.passed(at(ms + 5));
        }
        assert_eq!(overflow.now.as_ref().map(|spell| spell.refused), Some(3));
        overflow.passed(at(1_950));
        assert!(overflow.now.is_none());
    }
}
