//! When users come: every arrival of a load, by index, from nothing but the
//! load itself. Two runs with the same seed offer the same schedule, and its
//! hash proves it.
//!
//! No clock: times are microseconds since the schedule's zero. Who sends, and
//! how late, is the engine's business.

use std::fmt::Write as _;
use std::time::Duration;

use fault::draw;
use proto::control::{Load, Surge};
use sha2::{Digest as _, Sha256};

use crate::journey::Journey;
use crate::logarithm::ln;
use crate::profile::Profile;

/// One user who comes to do one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// What they do.
    pub journey: Journey,
    /// Their number within the journey, from 0.
    pub index: u64,
    /// When, in microseconds since the schedule's zero.
    pub intended_us: u64,
    /// Who, from 1 to the load's number of users.
    pub user: u32,
}

/// All arrivals of a load in the order of their times. Endless.
///
/// ```text
///  home     --x-----x--x----          gap k of journey j = f(seed, "arrival", j, k)
///  checkout -x-x-xx--x-x-x--          user               = f(seed, "user",    j, k)
///             v  merged by (time, journey), then stretched by the surges
/// ```
#[derive(Debug, Clone)]
pub struct Schedule {
    seed: u64,
    users: u32,
    streams: Vec<Stream>,
    profile: Profile,
}

/// Why a load cannot be offered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScheduleError {
    /// The load names a journey that the shop does not have.
    #[error("unknown journey `{0}`")]
    UnknownJourney(String),
    /// The load names a journey twice.
    #[error("journey `{0}` is listed twice")]
    ListedTwice(String),
    /// A rate below zero, or not a number, or beyond a million a second.
    #[error("journey `{journey}` cannot have the rate {rate}/s")]
    Rate {
        /// Its name.
        journey: String,
        /// What was asked.
        rate: f64,
    },
    /// They overlap, or one never reaches its height.
    #[error("the load's surges do not follow one another")]
    Surges,
    /// Somebody has to come.
    #[error("the load has no users")]
    NoUsers,
}

/// Arrivals closer than the clock's microsecond could not be told apart.
const MAX_RATE: f64 = 1e6;

impl Schedule {
    /// The schedule of a load. The order in which its journeys are listed does
    /// not matter; those with rate 0 never come.
    ///
    /// # Errors
    /// When the load makes no sense; see [`ScheduleError`].
    pub fn new(load: &Load) -> Result<Self, ScheduleError> {
        if load.users == 0 {
            return Err(ScheduleError::NoUsers);
        }
        let mut streams: Vec<Stream> = Vec::with_capacity(load.journeys.len());
        for listed in &load.journeys {
            let rate = listed.rate_per_second;
            let journey = Journey::named(&listed.journey)
                .ok_or_else(|| ScheduleError::UnknownJourney(listed.journey.clone()))?;
            if !(0.0..=MAX_RATE).contains(&rate) {
                return Err(ScheduleError::Rate { journey: listed.journey.clone(), rate });
            }
            if streams.iter().any(|known| known.journey == journey) {
                return Err(ScheduleError::ListedTwice(listed.journey.clone()));
            }
            if rate > 0.0 {
                streams.push(Stream::new(load.seed, journey, rate, load.constant));
            }
        }
        // Ties in time go to the lower journey, however the load was written.
        streams.sort_by_key(|stream| stream.journey);
        let profile = Profile::new(&load.surges).map_err(|_| ScheduleError::Surges)?;
        Ok(Self { seed: load.seed, users: load.users, streams, profile })
    }

    /// From now on these are the surges. Numbers and users of the arrivals stay; only when they come changes.
    ///
    /// # Errors
    /// When the surges make no sense; then nothing is changed.
    pub fn resurge(&mut self, surges: &[Surge]) -> Result<(), ScheduleError> {
        self.profile = Profile::new(surges).map_err(|_| ScheduleError::Surges)?;
        Ok(())
    }

    /// When the next arrival is due, in microseconds since the zero; `None` if
    /// nobody ever comes.
    #[must_use]
    pub fn next_us(&self) -> Option<u64> {
        self.streams.iter().map(|stream| stream.next_us(&self.profile)).min()
    }

