//! What a person writes about shedding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::Span;

/// Sheds the least important requests first. Overload is seen in how long requests wait in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Shed {
    /// The service is overloaded when requests wait longer than this in the queue, on average. Default 20ms (DAGOR).
    pub target: Span,
    /// How often the level is judged. Default 1s (DAGOR).
    pub window: Span,
    /// It is judged sooner when so many requests came. Default 2000 (DAGOR).
    #[schemars(range(min = 10, max = 1_000_000))]
    pub requests: u32,
    /// Overloaded: at most this share below what the workers can do is let in, until the queue has drained. Default
    /// 0.05 (DAGOR).
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub down: f64,
    /// Not overloaded: this share of all that come is let in on top, each window. Default 0.01 (DAGOR), so that a
    /// service that shed everybody is open again after 100 windows.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub up: f64,
}

impl Default for Shed {
    fn default() -> Shed {
        Shed { target: Span::millis(20), window: Span::seconds(1), requests: 2_000, down: 0.05, up: 0.01 }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::Snapshot;
    use crate::policy::parse;

    #[test]
    fn everybody_stamps_as_soon_as_anybody_sheds() {
        let frontend = |services: Value| {
            Snapshot::of(&parse(&json!({"version": 1, "services": services})).unwrap(), 1, "frontend").stamps
        };
        assert!(frontend(json!({"payment": {"server": {"shed": {}}}})));
        assert!(!frontend(
            json!({"payment": {"server": {"shed": "off", "rate_limits": {"Charge": {"rate": 9}}}}})
        ));
    }
}
