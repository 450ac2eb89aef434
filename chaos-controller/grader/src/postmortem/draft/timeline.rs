//! The timeline, from the journal: when, who, what and why. What belongs to the experiment and not to the incident is left
//! out.

use evidence::kind;

use super::{Draft, quoted};
use crate::postmortem::date::clock;
use crate::report::markdown::cell;
use crate::timeline::Event;

/// A timeline that nobody reads to its end is none.
const MOST_EVENTS: usize = 80;
/// From here on the incident is over, and it is the experiment: the trigger is fired again.
const REPLAY: &str = "phase replay";
/// Phases of a run that was cut short, and one that is the grader's.
const OWN_PHASES: [&str; 5] =
    ["phase hold", "phase settle", "phase reconcile", "phase prove_clean", "phase done"];

impl Draft<'_> {
    pub(super) fn timeline(&self) -> Vec<String> {
        let told: Vec<&Event> = self
            .card
            .timeline
            .iter()
            .take_while(|event| event.what != REPLAY)
            .filter(|event| is_told(event))
            .collect();
        let mut lines = vec![
            "| time | after the start | who | what | why |".to_owned(),
            "|---|---|---|---|---|".to_owned(),
        ];
        lines.extend(told.iter().take(MOST_EVENTS).map(|event| self.row(event)));
        if told.len() > MOST_EVENTS {
            lines.push(String::new());
            lines.push(format!("{} more events are in the journal.", told.len() - MOST_EVENTS));
        }
        lines
    }

    fn row(&self, event: &Event) -> String {
        // What somebody said or gave as a reason is theirs.
        let what = match event.what.split_once(' ') {
            Some((verb, words)) if event.kind == kind::ACTION => format!("{verb} {}", quoted(words)),
            _ => event.what.clone(),
        };
        let why = if event.why.is_empty() { String::new() } else { quoted(&event.why) };
        let at = clock(self.unix_ms(event.t_ms));
        format!(
            "| {at} | {:+.1} s | {} | {} | {} |",
            event.seconds,
            cell(&event.actor),
            cell(&what),
            cell(&why)
        )
    }
}

/// What belongs to the incident, and not to the experiment.
fn is_told(event: &Event) -> bool {
    match event.kind.as_str() {
        kind::ALERT => event.what.ends_with(" firing") || event.what.ends_with(" resolved"),
        kind::PHASE => !OWN_PHASES.contains(&event.what.as_str()),
        // The lab being put back in order.
        kind::POLICY => event.actor != "controller",
        kind::PROCESS => event.seconds >= 0.0,
        _ => true,
    }
}
