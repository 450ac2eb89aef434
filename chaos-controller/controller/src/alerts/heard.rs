//! What an Alertmanager told: its webhook's alerts, each told once when it begins to fire and once when it resolves.
//!
//! Alertmanager tells a whole group again whenever one of its alerts changes, and again after its `repeat_interval`; so an
//! alert is known by its fingerprint and by when it started. Left out: silences and inhibition, which are Alertmanager's.

use std::collections::BTreeMap;

use crate::api::alerts::{Alert, AlertState};

/// More than any rule file makes; what is beyond is not kept, and told each time.
const MOST: usize = 1_000;

/// What fires, by the fingerprint of its labels.
#[derive(Debug, Default)]
pub(super) struct Heard {
    firing: BTreeMap<String, Alert>,
}

impl Heard {
    /// Gives the alert if it is news.
    pub(super) fn take(&mut self, alert: Alert, fingerprint: &str) -> Option<Alert> {
        match alert.state {
            AlertState::Resolved => self.firing.remove(fingerprint).map(|_| alert),
            AlertState::Pending => None,
            AlertState::Firing => {
                let known =
                    self.firing.get(fingerprint).is_some_and(|known| known.since_ms == alert.since_ms);
                if known {
                    return None;
                }
                if self.firing.len() < MOST || self.firing.contains_key(fingerprint) {
                    self.firing.insert(fingerprint.to_owned(), alert.clone());
                }
                Some(alert)
            }
        }
    }

    pub(super) fn firing(&self) -> impl Iterator<Item = &Alert> {
        self.firing.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(state: AlertState, since_ms: u64) -> Alert {
        Alert {
            name: "WorkersFull".to_owned(),
            state,
            severity: "page".to_owned(),
            labels: BTreeMap::new(),
            value: None,
            summary: String::new(),
            description: String::new(),
            runbook: String::new(),
            since_ms,
            source: Some("alertmanager".to_owned()),
        }
    }

    #[test]
    fn an_alert_is_told_when_it_fires_and_when_it_resolves_and_not_in_between() {
        let mut heard = Heard::default();
        let mut news = |state, since_ms| heard.take(alert(state, since_ms), "f").is_some();
        assert!(news(AlertState::Firing, 10));
        assert!(!news(AlertState::Firing, 10), "a group is told again");
        assert!(news(AlertState::Resolved, 10));
        assert!(!news(AlertState::Resolved, 10));
        assert!(news(AlertState::Firing, 20) && news(AlertState::Firing, 30), "it came back in between");
    }

    #[test]
    fn what_resolves_unheard_is_no_news() {
        assert_eq!(Heard::default().take(alert(AlertState::Resolved, 1), "f"), None);
    }
}
