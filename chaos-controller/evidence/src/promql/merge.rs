//! A vector has one series for a set of labels. Dropping or changing labels may break that, which is an error where two
//! of them have a value at the same step; where they take turns they are one series.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::failed::Failed;
use super::grid::is_absent;
use super::labels::Tags;
use super::select::Track;

/// One track for a set of labels.
///
/// # Errors
/// Two have a value at the same step.
pub(super) fn merged(tracks: Vec<Track<'_>>) -> Result<Vec<Track<'_>>, Failed> {
    let mut places: HashMap<Tags<'_>, usize> = HashMap::with_capacity(tracks.len());
    let mut merged: Vec<Track<'_>> = Vec::with_capacity(tracks.len());
    for track in tracks {
        match places.entry(track.tags.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(merged.len());
                merged.push(track);
            }
            Entry::Occupied(place) => {
                for (held, value) in merged[*place.get()].values.iter_mut().zip(&track.values) {
                    if is_absent(*held) {
                        *held = *value;
                    } else if !is_absent(*value) {
                        return Err(same(&track.tags));
                    }
                }
            }
        }
    }
    Ok(merged)
}

/// No two tracks with the same labels, not even at different steps: what functions over ranges demand.
pub(super) fn unique(tracks: Vec<Track<'_>>) -> Result<Vec<Track<'_>>, Failed> {
    let mut seen = std::collections::HashSet::with_capacity(tracks.len());
    for track in &tracks {
        if !seen.insert(&track.tags) {
            return Err(same(&track.tags));
        }
    }
    Ok(tracks)
}

fn same(tags: &Tags<'_>) -> Failed {
    Failed::SameLabels { labels: tags.to_string() }
}
