//! Functions of each value on its own. Where arguments are no numbers the answer is none, as in Go.

use super::functions::Map;

impl Map {
    /// The value, with the scalars of this step; `None` drops it (`clamp` whose borders are crossed).
    pub(super) fn apply(self, value: f64, scalars: &[f64]) -> Option<f64> {
        let scalar = |index: usize| scalars.get(index).copied().unwrap_or(f64::NAN);
        Some(match self {
            Map::Abs => value.abs(),
            Map::Ceil => value.ceil(),
            Map::Clamp if scalar(1) < scalar(0) => return None,
            Map::Clamp => max(scalar(0), min(scalar(1), value)),
            Map::ClampMax => min(scalar(0), value),
            Map::ClampMin => max(scalar(0), value),
            Map::Exp => value.exp(),
            Map::Floor => value.floor(),
            Map::Ln => value.ln(),
            Map::Log10 => value.log10(),
            Map::Log2 => value.log2(),
            Map::Round => {
                // Inverted, because that loses fewer digits.
                let inverse = 1.0 / scalars.first().copied().unwrap_or(1.0);
                (value * inverse + 0.5).floor() / inverse
            }
            Map::Sgn if value > 0.0 => 1.0,
            Map::Sgn if value < 0.0 => -1.0,
            Map::Sgn => value,
            Map::Sqrt => value.sqrt(),
        })
    }
}

fn max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

fn min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}