    /// SHA-256, in hex, over the arrivals intended before `horizon`: number of
    /// the journey (1 byte), index, time and user (8, 8 and 4 bytes, big-endian).
    #[must_use]
    pub fn hash(&self, horizon: Duration) -> String {
        let mut hasher = Sha256::new();
        let horizon_us = horizon.as_micros();
        for arrival in self.clone() {
            if u128::from(arrival.intended_us) >= horizon_us {
                break;
            }
            let mut line = [0; 21];
            line[0] = arrival.journey.index() as u8;
            line[1..9].copy_from_slice(&arrival.index.to_be_bytes());
            line[9..17].copy_from_slice(&arrival.intended_us.to_be_bytes());
            line[17..].copy_from_slice(&arrival.user.to_be_bytes());
            hasher.update(line);
        }
        hex::encode(hasher.finalize())
    }
}

impl Iterator for Schedule {
    type Item = Arrival;

    // Five journeys at most: looking at all of them beats a heap.
    fn next(&mut self) -> Option<Arrival> {
        let profile = &self.profile;
        let stream = self.streams.iter_mut().min_by_key(|stream| stream.next_us(profile))?;
        let (journey, index, intended_us) = (stream.journey, stream.index, stream.next_us(profile));
        let user = 1 + (stream.draw(self.seed, "user") * f64::from(self.users)) as u32;
        stream.advance(self.seed);
        Some(Arrival { journey, index, intended_us, user })
    }
}

/// The arrivals of one journey.
#[derive(Debug, Clone)]
struct Stream {
    journey: Journey,
    rate: f64,
    spacing: Spacing,
    /// Number of the next arrival, and its time in nanoseconds at the base rate:
    /// whole, so that adding gaps up rounds nothing away.
    index: u64,
    next_ns: u64,
    /// Room for the key of a draw.
    key: String,
}

#[derive(Debug, Clone, Copy)]
enum Spacing {
    Poisson,
    /// Evenly spaced, from a first time drawn within one gap: otherwise equal
    /// rates would all come at the same instants.
    Constant {
        phase: f64,
    },
}

impl Stream {
    fn new(seed: u64, journey: Journey, rate: f64, constant: bool) -> Self {
        let spacing = if constant {
            Spacing::Constant { phase: draw::unit(seed, "phase", journey.name()) }
        } else {
            Spacing::Poisson
        };
        let mut stream = Self { journey, rate, spacing, index: 0, next_ns: 0, key: String::new() };
        stream.place(seed);
        stream
    }

    fn next_us(&self, profile: &Profile) -> u64 {
        profile.real_ns(self.next_ns) / 1_000
    }

    fn advance(&mut self, seed: u64) {
        self.index += 1;
        self.place(seed);
    }

    /// Gives arrival `index` its time. A gap between Poisson arrivals is
    /// exponential: -ln(u) / rate, with u in (0, 1).
    fn place(&mut self, seed: u64) {
        const NANOS: f64 = 1e9;
        match self.spacing {
            Spacing::Poisson => {
                let gap = -ln(self.draw(seed, "arrival")) / self.rate;
                self.next_ns = self.next_ns.saturating_add((gap * NANOS) as u64);
            }
            Spacing::Constant { phase } => {
                self.next_ns = ((self.index as f64 + phase) / self.rate * NANOS) as u64;
            }
        }
    }

    fn draw(&mut self, seed: u64, purpose: &str) -> f64 {
        self.key.clear();
        write!(self.key, "{}/{}", self.journey.name(), self.index).expect("a string takes all text");
        draw::unit(seed, purpose, &self.key)
    }
}

#[cfg(test)]
mod tests {
    use proto::control::JourneyRate;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn load(seed: u64, rates: &[(&str, f64)]) -> Load {
        Load {
            generation: 1,
            seed,
            journeys: rates
                .iter()
                .map(|(journey, rate)| JourneyRate { journey: (*journey).to_owned(), rate_per_second: *rate })
                .collect(),
            users: 50_000,
            patience_ms: 10_000,
            ..Load::default()
        }
    }

