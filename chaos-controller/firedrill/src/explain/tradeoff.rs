//! What a policy costs, and where its effect shows: the two things that neither the schema nor a table of defaults
//! says. One line per field; what is below a field without a line of its own has the field's.

/// Field (the end of its path, as long as it takes to be the only one), metric in which its effect shows, trade-off.
const TABLE: [(&str, &str, &str); 36] = [
    (
        "workers",
        "lab_workers_busy",
        "more of them hold more stuck calls and more memory; fewer refuse sooner",
    ),
    (
        "queue.limit",
        "lab_queue_depth",
        "a long queue turns overload into waiting that users do not survive; a short one into a quick 503",
    ),
    (
        "queue.wait",
        "lab_shed_total",
        "work that waited too long is refused while it is still worth a retry; too short refuses what would have been served",
    ),
    (
        "queue.order",
        "lab_queue_wait_seconds",
        "the newest first serves whoever still waits; who came first may wait for ever",
    ),
    (
        "codel",
        "lab_shed_total",
        "keeps the wait short without knowing the load; refuses also what the workers would have got to",
    ),
    ("queue", "lab_queue_wait_seconds", "a queue smooths a burst and hides an outage"),
    (
        "shed",
        "lab_shed_total",
        "who matters most is served under overload; who matters least is not, for as long as it lasts",
    ),
    (
        "rate_limits",
        "lab_ratelimit_total",
        "a bound that everybody knows beforehand; too low refuses in health, and it says nothing of slow work",
    ),
    (
        "server.deadline",
        "lab_deadline_expired_total",
        "workers do only what somebody still waits for; a floor too high refuses what would have been served",
    ),
    (
        "concurrency",
        "lab_concurrency_limit",
        "finds the limit that nobody has to know; it takes some windows, and may learn an outage as usual",
    ),
    (
        "throttle",
        "lab_client_refused_total",
        "spares a callee that refuses anyway; some calls that would have been accepted are never made",
    ),
    (
        "balance",
        "lab_client_attempts_total",
        "load follows speed; a fast failure looks like speed, unless it is punished",
    ),
    (
        "outlier",
        "lab_client_attempts_total",
        "a sick instance is left alone; the others take its load, and a false alarm costs capacity",
    ),
    (
        "hedge",
        "lab_client_attempts_total",
        "one slow instance no longer shows; about one call in twenty is made twice, and all of them if everything is slow and nothing bounds it",
    ),
    (
        "shift",
        "lab_shift_weight",
        "the bank is reached though its main region is sick; the second one is slower, and each charge there costs a fee",
    ),
    (
        "propagate",
        "lab_deadline_remaining_seconds",
        "the callee stops when nobody waits any more; what it is cut off from may have had an effect",
    ),
    ("server.layers", "lab_shed_total", "who is refused first has used up nothing of what comes after it"),
    (
        "layers",
        "lab_client_attempts_total",
        "what stands outside sees the sum of what is inside: a breaker outside the retries counts calls, inside them attempts",
    ),
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
    ("retry.backoff", "lab_client_call_duration_seconds", "gives the callee air; the user waits longer"),
    (
        "retry.budget",
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
    ("settler.rate", "lab_orders_open", "faster settling is more load on the bank"),
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

/// Metric and trade-off of the innermost field of a path that has a line; of several lines the longest field's.
pub(super) fn of<'a>(keys: &[String]) -> Option<(&'a str, &'a str)> {
    (1..=keys.len()).rev().find_map(|length| {
        let path = format!(".{}", keys[..length].join("."));
        let lines = TABLE.iter().filter(|(field, _, _)| path.ends_with(&format!(".{field}")));
        lines.max_by_key(|(field, _, _)| field.len()).map(|(_, metric, tradeoff)| (*metric, *tradeoff))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::glossary;

    #[test]
    fn fields_of_one_name_are_told_apart_by_what_they_belong_to() {
        let metric = |path: &str| {
            of(&path.split('.').map(str::to_owned).collect::<Vec<_>>()).map(|(metric, _)| metric)
        };
        assert_eq!(metric("services.x.calls.y.concurrency.backoff"), Some("lab_concurrency_limit"));
        assert_eq!(metric("services.x.calls.y.retry.backoff.base"), Some("lab_client_call_duration_seconds"));
        assert_eq!(metric("services.x.server.rate_limits.y.rate"), Some("lab_ratelimit_total"));
        assert_eq!(metric("services.order.settler.rate"), Some("lab_orders_open"));
        assert_eq!(metric("services.frontend.deadline"), metric("services.x.server.deadline.floor"));
    }

    #[test]
    fn every_metric_of_the_table_is_one() {
        let names = glossary::names();
        for (field, metric, _) in TABLE {
            assert!(names.iter().any(|name| name == metric), "{field}: {metric}");
        }
    }
}
