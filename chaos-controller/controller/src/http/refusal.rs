//! What a caller who is refused reads: one mapping from every error of the controller to a status and a text.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::actions::ActError;
use crate::api::Refusal;
use crate::causes::chain;
use crate::control::ChangeError;
use crate::faults::FaultError;
use crate::policy_store::PolicyRefusal;
use crate::run::start::StartError;
use crate::words::WordError;

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    refusal: Refusal,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, refusal: Refusal { error: error.into(), problems: Vec::new() } }
    }

    pub(crate) fn with_problems(mut self, problems: Vec<Value>) -> Self {
        self.refusal.problems = problems;
        self
    }

    pub(crate) fn conflict(error: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, error)
    }

    pub(crate) fn invalid(error: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self.refusal)).into_response()
    }
}

impl From<ChangeError> for Refused {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::Journal(error) => unwritten(&error),
        }
    }
}

impl From<PolicyRefusal> for Refused {
    fn from(refusal: PolicyRefusal) -> Self {
        match refusal {
            PolicyRefusal::Stale { base, current } => {
                Self::conflict(format!("written against version {base}, but version {current} is in force"))
            }
            PolicyRefusal::Invalid(problems) => Self::invalid("not a policy").with_problems(problems),
            PolicyRefusal::Unknown(version) => {
                Self::new(StatusCode::NOT_FOUND, format!("no version {version}"))
            }
            PolicyRefusal::NoReason => Self::invalid("a change needs a reason"),
        }
    }
}

impl From<ActError> for Refused {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Locked => Self::conflict(error.to_string()),
            ActError::Unknown { .. } | ActError::TooMany(_) | ActError::KeepsState(_) => {
                Self::invalid(error.to_string())
            }
            ActError::Journal(error) => unwritten(&error),
            ActError::NoGuard | ActError::Guard(_) => Self::new(StatusCode::BAD_GATEWAY, chain(&error)),
        }
    }
}

impl From<FaultError> for Refused {
    fn from(error: FaultError) -> Self {
        match error {
            FaultError::Unknown { .. } => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            FaultError::Taken { .. } => Self::conflict(error.to_string()),
            FaultError::Journal(error) => unwritten(&error),
            FaultError::Place(error) => match error.refusal() {
                Some(why) => Self::invalid(why),
                None => Self::new(StatusCode::BAD_GATEWAY, chain(&error)),
            },
        }
    }
}

impl From<StartError> for Refused {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Busy | StartError::OtherBank | StartError::OpenBook | StartError::Absent(_) => {
                Self::conflict(error.to_string())
            }
            StartError::Samples(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
            StartError::Plan(_) | StartError::Load(_) => Self::invalid(error.to_string()),
            StartError::Instances(error) => Self::from(error),
            StartError::Folder(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}

impl From<WordError> for Refused {
    fn from(error: WordError) -> Self {
        match error {
            WordError::NoRun | WordError::Sealed | WordError::NoMoreHints(_) => {
                Self::conflict(error.to_string())
            }
            WordError::NoHints => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            WordError::Incomplete(problems) => {
                Self::new(StatusCode::BAD_REQUEST, "this is not complete").with_problems(problems)
            }
            WordError::Journal(error) => unwritten(&error),
        }
    }
}

fn unwritten(error: &std::io::Error) -> Refused {
    let error = format!("the journal cannot be written, so nothing was done: {error}");
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, error)
}
