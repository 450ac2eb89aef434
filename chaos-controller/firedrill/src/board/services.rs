//! The services' rows: how full each is, how long work waits, how much fails, and in a word what that means.

use controller::api::board::{Board, Service};

use super::line::Line;
use crate::figures::{number, seconds};
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

/// A line per service with how much trouble it is in.
pub(crate) fn lines(board: &Board, columns: usize) -> Vec<(u32, Line)> {
    let shown =
        board.services.iter().filter(|service| !matches!(service.service.as_str(), "controller" | "traffic"));
    shown.map(|service| row(service, columns)).collect()
}

fn row(service: &Service, columns: usize) -> (u32, Line) {
    let (trouble, tone, state) = state(service);
    let many = if service.instances > 1 { format!(" x{}", service.instances) } else { String::new() };
    let mut line = Line::of(Tone::Plain, format!("  {}{many}", service.service)).to(12);
    if let (Some(busy), Some(workers)) = (service.busy, service.workers) {
        line = line
            .then(tone_of(trouble), bar(busy, workers, BAR))
            .then(Tone::Plain, format!(" {}/{}", number(busy), number(workers)));
    }
    line = line.to(31);
    if let (Some(queued), Some(capacity)) = (service.queued, service.capacity) {
        line = line
            .then(if queued > 0.0 { Tone::Warn } else { Tone::Faint }, bar(queued, capacity, BAR))
            .then(Tone::Plain, format!(" {}", number(queued)));
    }
    let wait = service.wait_p99_seconds.map_or("-".to_owned(), seconds);
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
        .then(tone, state);
    if columns >= WIDE {
        line = line.right(94, Tone::Faint, &format!("{:.0} MiB", service.rss_mib));
    }
    (trouble, line)
}

/// How much trouble, how it sounds, and the word for it.
fn state(service: &Service) -> (u32, Tone, &'static str) {
    let full = matches!((service.busy, service.workers), (Some(busy), Some(workers)) if workers > 0.0 && busy >= workers);
    let queued = service.queued.unwrap_or_default() > 0.0;
    let failing = share(service).unwrap_or_default();
    if service.up == 0 {
        (9, Tone::Bad, "DOWN")
    } else if full && queued {
        (8, Tone::Bad, "FULL")
    } else if failing >= MOSTLY {
        (7, Tone::Bad, "FAILING")
    } else if service.up < service.instances {
        (6, Tone::Warn, "part down")
    } else if service.wait_p99_seconds.is_some_and(|wait| wait >= LONG_WAIT_SECONDS) {
        (5, Tone::Warn, "slow")
    } else if failing >= SOME {
        (4, Tone::Warn, "errors")
    } else if full {
        (3, Tone::Warn, "busy")
    } else {
        (0, Tone::Good, "ok")
    }
}

fn share(service: &Service) -> Option<f64> {
    let rate = service.rate.filter(|rate| *rate > 0.0)?;
    Some((service.errors.unwrap_or_default() / rate).min(1.0))
}

fn tone_of(trouble: u32) -> Tone {
    match trouble {
        0 => Tone::Good,
        1..=6 => Tone::Warn,
        _ => Tone::Bad,
    }
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
        let of = |service: Service| state(&service).2;
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
        let text = row(&full, 80).1.write(200, Paint::PLAIN);
        assert!(text.chars().count() <= 80 && text.ends_with("FULL"), "{text}");
        assert!(text.contains("200/200") && text.contains("9999") && text.contains("2m05s"), "{text}");
    }
}
