//! Operators between two vectors, or a vector and a scalar. Series belong together when they agree in the labels that
//! `on` or `ignoring` leaves; several on one side need `group_left` or `group_right`.
//!
//! Source: `VectorBinop` in `promql/engine.go` of Prometheus.

use std::collections::{HashMap, HashSet};

use super::budget::Budget;
use super::expr::{Many, Matching, Op};
use super::failed::Failed;
use super::grid::{ABSENT, is_absent};
use super::labels::Tags;
use super::merge::merged;
use super::select::Track;

impl Matching {
    /// What series that belong together have in common.
    pub(super) fn group<'a>(&self, tags: &Tags<'a>) -> Tags<'a> {
        match self.on {
            true => tags.clone().keep(&self.labels),
            false => tags.clone().nameless().without(&self.labels),
        }
    }

    /// The labels of the answer for a pair; `one` is the side that has one series for several of the other.
    fn result<'a>(&self, op: Op, many: &Tags<'a>, one: &Tags<'a>) -> Tags<'a> {
        let mut tags = many.clone();
        if op.drops_name() {
            tags = tags.nameless();
        }
        if self.many == Many::Neither {
            tags = if self.on { tags.keep(&self.labels) } else { tags.without(&self.labels) };
        }
        for label in &self.include {
            tags.set(label, one.get(label));
        }
        tags
    }
}

/// A vector and a scalar of each step. `flipped`: the scalar stands on the left. A comparison keeps the vector's value.
pub(super) fn with_scalar<'a>(
    op: Op,
    mut tracks: Vec<Track<'a>>,
    scalars: &[f64],
    flipped: bool,
) -> Result<Vec<Track<'a>>, Failed> {
    for track in &mut tracks {
        for (value, scalar) in track.values.iter_mut().zip(scalars).filter(|(value, _)| !is_absent(**value)) {
            let (left, right) = if flipped { (*scalar, *value) } else { (*value, *scalar) };
            *value = op.apply(left, right, *value).unwrap_or(ABSENT);
        }
        if op.drops_name() {
            track.tags = std::mem::take(&mut track.tags).nameless();
        }
    }
    if op.drops_name() { merged(tracks) } else { Ok(tracks) }
}

/// Two vectors.
pub(super) fn between<'a>(
    op: Op,
    matching: &Matching,
    left: Vec<Track<'a>>,
    right: Vec<Track<'a>>,
    steps: usize,
    budget: &Budget,
) -> Result<Vec<Track<'a>>, Failed> {
    // From here on the side with several series for one of the other is "many"; without grouping it is the left.
    let flipped = matching.many == Many::Right;
    let (many, one) = if flipped { (right, left) } else { (left, right) };
    let asked = (present(&many, steps), present(&one, steps));
    let sole = Sole::of(matching, &one, &asked.0, if flipped { "left" } else { "right" }, steps)?;
    let mut partners: HashMap<Tags<'a>, Vec<usize>> = HashMap::new();
    for (index, group) in sole.groups.iter().enumerate() {
        partners.entry(group.clone()).or_default().push(index);
    }
    let mut answers: Vec<Track<'a>> = Vec::new();
    let mut matched: HashMap<Tags<'a>, Vec<bool>> = HashMap::new();
    for track in &many {
        let group = matching.group(&track.tags);
        let Some(partners) = partners.get(&group) else { continue };
        for &partner in partners {
            let other = &one[partner];
            budget.keep(steps)?;
            let mut values = Vec::with_capacity(steps);
            for (&value, &theirs) in track.values.iter().zip(&other.values) {
                let both = !is_absent(value) && !is_absent(theirs);
                let (lhs, rhs) = if flipped { (theirs, value) } else { (value, theirs) };
                values.push(if both { op.apply(lhs, rhs, lhs).unwrap_or(ABSENT) } else { ABSENT });
            }
            if matching.many == Many::Neither {
                let matched = matched.entry(group.clone()).or_insert_with(|| vec![false; steps]);
                for (matched, value) in matched.iter_mut().zip(&values) {
                    if !is_absent(*value) && std::mem::replace(matched, true) {
                        return Err(Failed::ManyToOne { group: group.to_string() });
                    }
                }
            }
            let answer = Track { tags: matching.result(op, &track.tags, &other.tags), values };
            if !answer.is_empty() {
                answers.push(answer);
            }
        }
    }
    merged(answers).map_err(|failed| match failed {
        Failed::SameLabels { labels } if matching.many != Many::Neither => Failed::NotUnique { labels },
        other => other,
    })
}

/// Whether a vector has any value at each step: without one nothing is matched, nor found to be ambiguous.
fn present(tracks: &[Track<'_>], steps: usize) -> Vec<bool> {
    let mut present = vec![false; steps];
    for track in tracks {
        for (present, value) in present.iter_mut().zip(&track.values) {
            *present |= !is_absent(*value);
        }
    }
    present
}

/// The side that may have only one series of a group at a time.
struct Sole<'a> {
    /// Of each track.
    groups: Vec<Tags<'a>>,
}

impl<'a> Sole<'a> {
    fn of(
        matching: &Matching,
        tracks: &[Track<'a>],
        asked: &[bool],
        side: &'static str,
        steps: usize,
    ) -> Result<Self, Failed> {
        let groups: Vec<Tags<'a>> = tracks.iter().map(|track| matching.group(&track.tags)).collect();
        let mut seen = HashSet::with_capacity(groups.len());
        let shared: HashSet<&Tags<'a>> = groups.iter().filter(|group| !seen.insert(*group)).collect();
        let mut taken: HashMap<&Tags<'a>, Vec<bool>> = HashMap::new();
        for (track, group) in tracks.iter().zip(&groups).filter(|(_, group)| shared.contains(group)) {
            let taken = taken.entry(group).or_insert_with(|| vec![false; steps]);
            for ((taken, value), asked) in taken.iter_mut().zip(&track.values).zip(asked) {
                if !is_absent(*value) && *asked && std::mem::replace(taken, true) {
                    return Err(Failed::ManyToMany { group: group.to_string(), side });
                }
            }
        }
        Ok(Sole { groups })
    }
}
