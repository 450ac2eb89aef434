//! The client's bulkhead: how many calls of one kind may be open at once.
//!
//! It never waits. A waiting room in front of a limit is one more queue that nobody sees; a call above the
//! limit is refused, marked as not worth a retry.

/// A counter of open calls. The owner releases what it acquired, exactly once, also when a call is dropped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bulkhead {
    limit: Option<u32>,
    open: u32,
}

impl Bulkhead {
    /// None = no limit; calls are counted all the same, so that a limit that is turned on later is right at once.
    pub fn new(limit: Option<u32>) -> Bulkhead {
        Bulkhead { limit, open: 0 }
    }

    /// A changed limit. Below what is open, it admits nothing until enough calls have ended.
    pub fn configure(&mut self, limit: Option<u32>) {
        self.limit = limit;
    }

    /// Opens a call; false = it is refused, and there is nothing to release.
    pub fn try_acquire(&mut self) -> bool {
        let admitted = self.limit.is_none_or(|limit| self.open < limit);
        self.open += u32::from(admitted);
        admitted
    }

    /// Counts a call that is opened without asking, because there is no limit now; there may be one when it ends.
    pub fn enter(&mut self) {
        self.open += 1;
    }

    /// A call has ended.
    pub fn release(&mut self) {
        debug_assert!(self.open > 0, "a bulkhead was released more often than acquired");
        self.open = self.open.saturating_sub(1);
    }

    /// Calls open now.
    pub fn open(&self) -> u32 {
        self.open
    }

    pub fn limit(&self) -> Option<u32> {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    #[test]
    fn a_call_above_the_limit_is_refused_and_takes_nothing() {
        let mut bulkhead = Bulkhead::new(Some(2));
        assert!(bulkhead.try_acquire() && bulkhead.try_acquire());
        assert!(!bulkhead.try_acquire());
        assert_eq!(bulkhead.open(), 2);
        bulkhead.release();
        assert!(bulkhead.try_acquire());
    }

    #[test]
    fn a_shrunk_bulkhead_admits_nothing_until_it_has_drained() {
        let mut bulkhead = Bulkhead::new(None);
        (0..10).for_each(|_| assert!(bulkhead.try_acquire()));
        bulkhead.configure(Some(5));
        for _ in 0..5 {
            assert!(!bulkhead.try_acquire());
            bulkhead.release();
        }
        assert!(!bulkhead.try_acquire());
        bulkhead.release();
        assert!(bulkhead.try_acquire());
    }

    /// I16 of a bulkhead: eight threads that open, end and hang up at random, while the limit is swapped. Never is a call
    /// admitted above the limit of its time, and in the end all places are back.
    #[test]
    fn eight_threads_never_get_above_the_limit_and_give_every_place_back() {
        let world = Mutex::new((Bulkhead::new(Some(20)), 0u32, 0u32));
        let fight = |seed: u64| {
            let (mut dice, mut mine) = (seed, 0);
            for _ in 0..10_000 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let mut world = world.lock().unwrap();
                let (bulkhead, open, refused) = &mut *world;
                match (dice >> 33) % 1_000 {
                    0..2 => bulkhead.configure(Some(5 + (dice >> 50) as u32 % 30)),
                    2..600 if bulkhead.try_acquire() => {
                        (mine, *open) = (mine + 1, *open + 1);
                        assert!(bulkhead.limit().is_some_and(|limit| *open <= limit), "{open} are open");
                    }
                    2..600 => *refused += 1,
                    _ if mine > 0 => {
                        bulkhead.release();
                        (mine, *open) = (mine - 1, *open - 1);
                    }
                    _ => {}
                }
                assert_eq!(bulkhead.open(), *open);
            }
            let mut world = world.lock().unwrap();
            world.1 -= mine;
            (0..mine).for_each(|_| world.0.release());
        };
        thread::scope(|scope| {
            let fight = &fight;
            (1..=8).for_each(|seed| _ = scope.spawn(move || fight(seed)));
        });
        let (bulkhead, _, refused) = world.into_inner().unwrap();
        assert!(refused > 1_000, "nothing was contended");
        assert_eq!(bulkhead.open(), 0);
    }
}
