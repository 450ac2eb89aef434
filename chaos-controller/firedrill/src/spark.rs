//! Numbers as small pictures: a line of blocks, and a bar. Each is as wide as it is told, whatever it shows; a figure
//! stands beside it, because a picture alone is no number.

/// From an eighth to whole.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// There was nothing.
const NOTHING: char = '·';
/// Parts of a bar's cell, from an eighth.
const PARTS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const EMPTY: char = '░';

/// The values as blocks between `low` and `high`, at most `width` of them: neighbours are averaged.
pub(crate) fn spark(values: &[Option<f64>], low: f64, high: f64, width: usize) -> String {
    squeeze(values, width).into_iter().map(|value| block(value, low, high)).collect()
}

/// The lowest and the highest value, which are never the same: a flat line stands in the middle, at zero on the ground.
pub(crate) fn span(values: &[Option<f64>]) -> (f64, f64) {
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        (0.0, 1.0)
    } else if low == high {
        if low == 0.0 { (0.0, 1.0) } else { (low - low.abs(), high + high.abs()) }
    } else {
        (low, high)
    }
}

/// How much of the whole: `███▌░░░░`. What is more than nothing shows, and only what is whole is full.
pub(crate) fn bar(value: f64, whole: f64, width: usize) -> String {
    let eighths = width * 8;
    let share = if whole > 0.0 { (value / whole).clamp(0.0, 1.0) } else { 0.0 };
    let mut filled = (share * eighths as f64).round() as usize;
    if value > 0.0 {
        filled = filled.max(1);
    }
    if value < whole {
        filled = filled.min(eighths.saturating_sub(1));
    }
    (0..width)
        .map(|cell| match filled.saturating_sub(cell * 8) {
            0 => EMPTY,
            part => PARTS[part.min(8) - 1],
        })
        .collect()
}

fn block(value: Option<f64>, low: f64, high: f64) -> char {
    let Some(value) = value.filter(|value| value.is_finite()) else { return NOTHING };
    let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
    BLOCKS[((share * 8.0) as usize).min(7)]
}

/// At most `width` values, each the mean of its neighbours.
fn squeeze(values: &[Option<f64>], width: usize) -> Vec<Option<f64>> {
    if values.len() <= width || width == 0 {
        return values[..values.len().min(width)].to_vec();
    }
    (0..width)
        .map(|cell| {
            let part = &values[cell * values.len() / width..(cell + 1) * values.len() / width];
            let known: Vec<f64> = part.iter().flatten().copied().collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn a_spark_is_as_wide_as_its_values_or_as_it_may_be() {
        let values = some(&[0.0, 0.25, 0.5, 1.0]);
        assert_eq!(spark(&values, 0.0, 1.0, 10), "▁▃▅█");
        assert_eq!(spark(&values, 0.0, 1.0, 2), "▂▇");
        assert_eq!(spark(&values, 0.0, 1.0, 0), "");
        assert_eq!(spark(&[None, Some(1.0)], 0.0, 1.0, 5), "·█");
    }

    #[test]
    fn a_flat_line_is_in_the_middle_and_zero_on_the_ground() {
        for (value, drawn) in [(5.0, "▅▅"), (0.0, "▁▁")] {
            let values = some(&[value, value]);
            let (low, high) = span(&values);
            assert_eq!(spark(&values, low, high, 5), drawn);
        }
        assert_eq!(span(&[None, Some(f64::NAN)]), (0.0, 1.0));
    }

    #[test]
    fn a_bar_shows_the_least_and_is_full_only_when_it_is() {
        assert_eq!(bar(0.0, 200.0, 4), "░░░░");
        assert_eq!(bar(1.0, 10_000.0, 4), "▏░░░");
        assert_eq!(bar(100.0, 200.0, 4), "██░░");
        assert_eq!(bar(199.9, 200.0, 4), "███▉");
        assert_eq!(bar(200.0, 200.0, 4), "████");
        assert_eq!(bar(300.0, 200.0, 4), "████");
        assert_eq!(bar(1.0, 0.0, 2), "▏░");
    }
}
