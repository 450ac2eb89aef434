//! The controller's API as the commands use it: typed calls whose refusals
//! become failures that a person can act on.

use controller::api::{Refusal, Role};
use hyper::{Method, StatusCode};
use platform::http::{CallError, Client};
use platform::{LabFile, Tokens};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// The controller, asked in one role.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: Client,
    lab: String,
}

impl Api {
    /// The controller of a lab.
    pub(crate) fn of(lab: &LabFile, role: Role) -> Self {
        Self { client: Client::new(&lab.controller.url, token(&lab.tokens, role)), lab: lab.lab.clone() }
    }

    /// The client beneath, for streams.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.call(Method::POST, path, Some(plain(body))).await
    }

    pub(crate) async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.call(Method::PATCH, path, Some(plain(body))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.call::<Value>(Method::DELETE, path, None).await.map(drop)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, Failure> {
        let answer = self.client.expect(method, path, body.map(Into::into)).await;
        answer.map_err(|error| explain(&error, &self.lab))
    }
}

fn plain(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("a request is plain data")
}

fn token(tokens: &Tokens, role: Role) -> &str {
    match role {
        Role::Observer => &tokens.observer,
        Role::Candidate => &tokens.candidate,
        Role::Operator => &tokens.operator,
    }
}

/// What a person can do about a call that failed.
fn explain(error: &CallError, lab: &str) -> Failure {
    match error {
        CallError::Refused { status, body, .. } => refused(*status, body),
        CallError::Unreachable { .. } => {
            Failure::unexpected(format!("the controller of lab `{lab}` does not answer"))
                .hint(format!("`firedrill status --lab {lab}` says what happened"))
        }
        other => Failure::caused(other).hint(format!("`firedrill status --lab {lab}` says how the lab is")),
    }
}

fn refused(status: StatusCode, body: &str) -> Failure {
    let refusal: Refusal = serde_json::from_str(body).unwrap_or_else(|_| Refusal {
        error: format!("refused with {status}: {body}"),
        problems: Vec::new(),
    });
    let exit = match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Exit::Invalid,
        _ => Exit::Unexpected,
    };
    let mut failure = Failure::new(exit, refusal.error);
    failure.details = refusal.problems.iter().map(problem).collect();
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            failure.hint("the plain command acts as operator; `--as` picks a lesser role")
        }
        StatusCode::CONFLICT => {
            failure.hint("`firedrill status` and `firedrill policy get` say how it is now")
        }
        _ => failure,
    }
}

/// One problem on one line: where, what, what is allowed, a hint.
pub(crate) fn problem(problem: &Value) -> String {
    let field = |name: &str| problem.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut line = String::new();
    if let Some(path) = field("path") {
        line.push_str(path);
        line.push_str(": ");
    }
    line.push_str(field("message").unwrap_or("not acceptable"));
    for (name, word) in [("allowed", "allowed"), ("hint", "hint")] {
        if let Some(text) = field(name) {
            line.push_str(&format!("; {word}: {text}"));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_policy_shows_every_problem_and_exits_104() {
        let body = r#"{"error":"not a policy","problems":[
            {"path":"services.paymnt","message":"unknown service","hint":"did you mean `payment`?"},
            {"path":"services.cart.server.workers","message":"-1 is too small","allowed":"1 to 100000"}]}"#;
        let failure = refused(StatusCode::UNPROCESSABLE_ENTITY, body);
        assert_eq!(failure.exit, Exit::Invalid);
        assert_eq!(failure.details[0], "services.paymnt: unknown service; hint: did you mean `payment`?");
        assert_eq!(failure.details[1], "services.cart.server.workers: -1 is too small; allowed: 1 to 100000");
    }

    #[test]
    fn a_refusal_in_another_shape_is_still_shown() {
        let failure = refused(StatusCode::INTERNAL_SERVER_ERROR, "boom");
        assert_eq!(failure.exit, Exit::Unexpected);
        assert!(failure.message.contains("boom"), "{}", failure.message);
    }
}
