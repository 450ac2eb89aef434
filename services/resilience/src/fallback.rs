//! What is answered when a call has failed.
//!
//! Fallbacks have a bad name: rarely run, and a second way of working that nobody has tested. These two earn their
//! place by being the only work that is done (AWS Builders' Library, "Avoiding fallback in distributed systems"):
//! `pending` writes down what is always written down, and `stale` keeps every answer while it is on, so that only
//! *reading* them is new when the callee fails. Neither calls anybody (I37).

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is answered instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Fallback {
    /// The order is accepted, and settled later.
    Pending,
    /// The last good answer to the same question, if it is not too old.
    Stale,
}

impl Fallback {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Fallback::Pending => "pending",
            Fallback::Stale => "stale",
        }
    }
}

/// The calls that may be answered from what was answered before. Reading about money (`payment.GetCharge`,
/// `bank.lookup`) is not among them: "there is no charge", a minute old, is how somebody is charged twice.
pub const STALE_CALLS: [&str; 5] =
    ["search.Query", "account.Get", "cart.Get", "inventory.Stock", "payment.ListMethods"];

/// The call whose failure can be made up for later.
pub const PENDING_CALL: &str = "payment.Charge";

/// How long an answer may stand in for a new one, if nothing is said.
pub const STALE_FOR: Duration = Duration::from_secs(60);
