//! Aggregations that must see all values of a group at once: `topk`, `bottomk`, `quantile`, `count_values`.
//!
//! Source: `aggregation` in `promql/engine.go` of Prometheus.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::budget::Budget;
use super::expr::Grouping;
use super::failed::Failed;
use super::grid::{ABSENT, is_absent};
use super::labels::Tags;
use super::select::Track;
use super::statistics::quantile;

/// The tracks of each group, by their place.
fn groups<'a>(tracks: &[Track<'a>], grouping: &Grouping) -> HashMap<Tags<'a>, Vec<usize>> {
    let mut groups: HashMap<Tags<'a>, Vec<usize>> = HashMap::new();
    for (index, track) in tracks.iter().enumerate() {
        groups.entry(track.tags.group(grouping)).or_default().push(index);
    }
    groups
}

/// Of each group the `ks[step]` series with the highest values, or the lowest. What is no number comes last.
pub(super) fn top<'a>(
    mut tracks: Vec<Track<'a>>,
    grouping: &Grouping,
    ks: &[f64],
    highest: bool,
) -> Vec<Track<'a>> {
    let groups = groups(&tracks, grouping);
    let mut ranked: Vec<(f64, usize)> = Vec::new();
    for (step, k) in ks.iter().enumerate() {
        let k = if *k >= 1.0 { *k as usize } else { 0 };
        for members in groups.values() {
            ranked.clear();
            let values = members.iter().map(|&member| (tracks[member].values[step], member));
            ranked.extend(values.filter(|(value, _)| !is_absent(*value)));
            ranked.sort_by(|(a, one), (b, other)| {
                let by_value = if highest { b.total_cmp(a) } else { a.total_cmp(b) };
                a.is_nan()
                    .cmp(&b.is_nan())
                    .then(by_value)
                    .then_with(|| tracks[*one].tags.cmp(&tracks[*other].tags))
            });
            for &(_, member) in ranked.iter().skip(k) {
                tracks[member].values[step] = ABSENT;
            }
        }
    }
    tracks.retain(|track| !track.is_empty());
    if ks.len() == 1 {
        tracks.sort_by(|one, other| {
            let (a, b) = (one.values[0], other.values[0]);
            let by_value = if highest { b.total_cmp(&a) } else { a.total_cmp(&b) };
            one.tags
                .group(grouping)
                .cmp(&other.tags.group(grouping))
                .then(a.is_nan().cmp(&b.is_nan()))
                .then(by_value)
        });
    }
    tracks
}

/// The quantile `qs[step]` over the series of each group.
pub(super) fn quantiles<'a>(tracks: &[Track<'a>], grouping: &Grouping, qs: &[f64]) -> Vec<Track<'a>> {
    let mut sorted = Vec::new();
    let groups = groups(tracks, grouping).into_iter().map(|(tags, members)| {
        let values = qs.iter().enumerate().map(|(step, q)| {
            sorted.clear();
            let values = members.iter().map(|&member| tracks[member].values[step]);
            sorted.extend(values.filter(|value| !is_absent(*value)));
            if sorted.is_empty() { ABSENT } else { quantile(*q, &mut sorted) }
        });
        Track { tags, values: values.collect() }
    });
    groups.collect()
}

/// How many series of each group have the same value, which becomes a label.
pub(super) fn count_values<'a>(
    tracks: &[Track<'a>],
    grouping: &Grouping,
    label: &str,
    budget: &Budget,
) -> Result<Vec<Track<'a>>, Failed> {
    let mut counts: BTreeMap<Tags<'a>, Vec<f64>> = BTreeMap::new();
    for track in tracks {
        let group = track.tags.group(grouping);
        for (step, value) in track.values.iter().enumerate().filter(|(_, value)| !is_absent(**value)) {
            let mut tags = group.clone();
            tags.set(label, &text(*value));
            let counts = match counts.entry(tags) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    budget.group(track.values.len())?;
                    new.insert(vec![ABSENT; track.values.len()])
                }
            };
            counts[step] = if is_absent(counts[step]) { 1.0 } else { counts[step] + 1.0 };
        }
    }
    Ok(counts.into_iter().map(|(tags, values)| Track { tags, values }).collect())
}

/// A number as Prometheus writes it in a label.
fn text(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    format!("{value}")
}
