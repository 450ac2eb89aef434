//! The pool's decisions: what starts, what waits, what is refused.

use std::sync::Arc;
use std::time::Duration;

use super::class::Class;
use crate::policy::Server;

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    Normal,
    /// Starts only when no normal work can, and never takes a normal item's place in the queue.
    Background,
}

/// Give it to a worker, now.
#[derive(Debug, PartialEq, Eq)]
pub struct Start<T> {
    pub item: T,
    /// What to name in [`Pool::finish`].
    pub class: Arc<str>,
    pub priority: Priority,
    /// How long it queued.
    pub waited: Duration,
}

/// What became of an offered item.
#[derive(Debug, PartialEq, Eq)]
pub enum Offer<T> {
    Start(Start<T>),
    /// It waits; the ticket takes it out again.
    Queued(Ticket),
    /// The queue is full.
    Full(T),
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    class: usize,
    priority: Priority,
    number: u64,
}

/// An item that waited longer than the policy allows: refuse it.
#[derive(Debug, PartialEq, Eq)]
pub struct Expired<T> {
    pub item: T,
    pub class: Arc<str>,
    pub priority: Priority,
    pub waited: Duration,
}

/// The pool of one service. Between two calls of its methods, nothing that could start is waiting.
#[derive(Debug)]
pub struct Pool<T> {
    workers: u32,
    limit: u32,
    wait: Option<Duration>,
    classes: Vec<Class<T>>,
    busy: u32,
    next_number: u64,
    /// Found too late when a worker came for them; handed out by the next `drop_expired`.
    expired: Vec<Expired<T>>,
}

impl<T> Pool<T> {
    pub fn new(server: &Server) -> Pool<T> {
        let mut pool = Pool {
            workers: 0,
            limit: 0,
            wait: None,
            classes: Vec::new(),
            busy: 0,
            next_number: 0,
            expired: Vec::new(),
        };
        pool.set(server);
        pool
    }

    /// Takes a changed policy; it holds for queued work at once. Growing may start queued items. Shrinking stops
    /// nothing that runs and drops nothing that waits: nothing more starts, or queues, until it fits.
    pub fn configure(&mut self, now: Duration, server: &Server) -> Vec<Start<T>> {
        self.set(server);
        self.start_what_fits(now)
    }

    /// An item arrives.
    pub fn offer(&mut self, now: Duration, item: T, class: &str, priority: Priority) -> Offer<T> {
        let index = self.class(class);
        // What could start has started, so a free worker here means that nobody is waiting for it.
        if self.busy < self.workers && self.classes[index].has_room() {
            return Offer::Start(self.start(index, item, priority, Duration::ZERO));
        }
        let ahead = match priority {
            Priority::Normal => self.queued_with(Priority::Normal),
            Priority::Background => self.queued(),
        };
        if ahead >= self.limit as usize {
            return Offer::Full(item);
        }
        let number = self.next_number;
        self.next_number += 1;
        let class = &mut self.classes[index];
        match priority {
            Priority::Normal => class.normal.push(number, now, item),
            Priority::Background => class.background.push(number, now, item),
        }
        Offer::Queued(Ticket { class: index, priority, number })
    }

    /// A worker is done with an item of this class. Returns what starts instead.
    pub fn finish(&mut self, now: Duration, class: &str) -> Vec<Start<T>> {
        let index = self.class(class);
        debug_assert!(self.classes[index].busy > 0, "{class} finished more often than it started");
        self.classes[index].busy = self.classes[index].busy.saturating_sub(1);
        self.busy = self.busy.saturating_sub(1);
        self.start_what_fits(now)
    }

    /// Takes a waiting item out, because its caller has left. None if it has started or expired.
    pub fn take(&mut self, ticket: Ticket) -> Option<T> {
        let class = self.classes.get_mut(ticket.class)?;
        match ticket.priority {
            Priority::Normal => class.normal.take(ticket.number),
            Priority::Background => class.background.take(ticket.number),
        }
    }

    /// Takes out every waiting item that `leaves`. To be called before [`Pool::configure`] with a policy that cancels:
    /// callers may have left while the last one did not.
    pub fn take_all(&mut self, mut leaves: impl FnMut(&T) -> bool) -> Vec<T> {
        let lines = self.classes.iter_mut().flat_map(|class| [&mut class.normal, &mut class.background]);
        lines.flat_map(|line| line.take_all(&mut leaves)).collect()
    }

