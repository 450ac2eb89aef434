//! What the later runs earned more than the first.

use grader::Scorecard;
use serde::Serialize;

/// Orders and money that a run confirmed more than the first one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Gain {
    /// `second`, `third` ...
    pub(super) run: String,
    pub(super) orders: i64,
    pub(super) cents: i64,
}

/// Of the runs that have ledgers, if the first has, and only at one scale: otherwise there were more users to sell to.
pub(super) fn gains(cards: &[&Scorecard]) -> Vec<Gain> {
    let Some((first, rest)) = cards.split_first() else { return Vec::new() };
    let alike = |card: &&Scorecard| {
        (&card.drill, &card.variant, &card.scale) == (&first.drill, &first.variant, &first.scale)
    };
    let gain = |(index, card): (usize, &&Scorecard)| {
        let (before, after) = (first.money.as_ref()?, card.money.as_ref().filter(|_| alike(card))?);
        Some(Gain {
            run: super::ordinal(index + 1),
            orders: after.confirmed as i64 - before.confirmed as i64,
            cents: after.confirmed_cents - before.confirmed_cents,
        })
    };
    rest.iter().enumerate().filter_map(gain).collect()
}
