//! The query of a URL from a typed question: its fields by name, what is absent left out.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::command::query::encoded;

/// `path?field=value&...`.
pub(crate) fn with_query(path: &str, question: &impl Serialize) -> String {
    let fields = serde_json::to_value(question).expect("a question is plain data");
    let mut url = path.to_owned();
    let mut before = '?';
    for (name, value) in fields.as_object().into_iter().flatten() {
        let text = match value {
            Value::Null | Value::Bool(false) => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let _ = write!(url, "{before}{name}={}", encoded(&text));
        before = '&';
    }
    url
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_question_becomes_a_query_without_what_is_absent() {
        let question = json!({"service": "a&b c", "error": false, "min_ms": 1.5, "limit": null, "all": true});
        assert_eq!(with_query("/api/traces", &question), "/api/traces?service=a%26b%20c&min_ms=1.5&all=true");
        assert_eq!(with_query("/api/traces", &json!({})), "/api/traces");
    }
}
