//! `wrong_amount`: charged, but not what was asked for. The answer says what was charged, as any
//! answer does, and nobody has to read it.

use fault::{Measure, WrongAmount};

use crate::course::Answer;
use crate::record::{Counts, Hit};

pub(super) async fn answer(of: WrongAmount, hit: &Hit, act: impl Future<Output = Answer>) -> Answer {
    let answer = act.await;
    if let Some(money) = answer.money {
        hit.charged(money, due(of, money.asked_cents));
    }
    answer
}

/// What is to be charged where so many cents were asked for: a cent at least, and not yet rounded to cents.
fn due(of: WrongAmount, asked_cents: i64) -> f64 {
    let asked = asked_cents as f64;
    of.by_cents.map_or(asked * of.factor.unwrap_or(1.0), |by| asked + by as f64).max(1.0)
}

/// Of all charges that were hit, in cents. Exact, or it is wrong.
pub(super) fn measure(of: WrongAmount, counts: &Counts) -> Option<Measure> {
    // Rounding to cents happens charge by charge.
    let rounding = if of.factor.is_some() { counts.charges as f64 } else { 0.0 };
    let delivered = counts.money.charged_cents as f64;
    (counts.charges > 0)
        .then(|| Measure::new("charged in all", "cents", counts.due_cents, delivered, rounding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Money, Record};
    use axum::http::StatusCode;
    use fault::{Effect, FaultSpec};
    use serde_json::json;

    /// The dose after these charges, each of what was asked for; `None` repeats one that was charged before.
    async fn dose(of: WrongAmount, asked: &[Option<i64>]) -> serde_json::Value {
        let record = Record::new();
        for asked in asked {
            let money = asked.map(|cents| Money { asked_cents: cents, charged_cents: of.of(cents) });
            let act = async { Answer { money, ..Answer::json(StatusCode::CREATED, &json!({})) } };
            answer(of, &record.hit(), act).await;
        }
        record.summary(&FaultSpec::new(Effect::WrongAmount(of)))["dose"].clone()
    }

    #[tokio::test]
    async fn a_call_that_repeats_a_charge_owes_nothing() {
        let of = WrongAmount { factor: None, by_cents: Some(250) };
        let dose = dose(of, &[Some(1_000), None, None, Some(2_000)]).await;
        assert_eq!((&dose["requested"], &dose["within"]), (&json!(3_500.0), &json!(true)));
    }

    #[tokio::test]
    async fn the_least_charge_of_a_cent_is_as_requested() {
        let less = WrongAmount { factor: None, by_cents: Some(-500) };
        let dose_of_less = dose(less, &[Some(300), Some(1_000)]).await;
        assert_eq!((&dose_of_less["delivered"], &dose_of_less["within"]), (&json!(501.0), &json!(true)));
        let nothing = WrongAmount { factor: Some(0.0), by_cents: None };
        assert_eq!(dose(nothing, &[Some(300); 9]).await["error"], json!(0.0));
    }
}
