//! The shop at its worst moment: the seconds in which the least of what was asked was answered in time, and of those the
//! ones with the longest queues. Who was full, who waited, which calls failed.

use std::collections::BTreeMap;

use evidence::Samples;
use serde::{Deserialize, Serialize};

use super::axis;
use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;
use crate::query::{growth, vector};

/// How long a moment is: long enough for a rate, short enough for a picture.
const MOMENT_MS: u64 = 5_000;
const STEP_MS: u64 = 1_000;

/// The shop in a few seconds of its run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Its two ends, after the fault's start.
    pub from: f64,
    pub to: f64,
    /// Answered in time, of all that came.
    pub good: f64,
    pub offered: u64,
    /// Callers first, the bank last.
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    /// What `edges` and the failures of `nodes` are the answers to, at `to`.
    pub queries: Vec<(String, String)>,
}

/// A service, or the bank. What was not scraped is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    pub name: String,
    pub busy: Option<f64>,
    pub workers: Option<f64>,
    pub queued: Option<f64>,
    /// Replies that were failures, of all.
    pub failing: Option<f64>,
    /// The most frequent failure: "503", "UNAVAILABLE".
    pub failure: Option<String>,
    /// How long a reply took on average, by the server's own clock.
    pub took_seconds: Option<f64>,
}

/// The calls between two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// `users` where they come in.
    pub caller: String,
    pub callee: String,
    /// Calls a second that ended.
    pub rate: f64,
    /// Of those, that did not end well.
    pub failing: f64,
    /// Attempts per call.
    pub attempts: Option<f64>,
}

pub(super) fn worst(case: &Case<'_>) -> Option<Picture> {
    let span = moment(case)?;
    let samples = &case.recording.samples;
    let calls = growth(samples, "lab_client_calls_total", "service, target, outcome", span);
    let attempts = growth(samples, "lab_client_attempts_total", "service, target", span);
    let replies =
        growth(samples, "rpc_server_call_duration_seconds_count", "service, rpc_response_status_code", span);
    let pages = growth(
        samples,
        "http_server_request_duration_seconds_count",
        "service, http_response_status_code",
        span,
    );
    let seconds = |t_ms: u64| round(case.moments.seconds(t_ms));
    let (offered, good) = tally(case, span);
    let failing = failures(case, span, [&replies, &pages]);
    let mut edges = vec![Edge {
        caller: "users".to_owned(),
        callee: "frontend".to_owned(),
        rate: round(offered as f64 / span.seconds()),
        failing: round(1.0 - good),
        attempts: None,
    }];
    edges.extend(called(case, span, &calls, &attempts));
    let queries = [("calls", calls), ("attempts", attempts), ("replies", replies), ("pages", pages)];
    Some(Picture {
        from: seconds(span.from),
        to: seconds(span.to),
        good: round(good),
        offered,
        nodes: nodes(case, span, &failing),
        edges,
        queries: queries.into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
    })
}

/// Of the first fault's time until the books were closed.
fn moment(case: &Case<'_>) -> Option<Span> {
    let whole = axis::span(case);
    let outage = case.moments.outage().unwrap_or(whole);
    let to = outage.to.min(whole.to);
    let waiting = |at: u64| {
        case.recording.samples.value_at("lab_queue_depth", &[("pool", "main")], at).unwrap_or_default()
    };
    let mut worst: Option<(f64, f64, Span)> = None;
    for from in (outage.from..to.saturating_sub(MOMENT_MS)).step_by(STEP_MS as usize) {
        let span = Span { from, to: from + MOMENT_MS };
        let (offered, good) = tally(case, span);
        if offered == 0 || worst.as_ref().is_some_and(|(least, _, _)| good > *least + 1e-9) {
            continue;
        }
        let queued = waiting(span.to);
        if worst.as_ref().is_none_or(|(least, most, _)| good < *least - 1e-9 || queued > *most) {
            worst = Some((good, queued, span));
        }
    }
    worst.map(|(_, _, span)| span)
}

/// All journeys: how many came, and the share that was answered in time.
fn tally(case: &Case<'_>, span: Span) -> (u64, f64) {
    let rows = case.log.within(span);
    let good = rows.iter().filter(|row| row.good).count();
    (rows.len() as u64, if rows.is_empty() { 0.0 } else { good as f64 / rows.len() as f64 })
}

/// By service: all replies, and those of each failure.
type Replies = BTreeMap<String, (f64, BTreeMap<String, f64>)>;

