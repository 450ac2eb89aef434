//! Who is asking: the bearer token is the role.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use platform::Tokens;

use crate::api::Role;
use crate::lab::Lab;

use super::Refused;

/// Names that the journal gives to what is not a person.
const OF_THE_LAB: [&str; 3] = ["controller", "guard", "system"];
/// How the names of scripts begin.
const SCRIPT: &str = "script";

/// Somebody with a token of the lab.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) role: Role,
}

impl Caller {
    /// Refuses a role that is too low.
    pub(crate) fn must_be(self, role: Role) -> Result<Self, Refused> {
        if self.role >= role {
            Ok(self)
        } else {
            Err(Refused::new(StatusCode::FORBIDDEN, format!("this needs the {} role", name(role))))
        }
    }

    /// Who the journal says it was: the name that was given, else the role. The lab's own names are nobody's: what the
    /// controller does is no act, and a script's words are a script's.
    pub(crate) fn named(self, author: &str) -> String {
        let (role, author) = (name(self.role), author.trim());
        let of_the_lab = OF_THE_LAB.contains(&author) || author.starts_with(SCRIPT);
        match author {
            "" => role.to_owned(),
            author if of_the_lab && role != author => format!("{role}:{author}"),
            author => author.to_owned(),
        }
    }
}

impl FromRequestParts<Arc<Lab>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, lab: &Arc<Lab>) -> Result<Self, Refused> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        header
            .and_then(|value| value.strip_prefix("Bearer "))
            .and_then(|token| role_of(&lab.tokens, token))
            .map(|role| Self { role })
            .ok_or_else(|| Refused::new(StatusCode::UNAUTHORIZED, "this needs a token of the lab"))
    }
}

/// The role of a token. An empty one is nobody's, whatever the lab's file says.
fn role_of(tokens: &Tokens, token: &str) -> Option<Role> {
    [
        (Role::Operator, &tokens.operator),
        (Role::Candidate, &tokens.candidate),
        (Role::Observer, &tokens.observer),
    ]
    .into_iter()
    .find(|(_, known)| !token.is_empty() && known.as_str() == token)
    .map(|(role, _)| role)
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Observer => "observer",
        Role::Candidate => "candidate",
        Role::Operator => "operator",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_role_and_no_token_is_none() {
        let tokens =
            Tokens { observer: "a".into(), candidate: "b".into(), operator: "c".into(), lab: "d".into() };
        assert_eq!(role_of(&tokens, "b"), Some(Role::Candidate));
        assert_eq!(role_of(&tokens, "d"), None, "the processes' token opens nothing here");
        assert_eq!(role_of(&Tokens::default(), ""), None);
    }

    #[test]
    fn a_role_may_do_what_the_ones_below_may() {
        let candidate = Caller { role: Role::Candidate };
        assert!(candidate.must_be(Role::Observer).is_ok() && candidate.must_be(Role::Operator).is_err());
        assert_eq!(candidate.named(" "), "candidate");
        assert_eq!(candidate.named("ada"), "ada");
        assert_eq!(candidate.named("controller"), "candidate:controller");
        assert_eq!(candidate.named("script:layered"), "candidate:script:layered");
    }
}
