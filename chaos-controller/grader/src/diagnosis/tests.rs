//! Submissions and what they must get: the honest, the lazy, the unusual and the cheating.

mod answers;
mod table;
mod truths;

use evidence::Said;

use super::grading::{Given, Graded, graded};
use crate::truth::Truth;

/// What bank-slowdown tells everybody.
fn told() -> Given {
    let texts = [
        "bank-slowdown",
        "The bank slows down",
        "frontend: home page failing for more than half of the users",
        "14:00  payment's p99 goes from 100 ms to 30 s.\n14:05  order answers 503 to everything.\n14:07  cart answers 504 to everything.\n",
    ];
    Given { texts: texts.map(str::to_owned).to_vec(), hints: Vec::new() }
}

fn text(text: &str) -> Said {
    Said::Diagnose {
        text: text.to_owned(),
        root_cause: String::new(),
        mechanism: vec![],
        propagation: vec![],
    }
}

fn fields(root_cause: &str, mechanism: &[&str], propagation: &[&str]) -> Said {
    let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
    Said::Diagnose {
        text: String::new(),
        root_cause: root_cause.to_owned(),
        mechanism: owned(mechanism),
        propagation: owned(propagation),
    }
}

fn judge(said: &Said, truth: &Truth) -> Graded {
    graded(said, truth, &told())
}

/// What a point earned, of what it is worth: 0 to 1.
fn share(graded: &Graded, name: &str) -> f64 {
    graded
        .points
        .iter()
        .find(|point| point.name == name)
        .map_or(f64::NAN, |point| (point.got / point.worth * 100.0).round() / 100.0)
}
