//! One class of work (a method): its bulkhead, what is learned about it, and its two lines of waiting items.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::codel::Overload;
use crate::deadline::Expected;

/// A waiting item. `item` is gone once it was taken out of turn; the place is swept later.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    pub(super) number: u64,
    pub(super) since: Duration,
    pub(super) deadline: Option<Duration>,
    item: Option<T>,
}

/// The two ends of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Oldest,
    Newest,
}

/// Waiting items in the order in which they came. The first and the last one are always live.
#[derive(Debug)]
pub(super) struct Line<T> {
    places: VecDeque<Waiting<T>>,
    live: usize,
}

/// The work of one method.
#[derive(Debug)]
pub(super) struct Class<T> {
    pub(super) name: Arc<str>,
    /// Workers it may hold; none = all.
    pub(super) bulkhead: Option<u32>,
    pub(super) busy: u32,
    pub(super) normal: Line<T>,
    pub(super) background: Line<T>,
    /// The verdict on its own line. Without a bulkhead it waits for what all wait for, and the pool's counts.
    pub(super) overload: Overload,
    pub(super) expected: Expected,
}

impl<T> Class<T> {
    pub(super) fn new(name: &str, bulkhead: Option<u32>) -> Class<T> {
        Class {
            name: name.into(),
            bulkhead,
            busy: 0,
            normal: Line::new(),
            background: Line::new(),
            overload: Overload::default(),
            expected: Expected::default(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.bulkhead.is_none_or(|limit| self.busy < limit)
    }
}

impl<T> Line<T> {
    fn new() -> Line<T> {
        Line { places: VecDeque::new(), live: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.live
    }

    pub(super) fn at(&self, end: End) -> Option<&Waiting<T>> {
        match end {
            End::Oldest => self.places.front(),
            End::Newest => self.places.back(),
        }
    }

    pub(super) fn push(&mut self, number: u64, since: Duration, deadline: Option<Duration>, item: T) {
        self.places.push_back(Waiting { number, since, deadline, item: Some(item) });
        self.live += 1;
    }

    pub(super) fn pop(&mut self, end: End) -> Option<(Duration, T)> {
        let place = match end {
            End::Oldest => self.places.pop_front(),
            End::Newest => self.places.pop_back(),
        };
        let place = place?;
        let item = place.item.expect("both ends of a line are live");
        self.live -= 1;
        self.sweep();
        Some((place.since, item))
    }

    /// Takes out the item with this number, wherever it stands.
    pub(super) fn take(&mut self, number: u64) -> Option<T> {
        // Numbers only grow, so a line is sorted by them.
        let index = self.places.binary_search_by_key(&number, |place| place.number).ok()?;
        let item = self.places[index].item.take()?;
        self.live -= 1;
        self.sweep();
        Some(item)
    }

    /// Takes out every item that `leaves`, in order.
    pub(super) fn take_all(&mut self, mut leaves: impl FnMut(&T) -> bool) -> Vec<T> {
        let leaving = self.places.iter_mut().filter_map(|place| place.item.take_if(|item| leaves(item)));
        let taken: Vec<T> = leaving.collect();
        self.live -= taken.len();
        self.sweep();
        taken
    }

    /// Keeps both ends live, and the empty places fewer than the live ones: callers that leave a stuck queue must not
    /// make it grow without limit.
    fn sweep(&mut self) {
        while self.places.front().is_some_and(|place| place.item.is_none()) {
            self.places.pop_front();
        }
        while self.places.back().is_some_and(|place| place.item.is_none()) {
            self.places.pop_back();
        }
        if self.places.len() > 2 * self.live + 64 {
            self.places.retain(|place| place.item.is_some());
        }
    }

    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.places.len()
    }
}
