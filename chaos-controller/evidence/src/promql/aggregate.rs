//! Aggregations that take a value after the other into a few numbers per group and step: `sum avg min max count group
//! stddev stdvar`. Those that must see all values at once are in `rank`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::budget::Budget;
use super::expr::Grouping;
use super::failed::Failed;
use super::functions::Fold;
use super::grid::{ABSENT, is_absent};
use super::labels::Tags;
use super::select::Track;
use super::statistics::{Mean, Spread, larger, smaller};
use super::sum::Sum;

/// The groups of one aggregation, while series come in.
#[derive(Debug)]
pub(super) struct Groups<'a, 'q> {
    fold: Fold,
    grouping: &'q Grouping,
    steps: usize,
    groups: HashMap<Tags<'a>, Vec<Cell>>,
}

/// What is kept for one group at one step.
#[derive(Debug, Clone, Copy)]
enum Cell {
    Empty,
    Sum(Sum),
    Mean(Mean),
    Spread(Spread),
    Value(f64),
}

impl<'a, 'q> Groups<'a, 'q> {
    pub(super) fn new(fold: Fold, grouping: &'q Grouping, steps: usize) -> Self {
        Groups { fold, grouping, steps, groups: HashMap::new() }
    }

    pub(super) fn add(&mut self, track: &Track<'a>, budget: &Budget) -> Result<(), Failed> {
        let cells = match self.groups.entry(track.tags.group(self.grouping)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                budget.group(self.steps)?;
                new.insert(vec![Cell::Empty; self.steps])
            }
        };
        for (cell, value) in cells.iter_mut().zip(&track.values) {
            if !is_absent(*value) {
                cell.add(self.fold, *value);
            }
        }
        Ok(())
    }

    pub(super) fn tracks(self) -> Vec<Track<'a>> {
        let fold = self.fold;
        let tracks = self.groups.into_iter().map(|(tags, cells)| {
            let values = cells.into_iter().map(|cell| cell.result(fold)).collect();
            Track { tags, values }
        });
        tracks.collect()
    }
}

impl Cell {
    fn add(&mut self, fold: Fold, value: f64) {
        match self {
            Cell::Sum(sum) => sum.add(value),
            Cell::Mean(mean) => mean.add(value),
            Cell::Spread(spread) => spread.add(value),
            Cell::Value(held) => {
                *held = match fold {
                    Fold::Min => smaller(*held, value),
                    Fold::Max => larger(*held, value),
                    Fold::Count => *held + 1.0,
                    _ => 1.0,
                }
            }
            Cell::Empty => {
                *self = match fold {
                    Fold::Sum => Cell::Sum(Sum::default()),
                    Fold::Avg => Cell::Mean(Mean::default()),
                    Fold::Stddev | Fold::Stdvar => Cell::Spread(Spread::default()),
                    Fold::Min | Fold::Max => Cell::Value(value),
                    _ => Cell::Value(0.0),
                };
                self.add(fold, value);
            }
        }
    }

    fn result(self, fold: Fold) -> f64 {
        match self {
            Cell::Empty => ABSENT,
            Cell::Sum(sum) => sum.total(),
            Cell::Mean(mean) => mean.mean(),
            Cell::Spread(spread) if fold == Fold::Stddev => spread.variance().sqrt(),
            Cell::Spread(spread) => spread.variance(),
            Cell::Value(value) => value,
        }
    }
}
