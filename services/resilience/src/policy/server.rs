//! What a service does as a server: workers, the queue before them, bulkheads between its methods.
//!
//! Only the written form of what has no module of its own; the pool that obeys it is [`crate::pool`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::setting::Setting;
use crate::concurrency::Concurrency;
use crate::deadline::Deadline;
use crate::pool::Queue;
use crate::rate_limit::RateLimit;
use crate::shed::Shed;

/// The worker pool of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerPolicy {
    /// How many requests run at once. Default 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub workers: Option<u32>,
    /// The queue before the workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
    /// How many of the workers may run at once, learned from the time in the handler. Default `off`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Setting<Concurrency>>,
    /// What happens to the work of a caller that has left: `off` = it is done all the same, `queued` = it is
    /// dropped while it waits, `all` = it is dropped even while it runs. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<Cancel>,
    /// Workers that one method may hold at most, by the name of the method. A method that is not listed may
    /// hold them all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Places>")]
    pub bulkheads: BTreeMap<String, u32>,
    /// What it does with the deadline of a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// Refuses the least important requests while the service is overloaded. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shed: Option<Setting<Shed>>,
    /// Requests per second that are accepted, by the name of the method; `*` is all of them together. A method that is
    /// not listed has no limit of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rate_limits: BTreeMap<String, Setting<RateLimit>>,
    /// The order of what stands before the queue, outermost first. Default: shed, rate_limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<ServerLayer>>,
}

/// What stands before the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ServerLayer {
    Shed,
    RateLimit,
}

impl ServerLayer {
    /// Shedding first: what a rate limit refuses has used up nothing, but who is shed should not have used up a token.
    pub const ORDER: [ServerLayer; 2] = [ServerLayer::Shed, ServerLayer::RateLimit];

    /// The named layers change places among themselves, the others stay; a name that comes twice counts once.
    pub(super) fn in_order(named: &[ServerLayer]) -> Vec<ServerLayer> {
        let mut once: Vec<ServerLayer> = Vec::new();
        for layer in named {
            if !once.contains(layer) {
                once.push(*layer);
            }
        }
        let mut given = once.clone().into_iter();
        let place = |layer| if once.contains(&layer) { given.next().unwrap_or(layer) } else { layer };
        ServerLayer::ORDER.map(place).to_vec()
    }
}

/// Whose work is dropped when its caller has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Cancel {
    #[default]
    Off,
    Queued,
    All,
}

/// A number of places.
// It exists only to carry the range into the schema of maps and settings.
#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Places(#[schemars(range(min = 1, max = 100_000))] u32);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::Problem;
    use crate::policy::parse;

    fn problems(services: Value) -> Vec<Problem> {
        parse(&json!({"version": 1, "services": services})).err().unwrap_or_default()
    }

    #[test]
    fn what_stands_before_the_queue_has_methods_that_exist_and_times_that_can_be() {
        let server = |server: Value| problems(json!({"payment": {"server": server}}));
        let limits = json!({"*": {"rate": 450}, "Charge": {"rate": 450, "burst": 45}, "ListMethods": "off"});
        assert_eq!(server(json!({"rate_limits": limits, "shed": {}, "layers": ["rate_limit", "shed"]})), []);
        let found = server(json!({"shed": {"target": "0s", "down": 0, "up": 2}, "layers": ["queue"],
            "rate_limits": {"payment.Charge": {"rate": 0}, "charge": {"rate": 5, "burst": 0}, "Charge": {}}}));
        let at = |path: &str| {
            found.iter().any(|problem| problem.path == format!("services.payment.server.{path}"))
        };
        for path in [
            "shed.down",
            "shed.up",
            "layers.0",
            "rate_limits.payment.Charge.rate",
            "rate_limits.charge.burst",
            "rate_limits.Charge",
        ] {
            assert!(at(path), "{path}: {found:#?}");
        }
        assert_eq!(
            server(json!({"rate_limits": {"charge": {"rate": 5}}}))[0].hint.as_deref(),
            Some("did you mean `Charge`?")
        );
        assert_eq!(server(json!({"shed": {"target": "0s", "window": "0s"}})).len(), 2);
    }

    #[test]
    fn layers_before_the_queue_change_places_and_none_is_lost() {
        use ServerLayer::{RateLimit, Shed};
        for (named, order) in [
            (vec![], [Shed, RateLimit]),
            (vec![RateLimit, Shed], [RateLimit, Shed]),
            (vec![RateLimit], [Shed, RateLimit]),
            (vec![RateLimit, RateLimit], [Shed, RateLimit]),
        ] {
            assert_eq!(ServerLayer::in_order(&named), order, "{named:?}");
        }
    }
}