fn failures(case: &Case<'_>, span: Span, queries: [&str; 2]) -> Replies {
    let mut replies = Replies::new();
    for query in queries {
        for (labels, count) in vector(&case.recording.samples, query, span.to) {
            let code = ["rpc_response_status_code", "http_response_status_code"]
                .iter()
                .find_map(|name| labels.get(*name));
            let (Some(service), Some(code)) = (labels.get("service"), code) else { continue };
            let of_service = replies.entry(service.clone()).or_default();
            of_service.0 += count;
            if code.starts_with('5')
                || !(code == "OK" || code.starts_with(|digit: char| digit.is_ascii_digit()))
            {
                *of_service.1.entry(code.clone()).or_default() += count;
            }
        }
    }
    replies
}

fn nodes(case: &Case<'_>, span: Span, replies: &Replies) -> Vec<Node> {
    let samples = &case.recording.samples;
    let names = case.shop().into_iter().chain(["bank"]);
    let node = |name: &str| {
        let value = |metric: &str| samples.value_at(metric, &[("service", name), ("pool", "main")], span.to);
        let under_way = || samples.value_at("http_server_active_requests", &[("service", name)], span.to);
        let told = replies.get(name).filter(|(all, _)| *all > 0.0);
        let worst = told.and_then(|(_, failures)| failures.iter().max_by(|a, b| a.1.total_cmp(b.1)));
        Node {
            name: name.to_owned(),
            busy: value("lab_workers_busy").or_else(under_way),
            workers: value("lab_workers_limit"),
            queued: value("lab_queue_depth"),
            failing: told.map(|(all, failures)| round(failures.values().sum::<f64>() / all)),
            failure: worst.filter(|(_, count)| **count > 0.0).map(|(code, _)| code.clone()),
            took_seconds: told.and_then(|(all, _)| Some(round(spent(samples, name, span)? / all))),
        }
    };
    names.map(node).collect()
}

/// Seconds that a service's replies took together.
fn spent(samples: &Samples, service: &str, span: Span) -> Option<f64> {
    let sums = ["rpc_server_call_duration_seconds_sum", "http_server_request_duration_seconds_sum"];
    let grown = |name: &str| samples.increase(name, &[("service", service)], span.from, span.to);
    sums.into_iter().filter_map(grown).reduce(|sum, one| sum + one)
}

fn called(case: &Case<'_>, span: Span, calls: &str, attempts: &str) -> Vec<Edge> {
    let samples = &case.recording.samples;
    let mut found: BTreeMap<(String, String), (f64, f64)> = BTreeMap::new();
    for (labels, count) in vector(samples, calls, span.to) {
        let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
        let edge = found.entry((label("service"), label("target"))).or_default();
        edge.0 += count;
        edge.1 += if label("outcome") == "ok" { 0.0 } else { count };
    }
    let made = vector(samples, attempts, span.to);
    let edge = |((caller, callee), (all, bad)): ((String, String), (f64, f64))| {
        let same = |labels: &evidence::promql::Labels| {
            labels.get("service") == Some(&caller) && labels.get("target") == Some(&callee)
        };
        let tried = made.iter().find(|(labels, _)| same(labels)).map(|(_, count)| *count);
        Edge {
            rate: round(all / span.seconds()),
            failing: if all > 0.0 { round(bad / all) } else { 0.0 },
            attempts: tried.filter(|_| all > 0.0).map(|tried| round(tried / all)),
            caller,
            callee,
        }
    };
    found.into_iter().map(edge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    fn drawn(bed: &Bed) -> Option<Picture> {
        let recording = bed.recording();
        worst(&Case::new(&recording, bed.plan()))
    }

    #[test]
    fn the_worst_moment_is_in_the_outage_and_shows_who_was_full() {
        let picture = drawn(&Bed::never_recovered()).unwrap();
        assert_eq!(picture.good, 0.0);
        assert!(picture.from >= 0.0 && picture.offered > 0, "{picture:?}");
        let payment = picture.nodes.iter().find(|node| node.name == "payment").unwrap();
        assert_eq!((payment.busy, payment.workers, payment.queued), (Some(20.0), Some(20.0), Some(80.0)));
    }

    #[test]
    fn who_was_not_scraped_has_no_numbers() {
        let mut bed = Bed::never_recovered();
        bed.unscraped.push("payment");
        let picture = drawn(&bed).unwrap();
        let payment = picture.nodes.iter().find(|node| node.name == "payment").unwrap();
        assert_eq!((payment.busy, payment.queued, payment.failing), (None, None, None));
    }

    #[test]
    fn without_requests_there_is_no_moment() {
        let mut bed = Bed::never_recovered();
        bed.requests.clear();
        assert_eq!(drawn(&bed), None);
    }
}
