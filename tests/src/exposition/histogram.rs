//! Whether histograms add up: buckets that only grow, one of them without a bound, and a count that is its.

use std::collections::BTreeMap;

use super::Sample;

/// One series of a histogram.
#[derive(Debug, Default)]
struct Series {
    buckets: Vec<(f64, f64)>,
    sum: bool,
    count: Option<f64>,
}

pub(super) fn add_up(samples: &[Sample]) -> Result<(), String> {
    let mut all: BTreeMap<(String, BTreeMap<String, String>), Series> = BTreeMap::new();
    // Only a histogram has buckets, so names without one are counters that merely end like it.
    for sample in samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
        let family = sample.name.trim_end_matches("_bucket").to_owned();
        let mut labels = sample.labels.clone();
        let bound = labels.remove("le").ok_or_else(|| format!("a bucket of {family} without `le`"))?;
        let bound = if bound == "+Inf" {
            f64::INFINITY
        } else {
            bound.parse().map_err(|_| format!("le=\"{bound}\""))?
        };
        all.entry((family, labels)).or_default().buckets.push((bound, sample.value));
    }
    for sample in samples {
        for suffix in ["_sum", "_count"] {
            let Some(family) = sample.name.strip_suffix(suffix) else { continue };
            let Some(series) = all.get_mut(&(family.to_owned(), sample.labels.clone())) else { continue };
            match suffix {
                "_sum" => series.sum = true,
                _ => series.count = Some(sample.value),
            }
        }
    }
    for ((family, labels), series) in &all {
        series.check().map_err(|problem| format!("{family}{labels:?}: {problem}"))?;
    }
    Ok(())
}

impl Series {
    fn check(&self) -> Result<(), String> {
        for pair in self.buckets.windows(2) {
            if pair[1].0 <= pair[0].0 {
                return Err(format!("the bounds {} and {} are out of order", pair[0].0, pair[1].0));
            }
            if pair[1].1 < pair[0].1 {
                return Err(format!("bucket {} holds fewer than the bucket before it", pair[1].0));
            }
        }
        let all = match self.buckets.last() {
            Some((bound, all)) if bound.is_infinite() => *all,
            _ => return Err("the last bucket is not +Inf".to_owned()),
        };
        if !self.sum {
            return Err("there is no sum".to_owned());
        }
        match self.count {
            Some(count) if count == all => Ok(()),
            Some(count) => Err(format!("the count is {count}, the buckets hold {all}")),
            None => Err("there is no count".to_owned()),
        }
    }
}
