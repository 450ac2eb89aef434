//! The status line: phase, clock, a spark of goodput per journey, payment's
//! pool, charges, the failures that climb, what is unsettled. It takes the
//! width it is given and shows less history where there is less room.

use std::collections::VecDeque;

use controller::api::{Clock, LiveJourney, Pulse};

use crate::paint::{Paint, Tone};

/// Seconds of history that are kept for the sparks.
const HISTORY: usize = 8;
/// From an eighth to whole.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A person with less time left than this is warned.
const SHORT_MS: u64 = 60_000;
/// Nobody was served in that second.
const NOBODY: char = '·';

/// The last seconds, as the status line shows them.
#[derive(Debug, Default)]
pub(crate) struct Pulses {
    /// Goodput per second, newest last, by journey; `None` where nobody was served.
    journeys: Vec<(String, VecDeque<Option<f64>>)>,
    last: Option<Pulse>,
}

/// A piece of the line.
#[derive(Debug, Clone)]
struct Piece {
    text: String,
    tone: Tone,
}

/// How much the line says.
#[derive(Debug, Clone, Copy)]
struct Layout {
    /// Seconds of spark per journey.
    history: usize,
    /// Short words, and only the journeys that matter most.
    terse: bool,
    gap: &'static str,
}

impl Layout {
    /// From the widest to the narrowest.
    const ALL: [Self; 6] = [
        Self { history: HISTORY, terse: false, gap: "  " },
        Self { history: 4, terse: false, gap: "  " },
        Self { history: 1, terse: false, gap: "  " },
        Self { history: HISTORY, terse: true, gap: "  " },
        Self { history: 4, terse: true, gap: " " },
        Self { history: 0, terse: true, gap: " " },
    ];
}

impl Pulses {
    /// Takes the newest pulse.
    pub(crate) fn push(&mut self, pulse: Pulse) {
        for journey in &pulse.users.journeys {
            let known = self.journeys.iter().position(|(name, _)| *name == journey.journey);
            let index = known.unwrap_or_else(|| {
                self.journeys.push((journey.journey.clone(), VecDeque::new()));
                self.journeys.len() - 1
            });
            let history = &mut self.journeys[index].1;
            history.push_back(goodput(journey));
            if history.len() > HISTORY {
                history.pop_front();
            }
        }
        self.last = Some(pulse);
    }

    /// The run entered a phase; the next pulse is up to a second away.
    pub(crate) fn enter(&mut self, phase: &str) {
        if let Some(pulse) = &mut self.last {
            pulse.phase = Some(phase.to_owned());
        }
    }

    /// The newest pulse.
    pub(crate) fn last(&self) -> Option<&Pulse> {
        self.last.as_ref()
    }

    /// The line, at most `width` columns wide.
    pub(crate) fn line(&self, width: usize, paint: Paint) -> String {
        let Some(pulse) = &self.last else { return String::new() };
        let mut layout = Layout::ALL[0];
        let mut pieces = Vec::new();
        for candidate in Layout::ALL {
            layout = candidate;
            pieces = self.pieces(pulse, layout);
            if length(&pieces, layout) <= width {
                break;
            }
        }
        while length(&pieces, layout) > width && pieces.pop().is_some() {}
        let painted: Vec<String> = pieces.iter().map(|piece| paint.paint(piece.tone, &piece.text)).collect();
        painted.join(layout.gap)
    }

    fn pieces(&self, pulse: &Pulse, layout: Layout) -> Vec<Piece> {
        let words = |long: &'static str, short: &'static str| if layout.terse { short } else { long };
        let phase = pulse.phase.as_deref().unwrap_or("no run");
        let mut pieces = vec![piece(Tone::Strong, format!("[{}] {phase}", clock(pulse.t_ms)))];
        if let Some(left_ms) = pulse.clock.and_then(|counted| counted.left_ms) {
            let tone = if left_ms < SHORT_MS { Tone::Warn } else { Tone::Plain };
            pieces.push(piece(tone, format!("{} left", clock(left_ms))));
        }
        for (name, seconds) in &self.journeys {
            // Where columns are dear: the page that goes blank, and the money.
            if layout.terse && !matches!(name.as_str(), "home" | "checkout") {
                continue;
            }
            let spark: String = seconds
                .iter()
                .skip(seconds.len().saturating_sub(layout.history))
                .map(|share| block(*share))
                .collect();
            let newest = seconds.back().copied().flatten();
            let value = newest.map_or("-".to_owned(), percent);
            let gap = if spark.is_empty() { "" } else { " " };
            pieces.push(piece(tone(newest), format!("{} {spark}{gap}{value}", short(name))));
        }
        if let Some(pool) = pulse.pools.iter().find(|pool| pool.service == "payment") {
            let full = pool.workers > 0 && pool.busy >= pool.workers;
            let queue = if pool.queued > 0 { format!(" +{}", pool.queued) } else { String::new() };
            let tone = if full { Tone::Bad } else { Tone::Plain };
            pieces.push(piece(
                tone,
                format!("{} {}/{}{queue}", words("payment", "pay"), pool.busy, pool.workers),
            ));
        }
        pieces.push(piece(Tone::Plain, format!("{}{:.0}/s", words("charges ", "$"), pulse.charges_per_s)));
        for (name, share) in
            [(words("order 503", "503"), pulse.order_503), (words("cart 504", "504"), pulse.cart_504)]
        {
            let tone = if share >= 0.5 {
                Tone::Bad
            } else if share >= 0.01 {
                Tone::Warn
            } else {
                Tone::Faint
            };
            pieces.push(piece(tone, format!("{name} {}", percent(share))));
        }
        if pulse.unsettled > 0 {
            pieces.push(piece(Tone::Warn, format!("{} {}", words("unsettled", "open"), pulse.unsettled)));
        }
        pieces
    }
}

