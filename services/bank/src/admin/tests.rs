//! The form of what an operator sends.

use super::*;

fn problems(path_id: Option<&str>, body: &Value) -> Vec<String> {
    let (status, Json(answer)) = fault(path_id.map(str::to_owned), body.to_string().as_bytes()).unwrap_err();
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let problems = answer["problems"].as_array().unwrap();
    problems.iter().map(|problem| problem["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_fault_is_its_id_and_its_spec() {
    let body = json!({"id": "slow", "effect": {"latency": {"fixed": {"value": "30s"}}}, "lease": "5s"});
    let (id, spec) = fault(None, body.to_string().as_bytes()).unwrap();
    assert_eq!((id.as_str(), spec.lease), ("slow", fault::Span::from_secs(5)));
    assert!(fault(Some("slow".to_owned()), body.to_string().as_bytes()).is_ok());
}

#[test]
fn every_problem_is_in_the_answer() {
    let body = json!({"id": "a b", "effect": {"error": {"status": 200, "rate": 1}}, "lese": "5s"});
    assert_eq!(problems(None, &body), ["id", "lese", "effect.error.rate"]);
    let hang = json!({"effect": {"hang": {}}});
    assert_eq!(problems(None, &hang), ["id"]);
    assert_eq!(problems(Some("log"), &hang), ["id"]);
    assert_eq!(problems(None, &json!({"id": 3, "effect": {"hang": {}}})), ["id"]);
    assert_eq!(problems(Some("a"), &json!({"id": "b", "effect": {"hang": {}}})), ["id"]);
}

#[test]
fn what_is_not_json_is_a_bad_request() {
    assert_eq!(fault(None, b"{").unwrap_err().0, StatusCode::BAD_REQUEST);
}