    fn shop(seed: u64) -> Load {
        load(
            seed,
            &[
                ("home", 50.0),
                ("search", 200.0),
                ("account", 100.0),
                ("prepare_checkout", 100.0),
                ("checkout", 450.0),
            ],
        )
    }

    fn until(load: &Load, horizon: Duration) -> Vec<Arrival> {
        let horizon_us = horizon.as_micros() as u64;
        Schedule::new(load).unwrap().take_while(|arrival| arrival.intended_us < horizon_us).collect()
    }

    #[test]
    fn one_seed_has_one_hash() {
        let hash = |seed| Schedule::new(&shop(seed)).unwrap().hash(MINUTE);
        assert_eq!(hash(7), hash(7));
        assert_ne!(hash(7), hash(8));
    }

    #[test]
    fn the_hash_never_changes_between_builds() {
        // Computed by a second implementation.
        let known = "2b9d7dd588d33a6edce945831e54560946462d61a5dbced9102875eb4247543f";
        assert_eq!(Schedule::new(&shop(42)).unwrap().hash(MINUTE), known);
    }

    #[test]
    fn the_hash_does_not_depend_on_how_far_the_load_got_or_was_written() {
        let straight = Schedule::new(&shop(7)).unwrap();
        let mut listed_backwards = shop(7);
        listed_backwards.journeys.reverse();
        assert_eq!(straight.hash(MINUTE), Schedule::new(&listed_backwards).unwrap().hash(MINUTE));
        assert_ne!(straight.hash(MINUTE), straight.hash(MINUTE * 2));
    }

    #[test]
    fn a_journey_comes_at_the_same_times_whatever_comes_beside_it() {
        let alone = until(&load(7, &[("checkout", 450.0)]), MINUTE);
        let among: Vec<Arrival> = until(&shop(7), MINUTE)
            .into_iter()
            .filter(|arrival| arrival.journey == Journey::Checkout)
            .collect();
        assert_eq!(alone, among);
    }

    #[test]
    fn rates_are_met_within_three_sigma() {
        for seed in 0..10 {
            let arrivals = until(&shop(seed), MINUTE);
            for listed in shop(seed).journeys {
                let expected = listed.rate_per_second * 60.0;
                let came =
                    arrivals.iter().filter(|arrival| arrival.journey.name() == listed.journey).count() as f64;
                let sigmas = (came - expected) / expected.sqrt();
                assert!(sigmas.abs() < 3.5, "seed {seed} {}: {came} for {expected}", listed.journey);
            }
        }
    }