/// Minutes and seconds of the run.
pub(crate) fn clock(t_ms: u64) -> String {
    format!("{:02}:{:02}", t_ms / 60_000, t_ms / 1000 % 60)
}

/// The clock of whoever plays: `handed over 02:12 ago, 12:48 left`.
pub(crate) fn counted(counted: Clock) -> String {
    let left = counted.left_ms.map_or_else(String::new, |left| format!(", {} left", clock(left)));
    format!("handed over {} ago{left}", clock(counted.elapsed_ms))
}

/// A share as whole percent, never rounding a failure away.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let whole = if share < 1.0 { percent.round().min(99.0) } else { 100.0 };
    let whole = if share > 0.0 { whole.max(1.0) } else { 0.0 };
    format!("{whole:.0}%")
}

fn goodput(journey: &LiveJourney) -> Option<f64> {
    (journey.ended > 0).then(|| journey.good as f64 / journey.ended as f64)
}

fn block(share: Option<f64>) -> char {
    share.map_or(NOBODY, |share| BLOCKS[((share * 8.0) as usize).min(7)])
}

fn tone(share: Option<f64>) -> Tone {
    match share {
        None => Tone::Faint,
        Some(share) if share >= 0.95 => Tone::Good,
        Some(share) if share >= 0.5 => Tone::Warn,
        Some(_) => Tone::Bad,
    }
}

/// A journey's name where every column counts.
fn short(journey: &str) -> &str {
    match journey {
        "prepare_checkout" => "prepare",
        other => other,
    }
}

fn piece(tone: Tone, text: String) -> Piece {
    Piece { text, tone }
}

fn length(pieces: &[Piece], layout: Layout) -> usize {
    let gaps = pieces.len().saturating_sub(1) * layout.gap.len();
    pieces.iter().map(|piece| piece.text.chars().count()).sum::<usize>() + gaps
}

#[cfg(test)]
mod tests {
    use controller::api::{LiveLoad, PoolPulse};

    use super::*;

    fn pulse(t_ms: u64, good: u64) -> Pulse {
        let journey =
            |name: &str| LiveJourney { journey: name.into(), ended: 100, good, ..LiveJourney::default() };
        Pulse {
            t_ms,
            phase: Some("recover".into()),
            users: LiveLoad {
                journeys: vec![journey("home"), journey("prepare_checkout")],
                ..LiveLoad::default()
            },
            pools: vec![PoolPulse {
                service: "payment".into(),
                busy: 200,
                workers: 200,
                queued: 847,
                capacity: 10_000,
            }],
            charges_per_s: 6.7,
            order_503: 0.97,
            cart_504: 0.0,
            unsettled: 12,
            ..Pulse::default()
        }
    }

    #[test]
    fn the_line_tells_the_outage_at_one_glance() {
        let mut pulses = Pulses::default();
        for good in [100, 60, 3] {
            pulses.push(pulse(134_000, good));
        }
        assert_eq!(
            pulses.line(200, Paint::PLAIN),
            "[02:14] recover  home █▅▁ 3%  prepare █▅▁ 3%  payment 200/200 +847  charges 7/s  \
             order 503 97%  cart 504 0%  unsettled 12"
        );
    }

    #[test]
    fn whoever_plays_sees_what_is_left_of_their_time() {
        let mut pulses = Pulses::default();
        let clock = Clock { elapsed_ms: 132_000, left_ms: Some(768_000) };
        pulses.push(Pulse { clock: Some(clock), ..pulse(200_000, 100) });
        assert!(pulses.line(200, Paint::PLAIN).starts_with("[03:20] recover  12:48 left  home"));
        assert_eq!(counted(clock), "handed over 02:12 ago, 12:48 left");
        assert_eq!(counted(Clock { left_ms: None, ..clock }), "handed over 02:12 ago");
    }

    #[test]
    fn a_narrow_terminal_gets_less_history_and_never_a_second_line() {
        let mut pulses = Pulses::default();
        for _ in 0..20 {
            pulses.push(pulse(1_000, 100));
        }
        for width in [0, 10, 40, 80, 100, 120] {
            let line = pulses.line(width, Paint::PLAIN);
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
        let whole = pulses.line(200, Paint::PLAIN);
        assert!(whole.contains("home ████████ 100%"));
        assert!(pulses.line(whole.chars().count() - 14, Paint::PLAIN).contains("home █ 100%"));
        let narrow = "[00:01] recover home 100% pay 200/200 +847 $7/s 503 97% 504 0% open 12";
        assert_eq!(pulses.line(narrow.chars().count(), Paint::PLAIN), narrow);
    }

    #[test]
    fn a_share_never_rounds_a_failure_away() {
        assert_eq!(percent(0.999), "99%");
        assert_eq!(percent(1.0), "100%");
        assert_eq!(percent(0.0001), "1%");
        assert_eq!(percent(0.0), "0%");
    }

    #[test]
    fn a_second_without_users_is_a_dot() {
        assert_eq!(block(None), '·');
        assert_eq!((block(Some(0.0)), block(Some(1.0))), ('▁', '█'));
    }
}
