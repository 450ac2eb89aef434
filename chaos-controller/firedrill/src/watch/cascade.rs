//! What a watcher would call out loud: a pool that fills, a service that only
//! refuses, a page that goes blank, a breaker that moves, and each of them
//! coming back. A mark needs two pulses in a row, as the grader's does; the
//! grader reads the recording, this is for the eye.

use controller::api::Pulse;

use crate::paint::Tone;

/// Pulses in a row that a mark, or its end, needs.
const IN_A_ROW: u32 = 2;

/// What was already called out.
#[derive(Debug, Default)]
pub(crate) struct Cascade {
    marks: [Mark; 4],
    breakers: Vec<String>,
}

/// One symptom and how long it stands against what was said of it.
#[derive(Debug, Default)]
struct Mark {
    called: bool,
    against: u32,
}

/// Something to call out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

impl Cascade {
    /// What the newest pulse adds.
    pub(crate) fn see(&mut self, pulse: &Pulse) -> Vec<Call> {
        let mut calls = Vec::new();
        for ((mark, symptom), (bad, good)) in self.marks.iter_mut().zip(symptoms(pulse)).zip(words(pulse)) {
            // Without an answer there is nothing to see: what was said stands.
            let Some(symptom) = symptom else { continue };
            if symptom == mark.called {
                mark.against = 0;
                continue;
            }
            mark.against += 1;
            if mark.against >= IN_A_ROW {
                *mark = Mark { called: symptom, against: 0 };
                let (tone, text) = if symptom { (Tone::Bad, bad) } else { (Tone::Good, good) };
                calls.push(Call { tone, text });
            }
        }
        calls.extend(self.breaker_moves(&pulse.breakers));
        calls
    }

    fn breaker_moves(&mut self, now: &[String]) -> Vec<Call> {
        let mut calls: Vec<Call> = now
            .iter()
            .filter(|breaker| !self.breakers.contains(breaker))
            .map(|breaker| Call { tone: Tone::Warn, text: format!("breaker {breaker}") })
            .collect();
        for before in &self.breakers {
            let name = edge(before);
            if !now.iter().any(|breaker| edge(breaker) == name) {
                calls.push(Call { tone: Tone::Good, text: format!("breaker {name} closed") });
            }
        }
        self.breakers = now.to_vec();
        calls
    }
}

/// `payment->bank.charge open` without its state.
fn edge(breaker: &str) -> &str {
    breaker.split_once(' ').map_or(breaker, |(edge, _)| edge)
}

/// Payment's pool, order's 503, cart's 504, the page; `None` where nothing was answered.
fn symptoms(pulse: &Pulse) -> [Option<bool>; 4] {
    let payment = pulse.pools.iter().find(|pool| pool.service == "payment");
    let home = pulse.users.journeys.iter().find(|journey| journey.journey == "home");
    [
        payment.map(|pool| pool.workers > 0 && pool.busy >= pool.workers && pool.queued > 0),
        Some(pulse.order_503 >= 0.5),
        Some(pulse.cart_504 >= 0.5),
        // A late page is not a blank one.
        home.filter(|home| home.ended > 0).map(|home| home.answered * 2 < home.ended),
    ]
}

fn words(pulse: &Pulse) -> [(String, String); 4] {
    let payment = pulse.pools.iter().find(|pool| pool.service == "payment").cloned().unwrap_or_default();
    [
        (
            format!(
                "payment is full: {} of {} workers busy, {} waiting",
                payment.busy, payment.workers, payment.queued
            ),
            "payment has free workers again".into(),
        ),
        ("order answers 503 to most checkouts".into(), "order answers checkouts again".into()),
        ("cart answers 504 to most checkouts".into(), "cart answers checkouts again".into()),
        ("the home page is blank for most users".into(), "the home page is back".into()),
    ]
}

#[cfg(test)]
mod tests {
    use controller::api::{LiveJourney, LiveLoad, PoolPulse};

    use super::*;

    fn pulse(busy: u64, queued: u64, order_503: f64, home_good: u64) -> Pulse {
        Pulse {
            pools: vec![PoolPulse {
                service: "payment".into(),
                busy,
                workers: 200,
                queued,
                capacity: 10_000,
            }],
            order_503,
            users: LiveLoad {
                journeys: vec![LiveJourney {
                    journey: "home".into(),
                    ended: 50,
                    answered: home_good,
                    good: home_good,
                    ..LiveJourney::default()
                }],
                ..LiveLoad::default()
            },
            ..Pulse::default()
        }
    }

    fn texts(calls: &[Call]) -> Vec<&str> {
        calls.iter().map(|call| call.text.as_str()).collect()
    }

    #[test]
    fn a_symptom_is_called_once_at_its_second_pulse_and_again_when_it_ends() {
        let mut cascade = Cascade::default();
        assert!(cascade.see(&pulse(200, 7, 0.0, 50)).is_empty());
        let calls = cascade.see(&pulse(200, 41, 0.0, 50));
        assert_eq!(texts(&calls), ["payment is full: 200 of 200 workers busy, 41 waiting"]);
        assert!(cascade.see(&pulse(200, 80, 0.0, 50)).is_empty());
        assert!(cascade.see(&pulse(90, 0, 0.0, 50)).is_empty());
        assert_eq!(texts(&cascade.see(&pulse(90, 0, 0.0, 50))), ["payment has free workers again"]);
    }

    #[test]
    fn one_bad_second_is_no_mark() {
        let mut cascade = Cascade::default();
        for _ in 0..3 {
            assert!(cascade.see(&pulse(0, 0, 0.9, 50)).is_empty());
            assert!(cascade.see(&pulse(0, 0, 0.1, 50)).is_empty());
        }
    }

    #[test]
    fn the_page_is_judged_only_when_somebody_asked_for_it() {
        let mut cascade = Cascade::default();
        let nobody = Pulse::default();
        assert!(cascade.see(&nobody).is_empty() && cascade.see(&nobody).is_empty());
        cascade.see(&pulse(0, 0, 0.0, 3));
        assert_eq!(texts(&cascade.see(&pulse(0, 0, 0.0, 3))), ["the home page is blank for most users"]);
    }

    #[test]
    fn breakers_are_called_at_every_move() {
        let mut cascade = Cascade::default();
        let with = |breakers: &[&str]| Pulse {
            breakers: breakers.iter().map(|breaker| (*breaker).to_owned()).collect(),
            ..Pulse::default()
        };
        assert_eq!(
            texts(&cascade.see(&with(&["payment->bank.charge open"]))),
            ["breaker payment->bank.charge open"]
        );
        assert!(cascade.see(&with(&["payment->bank.charge open"])).is_empty());
        let half = cascade.see(&with(&["payment->bank.charge half_open"]));
        assert_eq!(texts(&half), ["breaker payment->bank.charge half_open"]);
        assert_eq!(texts(&cascade.see(&with(&[]))), ["breaker payment->bank.charge closed"]);
    }
}
