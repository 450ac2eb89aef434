//! The pool's decisions: what starts, what waits, what is refused.

use std::sync::Arc;
use std::time::Duration;

use super::class::{Class, End, Line};
use super::codel::Overload;
use super::config::{Order, Queue};
use super::turn::{Offer, Priority, Refusal, Refused, Start, Ticket, Turn};
use crate::deadline::Deadline;
use crate::policy::Server;

/// The pool of one service. Between two calls of its methods, nothing that could start is waiting.
#[derive(Debug)]
pub struct Pool<T> {
    workers: u32,
    /// At most so many of the workers may be busy, whatever the policy; none = all.
    concurrency: Option<u32>,
    pub(super) queue: Queue,
    pub(super) deadline: Deadline,
    /// An item may take so long from its arrival, whatever deadline it came with.
    pub(super) patience: Option<Duration>,
    pub(super) classes: Vec<Class<T>>,
    /// The verdict on the line that all classes without a bulkhead form together.
    pub(super) overload: Overload,
    busy: u32,
    next_number: u64,
}

impl<T> Pool<T> {
    pub fn new(server: &Server) -> Pool<T> {
        let mut pool = Pool {
            workers: 0,
            concurrency: None,
            queue: Queue::default(),
            deadline: Deadline::default(),
            patience: None,
            classes: Vec::new(),
            overload: Overload::default(),
            busy: 0,
            next_number: 0,
        };
        pool.set(server);
        pool
    }

    /// Takes a changed policy; it holds for queued work at once. Growing may start queued items. Shrinking stops
    /// nothing that runs and drops nothing that waits: nothing more starts, or queues, until it fits. Another order
    /// keeps everybody's arrival.
    pub fn configure(&mut self, now: Duration, server: &Server) -> Turn<T> {
        self.set(server);
        self.turn(now)
    }

    /// Lets at most so many workers be busy (at least one); none = all that the policy has. For a limit that finds
    /// itself, and so changes more often than the policy.
    pub fn set_concurrency(&mut self, now: Duration, limit: Option<u32>) -> Turn<T> {
        self.concurrency = limit.map(|limit| limit.max(1));
        self.turn(now)
    }

    /// An item arrives, with the time at which its work must have ended, if any.
    pub fn offer(
        &mut self,
        now: Duration,
        item: T,
        class: &str,
        priority: Priority,
        deadline: Option<Duration>,
    ) -> Offer<T> {
        let index = self.class(class);
        // What could start has started, so a free worker here means that nobody is waiting for it.
        if self.busy < self.slots() && self.classes[index].has_room() {
            if let Some(late) = self.late(index, now, now, deadline) {
                return Offer::Refused(self.refuse(
                    index,
                    item,
                    priority,
                    Duration::ZERO,
                    Refusal::Deadline(late),
                ));
            }
            self.ran_at_once(index, now, priority);
            self.starts_with(index, now, now, deadline);
            return Offer::Start(self.start(index, item, priority, Duration::ZERO));
        }
        let ahead = match priority {
            Priority::Normal => self.queued_with(Priority::Normal),
            Priority::Background => self.queued(),
        };
        if ahead >= self.queue.limit as usize {
            return Offer::Refused(self.refuse(index, item, priority, Duration::ZERO, Refusal::Full));
        }
        let number = self.next_number;
        self.next_number += 1;
        self.line_mut(index, priority).push(number, now, deadline, item);
        Offer::Queued(Ticket { class: index, priority, number })
    }

    /// A worker is done with an item of this class. Returns what starts instead.
    pub fn finish(&mut self, now: Duration, class: &str) -> Turn<T> {
        let index = self.class(class);
        debug_assert!(self.classes[index].busy > 0, "{class} finished more often than it started");
        self.classes[index].busy = self.classes[index].busy.saturating_sub(1);
        self.busy = self.busy.saturating_sub(1);
        self.turn(now)
    }

    /// A run of this class ended well: how long it took, and what it had of its deadline when it began. For a policy
    /// that [expects](Deadline::expected) something of it; what was cut short or failed is not to be told.
    pub fn learn(&mut self, class: &str, took: Duration, left: Option<Duration>) {
        let index = self.class(class);
        self.classes[index].expected.learn(took, left);
    }

    /// Takes a waiting item out, because its caller has left. None if it has started or was refused.
    pub fn take(&mut self, ticket: Ticket) -> Option<T> {
        if ticket.class >= self.classes.len() {
            return None;
        }
        self.line_mut(ticket.class, ticket.priority).take(ticket.number)
    }

    /// Takes out every waiting item that `leaves`. To be called before [`Pool::configure`] with a policy that cancels:
    /// callers may have left while the last one did not.
    pub fn take_all(&mut self, mut leaves: impl FnMut(&T) -> bool) -> Vec<T> {
        let lines = self.classes.iter_mut().flat_map(|class| [&mut class.normal, &mut class.background]);
        lines.flat_map(|line| line.take_all(&mut leaves)).collect()
    }

