//! A target of a few instances, simulated call by call: who gets how much.

use super::*;

const NAMES: [&str; 3] = ["payment-0", "payment-1", "payment-2"];
const MILLI: Duration = Duration::from_millis(1);

fn p2c(failure_penalty: Setting<Span>) -> Balance {
    Balance { choice: Choice::P2c, failure_penalty, ..Balance::default() }
}

fn met(rules: &Balance, names: &[&str]) -> Balancer {
    let mut balancer = Balancer::new(rules);
    balancer.meet(names.iter().copied(), Duration::ZERO);
    balancer
}

/// Reproducible draws in `0..1` (xorshift64*).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn two(&mut self) -> [f64; 2] {
        [self.next(), self.next()]
    }
}

/// Each millisecond one call, for so many seconds; `answers` says what an instance does with one. The share of each in
/// the second half.
fn shares(rules: &Balance, seconds: u64, answers: impl Fn(usize) -> Option<(Duration, Ended)>) -> [f64; 3] {
    let (mut balancer, mut draws) = (met(rules, &NAMES), Draws(7));
    let mut under_way: BTreeMap<Duration, Vec<(usize, Duration, Ended)>> = BTreeMap::new();
    let mut chosen = [0.0; 3];
    for millis in 0..seconds * 1_000 {
        let now = Duration::from_millis(millis);
        while let Some(due) = under_way.first_entry().filter(|due| *due.key() <= now) {
            let at = *due.key();
            for (instance, began, how) in due.remove() {
                balancer.end(NAMES[instance], began, at, how);
            }
        }
        let instance = balancer.pick(&NAMES, draws.two(), now).expect("there are three");
        balancer.begin(NAMES[instance], now);
        if let Some((takes, how)) = answers(instance) {
            under_way.entry(now + takes).or_default().push((instance, now, how));
        }
        chosen[instance] += f64::from(u8::from(millis >= seconds * 500));
    }
    chosen.map(|calls| calls / (seconds * 500) as f64)
}

fn healthy() -> Option<(Duration, Ended)> {
    Some((100 * MILLI, Ended::Answered))
}

/// I34: what fails in a millisecond looks like the fastest of all.
#[test]
fn a_fast_failure_attracts_the_load_unless_it_is_penalised() {
    let broken = |instance| if instance == 1 { Some((MILLI, Ended::Failed(None))) } else { healthy() };
    let fair = 1.0 / 3.0;
    let naive = shares(&p2c(Setting::Off), 40, broken)[1];
    assert!(naive > 0.6, "{naive}: without the penalty it is a black hole");
    let penalised = shares(&p2c(Setting::On(Span::seconds(5))), 40, broken)[1];
    assert!(penalised <= fair * 1.1, "{penalised}");
    let in_turn = shares(&Balance::default(), 40, broken)[1];
    assert!((in_turn - fair).abs() < 0.01, "{in_turn}: round robin neither avoids nor seeks it");
}

#[test]
fn equals_share_equally_either_way() {
    for rules in [p2c(Setting::Off), Balance::default()] {
        for share in shares(&rules, 20, |_| healthy()) {
            assert!((share - 1.0 / 3.0).abs() < 0.03, "{share} by {:?}", rules.choice);
        }
    }
}

/// No answer is no news for an average; the age of what is under way is.
#[test]
fn a_frozen_instance_is_avoided_although_it_answers_nothing() {
    let frozen = |instance| if instance == 2 { None } else { healthy() };
    let share = shares(&p2c(Setting::On(Span::seconds(5))), 20, frozen)[2];
    assert!(share < 0.001, "{share}");
    assert!(shares(&Balance::default(), 20, frozen)[2] > 0.33);
}

/// And so it is if the attempts at it are given up, as by a hedge that was answered.
#[test]
fn a_silent_instance_is_avoided_although_nobody_waits_for_it() {
    let silent = |instance| if instance == 2 { Some((300 * MILLI, Ended::Dropped)) } else { healthy() };
    let slow = |instance| if instance == 2 { Some((300 * MILLI, Ended::Answered)) } else { healthy() };
    let (silent, slow) =
        (shares(&p2c(Setting::Off), 120, silent)[2], shares(&p2c(Setting::Off), 120, slow)[2]);
    assert!(silent < 0.2, "{silent}, where one that answers then gets {slow}");
    let mut balancer = met(&p2c(Setting::Off), &["a"]);
    balancer.begin("a", Duration::ZERO);
    balancer.end("a", Duration::ZERO, MILLI, Ended::Dropped);
    assert!(balancer.load("a", MILLI) > 0.99, "a refusal of ours is no quick answer");
    balancer.begin("a", MILLI);
    balancer.end("a", MILLI, 3_001 * MILLI, Ended::Dropped);
    assert_eq!(balancer.load("a", 3_001 * MILLI), 3.0);
}

