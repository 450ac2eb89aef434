//! I11 under fire: eight threads that ask, finish, fail, get slow and drop at random, while the policy is swapped.

use std::sync::Mutex;
use std::thread;

use super::*;

/// SplitMix64, so that a run that fails fails again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}

/// The breaker, the time, and a count of the round's probes that knows nothing of the machine's own.
struct World {
    breaker: Breaker,
    policy: BreakerPolicy,
    now: Duration,
    epoch: u64,
    out: u32,
    done: u32,
    rounds: u32,
    full_rounds: u32,
    refused: u32,
}

impl World {
    fn new(policy: BreakerPolicy) -> World {
        let breaker = Breaker::new(&policy);
        World {
            breaker,
            policy,
            now: at(0.0),
            epoch: 0,
            out: 0,
            done: 0,
            rounds: 0,
            full_rounds: 0,
            refused: 0,
        }
    }

    /// Whether the breaker is still in the round that this permit is a probe of.
    fn is_probe(&self, permit: &Permit) -> bool {
        permit.epoch == self.epoch && self.breaker.state() == State::HalfOpen
    }

    fn ask(&mut self) -> Option<Permit> {
        let Ok(permit) = self.breaker.acquire(self.now, 0.5) else {
            self.refused += 1;
            return None;
        };
        if self.breaker.state() == State::HalfOpen {
            if permit.epoch != self.epoch {
                (self.epoch, self.out, self.done) = (permit.epoch, 0, 0);
                self.rounds += 1;
            }
            self.out += 1;
            let allowed = self.policy.half_open_calls;
            assert!(self.out + self.done <= allowed, "{} out, {} done of {allowed}", self.out, self.done);
            self.full_rounds += u32::from(self.out + self.done == allowed);
        }
        Some(permit)
    }

    fn slow(&mut self, permit: &mut Permit) {
        if self.is_probe(permit) && permit.counted.is_none() {
            (self.out, self.done) = (self.out - 1, self.done + 1);
        }
        self.breaker.slow(permit, self.now);
    }

    fn end(&mut self, permit: Permit, outcome: Option<Outcome>) {
        if self.is_probe(&permit) && permit.counted.is_none() {
            self.out -= 1;
            self.done += u32::from(!matches!(outcome, None | Some(Outcome::Ignored)));
        }
        match outcome {
            Some(outcome) => self.breaker.record(permit, self.now, outcome),
            None => self.breaker.cancel(permit, self.now),
        }
    }

    fn swap(&mut self, dice: &mut Dice) {
        self.policy.half_open_calls = 1 + dice.roll(10) as u32;
        self.policy.window = 10 + dice.roll(20) as u32;
        self.policy.window_time =
            if dice.roll(4) == 0 { Setting::On(Span::millis(500)) } else { Setting::Off };
        self.breaker.reconfigure(&self.policy);
    }
}

fn fight(world: &Mutex<World>, seed: u64, swaps: bool) {
    let (mut dice, mut mine) = (Dice(seed), Vec::new());
    for _ in 0..5_000 {
        let mut world = world.lock().unwrap();
        world.now += Duration::from_millis(dice.roll(3));
        match dice.roll(12) {
            0 if swaps && dice.roll(20) == 0 => world.swap(&mut dice),
            0..=5 if mine.len() < 20 => mine.extend(world.ask()),
            6 if !mine.is_empty() => {
                let index = dice.roll(mine.len() as u64) as usize;
                world.slow(&mut mine[index]);
            }
            action if !mine.is_empty() => {
                let permit = mine.swap_remove(dice.roll(mine.len() as u64) as usize);
                world.end(
                    permit,
                    match action {
                        7 => None,
                        8 => Some(Outcome::Ignored),
                        9 | 10 => Some(Outcome::Failure),
                        _ => Some(Outcome::Success),
                    },
                );
            }
            _ => {}
        }
    }
    // Whoever is left hangs up.
    let mut world = world.lock().unwrap();
    mine.into_iter().for_each(|permit| world.end(permit, None));
}

fn after_a_fight(swaps: bool) -> World {
    let policy = BreakerPolicy {
        window: 20,
        open_for: Span::millis(50),
        half_open_for: Setting::On(Span::millis(200)),
        ..slow_after(1_000)
    };
    let world = Mutex::new(World::new(policy));
    thread::scope(|scope| {
        for seed in 0..8 {
            let world = &world;
            scope.spawn(move || fight(world, seed, swaps));
        }
    });
    world.into_inner().unwrap()
}

/// I11.
#[test]
fn eight_threads_never_get_more_probes_than_there_are_and_give_all_of_them_back() {
    for swaps in [false, true] {
        let mut world = after_a_fight(swaps);
        assert!(world.rounds > 20 && world.full_rounds > 5 && world.refused > 1_000, "nothing was contended");
        // Nobody holds a permit. A round that is under way has exactly the places that are not done.
        for _ in 0..1_000 {
            if world.breaker.state() == State::HalfOpen {
                break;
            }
            // Enough failures at one moment open it, of whatever window; the next moment is half open.
            world.now += Duration::from_millis(if world.breaker.state() == State::Open { 50 } else { 0 });
            if let Some(permit) = world.ask() {
                let probe = world.breaker.state() == State::HalfOpen;
                world.end(permit, if probe { None } else { Some(Outcome::Failure) });
            }
        }
        assert_eq!(world.out, 0, "a place was lost");
        let free = world.policy.half_open_calls.saturating_sub(world.done);
        assert_eq!(thousand(&mut world.breaker, world.now).len() as u32, free);
    }
}
