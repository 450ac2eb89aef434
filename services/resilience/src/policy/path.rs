//! Paths into a document, as people write them: `services.payment.calls.bank.charge.attempt_timeout`.
//!
//! The key of a call has a dot in it, so a path cannot be split at dots alone: after `calls` two parts are one
//! key, unless the first is `*`.

/// The keys of a path.
pub fn split(path: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let mut parts = path.split('.').filter(|part| !part.is_empty());
    while let Some(part) = parts.next() {
        let call = keys.len() == 3 && keys[0] == "services" && keys[2] == "calls" && part != "*";
        match parts.clone().next().filter(|_| call) {
            Some(method) => {
                keys.push(format!("{part}.{method}"));
                parts.next();
            }
            None => keys.push(part.to_owned()),
        }
    }
    keys
}

/// The path of these keys.
pub fn join<K: AsRef<str>>(keys: &[K]) -> String {
    keys.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_call_is_one_key() {
        let path = "services.payment.calls.bank.charge.retry.max_retries";
        assert_eq!(split(path), ["services", "payment", "calls", "bank.charge", "retry", "max_retries"]);
        assert_eq!(split("services.*.calls.*.bulkhead"), ["services", "*", "calls", "*", "bulkhead"]);
        assert_eq!(split("services.order.settler.rate"), ["services", "order", "settler", "rate"]);
        assert_eq!(join(&split(path)), path);
    }
}
