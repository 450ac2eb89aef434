//! Client throttling: a caller that refuses a share of its own calls while the callee refuses or fails them, so that the
//! refusing itself does not wear the callee out. After Google's SRE book, chapter 21, "Client-side throttling".
//!
//! ```text
//! p = max(0, (requests - k * accepts) / (requests + 1))        over the last `window`
//! ```
//! - A request counts when it is *sent*, or would have been: counted when it ends, a callee that hangs looks idle for
//!   as long as it hangs (go-zero#5011). Those refused here count too; that is what makes p grow.
//! - An accept is a call that the callee answered and did not refuse or fail: success, or a "no" of the business. Not
//!   503, 429, 504, other 5xx, a broken or missing connection, a timeout, a call that its caller gave up. A call that
//!   another policy of ours refused, further in, was never a request: it is taken back.
//! - p never keeps the callee unasked: when nothing was sent for `probe_every`, the next call goes out whatever the draw.
//!
//! Two things it cannot do. It cannot come back quickly: from nothing, a window of accepts grows by `k` a window at most,
//! so a rate of 450 per second is back after about four windows: 8 minutes by default, 40 s with a window of 10 s. And
//! it is made for a callee that accepts a *number* of calls. One that fails a fixed *share* of them, more than
//! `1 - 1/k`, fails it however little it is asked, and is throttled down to the probes.

use std::collections::VecDeque;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::Span;

/// Refuses a share of the calls of one kind while the callee refuses or fails them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// How many requests one accepted request allows: at 2 the callee sees up to twice what it accepts. Lower refuses
    /// sooner. Default 2 (SRE book).
    #[schemars(range(min = 1, max = 100))]
    pub k: f64,
    /// How far back requests and accepts count. Default 2m (SRE book). Coming back from nothing takes about four of them.
    pub window: Span,
    /// A call goes out at least this often, if there is one to make. Default 1s.
    pub probe_every: Span,
}

impl Default for Throttle {
    fn default() -> Throttle {
        Throttle { k: 2.0, window: Span::seconds(120), probe_every: Span::seconds(1) }
    }
}

/// The window moves in so many steps.
const STEPS: u32 = 60;

/// What was asked of one callee and what it accepted, lately.
#[derive(Debug)]
pub struct Throttler {
    rules: Throttle,
    steps: VecDeque<Step>,
    requests: u64,
    accepts: u64,
    sent: Option<Duration>,
}

#[derive(Debug)]
struct Step {
    number: u64,
    requests: u64,
    accepts: u64,
}

/// A request that was sent.
#[derive(Debug)]
#[must_use = "an accept that is not told counts as a refusal"]
pub struct Sent {
    step: u64,
}

impl Throttler {
    pub fn new(rules: &Throttle) -> Throttler {
        Throttler { rules: *rules, steps: VecDeque::new(), requests: 0, accepts: 0, sent: None }
    }

    /// Takes changed rules. The counts are kept unless the window has changed: its steps are of another length then.
    pub fn reconfigure(&mut self, rules: &Throttle) {
        if rules.window == self.rules.window {
            self.rules = *rules;
        } else {
            *self = Throttler { sent: self.sent, ..Throttler::new(rules) };
        }
    }

    /// Counts a request and decides whether it is sent; none = it is refused. `draw` is in `0..1`.
    pub fn send(&mut self, now: Duration, draw: f64) -> Option<Sent> {
        let refused = draw < self.rejection(now) && !self.is_probe_due(now);
        let step = self.step(now);
        step.requests += 1;
        let number = step.number;
        self.requests += 1;
        if refused {
            return None;
        }
        self.sent = Some(now);
        Some(Sent { step: number })
    }

    /// The callee accepted it. It counts where its request does, and leaves the window with it.
    pub fn accepted(&mut self, sent: Sent) {
        if let Some(step) = self.find(&sent) {
            step.accepts += 1;
            self.accepts += 1;
        }
    }

    /// It was not sent after all.
    pub fn take_back(&mut self, sent: Sent) {
        if let Some(step) = self.find(&sent) {
            step.requests -= 1;
            self.requests -= 1;
        }
    }

    /// The share of calls that is refused now: 0 to just below 1.
    pub fn rejection(&mut self, now: Duration) -> f64 {
        self.expire(now);
        let requests = self.requests as f64;
        ((requests - self.rules.k * self.accepts as f64) / (requests + 1.0)).max(0.0)
    }

    fn is_probe_due(&self, now: Duration) -> bool {
        self.sent.is_none_or(|sent| now.saturating_sub(sent) >= self.rules.probe_every.get())
    }

    fn number(&self, now: Duration) -> u64 {
        let step = self.rules.window.get().as_nanos() / u128::from(STEPS);
        (now.as_nanos() / step.max(1)) as u64
    }

    /// The present step. Those before it are in order, and `now` never goes back.
    fn step(&mut self, now: Duration) -> &mut Step {
        let number = self.number(now);
        if self.steps.back().is_none_or(|step| step.number < number) {
            self.steps.push_back(Step { number, requests: 0, accepts: 0 });
        }
        self.steps.back_mut().expect("a step was just added")
    }

    fn find(&mut self, sent: &Sent) -> Option<&mut Step> {
        let at = self.steps.binary_search_by_key(&sent.step, |step| step.number).ok()?;
        self.steps.get_mut(at)
    }

    fn expire(&mut self, now: Duration) {
        let oldest = self.number(now).saturating_sub(u64::from(STEPS) - 1);
        while let Some(step) = self.steps.pop_front_if(|step| step.number < oldest) {
            self.requests -= step.requests;
            self.accepts -= step.accepts;
        }
    }
}

#[cfg(test)]
mod tests {
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

    /// go-zero#5011.
    #[test]
    fn a_callee_that_hangs_is_noticed_while_it_hangs() {
        let mut throttle = Throttler::new(&Throttle::default());
        let open: Vec<Sent> = (0..4_500_u64)
            .filter_map(|call| throttle.send(Duration::from_millis(2 * call), draw(call)))
            .collect();
        assert!(open.len() < 50, "{} are open, and none has ended", open.len());
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
    fn a_swap_keeps_the_counts_of_the_same_window() {
        let mut throttle = Throttler::new(&Throttle::default());
        (0..100).for_each(|call| drop(throttle.send(Duration::from_millis(call), 0.999_999)));
        throttle.reconfigure(&Throttle { k: 1.5, ..Throttle::default() });
        assert_eq!(throttle.requests, 100);
        throttle.reconfigure(&Throttle { window: Span::seconds(10), ..Throttle::default() });
        assert_eq!(throttle.requests, 0);
    }
}
