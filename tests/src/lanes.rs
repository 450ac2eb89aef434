//! Who may use the machine: whole-lab tests take turns, also when somebody forgets `--test-threads=1`, because a lab
//! beside another one measures its neighbour. Small labs may run some abreast.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

static MACHINE: Mutex<()> = Mutex::new(());

/// The machine, for as long as this is held.
#[derive(Debug)]
pub struct Turn {
    _machine: MutexGuard<'static, ()>,
}

impl Turn {
    /// Waits for one's turn.
    pub fn take() -> Self {
        // A test that failed leaves the machine as usable as it was.
        Self { _machine: MACHINE.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

/// Works on every item, `lanes` of them at a time.
///
/// # Panics
/// When a worker does.
pub fn in_lanes<T: Send, R: Send>(
    lanes: usize,
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let waiting: Mutex<VecDeque<T>> = Mutex::new(items.into_iter().collect());
    let next = || waiting.lock().expect("no panic while an item is taken").pop_front();
    std::thread::scope(|scope| {
        let lane = || {
            let mut done = Vec::new();
            while let Some(item) = next() {
                done.push(work(item));
            }
            done
        };
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let join = |lane: std::thread::ScopedJoinHandle<'_, Vec<R>>| {
            lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        lanes.into_iter().flat_map(join).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once() {
        let mut done = in_lanes(3, 0..10, |item| item * 2);
        done.sort_unstable();
        assert_eq!(done, (0..10).map(|item| item * 2).collect::<Vec<_>>());
    }
}
