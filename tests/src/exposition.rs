//! A strict reader of the Prometheus text format (0.0.4), for what a scraper that is not ours would refuse: families
//! that are torn apart, types that come late, series that are there twice, histograms that do not add up.
//!
//! Left out: timestamps and summaries, which no process here writes.

mod histogram;
mod line;

use std::collections::{BTreeMap, BTreeSet};

use line::Line;

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// The family that is being read.
#[derive(Debug, Default)]
struct Family {
    name: String,
    kind: String,
}

impl Sample {
    /// Whether it has this name and all of these labels.
    pub fn is(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.name == name
            && labels.iter().all(|(label, value)| self.labels.get(*label).is_some_and(|v| v == value))
    }
}

/// Every sample.
///
/// # Errors
/// The first thing that a strict scraper would refuse, with its line.
pub fn parse(text: &str) -> Result<Vec<Sample>, String> {
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("the last line does not end".to_owned());
    }
    let mut samples: Vec<Sample> = Vec::new();
    let mut family = Family::default();
    let mut finished: BTreeSet<String> = BTreeSet::new();
    let mut series = BTreeSet::new();
    for (number, text) in text.lines().enumerate() {
        let at = |problem: String| format!("line {}: {problem}: {text}", number + 1);
        match line::parse(text).map_err(at)? {
            Line::Nothing => {}
            Line::Help(name) => begin(&mut family, &name, &mut finished).map_err(at)?,
            Line::Type(name, kind) => {
                if family.name != name {
                    begin(&mut family, &name, &mut finished).map_err(at)?;
                }
                if !family.kind.is_empty() {
                    return Err(at("a second type for one family".to_owned()));
                }
                family.kind = kind;
            }
            Line::Sample(sample) => {
                belongs(&sample, &family).map_err(at)?;
                if !series.insert((sample.name.clone(), sample.labels.clone())) {
                    return Err(at("the same series twice".to_owned()));
                }
                samples.push(sample);
            }
        }
    }
    histogram::add_up(&samples)?;
    Ok(samples)
}

fn begin(family: &mut Family, name: &str, finished: &mut BTreeSet<String>) -> Result<(), String> {
    if finished.contains(name) || family.name == name {
        return Err("a family that was there before".to_owned());
    }
    let before = std::mem::replace(family, Family { name: name.to_owned(), kind: String::new() });
    finished.insert(before.name);
    Ok(())
}

fn belongs(sample: &Sample, family: &Family) -> Result<(), String> {
    let suffixes: &[&str] = match family.kind.as_str() {
        "counter" | "gauge" | "untyped" => &[""],
        "histogram" => &["_bucket", "_sum", "_count"],
        "" => return Err("a sample whose family has no type".to_owned()),
        kind => return Err(format!("the type `{kind}` is not one of this project's")),
    };
    if sample.name.strip_prefix(&family.name).is_none_or(|suffix| !suffixes.contains(&suffix)) {
        return Err(format!("a sample outside of its family `{}`", family.name));
    }
    let counts =
        family.kind == "counter" || sample.name.ends_with("_bucket") || sample.name.ends_with("_count");
    if counts && !(sample.value >= 0.0 && sample.value.is_finite()) {
        return Err("a count that is below zero or no number".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# HELP calls_total Calls\n# TYPE calls_total counter\ncalls_total{code=\"a\\\"b\",to=\"x\"} 3\n\
        # HELP wait_seconds Wait\n# TYPE wait_seconds histogram\nwait_seconds_bucket{le=\"0.1\"} 1\n\
        wait_seconds_bucket{le=\"+Inf\"} 2\nwait_seconds_sum 0.5\nwait_seconds_count 2\n";

    #[test]
    fn a_sound_exposition_is_read_whole() {
        let samples = parse(GOOD).unwrap();
        assert_eq!(samples.len(), 5);
        assert!(samples[0].is("calls_total", &[("code", "a\"b")]));
        assert!(!samples[0].is("calls_total", &[("code", "x")]));
    }

    #[test]
    fn what_a_strict_scraper_refuses_is_refused() {
        for (from, to, problem) in [
            ("# TYPE calls_total counter\n", "", "no type"),
            ("} 3\n", "} 3\ncalls_total{to=\"x\",code=\"a\\\"b\"} 4\n", "twice"),
            ("} 3\n", "} -3\n", "below zero"),
            ("} 3\n", "} three\n", "no value"),
            ("calls_total{", "other_total{", "outside of its family"),
            ("{le=\"0.1\"} 1", "{le=\"0.1\"} 3", "fewer than the bucket before"),
            ("wait_seconds_count 2", "wait_seconds_count 3", "count is 3"),
            ("wait_seconds_sum 0.5\n", "", "no sum"),
            ("{le=\"+Inf\"} 2", "{le=\"5\"} 2", "+Inf"),
            ("code=", "0code=", "no label"),
            ("to=\"x\"}", "to=\"x}", "does not end"),
            ("# HELP wait_seconds Wait\n", "# HELP calls_total Wait\n", "there before"),
            ("wait_seconds_count 2\n", "wait_seconds_count 2", "last line"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = parse(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(problem), "{problem}: {error}");
        }
    }
}
