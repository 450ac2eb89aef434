//! What is being measured: the figures so far, the floor around each of them, and the words on the way.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use serde_json::Value;

use crate::figure::Figure;
use crate::floor::{Floor, Reading};
use crate::machine;
use crate::section::Section;
use harness::stop::{Interrupted, Stop};

/// A measurement from its beginning to its end.
pub(crate) struct Bench {
    pub(crate) stop: Stop,
    pub(crate) rounds: usize,
    pub(crate) full: bool,
    pub(crate) machine: Value,
    pub(crate) parts: Vec<Part>,
    floor: Option<Floor>,
    start: Instant,
}

/// What a section found.
pub(crate) struct Part {
    pub(crate) section: Section,
    pub(crate) figures: Vec<Figure>,
    pub(crate) splits: BTreeMap<String, Value>,
    /// Around and between its rounds.
    pub(crate) floor: Vec<Reading>,
    pub(crate) notes: Vec<String>,
    pub(crate) failed: Option<String>,
    pub(crate) seconds: f64,
}

impl Bench {
    pub(crate) fn new(stop: Stop, rounds: usize, full: bool) -> Self {
        let machine = machine::describe();
        Self { stop, rounds, full, machine, parts: Vec::new(), floor: None, start: Instant::now() }
    }

    /// Measures a section.
    ///
    /// # Errors
    /// What kept it from being measured; what it found before is kept.
    pub(crate) fn measure(&mut self, section: Section) -> anyhow::Result<()> {
        self.stop.check()?;
        self.say(&format!("{}: {}", section.name(), section.about()));
        let begun = Instant::now();
        self.parts.push(Part {
            section,
            figures: Vec::new(),
            splits: BTreeMap::new(),
            floor: Vec::new(),
            notes: Vec::new(),
            failed: None,
            seconds: 0.0,
        });
        self.floor()?;
        // The harness panics where a test should fail. Here that is a section that could not be measured.
        let measured = catch_unwind(AssertUnwindSafe(|| section.measure(self)))
            .unwrap_or_else(|panic| Err(anyhow::anyhow!("{}", told(panic.as_ref()))));
        self.part().seconds = begun.elapsed().as_secs_f64();
        measured
    }

    /// Notes that a section could not be measured.
    pub(crate) fn fail(&mut self, section: Section, error: &anyhow::Error) {
        self.say(&format!("{} failed: {error:#}", section.name()));
        if let Some(part) = self.parts.last_mut().filter(|part| part.section == section) {
            part.failed = Some(format!("{error:#}"));
        }
    }

    /// Takes a reading of the floor, as each round does when it is over.
    ///
    /// # Errors
    /// When somebody wants this to end, or the floor's peer is gone.
    pub(crate) fn floor(&mut self) -> anyhow::Result<()> {
        self.stop.check()?;
        let floor = match &mut self.floor {
            Some(floor) => floor,
            none => none.insert(Floor::start()?),
        };
        let reading = floor.read()?;
        self.part().floor.push(reading);
        Ok(())
    }

    pub(crate) fn figure(&mut self, figure: Figure) {
        let (min, max) = figure.range();
        self.say(&format!(
            "  {}: {:.3} {} ({min:.3} to {max:.3})",
            figure.what,
            figure.median(),
            figure.unit
        ));
        self.part().figures.push(figure);
    }

    pub(crate) fn split(&mut self, name: impl Into<String>, split: Value) {
        self.part().splits.insert(name.into(), split);
    }

    /// Something that a reader of the figures must know.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        self.say(&format!("  {note}"));
        self.part().notes.push(note);
    }

    pub(crate) fn pause(&self, seconds: f64) -> Result<(), Interrupted> {
        self.stop.pause(std::time::Duration::from_secs_f64(seconds))
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Narrates.
    pub(crate) fn say(&self, line: &str) {
        // Nobody listens: nothing is lost.
        let _ = writeln!(std::io::stderr(), "{:>6.1}s  {line}", self.seconds());
    }

    fn part(&mut self) -> &mut Part {
        self.parts.last_mut().expect("a section is being measured")
    }
}

impl Part {
    /// A value of all readings of the floor.
    pub(crate) fn floor_of(&self, field: fn(&Reading) -> f64) -> Vec<f64> {
        self.floor.iter().map(field).collect()
    }
}

/// What a panic said.
fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