/// Its latency counts twice, by itself and by what it keeps under way: four times slower is a sixteenth.
#[test]
fn a_slow_instance_gets_less_by_the_square() {
    let slow = |instance| if instance == 0 { Some((400 * MILLI, Ended::Answered)) } else { healthy() };
    let share = shares(&p2c(Setting::Off), 60, slow)[0];
    let square = (1.0 / 16.0) / (2.0 + 1.0 / 16.0);
    assert!((square * 0.7..square * 1.3).contains(&share), "{share}, not {square}");
}

/// The share that has not to be wasted on finding out: a failing instance that is well again is found again.
#[test]
fn a_penalty_is_forgotten_over_the_decay() {
    let mut balancer = met(&p2c(Setting::On(Span::seconds(5))), &NAMES);
    for name in NAMES {
        balancer.begin(name, Duration::ZERO);
        balancer.end(name, Duration::ZERO, 100 * MILLI, Ended::Answered);
    }
    balancer.begin(NAMES[1], 100 * MILLI);
    balancer.end(NAMES[1], 100 * MILLI, 101 * MILLI, Ended::Failed(None));
    let load = |at: u64| balancer.load(NAMES[1], Duration::from_secs(at));
    assert!((4.0..5.0).contains(&load(1)) && load(60) < 0.05, "{} {}", load(1), load(60));
}

#[test]
fn a_named_wait_is_believed_up_to_five_minutes() {
    let rules = p2c(Setting::On(Span::seconds(5)));
    for (named, counts_as) in [(1, 5.0), (20, 20.0), (9_999, 300.0)] {
        let mut balancer = met(&rules, &["a"]);
        balancer.begin("a", Duration::ZERO);
        balancer.end("a", Duration::ZERO, MILLI, Ended::Failed(Some(Duration::from_secs(named))));
        assert_eq!(balancer.load("a", MILLI), counts_as);
    }
}

#[test]
fn what_began_with_a_predecessor_is_not_held_against_who_took_its_name() {
    let mut balancer = met(&p2c(Setting::On(Span::seconds(5))), &["a"]);
    balancer.begin("a", Duration::ZERO);
    balancer.meet(["b"].into_iter(), Duration::ZERO);
    balancer.meet(["a"].into_iter(), Duration::from_secs(1));
    balancer.begin("a", Duration::from_secs(1));
    balancer.end("a", Duration::ZERO, Duration::from_secs(2), Ended::Failed(None));
    assert_eq!(balancer.pending("a"), 1);
    assert!(balancer.load("a", Duration::from_secs(2)) < 2.1, "the default of 1 s, twice");
    balancer.end("a", Duration::from_secs(1), Duration::from_secs(2), Ended::Dropped);
    assert_eq!(balancer.pending("a"), 0);
}

#[test]
fn nobody_is_picked_of_nobody_and_the_only_one_always() {
    let mut balancer = met(&p2c(Setting::Off), &NAMES);
    assert_eq!(balancer.pick(&[], [0.0, 0.0], MILLI), None);
    assert_eq!(balancer.pick(&["a"], [0.99, 0.99], MILLI), Some(0));
    for (draws, pair) in [([0.0, 0.0], [0, 1]), ([0.5, 0.99], [1, 2]), ([0.99, 0.99], [2, 1])] {
        balancer.begin(NAMES[pair[0]], MILLI);
        assert_eq!(balancer.pick(&NAMES, draws, MILLI), Some(pair[1]), "{draws:?}: the idle one of {pair:?}");
        balancer.end(NAMES[pair[0]], MILLI, MILLI, Ended::Dropped);
    }
}

#[test]
fn a_newcomer_comes_in_slowly_and_is_measured_in_the_end() {
    let mut balancer = met(&p2c(Setting::Off), &["old"]);
    let serve = |balancer: &mut Balancer, second| {
        let now = Duration::from_secs(second);
        balancer.begin("old", now);
        balancer.end("old", now, now + 30 * MILLI, Ended::Answered);
    };
    (0..100).for_each(|second| serve(&mut balancer, second));
    balancer.meet(["old", "new"].into_iter(), Duration::from_secs(100));
    let mut alone = 100;
    while balancer.pick(&["old", "new"], [0.0, 0.0], Duration::from_secs(alone)) == Some(0) {
        serve(&mut balancer, alone);
        alone += 1;
    }
    assert!((130..140).contains(&alone), "{alone}: 1 s comes down to 30 ms in 10 s x ln 33");
}
