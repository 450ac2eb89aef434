//! The metrics that the processes of a lab expose: the one list that queries are held against before a run. A name that
//! is not on it has no samples, so what asks for it could never hold. What each of them means is told in
//! `dashboards/README.md`; a test of the whole lab holds this list against `/metrics` of every process.

use crate::{diagnostic::Finding, schema::did_you_mean};

/// Counters and gauges, with the sign of life that every scrape leaves.
const PLAIN: [&str; 40] = [
    "up",
    "http_server_active_requests",
    "lab_abandoned_total",
    "lab_accept_backlog",
    "lab_achieved_rate",
    "lab_breaker_rejected_total",
    "lab_breaker_state",
    "lab_breaker_transitions_total",
    "lab_charges_total",
    "lab_client_attempts_total",
    "lab_client_calls_total",
    "lab_client_refused_total",
    "lab_concurrency_limit",
    "lab_deadline_expired_total",
    "lab_ejected_instances",
    "lab_ejections_total",
    "lab_fallback_total",
    "lab_hedge_total",
    "lab_http2_streams_limit",
    "lab_offered_rate",
    "lab_orders_open",
    "lab_orders_total",
    "lab_policy_version",
    "lab_queue_capacity",
    "lab_queue_depth",
    "lab_ratelimit_total",
    "lab_request_records_lost_total",
    "lab_retry_budget_tokens",
    "lab_schedule_lag_seconds",
    "lab_shed_level",
    "lab_shed_total",
    "lab_shift_weight",
    "lab_spans_dropped_total",
    "lab_user_requests_in_flight",
    "lab_user_requests_total",
    "lab_wasted_work_seconds_total",
    "lab_workers_busy",
    "lab_workers_busy_seconds_total",
    "lab_workers_concurrency_limit",
    "lab_workers_limit",
];

/// Histograms: each is exposed as `_bucket`, `_sum` and `_count`.
const HISTOGRAMS: [&str; 6] = [
    "http_server_request_duration_seconds",
    "lab_client_call_duration_seconds",
    "lab_deadline_remaining_seconds",
    "lab_queue_wait_seconds",
    "lab_user_latency_seconds",
    "rpc_server_call_duration_seconds",
];
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// Every name that a query may select.
#[must_use]
pub fn metrics() -> Vec<String> {
    let parts = HISTOGRAMS.iter().flat_map(|name| PARTS.map(|part| format!("{name}{part}")));
    PLAIN.iter().map(|name| (*name).to_owned()).chain(parts).collect()
}

/// What is wrong with a name that a query selects, if anything.
pub(crate) fn unknown_metric(name: &str) -> Option<Finding> {
    if HISTOGRAMS.contains(&name) {
        let finding = Finding::new(format!("`{name}` is a histogram, and has no value of its own"));
        return Some(finding.allowed(PARTS.map(|part| format!("{name}{part}")).join(", ")));
    }
    let known = metrics();
    if known.iter().any(|other| other == name) {
        return None;
    }
    let finding = Finding::new(format!("no process of the lab exposes `{name}`, so this could never hold"));
    let hint = did_you_mean(name, known.iter().map(String::as_str));
    Some(finding.allowed("the names in dashboards/README.md").maybe_hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_name_is_told_with_the_likely_name() {
        assert_eq!(unknown_metric("lab_queue_depth"), None);
        let finding = unknown_metric("lab_queue_dept").unwrap();
        assert_eq!(finding.hint.unwrap(), "did you mean `lab_queue_depth`?");
    }

    #[test]
    fn a_histogram_is_asked_for_by_its_parts() {
        let finding = unknown_metric("lab_queue_wait_seconds").unwrap();
        assert!(finding.allowed.unwrap().contains("lab_queue_wait_seconds_bucket"));
        assert_eq!(unknown_metric("lab_queue_wait_seconds_sum"), None);
    }
}
