//! `wrong_amount`: charged, but not what was asked for. The answer says what was charged, as any
//! answer does, and nobody has to read it.

use fault::{Measure, WrongAmount};

use crate::course::Answer;
use crate::record::{Counts, Hit};

pub(super) async fn answer(hit: &Hit, act: impl Future<Output = Answer>) -> Answer {
    let answer = act.await;
    if let Some(money) = answer.money {
        hit.charged(money);
    }
    answer
}

/// Of all charges that were hit, in cents. Exact, or it is wrong.
pub(super) fn measure(of: WrongAmount, counts: &Counts) -> Option<Measure> {
    let asked = counts.money.asked_cents;
    // Rounding to cents happens charge by charge.
    let rounding = if of.factor.is_some() { counts.hits as f64 } else { 0.0 };
    let requested = match (of.factor, of.by_cents) {
        (Some(factor), _) => asked as f64 * factor,
        (None, by) => asked as f64 + by.unwrap_or_default() as f64 * counts.hits as f64,
    };
    let delivered = counts.money.charged_cents as f64;
    (asked > 0).then(|| Measure::new("charged in all", "cents", requested, delivered, rounding))
}
