//! In which order the policies of a call stand around each other. The order is data, because a wrong one is a lesson: a
//! breaker outside the retries sees one failure where a breaker inside them sees four.
//!
//! ```text
//! fallback > total_timeout > retry > hedge | throttle > breaker > balance > concurrency > bulkhead > attempt_timeout > wire
//! \______ around all the attempts _______/   \____________________ around each attempt ___________________________/
//! ```
//! What a layer does is its own file's; what stands in a stack is only what is on, so a policy that is off costs nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::Call;

/// A policy as a layer around a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Layer {
    Fallback,
    TotalTimeout,
    Retry,
    Hedge,
    Throttle,
    Breaker,
    Balance,
    Concurrency,
    Bulkhead,
    AttemptTimeout,
}

/// From the outside in: retries and hedges pay with the same budget; a breaker inside them counts every attempt, and ends
/// them when it opens; what limits this side's own calls stands inside the breaker, so that its refusals are no failures
/// of the callee.
pub const ORDER: [Layer; 10] = [
    Layer::Fallback,
    Layer::TotalTimeout,
    Layer::Retry,
    Layer::Hedge,
    Layer::Throttle,
    Layer::Breaker,
    Layer::Balance,
    Layer::Concurrency,
    Layer::Bulkhead,
    Layer::AttemptTimeout,
];

/// The layers of one kind of call that are on, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Around all attempts.
    pub outer: Vec<Layer>,
    /// Around each attempt: below the innermost of the layers that make attempts.
    pub inner: Vec<Layer>,
}

impl Stack {
    /// Whether a layer is on.
    pub fn has(&self, layer: Layer) -> bool {
        self.outer.contains(&layer) || self.inner.contains(&layer)
    }

    /// The stack of `call`. The layers of `named` change places among themselves, all others stay where [`ORDER`] has
    /// them; a name that comes twice counts once.
    pub(crate) fn of(call: &Call, named: &[Layer]) -> Stack {
        let order = order(named);
        let makes_attempts = |layer: &Layer| matches!(layer, Layer::Retry | Layer::Hedge);
        let inside = order.iter().rposition(makes_attempts).map_or(0, |innermost| innermost + 1);
        let on = |layers: &[Layer]| layers.iter().copied().filter(|layer| call.has(*layer)).collect();
        Stack { outer: on(&order[..inside]), inner: on(&order[inside..]) }
    }
}

/// [`ORDER`] with the `named` layers in their places in the order in which they are named.
fn order(named: &[Layer]) -> [Layer; 10] {
    let mut once: Vec<Layer> = Vec::new();
    for layer in named {
        if !once.contains(layer) {
            once.push(*layer);
        }
    }
    let mut given = once.clone().into_iter();
    ORDER.map(|layer| if once.contains(&layer) { given.next().unwrap_or(layer) } else { layer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_layers_change_places_and_the_others_stay() {
        assert_eq!(order(&[]), ORDER);
        let swapped = order(&[Layer::Breaker, Layer::Retry]);
        assert_eq!((swapped[2], swapped[5]), (Layer::Breaker, Layer::Retry));
        assert_eq!((swapped[0], swapped[3], swapped[9]), (ORDER[0], ORDER[3], ORDER[9]));
        assert_eq!(order(&[Layer::Retry, Layer::Retry, Layer::Breaker]), ORDER);
        assert_eq!(order(&[Layer::Bulkhead]), ORDER);
    }

    #[test]
    fn a_stack_holds_what_is_on_and_is_cut_below_what_makes_attempts() {
        let call = Call {
            attempt_timeout: Some(std::time::Duration::from_secs(1)),
            bulkhead: Some(3),
            ..Call::default()
        };
        assert_eq!(Call::default().stack, Stack::default());
        let plain = Stack::of(&call, &[]);
        assert_eq!((plain.outer, plain.inner), (vec![], vec![Layer::Bulkhead, Layer::AttemptTimeout]));
        let outside = Stack::of(&call, &[Layer::AttemptTimeout, Layer::Retry]);
        assert_eq!(outside.outer, [Layer::AttemptTimeout, Layer::Bulkhead], "retries are the innermost now");
        assert_eq!(outside.inner, []);
    }
}
