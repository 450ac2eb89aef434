//! A document for a lab at a fraction of the size: the same shape at a tenth of the cost.
//!
//! Places and rates shrink, times and shares never do. The breaker stays as it is: its window is a sample, and a
//! sample of ten calls would trip by accident.

use serde_json::{Value, json};

/// How a field scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Workers, places: rounded up, and at least 1 if it was.
    Count,
    /// Per second: any fraction.
    Rate,
}

/// The document, or the patch, at `scale` times its size. Words, nulls and zeros stay.
pub fn scale(document: &Value, scale: f64) -> Value {
    let mut scaled = document.clone();
    walk(&mut Vec::new(), &mut scaled, scale);
    scaled
}

/// Whether the field at these keys is one that scales, for what else is written in its unit (safe bounds).
pub(super) fn scaled(keys: &[String], value: f64, scale: f64) -> f64 {
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    match kind(&keys) {
        Some(Kind::Count) => count(value, scale),
        Some(Kind::Rate) => value * scale,
        None => value,
    }
}

fn walk(keys: &mut Vec<String>, value: &mut Value, scale: f64) {
    if let Value::Object(members) = value {
        for (key, member) in members {
            keys.push(key.clone());
            walk(keys, member, scale);
            keys.pop();
        }
        return;
    }
    let Some(number) = value.as_f64() else { return };
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    match kind(&keys) {
        Some(Kind::Count) => *value = json!(count(number, scale) as u64),
        Some(Kind::Rate) => *value = json!(number * scale),
        None => {}
    }
}

fn kind(keys: &[&str]) -> Option<Kind> {
    match keys {
        ["services", _, "server", "workers"]
        | ["services", _, "server", "queue", "limit"]
        | ["services", _, "server", "bulkheads", _]
        | ["services", _, "calls", _, "bulkhead"]
        | ["services", _, "server", "rate_limits", _, "burst"]
        | ["services", _, "server", "shed", "requests"]
        | ["services", _, "server", "concurrency", "initial" | "min" | "max" | "queue_size"]
        | ["services", _, "calls", _, "concurrency", "initial" | "min" | "max" | "queue_size"] => {
            Some(Kind::Count)
        }
        ["services", _, "server", "rate_limits", _, "rate"]
        | ["services", _, "calls", _, "retry", "budget", "min_per_second"]
        | ["services", _, "settler", "rate"] => Some(Kind::Rate),
        _ => None,
    }
}

fn count(value: f64, scale: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    // A tenth of 30 is 3, also in floats.
    (value * scale - 1e-9).ceil().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_rates_shrink_and_times_do_not() {
        let document = json!({"version": 1, "services": {
            "order": {"server": {"workers": 1047, "queue": {"limit": 100, "wait": "1s"}, "bulkheads": {"Checkout": 3}},
                "settler": {"rate": 600},
                "calls": {"payment.Charge": {"bulkhead": 30, "concurrency": {"max": 200, "window": "100ms", "buffer": 0.5}, "attempt_timeout": "400ms", "breaker": {"window": 100},
                    "retry": {"max_retries": 3, "budget": {"ratio": 0.2, "min_per_second": 5}}}}},
        }});
        let tenth = scale(&document, 0.1);
        let order = &tenth["services"]["order"];
        assert_eq!(
            order["server"],
            json!({"workers": 105, "queue": {"limit": 10, "wait": "1s"}, "bulkheads": {"Checkout": 1}})
        );
        assert_eq!(order["settler"]["rate"].as_f64(), Some(60.0));
        let call = &order["calls"]["payment.Charge"];
        assert_eq!((&call["bulkhead"], &call["breaker"]["window"]), (&json!(3), &json!(100)));
        assert_eq!(call["concurrency"], json!({"max": 20, "window": "100ms", "buffer": 0.5}));
        assert_eq!(call["retry"], json!({"max_retries": 3, "budget": {"ratio": 0.2, "min_per_second": 0.5}}));
        assert_eq!(
            scale(&document, 1.0)["services"]["order"]["server"],
            document["services"]["order"]["server"]
        );
    }

    #[test]
    fn what_stands_before_the_queue_shrinks_by_what_is_counted() {
        let document = json!({"services": {"payment": {"server": {"shed": {"requests": 2000, "target": "20ms", "up": 0.01},
            "rate_limits": {"Charge": {"rate": 450, "burst": 45}, "*": "off"}}}}});
        let tenth = scale(&document, 0.1);
        let server = &tenth["services"]["payment"]["server"];
        assert_eq!(server["shed"], json!({"requests": 200, "target": "20ms", "up": 0.01}));
        assert_eq!(
            (server["rate_limits"]["Charge"]["rate"].as_f64(), &server["rate_limits"]["Charge"]["burst"]),
            (Some(45.0), &json!(5))
        );
    }

    #[test]
    fn a_patch_keeps_its_words_nulls_and_zeros() {
        let patch = json!({"services": {"*": {"server": {"queue": {"limit": 0}, "workers": null}, "settler": "off"}}});
        assert_eq!(scale(&patch, 0.25), patch);
    }
}
