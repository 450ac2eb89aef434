//! Fewer points for a long run, and none of its extremes lost: of each stretch the lowest and the highest value stay.

use super::plots::Point;

/// More points than a plot has pixels show nothing more.
const MOST: usize = 600;

/// At most about [`MOST`] points, in the order of time. A hole stays a hole.
pub(super) fn thin(points: Vec<Point>) -> Vec<Point> {
    if points.len() <= MOST {
        return points;
    }
    // Of each stretch two points and perhaps a hole stay.
    let stretch = points.len().div_ceil(MOST / 3);
    points.chunks(stretch).flat_map(kept).collect()
}

fn kept(stretch: &[Point]) -> Vec<Point> {
    let known = || stretch.iter().enumerate().filter_map(|(at, (_, value))| Some((at, (*value)?)));
    let lowest = known().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at);
    let highest = known().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at);
    let hole = stretch.iter().position(|(_, value)| value.is_none());
    let mut places: Vec<usize> = [lowest, highest, hole].into_iter().flatten().collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|at| stretch[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_line_stays_as_it_is() {
        let points: Vec<Point> = (0..MOST).map(|n| (n as f64, Some(1.0))).collect();
        assert_eq!(thin(points.clone()), points);
    }

    #[test]
    fn of_a_long_line_peaks_dips_and_holes_stay() {
        let mut points: Vec<Point> = (0..2_700).map(|n| (f64::from(n), Some(5.0))).collect();
        points[1_001].1 = Some(900.0);
        points[1_002].1 = Some(0.0);
        points[2_000].1 = None;
        let thinned = thin(points);
        assert!(thinned.len() <= MOST, "{}", thinned.len());
        for wanted in [(1_001.0, Some(900.0)), (1_002.0, Some(0.0)), (2_000.0, None)] {
            assert!(thinned.contains(&wanted), "{wanted:?}");
        }
        assert!(thinned.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
