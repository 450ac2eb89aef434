//! What a policy costs, and where its effect shows: the two things that neither the schema nor a table of defaults
//! says. One line per field; what is below a field without a line of its own has the field's.

/// Field, metric in which its effect shows, trade-off.
const TABLE: [(&str, &str, &str); 22] = [
    (
        "workers",
        "lab_workers_busy",
        "more of them hold more stuck calls and more memory; fewer refuse sooner",
    ),
    (
        "limit",
        "lab_queue_depth",
        "a long queue turns overload into waiting that users do not survive; a short one into a quick 503",
    ),
    (
        "wait",
        "lab_shed_total",
        "work that waited too long is refused while it is still worth a retry; too short refuses what would have been served",
    ),
    ("queue", "lab_queue_wait_seconds", "a queue smooths a burst and hides an outage"),
    (
        "cancel",
        "lab_abandoned_total",
        "frees workers from work nobody waits for; with `all`, an effect may have happened that nobody hears of",
    ),
    ("bulkheads", "lab_workers_busy", "one method cannot take all workers; its own limit is reached sooner"),
    (
        "bulkhead",
        "lab_client_attempts_total",
        "bounds the calls that can be stuck in one callee; above it, calls are rejected though the callee may be well",
    ),
    (
        "attempt_timeout",
        "lab_client_attempts_total",
        "frees the caller from a slow callee, which works on; shorter than the callee's honest latency it fails what would have succeeded",
    ),
    (
        "total_timeout",
        "lab_client_call_duration_seconds",
        "bounds the call with all its retries; an attempt that it cuts off may have had an effect",
    ),
    (
        "max_retries",
        "lab_client_attempts_total",
        "hides single failures; in an outage it multiplies the load on a callee that has too much already",
    ),
    ("backoff", "lab_client_call_duration_seconds", "gives the callee air; the user waits longer"),
    (
        "budget",
        "lab_retry_budget_tokens",
        "keeps retries a fraction of the calls; when it is spent, single failures show",
    ),
    (
        "retry",
        "lab_client_attempts_total",
        "hides single failures; in an outage it multiplies the load on a callee that has too much already",
    ),
    (
        "breaker",
        "lab_breaker_state",
        "stops calling what fails, which frees callers and lets the callee recover; while it is open, calls that would have succeeded fail too",
    ),
    ("idempotency", "lab_charges_total", "makes a repeated charge harmless; the bank must keep the key"),
    (
        "fallback",
        "lab_orders_open",
        "users get an answer now, and a promise that the settler must keep; pending orders pile up while the bank is sick",
    ),
    ("enabled", "lab_client_calls_total", "the kill switch: the surest relief, and the feature is gone"),
    (
        "settler",
        "lab_orders_open",
        "works off what is pending or unknown; each of its calls is load on the bank",
    ),
    ("rate", "lab_orders_open", "faster settling is more load on the bank"),
    (
        "deadline",
        "lab_deadline_expired_total",
        "work that the user no longer waits for is not begun; what is cut off may have had an effect",
    ),
    (
        "checkout",
        "lab_user_requests_total",
        "closes the checkout, which protects everything else and sells nothing",
    ),
    ("server", "lab_workers_busy", "what a service takes on at once, and what it refuses"),
];

/// Metric and trade-off of the innermost key of a path that has one.
pub(super) fn of<'a>(keys: &[String]) -> Option<(&'a str, &'a str)> {
    keys.iter().rev().find_map(|key| {
        TABLE.iter().find(|(field, _, _)| field == key).map(|(_, metric, tradeoff)| (*metric, *tradeoff))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::glossary;

    #[test]
    fn every_metric_of_the_table_is_one() {
        let names = glossary::names();
        for (field, metric, _) in TABLE {
            assert!(names.iter().any(|name| name == metric), "{field}: {metric}");
        }
    }
}
