//! The queue before the workers, as it is written in the document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codel::Codel;
use crate::policy::{Setting, Span};

/// The queue before the workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// How many requests may wait. One more is refused with 503. Default 10000: the naive queue of the lab, too long to
    /// help anybody.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub limit: u32,
    /// Which of the waiting requests starts next: `fifo` = the oldest, `lifo` = the newest, `adaptive_lifo` = the
    /// newest while the queue is overloaded (as CoDel has it, with its target and interval), else the oldest.
    /// Background work always starts in its order. Default `fifo`.
    pub order: Order,
    /// How long a request may wait before it is refused. Default `off`.
    pub wait: Setting<Span>,
    /// Refuses what has waited too long while the queue does not get short any more. Default `off`.
    pub codel: Setting<Codel>,
}

/// Which waiting request starts next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Order {
    #[default]
    Fifo,
    Lifo,
    AdaptiveLifo,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue { limit: 10_000, order: Order::Fifo, wait: Setting::Off, codel: Setting::Off }
    }
}

impl Queue {
    /// What decides about overload, if anything asks for it.
    pub(super) fn overload(&self) -> Option<Codel> {
        match (self.codel, self.order) {
            (Setting::On(codel), _) => Some(codel),
            (Setting::Off, Order::AdaptiveLifo) => Some(Codel::default()),
            (Setting::Off, Order::Fifo | Order::Lifo) => None,
        }
    }
}
