//! The invariant I24, and the traps of the share and of the long window.

use super::*;

/// A draw that is spread evenly and the same in every run.
fn draw(index: u64) -> f64 {
    (index as f64 * 0.618_033_988_749_894_9).fract()
}

struct Lab {
    throttle: Throttler,
    calls: u64,
    /// When each call was sent.
    sent: Vec<Duration>,
}

impl Lab {
    fn new(rules: Throttle) -> Lab {
        Lab { throttle: Throttler::new(&rules), calls: 0, sent: Vec::new() }
    }

    /// Calls at `rate` for `seconds`: how many, and how many of them were sent.
    fn run(&mut self, rate: u64, seconds: u64, mut accepts: impl FnMut() -> bool) -> (u64, u64) {
        let (from, before) = (self.now(), self.sent.len());
        for call in 0..rate * seconds {
            let now = from + Duration::from_secs(call) / rate as u32;
            self.calls += 1;
            if let Some(sent) = self.throttle.send(now, draw(self.calls)) {
                self.sent.push(now);
                if accepts() {
                    self.throttle.accepted(sent);
                } else {
                    self.throttle.failed(sent);
                }
            }
        }
        self.throttle.expire(from + Duration::from_secs(seconds));
        self.sent.push(from + Duration::from_secs(seconds));
        let sent = self.sent.len() - before - 1;
        (rate * seconds, sent as u64)
    }

    fn now(&self) -> Duration {
        self.sent.last().copied().unwrap_or_default()
    }
}

/// I24, first half: over the first window in which the callee accepts nothing, from a healthy one.
#[test]
fn a_callee_that_accepts_nothing_is_asked_less_and_less_but_once_a_second() {
    let mut lab = Lab::new(Throttle::default());
    let (calls, sent) = lab.run(450, 120, || false);
    assert!(sent as f64 <= 0.05 * calls as f64, "{sent} of {calls} were sent in the first window");
    let gap = lab.sent.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(gap <= Duration::from_millis(1_003), "{gap:?} without a call");
    let (_, later) = lab.run(450, 60, || false);
    assert!((60..=120).contains(&later), "{later} in a minute");
}

/// I24, second half.
#[test]
fn a_callee_that_accepts_everything_is_never_refused() {
    let mut lab = Lab::new(Throttle::default());
    assert_eq!(lab.run(450, 300, || true), (135_000, 135_000));
}

/// Of ten calls in turn, the callee accepts so many.
fn accepting(share: u32) -> impl FnMut() -> bool {
    let mut turn = 0;
    move || {
        turn = (turn + 7) % 10;
        turn < share
    }
}

/// The trap of the share.
#[test]
fn a_fixed_share_of_failures_is_ignored_or_throttled_to_the_probes() {
    let sent = |rules: Throttle, share: u32| {
        let mut lab = Lab::new(rules);
        lab.run(450, 600, accepting(share));
        lab.run(450, 60, accepting(share)).1
    };
    assert!(sent(Throttle::default(), 6) > 26_900, "60 % accepted is above 1/k");
    let few = sent(Throttle::default(), 4);
    assert!(few < 500, "40 % accepted is below 1/k: {few} of 27,000");
    let strict = sent(Throttle { k: 1.1, ..Throttle::default() }, 8);
    assert!(strict < 2_700, "80 % accepted is below 1/1.1: {strict} of 27,000");
}

/// The callee accepts 100 calls a second of 450.
#[test]
fn an_overloaded_callee_sees_about_twice_what_it_accepts() {
    let mut lab = Lab::new(Throttle { window: Span::seconds(10), ..Throttle::default() });
    let mut accepted = 0;
    let mut sent = 0;
    for second in 0..60 {
        let mut left = 100;
        let (_, now_sent) = lab.run(450, 1, || {
            left -= i32::from(left > 0);
            left > 0
        });
        if second >= 30 {
            accepted += 100 - left as u64;
            sent += now_sent;
        }
    }
    let ratio = sent as f64 / accepted as f64;
    assert!((1.8..=2.2).contains(&ratio), "{sent} sent, {accepted} accepted");
}

/// The trap of the long window: from nothing, in windows.
#[test]
fn coming_back_takes_about_four_windows() {
    for window in [10, 120] {
        let mut lab = Lab::new(Throttle { window: Span::seconds(window), ..Throttle::default() });
        lab.run(450, 2 * window, || false);
        let back = (1..).find(|_| lab.run(450, 1, || true).1 == 450).unwrap();
        let windows = back as f64 / window as f64;
        assert!((3.0..5.0).contains(&windows), "{back} s with a window of {window} s");
    }
}

