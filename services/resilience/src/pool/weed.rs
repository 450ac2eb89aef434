//! What is taken out of the queue when a worker comes for the next item: whoever waited too long, whoever an overloaded
//! queue gives up, whoever could not be done in time.
//!
//! Only at the ends of a line, where the work is constant: the oldest are the ones that have waited too long, and the
//! newest is the one that starts. What could not be done in time in the middle of a line is found when its turn comes.

use std::time::Duration;

use super::class::{Class, End};
use super::codel::Overload;
use super::queue::Pool;
use super::turn::{Priority, Refusal, Refused};
use crate::deadline::Late;

impl<T> Pool<T> {
    /// Clears the ends of all lines of this priority whose class has room, so that what stands there may start.
    pub(super) fn weed(&mut self, priority: Priority, now: Duration, refused: &mut Vec<Refused<T>>) {
        let watched = priority == Priority::Normal && self.queue.overload().is_some();
        if watched {
            self.tick(now);
        }
        for index in 0..self.classes.len() {
            if !self.classes[index].has_room() {
                continue;
            }
            self.expire(index, priority, now, refused);
            self.shed(index, priority, now, refused);
            self.drop_late(index, priority, End::Oldest, now, refused);
            if self.end(index, priority) == End::Newest {
                self.drop_late(index, priority, End::Newest, now, refused);
            }
        }
        if watched {
            self.sample(now);
        }
    }

    /// Takes out what has waited as long as the policy allows.
    pub(super) fn expire(
        &mut self,
        index: usize,
        priority: Priority,
        now: Duration,
        refused: &mut Vec<Refused<T>>,
    ) {
        if let Some(wait) = self.queue.wait.on().map(|wait| wait.get()) {
            self.drop_older(index, priority, now, |age| age >= wait, Refusal::Wait, refused);
        }
    }

    /// Takes out what an overloaded line gives up. Background work is expected to wait, and never shed.
    fn shed(&mut self, index: usize, priority: Priority, now: Duration, refused: &mut Vec<Refused<T>>) {
        if let Some(codel) = self.queue.codel.on()
            && priority == Priority::Normal
            && self.overload_of(index).sheds()
        {
            let patience = codel.patience();
            self.drop_older(index, priority, now, |age| age > patience, Refusal::Codel, refused);
        }
    }

    fn drop_older(
        &mut self,
        index: usize,
        priority: Priority,
        now: Duration,
        old: impl Fn(Duration) -> bool,
        why: Refusal,
        refused: &mut Vec<Refused<T>>,
    ) {
        while self
            .line(index, priority)
            .at(End::Oldest)
            .is_some_and(|oldest| old(now.saturating_sub(oldest.since)))
        {
            self.drop_one(index, priority, End::Oldest, now, why, refused);
        }
    }

    /// Takes out what cannot be done in time, as far as it stands at this end.
    fn drop_late(
        &mut self,
        index: usize,
        priority: Priority,
        end: End,
        now: Duration,
        refused: &mut Vec<Refused<T>>,
    ) {
        while let Some(waiting) = self.line(index, priority).at(end)
            && let Some(late) = self.late(index, now, waiting.since, waiting.deadline)
        {
            self.drop_one(index, priority, end, now, Refusal::Deadline(late), refused);
        }
    }

    fn drop_one(
        &mut self,
        index: usize,
        priority: Priority,
        end: End,
        now: Duration,
        why: Refusal,
        refused: &mut Vec<Refused<T>>,
    ) {
        let (since, item) = self.line_mut(index, priority).pop(end).expect("it was just looked at");
        refused.push(self.refuse(index, item, priority, now.saturating_sub(since), why));
    }

    /// Why an item that came at `since` is not begun now, if its deadline says so.
    pub(super) fn late(
        &self,
        index: usize,
        now: Duration,
        since: Duration,
        deadline: Option<Duration>,
    ) -> Option<Late> {
        let left = self.left(now, since, deadline)?;
        let expected = &self.classes[index].expected;
        match self.deadline.refuses(left, || expected.get()) {
            Some(Late::Expected) if expected.may_probe(now) => None,
            late => late,
        }
    }

    /// An item starts; if that is against the estimate, it is the probe.
    pub(super) fn starts_with(
        &mut self,
        index: usize,
        now: Duration,
        since: Duration,
        deadline: Option<Duration>,
    ) {
        if !self.deadline.expected.is_on() {
            return;
        }
        let Some(left) = self.left(now, since, deadline) else { return };
        let expected = &mut self.classes[index].expected;
        if expected.get().is_some_and(|expected| left < expected) {
            expected.probe(now);
        }
    }

    fn left(&self, now: Duration, since: Duration, deadline: Option<Duration>) -> Option<Duration> {
        let deadline = [deadline, self.patience.map(|patience| since + patience)].into_iter().flatten().min();
        Some(deadline?.saturating_sub(now))
    }

    /// A normal item found a worker at once: nobody waits in its line.
    pub(super) fn ran_at_once(&mut self, index: usize, now: Duration, priority: Priority) {
        if let Some(codel) = self.queue.overload()
            && priority == Priority::Normal
        {
            let overload = self.overload_of_mut(index);
            overload.tick(codel, now, Duration::ZERO);
            overload.sample(Duration::ZERO);
        }
    }

    fn tick(&mut self, now: Duration) {
        let Some(codel) = self.queue.overload() else { return };
        if let Some(oldest) = self.oldest(now) {
            self.overload.tick(codel, now, oldest);
        }
        for class in self.classes.iter_mut().filter(|class| class.bulkhead.is_some() && class.has_room()) {
            if let Some(oldest) = age(class, now) {
                class.overload.tick(codel, now, oldest);
            }
        }
    }

    fn sample(&mut self, now: Duration) {
        if let Some(oldest) = self.oldest(now) {
            self.overload.sample(oldest);
        }
        for class in self.classes.iter_mut().filter(|class| class.bulkhead.is_some() && class.has_room()) {
            if let Some(oldest) = age(class, now) {
                class.overload.sample(oldest);
            }
        }
    }

    /// The age of the oldest normal item of the classes without a bulkhead.
    fn oldest(&self, now: Duration) -> Option<Duration> {
        let free = self.classes.iter().filter(|class| class.bulkhead.is_none());
        free.filter_map(|class| age(class, now)).max()
    }

    /// The verdict on the line that this class stands in: its own if it has a bulkhead, else everybody's.
    pub(super) fn overload_of(&self, index: usize) -> &Overload {
        let class = &self.classes[index];
        if class.bulkhead.is_some() { &class.overload } else { &self.overload }
    }

    fn overload_of_mut(&mut self, index: usize) -> &mut Overload {
        let class = &mut self.classes[index];
        if class.bulkhead.is_some() { &mut class.overload } else { &mut self.overload }
    }
}

/// The age of the oldest normal item of a class.
fn age<T>(class: &Class<T>, now: Duration) -> Option<Duration> {
    class.normal.at(End::Oldest).map(|oldest| now.saturating_sub(oldest.since))
}
