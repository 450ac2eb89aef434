//! `and`, `or` and `unless`: which series of two vectors stay, their values untouched.
//!
//! Source: `VectorAnd`, `VectorOr` and `VectorUnless` in `promql/engine.go` of Prometheus.

use std::collections::HashMap;

use super::expr::{Matching, Op};
use super::failed::Failed;
use super::grid::{ABSENT, is_absent};
use super::labels::Tags;
use super::merge::merged;
use super::select::Track;

/// `left` where `right` has the same group, or has not; `or` adds what is on the right alone.
pub(super) fn set<'a>(
    op: Op,
    matching: &Matching,
    mut left: Vec<Track<'a>>,
    mut right: Vec<Track<'a>>,
    steps: usize,
) -> Result<Vec<Track<'a>>, Failed> {
    let keep = |tracks: &mut Vec<Track<'a>>, there: &HashMap<Tags<'a>, Vec<bool>>, wanted: bool| {
        for track in tracks.iter_mut() {
            match there.get(&matching.group(&track.tags)) {
                Some(there) => {
                    let values = track.values.iter_mut().zip(there).filter(|(_, there)| **there != wanted);
                    values.for_each(|(value, _)| *value = ABSENT);
                }
                None if wanted => track.values.fill(ABSENT),
                None => {}
            }
        }
        tracks.retain(|track| !track.is_empty());
    };
    match op {
        Op::And => keep(&mut left, &groups(matching, &right, steps), true),
        Op::Unless => keep(&mut left, &groups(matching, &right, steps), false),
        _ => {
            keep(&mut right, &groups(matching, &left, steps), false);
            left.extend(right);
        }
    }
    merged(left)
}

/// The groups of a vector, and at which steps they are there.
fn groups<'a>(matching: &Matching, tracks: &[Track<'a>], steps: usize) -> HashMap<Tags<'a>, Vec<bool>> {
    let mut groups: HashMap<Tags<'a>, Vec<bool>> = HashMap::new();
    for track in tracks {
        let there = groups.entry(matching.group(&track.tags)).or_insert_with(|| vec![false; steps]);
        for (there, value) in there.iter_mut().zip(&track.values) {
            *there |= !is_absent(*value);
        }
    }
    groups
}