/// I24, second half, with calls that take 100 ms and a caller that begins with a crowd.
#[test]
fn calls_under_way_are_no_failures_when_a_callee_has_just_begun_to_be_asked() {
    for window in [2, 10, 120] {
        let mut throttle = Throttler::new(&Throttle { window: Span::seconds(window), ..Throttle::default() });
        let mut open = VecDeque::new();
        for call in 0..2_250_u64 {
            let now = Duration::from_millis(2 * call);
            if call >= 50 {
                throttle.accepted(open.pop_front().unwrap());
            }
            open.push_back(throttle.send(now, 0.0).unwrap());
        }
    }
}

/// go-zero#5011.
#[test]
fn a_callee_that_hangs_is_noticed_while_it_hangs() {
    for (window, seconds) in [(10, 1.5), (120, 4.5)] {
        let mut throttle = Throttler::new(&Throttle { window: Span::seconds(window), ..Throttle::default() });
        let send = |call: u64| throttle.send(Duration::from_millis(2 * call), draw(call));
        let open: Vec<Sent> = (0..4_500).filter_map(send).collect();
        assert!((open.len() as f64) < 500.0 * seconds, "{} are open, and none has ended", open.len());
    }
}

#[test]
fn what_another_policy_refused_was_no_request() {
    let mut throttle = Throttler::new(&Throttle::default());
    for call in 0..10_000_u64 {
        let sent = throttle.send(Duration::from_millis(call), draw(call)).unwrap();
        throttle.take_back(sent);
    }
    assert_eq!((throttle.requests, throttle.rejection(Duration::from_secs(10))), (0, 0.0));
}

#[test]
fn an_accept_that_comes_after_the_window_counts_for_nothing() {
    let mut throttle = Throttler::new(&Throttle::default());
    let late = throttle.send(Duration::ZERO, 0.5).unwrap();
    throttle.rejection(Duration::from_secs(121));
    throttle.accepted(late);
    assert_eq!((throttle.requests, throttle.accepts), (0, 0));
}

#[test]
fn a_verdict_from_before_the_counts_were_thrown_away_changes_no_counts() {
    let mut throttle = Throttler::new(&Throttle::default());
    let [first, second] = [0.9, 0.9].map(|draw| throttle.send(Duration::ZERO, draw).unwrap());
    let mut again = Throttler::new(&Throttle::default());
    again.send(Duration::ZERO, 0.9).map(|sent| again.accepted(sent)).unwrap();
    again.accepted(first);
    again.take_back(second);
    assert_eq!((again.requests, again.accepts), (1, 1));
}

#[test]
fn a_swap_keeps_the_counts() {
    let mut throttle = Throttler::new(&Throttle::default());
    (0..100).for_each(|call| assert!(throttle.send(Duration::from_millis(call), 0.999_999).is_some()));
    throttle.reconfigure(&Throttle { k: 1.5, ..Throttle::default() });
    assert_eq!(throttle.requests, 100);
    throttle.reconfigure(&Throttle { window: Span::seconds(10), ..Throttle::default() });
    assert_eq!((throttle.requests, throttle.steps.iter().map(|step| step.requests).sum::<u64>()), (100, 100));
}

/// A shorter window is how to come back sooner, and is pulled while the callee is sick: it must not be asked by all at once.
#[test]
fn a_shorter_window_in_the_outage_goes_on_refusing() {
    let now = Duration::from_secs(90);
    let mut throttle = Throttler::new(&Throttle::default());
    let open: Vec<Sent> =
        (0..2_000).filter_map(|call| throttle.send(now + Duration::from_millis(call), 0.999_999)).collect();
    open.into_iter().for_each(|sent| throttle.failed(sent));
    let later = now + Duration::from_secs(3);
    assert!(throttle.rejection(later) > 0.99);
    let early = throttle.send(later, 0.999_999).unwrap();
    throttle.reconfigure(&Throttle { window: Span::seconds(10), ..Throttle::default() });
    assert!(throttle.rejection(later) > 0.99, "{}", throttle.rejection(later));
    throttle.accepted(early);
    assert_eq!(throttle.accepts, 1, "what is out from before the change counts");
    assert_eq!(throttle.steps.iter().map(|step| step.open).sum::<u64>(), 0);
    assert_eq!(throttle.rejection(later + Duration::from_secs(20)), 0.0, "the shorter window has passed");
    throttle.reconfigure(&Throttle::default());
    assert_eq!((throttle.requests, throttle.accepts), (0, 0));
}
