//! What an operator does with two numbers.

use super::expr::{Comparison, Op};

impl Op {
    /// The answer is another quantity, so it loses the name of the metric.
    pub(super) fn drops_name(self) -> bool {
        matches!(self, Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Mod | Op::Pow | Op::Compare(_, true))
    }

    /// `None` where a comparison without `bool` drops the element; else the value that stays is `kept`.
    pub(super) fn apply(self, left: f64, right: f64, kept: f64) -> Option<f64> {
        match self {
            Op::Compare(comparison, true) => Some(f64::from(u8::from(comparison.holds(left, right)))),
            Op::Compare(comparison, false) => comparison.holds(left, right).then_some(kept),
            Op::Add => Some(left + right),
            Op::Sub => Some(left - right),
            Op::Mul => Some(left * right),
            Op::Div => Some(left / right),
            Op::Mod => Some(left % right),
            Op::Pow => Some(left.powf(right)),
            Op::And | Op::Or | Op::Unless => None,
        }
    }
}

impl Comparison {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
        }
    }
}