    /// Takes out what has waited longer than the policy allows. To be called at [`Pool::next_expiry`].
    pub fn drop_expired(&mut self, now: Duration) -> Vec<Expired<T>> {
        for index in 0..self.classes.len() {
            for priority in [Priority::Normal, Priority::Background] {
                self.expire_first(index, priority, now);
            }
        }
        std::mem::take(&mut self.expired)
    }

    /// When `drop_expired` has something to do next; zero = now.
    pub fn next_expiry(&self) -> Option<Duration> {
        if !self.expired.is_empty() {
            return Some(Duration::ZERO);
        }
        let wait = self.wait?;
        let lines = self.classes.iter().flat_map(|class| [&class.normal, &class.background]);
        lines.filter_map(|line| line.first()).map(|first| first.since + wait).min()
    }

    /// Items that run.
    pub fn busy(&self) -> u32 {
        self.busy
    }

    /// Items of one class that run.
    pub fn busy_with(&self, class: &str) -> u32 {
        self.classes.iter().find(|known| &*known.name == class).map_or(0, |class| class.busy)
    }

    /// Items that wait.
    pub fn queued(&self) -> usize {
        self.queued_with(Priority::Normal) + self.queued_with(Priority::Background)
    }

    /// Items of one priority that wait.
    pub fn queued_with(&self, priority: Priority) -> usize {
        let lines = self.classes.iter().map(|class| match priority {
            Priority::Normal => &class.normal,
            Priority::Background => &class.background,
        });
        lines.map(|line| line.len()).sum()
    }

    /// Normal items that may wait. Background may use what is free of it.
    pub fn queue_limit(&self) -> u32 {
        self.limit
    }

    /// Workers.
    pub fn workers(&self) -> u32 {
        self.workers
    }

    fn set(&mut self, server: &Server) {
        (self.workers, self.limit, self.wait) = (server.workers, server.queue_limit, server.wait);
        for name in server.bulkheads.keys() {
            self.class(name);
        }
        for class in &mut self.classes {
            class.bulkhead = server.bulkheads.get(&*class.name).copied();
        }
    }

    /// The index of a class; a service has a handful of them, and they never go away.
    fn class(&mut self, name: &str) -> usize {
        if let Some(index) = self.classes.iter().position(|class| &*class.name == name) {
            return index;
        }
        self.classes.push(Class::new(name, None));
        self.classes.len() - 1
    }

    fn start_what_fits(&mut self, now: Duration) -> Vec<Start<T>> {
        let mut starts = Vec::new();
        while self.busy < self.workers {
            let next = self.next(Priority::Normal, now).or_else(|| self.next(Priority::Background, now));
            let Some((index, priority)) = next else { break };
            let line = self.line(index, priority);
            let (since, item) = line.pop().expect("the line was chosen for its first item");
            starts.push(self.start(index, item, priority, now.saturating_sub(since)));
        }
        starts
    }

    /// The class whose first item of this priority came earliest, of those that have room.
    fn next(&mut self, priority: Priority, now: Duration) -> Option<(usize, Priority)> {
        let mut earliest: Option<(u64, usize)> = None;
        for index in 0..self.classes.len() {
            if !self.classes[index].has_room() {
                continue;
            }
            self.expire_first(index, priority, now);
            if let Some(first) = self.line(index, priority).first()
                && earliest.is_none_or(|(number, _)| first.number < number)
            {
                earliest = Some((first.number, index));
            }
        }
        earliest.map(|(_, index)| (index, priority))
    }

    /// Moves what has waited too long from the head of a line to `expired`.
    fn expire_first(&mut self, index: usize, priority: Priority, now: Duration) {
        let Some(wait) = self.wait else { return };
        while self.line(index, priority).first().is_some_and(|first| now.saturating_sub(first.since) >= wait)
        {
            let (since, item) = self.line(index, priority).pop().expect("the first item was just looked at");
            let class = Arc::clone(&self.classes[index].name);
            self.expired.push(Expired { item, class, priority, waited: now.saturating_sub(since) });
        }
    }

    fn line(&mut self, index: usize, priority: Priority) -> &mut super::class::Line<T> {
        let class = &mut self.classes[index];
        match priority {
            Priority::Normal => &mut class.normal,
            Priority::Background => &mut class.background,
        }
    }

    fn start(&mut self, index: usize, item: T, priority: Priority, waited: Duration) -> Start<T> {
        let class = &mut self.classes[index];
        class.busy += 1;
        self.busy += 1;
        Start { item, class: Arc::clone(&class.name), priority, waited }
    }

    /// Places held in memory, live or not.
    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.classes.iter().map(|class| class.normal.places() + class.background.places()).sum()
    }
}
