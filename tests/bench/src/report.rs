//! What was measured, as a table for people and as JSON for programs.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::bench::{Bench, Part};
use crate::figure::{Figure, quantile, rounded};
use crate::floor::Reading;

/// Where results are kept, below the folder of builds.
const FOLDER: &str = "bench";

/// Everything.
pub(crate) fn document(bench: &Bench) -> Value {
    json!({
        "format": 1,
        "unix_s": unix_s(),
        "seconds": rounded(bench.seconds()),
        "rounds": bench.rounds,
        "machine": bench.machine,
        "sections": bench.parts.iter().map(section).collect::<Vec<_>>(),
    })
}

fn section(part: &Part) -> Value {
    let of = |field: fn(&Reading) -> f64| {
        let values = part.floor_of(field);
        let [min, median, max] = [0.0, 0.5, 1.0].map(|share| rounded(quantile(&values, share)));
        json!({"median": median, "min": min, "max": max})
    };
    let floor = json!({
        "readings": part.floor.len(),
        "one_core_wall_us": of(|floor| floor.one_core.wall),
        "one_core_cpu_us": of(|floor| floor.one_core.cpu),
        "two_cores_wall_us": of(|floor| floor.two_cores.wall),
        "two_cores_cpu_us": of(|floor| floor.two_cores.cpu),
    });
    json!({
        "section": part.section.name(),
        "about": part.section.about(),
        "seconds": rounded(part.seconds),
        "floor": floor,
        "figures": part.figures.iter().map(Figure::json).collect::<Vec<_>>(),
        "splits": part.splits,
        "notes": part.notes,
        "failed": part.failed,
    })
}

/// Writes it into the folder of builds.
pub(crate) fn keep(document: &Value) -> anyhow::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| harness::repo::root().join("target"), PathBuf::from);
    let folder = target.join(FOLDER);
    std::fs::create_dir_all(&folder).with_context(|| format!("failed to make `{}`", folder.display()))?;
    let path = folder.join(format!("{}.json", unix_s()));
    std::fs::write(&path, format!("{document:#}\n"))
        .with_context(|| format!("failed to write `{}`", path.display()))?;
    Ok(path)
}

/// A table of each section; the floor under it, and how many times that a CPU figure is.
pub(crate) fn table(bench: &Bench) -> String {
    let mut text = format!(
        "machine: {} x {}, {}, load {:.1} before\n",
        bench.machine["cores"],
        bench.machine["processor"].as_str().unwrap_or_default(),
        bench.machine["kernel"].as_str().unwrap_or_default(),
        bench.machine["load"].as_f64().unwrap_or_default()
    );
    for part in &bench.parts {
        let floor = |field| quantile(&part.floor_of(field), 0.5);
        let (one, two) = (floor(|floor| floor.one_core.cpu), floor(|floor| floor.two_cores.cpu));
        text.push_str(&format!(
            "\n{}: {}\nfloor beside it, CPU of a TCP round trip: {one:.1} us on one core, {two:.1} us across two ({} readings)\n",
            part.section.name(),
            part.section.about(),
            part.floor.len()
        ));
        let width = part.figures.iter().map(|figure| figure.what.chars().count()).max().unwrap_or_default();
        for figure in &part.figures {
            text.push_str(&row(figure, width, one, two));
        }
        for note in &part.notes {
            text.push_str(&format!("  . {note}\n"));
        }
        if let Some(failed) = &part.failed {
            text.push_str(&format!("  ! failed: {failed}\n"));
        }
    }
    text
}

fn row(figure: &Figure, width: usize, one: f64, two: f64) -> String {
    let (min, max) = figure.range();
    let times = if figure.unit == "us CPU" && one > 0.0 && two > 0.0 {
        format!("  {:.1}x / {:.1}x the floor", figure.median() / one, figure.median() / two)
    } else {
        String::new()
    };
    let range = if figure.rounds.len() > 1 {
        format!("({} to {} in {})", number(min), number(max), figure.rounds.len())
    } else {
        String::new()
    };
    let design =
        if figure.design.is_empty() { String::new() } else { format!("  design: {}", figure.design) };
    let note = if figure.note.is_empty() { String::new() } else { format!("  [{}]", figure.note) };
    let what = &figure.what;
    let line = format!(
        "  {what:width$}  {:>9} {:8} {range:26}{times}{design}{note}",
        number(figure.median()),
        figure.unit
    );
    format!("{}\n", line.trim_end())
}

/// Three digits that mean something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_figure_range_floor_and_design() {
        let figure = Figure::new("one checkout", "us CPU", vec![200.0, 180.0, 190.0]).design("132");
        let row = row(&figure, 12, 10.0, 95.0);
        assert!(row.starts_with("  one checkout        190 us CPU   (180 to 200 in 3)"), "{row}");
        assert!(row.contains("19.0x / 2.0x the floor  design: 132"), "{row}");
    }

    #[test]
    fn numbers_carry_three_digits() {
        assert_eq!([4_321.0, 43.21, 4.321, 0.0432].map(number), ["4321", "43.2", "4.32", "0.043"]);
    }
}
