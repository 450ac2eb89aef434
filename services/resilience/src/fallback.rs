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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::policy::{Problem, parse};
    use crate::{Call, Snapshot};

    fn problems(services: Value) -> Vec<Problem> {
        parse(&json!({"version": 1, "services": services})).err().unwrap_or_default()
    }

    /// The only problem, as (path, hint).
    fn only(services: Value) -> (String, String) {
        let mut problems = problems(services);
        assert_eq!(problems.len(), 1, "{problems:#?}");
        let problem = problems.remove(0);
        (problem.path, problem.hint.unwrap_or_default())
    }

    fn snapshot(services: Value, service: &str) -> Snapshot {
        Snapshot::of(&parse(&json!({"version": 1, "services": services})).unwrap(), 7, service)
    }

    #[test]
    fn what_writes_is_never_answered_from_what_was_answered_before() {
        let call = |service: &str, key: &str, fallback: &str| json!({service: {"calls": {key: {"fallback": fallback}}}});
        for (service, key) in [
            ("frontend", "search.Query"),
            ("frontend", "account.Get"),
            ("frontend", "cart.Get"),
            ("search", "inventory.Stock"),
            ("order", "payment.ListMethods"),
            ("*", "*"),
        ] {
            assert_eq!(problems(call(service, key, "stale")), [], "{key}");
        }
        for (service, key) in [
            ("frontend", "cart.AddItem"),
            ("frontend", "cart.Checkout"),
            ("order", "inventory.Reserve"),
            ("order", "payment.GetCharge"),
            ("payment", "bank.charge"),
            ("payment", "bank.lookup"),
        ] {
            assert!(only(call(service, key, "stale")).1.starts_with("only calls that read"), "{key}");
        }
        assert_eq!(only(call("order", "payment.Charge", "stale")).1, "did you mean `pending`?");
        assert_eq!(only(call("frontend", "cart.Get", "pending")).1, "did you mean `stale`?");
        assert_eq!(
            only(call("frontend", "cart.Get", "stael")).0,
            "services.frontend.calls.cart.Get.fallback"
        );
    }

    #[test]
    fn a_fallback_for_all_calls_reaches_those_that_it_is_for() {
        let services = json!({"*": {"calls": {"*": {"fallback": "stale", "stale_for": "5s"}}},
            "order": {"calls": {"payment.Charge": {"fallback": "pending"}}}});
        let order = snapshot(services.clone(), "order");
        assert_eq!(order.call("payment", "ListMethods").stale, Some(Duration::from_secs(5)));
        assert_eq!(
            (order.call("payment", "Charge").fallback_pending, order.call("payment", "Charge").stale),
            (true, None)
        );
        assert_eq!(order.call("inventory", "Reserve").stale, None);
        assert_eq!(snapshot(services, "payment").call("bank", "lookup").stale, None);
        assert_eq!(
            snapshot(json!({"*": {"calls": {"*": {"fallback": "pending"}}}}), "order")
                .call("payment", "ListMethods"),
            Arc::new(Call::default())
        );
    }
}