    #[test]
    fn gaps_are_exponential() {
        // Mean and standard deviation of an exponential are equal.
        let times = until(&load(3, &[("search", 200.0)]), MINUTE * 5);
        let gaps: Vec<f64> =
            times.windows(2).map(|pair| (pair[1].intended_us - pair[0].intended_us) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        assert!((mean - 5_000.0).abs() < 100.0, "mean {mean}");
        assert!((deviation / mean - 1.0).abs() < 0.03, "deviation {deviation}");
    }

    #[test]
    fn constant_arrivals_are_evenly_spaced_and_exact_in_number() {
        let mut even = load(3, &[("search", 200.0), ("account", 200.0)]);
        even.constant = true;
        let arrivals = until(&even, MINUTE);
        assert_eq!(arrivals.len(), 24_000);
        let searches: Vec<u64> = arrivals
            .iter()
            .filter(|arrival| arrival.journey == Journey::Search)
            .map(|arrival| arrival.intended_us)
            .collect();
        assert!(searches.windows(2).all(|pair| (4_999..=5_001).contains(&(pair[1] - pair[0]))));
    }

    #[test]
    fn arrivals_are_ordered_and_numbered_without_gaps() {
        let arrivals = until(&shop(1), MINUTE);
        assert!(arrivals.windows(2).all(|pair| pair[0].intended_us <= pair[1].intended_us));
        for journey in Journey::ALL {
            let own = arrivals.iter().filter(|arrival| arrival.journey == journey);
            assert!(own.zip(0..).all(|(arrival, expected)| arrival.index == expected));
        }
        assert!(arrivals.iter().all(|arrival| (1..=50_000).contains(&arrival.user)));
    }

    #[test]
    fn a_surge_brings_the_same_users_sooner_and_changes_the_hash() {
        let calm = load(7, &[("checkout", 100.0)]);
        let surge = Surge { from_us: 20_000_000, over_us: 10_000_000, for_us: 30_000_000, factor: 5.0 };
        let surging = Load { surges: vec![surge], ..calm.clone() };
        let came = |from: u64, to: u64| {
            let all = until(&surging, MINUTE * 2);
            all.iter().filter(|arrival| (from..to).contains(&(arrival.intended_us / 1_000_000))).count()
                as f64
        };
        for (from, to, rate) in [(0, 20, 100.0), (20, 30, 300.0), (30, 50, 500.0), (50, 110, 100.0)] {
            let expected = rate * (to - from) as f64;
            let off = (came(from, to) - expected) / expected.sqrt();
            assert!(off.abs() < 3.5, "{from} to {to}: {} for {expected}", came(from, to));
        }
        let users =
            |load: &Load| Schedule::new(load).unwrap().take(5_000).map(|arrival| arrival.user).collect();
        let (before, after): (Vec<u32>, Vec<u32>) = (users(&calm), users(&surging));
        assert_eq!(before, after);
        let hash = |load: &Load| Schedule::new(load).unwrap().hash(MINUTE);
        assert_ne!(hash(&calm), hash(&surging));
    }

    #[test]
    fn loads_that_make_no_sense_are_refused() {
        let refused = |load: &Load| Schedule::new(load).unwrap_err();
        assert_eq!(refused(&load(1, &[("pay", 1.0)])), ScheduleError::UnknownJourney("pay".to_owned()));
        assert!(matches!(refused(&load(1, &[("home", -1.0)])), ScheduleError::Rate { .. }));
        assert!(matches!(refused(&load(1, &[("home", f64::NAN)])), ScheduleError::Rate { .. }));
        assert!(matches!(refused(&load(1, &[("home", 1.0), ("home", 2.0)])), ScheduleError::ListedTwice(_)));
        assert_eq!(refused(&Load { users: 0, ..shop(1) }), ScheduleError::NoUsers);
    }

    #[test]
    fn nobody_comes_at_rate_zero() {
        assert_eq!(Schedule::new(&load(1, &[("home", 0.0)])).unwrap().next_us(), None);
    }

    /// What came before the end of the surge came then; the next ones come at the base rate, under the same numbers.
    #[test]
    fn a_surge_that_is_cut_short_changes_only_when_the_next_ones_come() {
        let surge =
            |seconds: u64| Surge { from_us: 5_000_000, over_us: 0, for_us: seconds * 1_000_000, factor: 5.0 };
        let mut long = Schedule::new(&Load { surges: vec![surge(60)], ..shop(7) }).unwrap();
        let known = Schedule::new(&Load { surges: vec![surge(10)], ..shop(7) }).unwrap();
        let end = 15_000_000;
        let mut came: Vec<Arrival> = Vec::new();
        while long.next_us().unwrap() < end {
            came.extend(long.next());
        }
        long.resurge(&[surge(10)]).unwrap();
        came.extend(long.take_while(|arrival| arrival.intended_us < 2 * end));
        assert_eq!(came, known.take_while(|arrival| arrival.intended_us < 2 * end).collect::<Vec<_>>());
        assert!(came.iter().filter(|arrival| arrival.intended_us >= end).count() < 20 * 900);
    }

    #[test]
    fn surges_that_are_none_change_nothing() {
        let mut schedule = Schedule::new(&shop(7)).unwrap();
        let backwards = [Surge { from_us: 9, over_us: 5, for_us: 1, factor: 5.0 }];
        assert_eq!(schedule.resurge(&backwards), Err(ScheduleError::Surges));
        assert_eq!(schedule.hash(MINUTE), Schedule::new(&shop(7)).unwrap().hash(MINUTE));
    }
}
