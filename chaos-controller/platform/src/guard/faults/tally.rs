//! What one fault has to show for itself: how often it hit, the dose that was asked for and the dose that came, and facts
//! beside them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fault::Measure;
use serde_json::{Map, Value, json};

/// Written by the fault, read by the books.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    hits: u64,
    dose: Option<Measure>,
    notes: Map<String, Value>,
}

impl Tally {
    /// One more instance was hit.
    pub(crate) fn hit(&self) {
        self.told().hits += 1;
    }

    /// The dose so far.
    pub(crate) fn measured(&self, dose: Measure) {
        self.told().dose = Some(dose);
    }

    /// A fact beside the dose.
    pub(crate) fn note(&self, name: &str, value: impl Into<Value>) {
        self.told().notes.insert(name.to_owned(), value.into());
    }

    /// Hits, dose and notes, as an object.
    pub(crate) fn summary(&self) -> Map<String, Value> {
        let told = self.told();
        let mut summary = told.notes.clone();
        summary.insert("hits".to_owned(), json!(told.hits));
        summary.insert("dose".to_owned(), json!(told.dose));
        summary
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
