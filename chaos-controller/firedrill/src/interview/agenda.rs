//! The clock of the agenda: which part is on, how long it has left, when to warn. It is told the time and tells what is
//! due, so a test needs no waiting.

use std::time::Duration;

use drill::AgendaItem;

/// So long before the end of a part whoever conducts it is warned.
const WARNING: Duration = Duration::from_secs(60);

/// The parts of a session, and where it is. All moments are counted from the handover.
#[derive(Debug)]
pub(super) struct Agenda {
    parts: Vec<AgendaItem>,
    /// What each part has left, as of the moment when it was last entered.
    left: Vec<Duration>,
    /// The part that is on; past the last one it is over.
    on: usize,
    entered: Duration,
    warned: bool,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// A part begins, or goes on, with so much time.
    Enter { part: usize, left: Duration },
    /// A part ends soon.
    Warn { part: usize, left: Duration },
    /// All parts are over.
    Over,
}

impl Agenda {
    pub(super) fn new(parts: Vec<AgendaItem>) -> Self {
        let left = parts.iter().map(|part| part.length).collect();
        Self { parts, left, on: 0, entered: Duration::ZERO, warned: false }
    }

    pub(super) fn part(&self, part: usize) -> Option<&AgendaItem> {
        self.parts.get(part)
    }

    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// The handover: the first part is on.
    pub(super) fn begin(&mut self) -> Vec<Cue> {
        self.enter(0, Duration::ZERO)
    }

    pub(super) fn is_over(&self) -> bool {
        self.on >= self.parts.len()
    }

    /// What the part that is on has left at `now`.
    pub(super) fn left(&self, now: Duration) -> Duration {
        let left = self.left.get(self.on).copied().unwrap_or_default();
        left.saturating_sub(now.saturating_sub(self.entered))
    }

    /// What is due at `now`. However late somebody asks, every part is entered.
    pub(super) fn tick(&mut self, now: Duration) -> Vec<Cue> {
        let mut cues = Vec::new();
        while !self.is_over() {
            let end = self.entered + self.left[self.on];
            if now < end {
                break;
            }
            self.left[self.on] = Duration::ZERO;
            cues.extend(self.enter(self.on + 1, end));
        }
        let (part, left) = (self.on, self.left(now));
        // A part that is no longer than the warning needs none.
        if !self.is_over() && !self.warned && left <= WARNING && self.parts[part].length > WARNING {
            self.warned = true;
            cues.push(Cue::Warn { part, left });
        }
        cues
    }

    /// Ends the part that is on.
    pub(super) fn next(&mut self, now: Duration) -> Vec<Cue> {
        if self.is_over() {
            return Vec::new();
        }
        self.left[self.on] = self.left(now);
        self.enter(self.on + 1, now)
    }

    /// Goes back to the part before, with what it had left, and no less than a warning's time.
    pub(super) fn back(&mut self, now: Duration) -> Vec<Cue> {
        if self.on == 0 || self.is_over() {
            return Vec::new();
        }
        self.left[self.on] = self.left(now);
        let before = self.on - 1;
        self.left[before] = self.left[before].max(WARNING.min(self.parts[before].length));
        self.enter(before, now)
    }

    fn enter(&mut self, part: usize, at: Duration) -> Vec<Cue> {
        (self.on, self.entered) = (part, at);
        let Some(left) = self.left.get(part).copied() else { return vec![Cue::Over] };
        // Who comes back to the last minute has been warned.
        self.warned = left <= WARNING;
        vec![Cue::Enter { part, left }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn agenda(minutes: &[u32]) -> Agenda {
        let part =
            |minutes: &u32| AgendaItem { name: "p".into(), length: MINUTE * *minutes, prompts: Vec::new() };
        Agenda::new(minutes.iter().map(part).collect())
    }

    fn enter(part: usize, minutes: u32) -> Cue {
        Cue::Enter { part, left: MINUTE * minutes }
    }

    #[test]
    fn the_parts_follow_each_other_and_each_end_is_announced() {
        let mut agenda = agenda(&[5, 15, 10, 15]);
        assert_eq!(agenda.begin(), [enter(0, 5)]);
        assert_eq!(agenda.tick(MINUTE * 3), []);
        assert_eq!(agenda.tick(MINUTE * 4), [Cue::Warn { part: 0, left: MINUTE }]);
        assert_eq!(agenda.tick(MINUTE * 4 + MINUTE / 2), [], "once is enough");
        assert_eq!(agenda.tick(MINUTE * 5), [enter(1, 15)]);
        assert_eq!(agenda.tick(MINUTE * 20), [enter(2, 10)]);
        assert_eq!(agenda.tick(MINUTE * 30), [enter(3, 15)]);
        assert_eq!(agenda.tick(MINUTE * 45), [Cue::Over]);
        assert!(agenda.is_over() && agenda.tick(MINUTE * 99).is_empty());
    }

    #[test]
    fn whoever_looks_late_has_missed_no_part() {
        let mut agenda = agenda(&[5, 15, 10]);
        agenda.begin();
        let cues = agenda.tick(MINUTE * 19 + MINUTE / 2);
        assert_eq!(cues, [enter(1, 15), Cue::Warn { part: 1, left: MINUTE / 2 }]);
        assert_eq!(agenda.tick(MINUTE * 60), [enter(2, 10), Cue::Over]);
    }

    #[test]
    fn a_part_may_be_ended_early_and_taken_up_again_with_what_it_had_left() {
        let mut agenda = agenda(&[5, 15]);
        agenda.begin();
        assert_eq!(agenda.back(MINUTE), [], "there is none before the first");
        assert_eq!(agenda.next(MINUTE * 2), [enter(1, 15)]);
        assert_eq!(agenda.back(MINUTE * 6), [enter(0, 3)]);
        assert_eq!(agenda.left(MINUTE * 7), MINUTE * 2);
        assert_eq!(agenda.tick(MINUTE * 9), [enter(1, 11)]);
        assert_eq!(agenda.back(MINUTE * 10), [enter(0, 1)], "a part that was over has a minute");
        assert_eq!(agenda.next(MINUTE * 10), [enter(1, 10)]);
        assert_eq!(agenda.next(MINUTE * 10), [Cue::Over]);
        assert_eq!(agenda.next(MINUTE * 10), []);
    }

    #[test]
    fn a_part_of_a_minute_needs_no_warning() {
        let mut agenda = agenda(&[1, 1]);
        agenda.begin();
        assert_eq!(agenda.tick(MINUTE / 2), []);
        assert_eq!(agenda.tick(MINUTE), [enter(1, 1)]);
    }
}