    /// Takes out what has waited as long as the policy allows. To be called at [`Pool::next_expiry`].
    pub fn drop_expired(&mut self, now: Duration) -> Vec<Refused<T>> {
        let mut refused = Vec::new();
        for index in 0..self.classes.len() {
            for priority in [Priority::Normal, Priority::Background] {
                self.expire(index, priority, now, &mut refused);
            }
        }
        refused
    }

    /// Whether anybody may wait too long.
    pub fn expires(&self) -> bool {
        self.queue.wait.on().is_some()
    }

    /// When `drop_expired` has something to do next.
    pub fn next_expiry(&self) -> Option<Duration> {
        let wait = self.queue.wait.on()?.get();
        let lines = self.classes.iter().flat_map(|class| [&class.normal, &class.background]);
        lines.filter_map(|line| line.at(End::Oldest)).map(|oldest| oldest.since + wait).min()
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
        (0..self.classes.len()).map(|index| self.line(index, priority).len()).sum()
    }

    /// Normal items that may wait. Background may use what is free of it.
    pub fn queue_limit(&self) -> u32 {
        self.queue.limit
    }

    /// Workers.
    pub fn workers(&self) -> u32 {
        self.workers
    }

    /// Workers that may be busy now.
    pub fn slots(&self) -> u32 {
        self.concurrency.map_or(self.workers, |limit| limit.min(self.workers))
    }

    fn set(&mut self, server: &Server) {
        (self.workers, self.queue) = (server.workers, server.queue);
        (self.deadline, self.patience) = (server.deadline, server.patience);
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

    fn turn(&mut self, now: Duration) -> Turn<T> {
        let mut turn = Turn::default();
        while self.busy < self.slots() {
            let normal = self.next(Priority::Normal, now, &mut turn.refused);
            let next = match normal {
                Some((index, end)) => Some((index, end, Priority::Normal)),
                None => self
                    .next(Priority::Background, now, &mut turn.refused)
                    .map(|(index, end)| (index, end, Priority::Background)),
            };
            let Some((index, end, priority)) = next else { break };
            let line = self.line_mut(index, priority);
            let deadline = line.at(end).and_then(|waiting| waiting.deadline);
            let (since, item) = line.pop(end).expect("the line was chosen for what waits at this end");
            self.starts_with(index, now, since, deadline);
            turn.starts.push(self.start(index, item, priority, now.saturating_sub(since)));
        }
        turn
    }

    /// Which class of those that have room starts something of this priority, and from which end of its line. A calm
    /// line goes before an overloaded one: it is short, and would be overloaded soon.
    fn next(
        &mut self,
        priority: Priority,
        now: Duration,
        refused: &mut Vec<Refused<T>>,
    ) -> Option<(usize, End)> {
        self.weed(priority, now, refused);
        let mut best: Option<((bool, u64), usize, End)> = None;
        for index in 0..self.classes.len() {
            if !self.classes[index].has_room() {
                continue;
            }
            let end = self.end(index, priority);
            let Some(waiting) = self.line(index, priority).at(end) else { continue };
            let rank = match end {
                End::Oldest => (false, waiting.number),
                End::Newest => (true, u64::MAX - waiting.number),
            };
            if best.is_none_or(|(least, ..)| rank < least) {
                best = Some((rank, index, end));
            }
        }
        best.map(|(_, index, end)| (index, end))
    }

    /// From which end of a line the next item starts.
    pub(super) fn end(&self, index: usize, priority: Priority) -> End {
        match self.queue.order {
            Order::Lifo if priority == Priority::Normal => End::Newest,
            Order::AdaptiveLifo if priority == Priority::Normal && self.overload_of(index).is_on() => {
                End::Newest
            }
            Order::Fifo | Order::Lifo | Order::AdaptiveLifo => End::Oldest,
        }
    }

    pub(super) fn line(&self, index: usize, priority: Priority) -> &Line<T> {
        let class = &self.classes[index];
        match priority {
            Priority::Normal => &class.normal,
            Priority::Background => &class.background,
        }
    }

    pub(super) fn line_mut(&mut self, index: usize, priority: Priority) -> &mut Line<T> {
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

    pub(super) fn refuse(
        &self,
        index: usize,
        item: T,
        priority: Priority,
        waited: Duration,
        why: Refusal,
    ) -> Refused<T> {
        Refused { item, class: Arc::clone(&self.classes[index].name), priority, waited, why }
    }

    /// Places held in memory, live or not.
    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.classes.iter().map(|class| class.normal.places() + class.background.places()).sum()
    }
}
