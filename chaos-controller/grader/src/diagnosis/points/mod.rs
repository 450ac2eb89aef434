//! The points of a diagnosis, a file each. Together they are worth 1:
//!
//! | point | worth | why so much |
//! |---|---|---|
//! | `cause.component` | 0.30 | where to act is decided by it |
//! | `cause.kind` | 0.20 | slow, failing and frozen have different remedies, and the wrong one makes it worse |
//! | `mechanism` | 0.30 | a cause that nobody can remove is survived by breaking its mechanism |
//! | `propagation` | 0.20 | whoever knows the order knows who is a victim, and where to look first the next time |
//! | `blame` | down to -0.30 | a victim that is called the cause gets the repair, and the outage goes on |
//!
//! A point for which the recording shows nothing is not asked, and its worth goes to the others in proportion.

mod blame;
mod component;
mod kind;
mod mechanism;
mod propagation;

use crate::finding::round;
use crate::truth::{MechanismKind, Root, Truth};

use super::Point;
use super::claims::Claims;

pub(super) const COMPONENT: &str = "cause.component";
pub(super) const KIND: &str = "cause.kind";
pub(super) const MECHANISM: &str = "mechanism";
pub(super) const PROPAGATION: &str = "propagation";
pub(super) const BLAME: &str = "blame";

/// What is earned by halves where half of it is right.
const HALF: f64 = 0.5;

/// A claim held against the recording.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) truth: &'a Truth,
    pub(super) claims: &'a Claims,
}

/// What a point's file does.
type Judge = fn(Held<'_>) -> Found;

/// What a point's file finds.
struct Found {
    /// 0 to 1 of what the point is worth.
    share: f64,
    claimed: String,
    recorded: String,
    why: String,
    evidence: String,
}

/// Every point, and who was blamed without reason.
pub(super) fn judged(held: Held<'_>) -> (Vec<Point>, Vec<String>) {
    let truth = held.truth;
    let all: [(&str, f64, bool, Judge); 4] = [
        (COMPONENT, 0.30, !truth.roots.is_empty(), component::judge),
        (KIND, 0.20, !truth.roots.is_empty(), kind::judge),
        (MECHANISM, 0.30, !truth.mechanisms.is_empty(), mechanism::judge),
        (PROPAGATION, 0.20, !truth.propagation.is_empty(), propagation::judge),
    ];
    let asked = || all.into_iter().filter(|(_, _, recorded, _)| *recorded);
    let whole: f64 = asked().map(|(_, worth, ..)| worth).sum();
    let mut points: Vec<Point> = asked()
        .map(|(name, worth, _, judge)| {
            let found = judge(held);
            let worth = worth / whole;
            Point {
                name: name.to_owned(),
                worth: round(worth),
                got: round(worth * found.share),
                claimed: found.claimed,
                recorded: found.recorded,
                why: found.why,
                evidence: found.evidence,
            }
        })
        .collect();
    let (blame, blamed) = blame::judge(held);
    points.push(blame);
    (points, blamed)
}

impl<'a> Held<'a> {
    /// The causes that count. An instance that broke and harmed nobody does not, if the mechanism names another.
    fn roots(self) -> Vec<&'a Root> {
        let named = |root: &&Root| {
            let mentions = |text: &str| {
                text.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == root.component)
            };
            self.truth
                .mechanisms
                .iter()
                .any(|one| mentions(&one.what) || one.at.split("->").any(|at| at == root.component))
        };
        let instances = self.truth.roots.len() > 1
            && self.truth.roots.iter().all(|root| service(&root.component).is_some());
        let counting: Vec<&Root> = self.truth.roots.iter().filter(|root| !instances || named(root)).collect();
        if counting.is_empty() { self.truth.roots.iter().collect() } else { counting }
    }

    /// The cause that a claim names: by its name, or an instance by its service.
    fn root_of(self, claimed: &str) -> Option<&'a Root> {
        let roots = self.roots();
        let exact = roots.iter().find(|root| root.component == claimed);
        exact.or(roots.iter().find(|root| service(&root.component) == Some(claimed))).copied()
    }

    /// The shop keeps itself down: what set it off is over.
    fn metastable(self) -> bool {
        self.records(MechanismKind::Metastable)
    }

    fn records(self, kind: MechanismKind) -> bool {
        self.truth.mechanisms.iter().any(|one| one.kind == kind)
    }

    /// Whether a claimed cause is the shop's own part in it: the place of a recorded mechanism that was named as well. "Payment
    /// has no timeout" is no blame, where payment waits without a bound.
    fn own_part(self, claimed: &str) -> bool {
        let at = |place: &str| {
            let mut ends = place.split("->");
            let caller = ends.next() == Some(claimed);
            caller || (self.metastable() && ends.any(|end| end == claimed))
        };
        self.truth
            .mechanisms
            .iter()
            .any(|one| at(&one.at) && (self.metastable() || self.claims.mechanisms.contains(&one.kind)))
    }

    /// Who was called the cause and is not.
    pub(super) fn wrong(self) -> Vec<&'a str> {
        let causes = self.claims.causes.iter().map(String::as_str);
        causes.filter(|claimed| self.root_of(claimed).is_none() && !self.own_part(claimed)).collect()
    }
}

/// The service of an instance.
fn service(component: &str) -> Option<&str> {
    component.rsplit_once('-').map(|(service, _)| service)
}

/// `a`, `a and b`, `a, b and c`.
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}

/// How a kind is written in JSON, in words.
fn word(kind: impl serde::Serialize) -> String {
    let value = serde_json::to_value(kind).unwrap_or_default();
    value.as_str().unwrap_or_default().replace('_', " ")
}
