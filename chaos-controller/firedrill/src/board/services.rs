//! The services' rows: how full each is, how long work waits, how much fails, and in a word what that means.

use controller::api::board::{Board, Service};

use super::depth::{depth, leads_to, trouble};
use super::edges::{SLOW_SECONDS, towards};
use super::line::Line;
use crate::figures::{latency, number};
use crate::paint::Tone;
use crate::spark::bar;
use crate::watch::pulse::percent;

/// Columns of a bar.
const BAR: usize = 8;
/// A wait from here on is one that users notice.
const LONG_WAIT_SECONDS: f64 = 0.1;
/// Share of failures from which a service mostly fails.
const MOSTLY: f64 = 0.5;
const SOME: f64 = 0.01;
/// Where memory is shown too.
const WIDE: usize = 96;

/// The heading.
pub(crate) fn head() -> Line {
    Line::of(Tone::Strong, "SERVICES")
        .to(12)
        .then(Tone::Faint, "workers")
        .to(31)
        .then(Tone::Faint, "queue")
        .right(55, Tone::Faint, "wait p99")
        .right(63, Tone::Faint, "req/s")
        .right(69, Tone::Faint, "fail")
        .to(71)
        .then(Tone::Faint, "state")
}

/// How a service is.
type State = (Tone, &'static str);
/// No worker left, and work that waits.
const FULL: State = (Tone::Bad, "FULL");
const FAILING: State = (Tone::Bad, "FAILING");

/// A line per service with how much trouble it is in.
pub(crate) fn lines(board: &Board, columns: usize) -> Vec<(u32, Line)> {
    let shown =
        board.services.iter().filter(|service| !matches!(service.service.as_str(), "controller" | "traffic"));
    let all: Vec<(&Service, Option<f64>, State)> = shown
        .map(|service| {
            let (p99, silent) = towards(board, &service.service);
            (service, p99, state(service, p99, silent))
        })
        .collect();
    let row = |&(service, p99, own): &(&Service, Option<f64>, State)| {
        // Who fails because of somebody below is hurt, and is not the cause.
        let below = all
            .iter()
            .any(|(other, _, state)| state.0 == Tone::Bad && leads_to(&service.service, &other.service));
        let state = if own == FAILING && below { (Tone::Warn, "failing") } else { own };
        (trouble(own.0, depth(&service.service)), row(service, p99, state, columns))
    };
    all.iter().map(row).collect()
}

fn row(service: &Service, p99: Option<f64>, state: State, columns: usize) -> Line {
    let many = if service.instances > 1 { format!(" x{}", service.instances) } else { String::new() };
    let mut line = Line::of(Tone::Plain, format!("  {}{many}", service.service)).to(12);
    if let (Some(busy), Some(workers)) = (service.busy, service.workers) {
        line = line
            .then(state.0, bar(busy, workers, BAR))
            .then(Tone::Plain, format!(" {}/{}", number(busy), number(workers)));
    }
    if let (None, Some(active)) = (service.workers, service.active) {
        line = line.then(Tone::Plain, format!("{} under way", number(active))).to(31);
        // Nothing waits here that we could see: how long its callers wait says more.
        line = line.then(Tone::Plain, p99.map_or(String::new(), |p99| format!("call p99 {}", latency(p99))));
    }
    line = line.to(31);
    if let (Some(queued), Some(capacity)) = (service.queued, service.capacity) {
        line = line
            .then(if queued > 0.0 { Tone::Warn } else { Tone::Faint }, bar(queued, capacity, BAR))
            .then(Tone::Plain, format!(" {}", number(queued)));
    }
    // Of work that no worker starts any more, there is no wait to measure.
    let unserved = if state == FULL { "stuck" } else { "-" };
    let wait = service.wait_p99_seconds.map_or(unserved.to_owned(), latency);
    let fail = share(service).map_or("-".to_owned(), percent);
    line = line
        .right(55, Tone::Plain, &wait)
        .right(
            63,
            Tone::Plain,
            &service.rate.map_or("-".to_owned(), |rate| number((rate * 10.0).round() / 10.0)),
        )
        .right(69, Tone::Plain, &fail)
        .to(71)
        .then(state.0, state.1);
    if columns >= WIDE {
        line = line.right(94, Tone::Faint, &format!("{:.0} MiB", service.rss_mib));
    }
    line
}

/// How it sounds, and the word for it. `p99` of the calls to it that ended; `silent` if some do not end.
fn state(service: &Service, p99: Option<f64>, silent: bool) -> State {
    let full = matches!((service.busy, service.workers), (Some(busy), Some(workers)) if workers > 0.0 && busy >= workers);
    let queued = service.queued.unwrap_or_default() > 0.0;
    let failing = share(service).unwrap_or_default();
    // With workers of ours, how full they are says what is slow: itself, or what is below.
    let foreign = service.workers.is_none();
    if service.up == 0 {
        (Tone::Bad, "DOWN")
    } else if full && queued {
        FULL
    } else if foreign && silent {
        (Tone::Bad, "HANGS")
    } else if failing >= MOSTLY {
        FAILING
    } else if foreign && p99 >= Some(SLOW_SECONDS) {
        (Tone::Bad, "SLOW")
    } else if service.up < service.instances {
        (Tone::Warn, "part down")
    } else if service.wait_p99_seconds.is_some_and(|wait| wait >= LONG_WAIT_SECONDS) {
        (Tone::Warn, "slow")
    } else if failing >= SOME {
        (Tone::Warn, "errors")
    } else if full {
        (Tone::Warn, "busy")
    } else {
        (Tone::Good, "ok")
    }
}

fn share(service: &Service) -> Option<f64> {
    let rate = service.rate.filter(|rate| *rate > 0.0)?;
    Some((service.errors.unwrap_or_default() / rate).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paint::Paint;

    fn service() -> Service {
        Service {
            service: "payment".into(),
            up: 1,
            instances: 1,
            busy: Some(3.0),
            workers: Some(20.0),
            active: None,
            queued: Some(0.0),
            capacity: Some(1000.0),
            wait_p99_seconds: Some(0.002),
            rate: Some(45.0),
            errors: None,
            rss_mib: 20.0,
        }
    }

    #[test]
    fn the_state_is_a_word_and_the_worst_of_several() {
        let of = |service: Service| state(&service, Some(0.1), false).1;
        assert_eq!(of(service()), "ok");
        assert_eq!(of(Service { busy: Some(20.0), ..service() }), "busy");
        assert_eq!(
            of(Service { busy: Some(20.0), queued: Some(1.0), errors: Some(45.0), ..service() }),
            "FULL"
        );
        assert_eq!(of(Service { errors: Some(30.0), ..service() }), "FAILING");
        assert_eq!(of(Service { errors: Some(1.0), ..service() }), "errors");
        assert_eq!(of(Service { wait_p99_seconds: Some(2.0), ..service() }), "slow");
        assert_eq!(of(Service { up: 0, busy: None, ..service() }), "DOWN");
        assert_eq!(of(Service { up: 1, instances: 2, ..service() }), "part down");
    }

    #[test]
    fn a_bank_that_answers_late_is_slow_however_good_the_answers_are() {
        let bank = Service { busy: None, workers: None, active: Some(50.0), ..service() };
        assert_eq!(state(&bank, Some(30.0), false).1, "SLOW");
        assert_eq!(state(&bank, Some(0.1), false).1, "ok");
        assert_eq!(state(&bank, None, true).1, "HANGS");
        let text = row(&bank, Some(30.0), state(&bank, Some(30.0), false), 80).write(80, Paint::PLAIN);
        assert!(text.contains("50 under way") && text.contains("call p99 30.0 s"), "{text}");
    }

    #[test]
    fn who_only_fails_because_of_somebody_below_is_hurt_and_not_the_cause() {
        let cart = Service { service: "cart".into(), errors: Some(45.0), ..service() };
        let full = Service { busy: Some(20.0), queued: Some(9.0), ..service() };
        let shown = |services: Vec<Service>| -> Vec<(u32, String)> {
            let board = Board { services, ..Board::default() };
            lines(&board, 80)
                .into_iter()
                .map(|(trouble, line)| (trouble, line.write(80, Paint::PLAIN)))
                .collect()
        };
        let both = shown(vec![cart.clone(), full]);
        assert!(both[0].1.ends_with("failing") && both[1].1.ends_with("FULL"), "{both:?}");
        assert!(both[1].0 > both[0].0 && shown(vec![cart])[0].1.ends_with("FAILING"));
    }

    #[test]
    fn a_row_fits_eighty_columns() {
        let full = Service {
            busy: Some(200.0),
            workers: Some(200.0),
            queued: Some(9_999.0),
            capacity: Some(10_000.0),
            wait_p99_seconds: Some(125.0),
            rate: Some(1_234.5),
            errors: Some(0.0),
            ..service()
        };
        let text = row(&full, None, state(&full, None, false), 80).write(200, Paint::PLAIN);
        assert!(text.chars().count() <= 80 && text.ends_with("FULL"), "{text}");
        assert!(text.contains("200/200") && text.contains("9999") && text.contains("2m05s"), "{text}");
    }
}
