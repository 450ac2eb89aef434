//! Every kind of word is explained, in the words of the schemas and tables, and what is not known is guessed at.

use serde_json::json;

use super::*;

fn lab() -> InForce {
    InForce {
        version: 3,
        document: json!({"version": 1, "services": {
            "*": {"calls": {"*": {"attempt_timeout": "1s"}}},
            "payment": {"server": {"workers": 20}, "calls": {"bank.charge": {"breaker": {"window": 50}}}},
        }}),
    }
}

fn fact(explained: &Explained, name: &str) -> String {
    let found = explained.facts.iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {explained:?}")).1.clone()
}

#[test]
fn a_path_of_the_policy_tells_type_default_value_and_row() {
    let explained = explain("services.payment.calls.bank.charge.attempt_timeout", Some(&lab())).unwrap();
    assert!(explained.is.contains("How long one attempt may take"), "{explained:?}");
    assert!(fact(&explained, "takes").contains("off"), "{explained:?}");
    assert_eq!(fact(&explained, "default"), "off");
    assert!(fact(&explained, "in force").starts_with("1s (policy v3)"), "{explained:?}");
    assert_eq!(fact(&explained, "said by"), "`services.*.calls.*.attempt_timeout`");
    assert!(fact(&explained, "shows in").contains("lab_client_attempts_total"));
}

#[test]
fn services_may_be_left_out_and_the_default_is_told_where_no_row_speaks() {
    let explained = explain("payment.server.queue.limit", Some(&lab())).unwrap();
    assert_eq!(explained.subject, "services.payment.server.queue.limit");
    assert_eq!(
        (fact(&explained, "default"), fact(&explained, "takes")),
        ("10000".into(), "0 to 1000000".into())
    );
    assert!(fact(&explained, "said by").contains("default"));
}

#[test]
fn a_block_lists_its_keys_and_what_is_inside_an_off_block_has_a_default() {
    let breaker = explain("payment.calls.bank.charge.breaker", Some(&lab())).unwrap();
    assert!(fact(&breaker, "keys").contains("slow_call_duration"), "{breaker:?}");
    assert!(fact(&breaker, "in force").contains("window: 50"), "{breaker:?}");
    let open_for = explain("payment.calls.bank.charge.breaker.open_for", None).unwrap();
    assert_eq!(fact(&open_for, "default"), "5s");
}

#[test]
fn a_metric_is_told_in_the_words_of_the_dashboards() {
    for word in ["lab_queue_wait_seconds", "lab_queue_wait_seconds_bucket"] {
        let explained = explain(word, None).unwrap();
        assert_eq!((explained.kind, explained.subject.as_str()), ("metric", "lab_queue_wait_seconds"));
        assert!(fact(&explained, "ask").contains("histogram_quantile"));
        assert_eq!(fact(&explained, "resilience4j"), "nothing like it");
    }
}

#[test]
fn a_drill_path_and_an_exit_code_are_known() {
    assert_eq!(explain("drill.recovered.hold", None).unwrap().kind, "drill.yaml");
    assert!(explain("99", None).unwrap().is.starts_with("fail"));
    assert!(explain("exit 97", None).unwrap().is.starts_with("residue"));
}

#[test]
fn a_word_that_is_nothing_has_near_ones() {
    let near = |word: &str| explain(word, None).unwrap_err().near;
    assert!(near("lab_queue_wait_second").contains(&"lab_queue_wait_seconds".to_owned()));
    assert!(
        near("payment.calls.bank.charge.attempt_timeot").iter().any(|path| path.ends_with("attempt_timeout"))
    );
    assert!(explain("paymnt.server.workers", None).is_err());
}

#[test]
fn an_alert_is_told_with_its_query_and_its_runbook() {
    let explained = explain("retryamplification", None).unwrap();
    assert_eq!(explained.kind, "alert");
    assert!(fact(&explained, "fires when").contains("per_call"), "{explained:?}");
    assert!(fact(&explained, "recorded").contains("lab_client_attempts_total"), "{explained:?}");
    assert!(fact(&explained, "runbook").ends_with("retry-amplification.md"), "{explained:?}");
    assert!(explain("WorkersFul", None).unwrap_err().near.iter().any(|near| near == "WorkersFull"));
}

#[test]
fn what_a_policy_is_refused_for_is_not_explained() {
    let refused = |word: &str| explain(word, Some(&lab())).unwrap_err();
    let case = refused("cart.calls.order.checkout.retry.budget");
    assert_eq!(case.hint.as_deref(), Some("did you mean `order.Checkout`?"), "{case:?}");
    let fallback = refused("payment.calls.bank.charge.fallback");
    assert!(fallback.hint.is_some_and(|hint| hint.contains("payment.Charge")));
    for word in
        ["payment.settler.rate", "cart.deadline", "cart.server.bulkheads.Charge", "search.calls.bank.charge"]
    {
        assert!(refused(word).why.is_some(), "{word}");
    }
    for word in [
        "cart.calls.order.Checkout.retry.budget",
        "order.calls.payment.Charge.fallback",
        "payment.calls.bank.charge.idempotency",
        "order.settler.rate",
        "frontend.deadline",
        "payment.server.bulkheads.Charge",
        "*.calls.*.attempt_timeout",
    ] {
        assert!(explain(word, Some(&lab())).is_ok(), "{word}");
    }
}

#[test]
fn the_words_of_the_pages_are_explained() {
    for word in [
        "good",
        "gave_up",
        "504",
        "http_503",
        "outcome",
        "first broken",
        "first_broken",
        "amplification",
        "pending",
    ] {
        assert_eq!(explain(word, None).map(|explained| explained.kind), Ok("word"), "{word}");
    }
    let good = explain("Good", None).unwrap();
    assert!(fact(&good, "in time").contains("2 s") && good.is.contains("in time"), "{good:?}");
}

#[test]
fn the_words_of_the_scorecard_are_explained() {
    let rows = grader::RUBRIC.into_iter().chain(drill::Mode::ALL.map(drill::Mode::name));
    let others =
        ["readiness", "void", "hold", "overrule", "mitigation", "blast radius", "error budget", "self_score"];
    for word in rows.chain(others) {
        assert_eq!(explain(word, None).map(|explained| explained.kind), Ok("word"), "{word}");
    }
}

#[test]
fn no_word_is_explained_twice() {
    // The word of a metric's label and that of a sentence may be the same one.
    let mut names: Vec<String> = words::names().map(str::to_lowercase).collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn a_metric_has_its_own_labels_and_an_alert_no_templates() {
    let labels = |metric: &str| fact(&explain(metric, None).unwrap(), "labels");
    assert!(labels("lab_user_latency_seconds").starts_with("journey, and"));
    assert!(labels("lab_user_requests_total").starts_with("journey, outcome, and"));
    let full = explain("WorkersFull", None).unwrap();
    assert!(full.is.contains("<service>") && !fact(&full, "means").contains("{{"), "{full:?}");
}
