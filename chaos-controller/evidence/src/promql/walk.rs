//! The walk over a query: each part answers with tracks, one for each series, that have a value for each step of a grid.
//! Series that only go into a sum are streamed into it, one at a time.

use super::aggregate::Groups;
use super::binary;
use super::budget::Budget;
use super::evaluate::Settings;
use super::expr::{Aggregate, Binary, Expr, Op, Range, Ranged, Selector, Shift};
use super::failed::Failed;
use super::functions::{Fold, Map, Roll};
use super::grid::{ABSENT, Grid, is_absent};
use super::histogram;
use super::labels::Tags;
use super::merge::{merged, unique};
use super::points::Points;
use super::rank;
use super::relabel;
use super::roll::Windows;
use super::select::{Found, Track, span};
use super::set;
use super::value::Row;
use crate::samples::Samples;

/// What it costs to put values in order, in looks at each.
const SORTING: usize = 4;

/// One value for each step, or several series of them.
pub(super) enum Answer<'a> {
    Scalar(Vec<f64>),
    Vector(Vec<Track<'a>>),
}

/// One question to one recording.
pub(super) struct Evaluation<'a> {
    pub(super) samples: &'a Samples,
    pub(super) settings: &'a Settings,
    pub(super) budget: Budget,
}

impl<'a> Evaluation<'a> {
    pub(super) fn answer(&self, expr: &Expr, grid: &Grid) -> Result<Answer<'a>, Failed> {
        let answer = self.part(expr, grid)?;
        match &answer {
            Answer::Scalar(values) => self.budget.look(values.len() as u64)?,
            Answer::Vector(tracks) => self.budget.pass(tracks)?,
        }
        Ok(answer)
    }

    fn part(&self, expr: &Expr, grid: &Grid) -> Result<Answer<'a>, Failed> {
        Ok(Answer::Vector(match expr {
            Expr::Number(number) => {
                self.budget.keep(grid.count)?;
                return Ok(Answer::Scalar(vec![*number; grid.count]));
            }
            Expr::Time => {
                self.budget.keep(grid.count)?;
                return Ok(Answer::Scalar(grid.times().map(|t_ms| self.seconds(t_ms)).collect()));
            }
            Expr::Scalar(of) => return self.sole(of, grid).map(Answer::Scalar),
            Expr::Negate(of) => match self.answer(of, grid)? {
                Answer::Scalar(values) => {
                    return Ok(Answer::Scalar(values.into_iter().map(|value| -value).collect()));
                }
                Answer::Vector(tracks) => unique(renamed(tracks, |value| Some(-value)))?,
            },
            Expr::Binary(binary) => return self.binary(binary, grid),
            Expr::Select(selector) => {
                let mut tracks = Vec::new();
                self.instants(selector, grid, |track| tracks.push(track))?;
                tracks
            }
            Expr::Roll { roll, range, scalar } => {
                let mut tracks = Vec::new();
                self.roll(*roll, range, scalar.as_deref(), grid, |track| tracks.push(track))?;
                // Series of one name stay apart without it.
                if has_one_name(range) { tracks } else { unique(tracks)? }
            }
            Expr::Map { map, of, scalars } => self.map(*map, of, scalars, grid)?,
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, grid)?,
            Expr::HistogramQuantile { q, of } => {
                let qs = self.scalar(q, grid)?;
                histogram::quantiles(&self.vector(of, grid)?, &qs)
            }
            Expr::Absent { of, labels } => vec![self.absent(of, labels, grid)?],
            Expr::LabelReplace { of, to, template, from, pattern } => {
                let mut tracks = self.vector(of, grid)?;
                for track in &mut tracks {
                    let bytes = relabel::replace(&mut track.tags, to, template, from, pattern)?;
                    self.budget.look(bytes as u64)?;
                }
                merged(tracks)?
            }
            Expr::LabelJoin { of, to, separator, from } => {
                let mut tracks = self.vector(of, grid)?;
                for track in &mut tracks {
                    let bytes = relabel::join(&mut track.tags, to, separator, from)?;
                    self.budget.look(bytes as u64)?;
                }
                merged(tracks)?
            }
            Expr::Sort { of, descending } => sorted(self.vector(of, grid)?, *descending),
            Expr::Vector(of) => vec![Track { tags: Tags::default(), values: self.scalar(of, grid)? }],
            Expr::Timestamp(of) => self.timestamp(of, grid)?,
            Expr::Text(_) | Expr::Range(_) => Vec::new(),
        }))
    }

    fn lookback_ms(&self) -> i64 {
        self.settings.lookback_ms as i64
    }

    /// A moment as `time()` shows it.
    fn seconds(&self, t_ms: i64) -> f64 {
        t_ms.saturating_add(self.settings.clock_ms) as f64 / 1_000.0
    }

    /// `@` counts on the clock of whoever asks.
    fn shift(&self, shift: Shift) -> Shift {
        Shift { at_ms: shift.at_ms.map(|at_ms| at_ms.saturating_sub(self.settings.clock_ms)), ..shift }
    }

    /// What a selector finds; looking for it has its price too.
    fn find(&self, selector: &Selector) -> Result<Vec<Found<'a>>, Failed> {
        let among = selector.among(self.samples) as u64;
        self.budget.look(among.saturating_mul(1 + selector.matchers.len() as u64))?;
        Ok(selector.find(self.samples))
    }

    /// The values that hold at each step, of one series after the other.
    fn instants(
        &self,
        selector: &Selector,
        grid: &Grid,
        mut take: impl FnMut(Track<'a>),
    ) -> Result<(), Failed> {
        let (shift, lookback_ms) = (self.shift(selector.shift), self.lookback_ms());
        let mut points = Points::default();
        for found in self.find(selector)? {
            found.load(self.samples, span(grid, shift, lookback_ms), true, &mut points);
            self.budget.look(points.times.len() as u64)?;
            self.budget.keep(grid.count)?;
            let mut values = Vec::with_capacity(grid.count);
            points.latest(grid, shift, lookback_ms, |last| {
                values.push(last.map_or(ABSENT, |last| points.values[last]));
            });
            let track = Track { tags: found.tags(self.samples), values };
            if !track.is_empty() {
                take(track);
            }
        }
        Ok(())
    }

    fn vector(&self, expr: &Expr, grid: &Grid) -> Result<Vec<Track<'a>>, Failed> {
        Ok(match self.answer(expr, grid)? {
            Answer::Vector(tracks) => tracks,
            Answer::Scalar(values) => vec![Track { tags: Tags::default(), values }],
        })
    }

    fn scalar(&self, expr: &Expr, grid: &Grid) -> Result<Vec<f64>, Failed> {
        Ok(match self.answer(expr, grid)? {
            Answer::Scalar(values) => values,
            Answer::Vector(_) => vec![f64::NAN; grid.count],
        })
    }

    /// Of a vector with one element its value, and else no number.
    fn sole(&self, of: &Expr, grid: &Grid) -> Result<Vec<f64>, Failed> {
        let mut values = vec![ABSENT; grid.count];
        let mut several = vec![false; grid.count];
        for track in self.vector(of, grid)? {
            for (step, value) in track.values.iter().enumerate().filter(|(_, value)| !is_absent(**value)) {
                several[step] |= !is_absent(values[step]);
                values[step] = *value;
            }
        }
        let sole = values.into_iter().zip(several);
        Ok(sole.map(|(value, several)| if several || is_absent(value) { f64::NAN } else { value }).collect())
    }

    fn binary(&self, binary: &Binary, grid: &Grid) -> Result<Answer<'a>, Failed> {
        let (op, matching, steps) = (binary.op, &binary.matching, grid.count);
        let tracks = match (self.answer(&binary.left, grid)?, self.answer(&binary.right, grid)?) {
            (Answer::Scalar(left), Answer::Scalar(right)) => {
                let values = left.iter().zip(&right);
                return Ok(Answer::Scalar(
                    values.map(|(left, right)| op.apply(*left, *right, *left).unwrap_or(f64::NAN)).collect(),
                ));
            }
            (Answer::Vector(tracks), Answer::Scalar(right)) => {
                binary::with_scalar(op, tracks, &right, false)?
            }
            (Answer::Scalar(left), Answer::Vector(tracks)) => binary::with_scalar(op, tracks, &left, true)?,
            (Answer::Vector(left), Answer::Vector(right)) => match op {
                Op::And | Op::Or | Op::Unless => {
                    // One presence for each step of each group on the other side.
                    self.budget.pass(&left)?;
                    self.budget.pass(&right)?;
                    set::set(op, matching, left, right, steps)?
                }
                _ => binary::between(op, matching, left, right, steps, &self.budget)?,
            },
        };
        Ok(Answer::Vector(tracks))
    }

    fn map(&self, map: Map, of: &Expr, scalars: &[Expr], grid: &Grid) -> Result<Vec<Track<'a>>, Failed> {
        let scalars =
            scalars.iter().map(|scalar| self.scalar(scalar, grid)).collect::<Result<Vec<_>, _>>()?;
        let mut tracks = self.vector(of, grid)?;
        let mut now = vec![0.0; scalars.len()];
        for track in &mut tracks {
            track.tags = std::mem::take(&mut track.tags).nameless();
            for (step, value) in track.values.iter_mut().enumerate().filter(|(_, value)| !is_absent(**value))
            {
                now.iter_mut().zip(&scalars).for_each(|(now, scalar)| *now = scalar[step]);
                *value = map.apply(*value, &now).unwrap_or(ABSENT);
            }
        }
        merged(tracks)
    }

    fn aggregate(&self, aggregate: &Aggregate, grid: &Grid) -> Result<Vec<Track<'a>>, Failed> {
        let Aggregate { fold, of, param, grouping } = aggregate;
        let params = || param.as_ref().map_or_else(|| Ok(Vec::new()), |param| self.scalar(param, grid));
        Ok(match (fold, param) {
            (Fold::Topk | Fold::Bottomk, _) => {
                let ks = params()?;
                if let Some(k) = ks.iter().find(|k| k.is_nan() || k.is_infinite()) {
                    return Err(Failed::NoCount { value: k.to_string() });
                }
                rank::top(self.to_sort(of, grid)?, grouping, &ks, *fold == Fold::Topk)
            }
            (Fold::Quantile, _) => rank::quantiles(&self.to_sort(of, grid)?, grouping, &params()?),
            (Fold::CountValues, Some(Expr::Text(label))) => {
                rank::count_values(&self.vector(of, grid)?, grouping, label, &self.budget)?
            }
            _ => {
                let mut groups = Groups::new(*fold, grouping, grid.count);
                let mut enough = Ok(());
                self.stream(of, grid, |track| {
                    if enough.is_ok() {
                        enough = groups.add(&track, &self.budget);
                    }
                })?;
                enough?;
                groups.tracks()
            }
        })
    }

    /// A vector whose values are put in order at each step.
    fn to_sort(&self, of: &Expr, grid: &Grid) -> Result<Vec<Track<'a>>, Failed> {
        let tracks = self.vector(of, grid)?;
        for _ in 0..SORTING {
            self.budget.pass(&tracks)?;
        }
        Ok(tracks)
    }

    /// The tracks one after the other, where they need not be there together.
    fn stream(&self, expr: &Expr, grid: &Grid, mut take: impl FnMut(Track<'a>)) -> Result<(), Failed> {
        match expr {
            Expr::Select(selector) => self.instants(selector, grid, take)?,
            Expr::Roll { roll, range, scalar } if has_one_name(range) => {
                self.roll(*roll, range, scalar.as_deref(), grid, take)?;
            }
            _ => self.vector(expr, grid)?.into_iter().for_each(&mut take),
        }
        Ok(())
    }

    fn roll(
        &self,
        roll: Roll,
        range: &Range,
        scalar: Option<&Expr>,
        grid: &Grid,
        mut take: impl FnMut(Track<'a>),
    ) -> Result<(), Failed> {
        let scalars = scalar.map(|scalar| self.scalar(scalar, grid)).transpose()?;
        let windows = Windows { grid, shift: self.shift(range.shift), range_ms: range.range_ms };
        self.ranges(range, grid, |tags, points| {
            self.budget.keep(grid.count)?;
            self.budget.look(roll.looks(points, windows))?;
            let values = roll.over(points, windows, scalars.as_deref(), self.settings.extrapolation);
            let tags = if roll.keeps_name() { tags } else { tags.nameless() };
            let track = Track { tags, values };
            if !track.is_empty() {
                take(track);
            }
            Ok(())
        })
    }

    /// The samples that the windows of a range slide over, of one series after the other. Those of a subquery are the
    /// values of its query at the multiples of its step.
    fn ranges(
        &self,
        range: &Range,
        grid: &Grid,
        mut take: impl FnMut(Tags<'a>, &Points) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let (after_ms, until_ms) = span(grid, self.shift(range.shift), range.range_ms);
        let mut points = Points::default();
        match &range.of {
            Ranged::Samples(selector) => {
                for found in self.find(selector)? {
                    found.load(self.samples, (after_ms, until_ms), false, &mut points);
                    self.budget.look(points.times.len() as u64)?;
                    if !points.times.is_empty() {
                        take(found.tags(self.samples), &points)?;
                    }
                }
            }
            Ranged::Subquery { expr, step_ms } => {
                let step_ms = step_ms.unwrap_or(self.settings.subquery_step_ms.max(1) as i64);
                let start_ms = (after_ms.div_euclid(step_ms) + 1) * step_ms;
                let count =
                    usize::try_from((until_ms - start_ms).div_euclid(step_ms) + 1).unwrap_or_default();
                let inner = Grid { start_ms, step_ms, count };
                if count == 0 {
                    return Ok(());
                }
                for track in self.vector(expr, &inner)? {
                    self.budget.look(count as u64)?;
                    points.clear();
                    for (t_ms, value) in
                        inner.times().zip(&track.values).filter(|(_, value)| !is_absent(**value))
                    {
                        points.push(t_ms, *value);
                    }
                    take(track.tags, &points)?;
                }
            }
        }
        Ok(())
    }

    /// 1 where nothing else is.
    fn absent(&self, of: &Expr, labels: &[(String, String)], grid: &Grid) -> Result<Track<'a>, Failed> {
        let mut values = vec![1.0; grid.count];
        let mut found = |track: &Track<'_>| {
            let present = values.iter_mut().zip(&track.values).filter(|(_, value)| !is_absent(**value));
            present.for_each(|(absent, _)| *absent = ABSENT);
        };
        match of {
            Expr::Range(range) => {
                self.roll(Roll::PresentOverTime, range, None, grid, |track| found(&track))?;
            }
            _ => self.stream(of, grid, |track| found(&track))?,
        }
        let mut tags = Tags::default();
        labels.iter().for_each(|(label, value)| tags.set(label, value));
        Ok(Track { tags, values })
    }

    /// When the sample was scraped, if it is one; else the time of the step.
    fn timestamp(&self, of: &Expr, grid: &Grid) -> Result<Vec<Track<'a>>, Failed> {
        if let Expr::Select(selector) = of {
            return unique(self.scrape_times(selector, grid)?);
        }
        let mut tracks = self.vector(of, grid)?;
        for track in &mut tracks {
            track.tags = std::mem::take(&mut track.tags).nameless();
            for (value, t_ms) in track.values.iter_mut().zip(grid.times()) {
                if !is_absent(*value) {
                    *value = self.seconds(t_ms);
                }
            }
        }
        merged(tracks)
    }

    fn scrape_times(&self, selector: &Selector, grid: &Grid) -> Result<Vec<Track<'a>>, Failed> {
        let (shift, lookback_ms) = (self.shift(selector.shift), self.lookback_ms());
        let mut points = Points::default();
        let mut tracks = Vec::new();
        for found in self.find(selector)? {
            found.load(self.samples, span(grid, shift, lookback_ms), true, &mut points);
            self.budget.look(points.times.len() as u64)?;
            self.budget.keep(grid.count)?;
            let mut values = Vec::with_capacity(grid.count);
            points.latest(grid, shift, lookback_ms, |last| {
                values.push(last.map_or(ABSENT, |last| self.seconds(points.times[last])));
            });
            tracks.push(Track { tags: found.tags(self.samples).nameless(), values });
        }
        tracks.retain(|track| !track.is_empty());
        Ok(tracks)
    }

    /// The samples of a range as they are, at an instant.
    pub(super) fn matrix(&self, range: &Range, grid: &Grid) -> Result<Vec<Row>, Failed> {
        let mut rows = Vec::new();
        self.ranges(range, grid, |tags, points| {
            self.budget.keep(2 * points.times.len())?;
            let points = points.times.iter().zip(&points.values);
            let points = points.filter_map(|(t_ms, value)| Some((u64::try_from(*t_ms).ok()?, *value)));
            rows.push(Row { labels: tags.to_labels(), points: points.collect() });
            Ok(())
        })?;
        rows.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(rows)
    }
}

/// All its series have the same name, so they differ in other labels.
fn has_one_name(range: &Range) -> bool {
    matches!(&range.of, Ranged::Samples(Selector { name: Some(_), .. }))
}

fn renamed<'a>(mut tracks: Vec<Track<'a>>, value: impl Fn(f64) -> Option<f64>) -> Vec<Track<'a>> {
    for track in &mut tracks {
        track.tags = std::mem::take(&mut track.tags).nameless();
        for held in track.values.iter_mut().filter(|held| !is_absent(**held)) {
            *held = value(*held).unwrap_or(ABSENT);
        }
    }
    tracks
}

/// By the value at the first step; what is no number comes last. Over a range the order says nothing.
fn sorted(mut tracks: Vec<Track<'_>>, descending: bool) -> Vec<Track<'_>> {
    tracks.sort_by(|one, other| {
        let (a, b) = (one.values[0], other.values[0]);
        let by_value = if descending { b.total_cmp(&a) } else { a.total_cmp(&b) };
        a.is_nan().cmp(&b.is_nan()).then(by_value).then_with(|| one.tags.cmp(&other.tags))
    });
    tracks
}
