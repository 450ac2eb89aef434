//! Who did what, in lanes beside the plots: each mark is a line of the journal, named by its number.

use evidence::{Entry, Said, kind};
use serde::{Deserialize, Serialize};

use super::axis;
use crate::case::Case;
use crate::finding::round;
use crate::told;

/// Marks of one sort.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// `phases`, `alerts`, `policy`, `actions`, `words`, `processes`.
    pub name: String,
    pub marks: Vec<Mark>,
}

/// Something that happened, at a moment or for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Seconds after the fault's start.
    pub from: f64,
    /// `None`: it has no length.
    pub to: Option<f64>,
    /// A word or two; marks of one name belong together.
    pub name: String,
    pub what: String,
    /// The stated reason; empty if none was stated.
    pub why: String,
    pub actor: String,
    /// Line of the journal.
    pub seq: u64,
}

/// Every lane in which something happened.
pub(super) fn all(case: &Case<'_>) -> Vec<Lane> {
    let lane = |name: &str, marks| Lane { name: name.to_owned(), marks };
    let lanes = [
        lane("phases", phases(case)),
        lane("alerts", alerts(case)),
        lane("policy", moments(case, policy)),
        lane("actions", moments(case, action)),
        lane("words", moments(case, word)),
        lane("processes", moments(case, process)),
    ];
    lanes.into_iter().filter(|lane| !lane.marks.is_empty()).collect()
}

/// Marks without a length, those after the end of the axis included: they are in the table of events.
fn moments(case: &Case<'_>, told: fn(&Entry) -> Option<(String, String, String)>) -> Vec<Mark> {
    let marks = case.recording.journal.iter().filter_map(|entry| {
        let (name, what, why) = told(entry)?;
        Some(mark(case, entry, name, what, why))
    });
    marks.collect()
}

fn mark(case: &Case<'_>, entry: &Entry, name: String, what: String, why: String) -> Mark {
    Mark {
        from: round(case.moments.seconds(entry.t_ms)),
        to: None,
        name,
        what,
        why,
        actor: entry.actor.clone(),
        seq: entry.seq,
    }
}

fn phases(case: &Case<'_>) -> Vec<Mark> {
    let end = axis::span(case).to;
    let entries: Vec<&Entry> = case.recording.entries(kind::PHASE).filter(|entry| entry.t_ms < end).collect();
    let ends = entries.iter().skip(1).map(|entry| entry.t_ms).chain([end]);
    let phase = |(entry, to): (&&Entry, u64)| {
        let name = entry.text("name").replace('_', " ");
        let to = Some(round(case.moments.seconds(to)));
        Mark { to, ..mark(case, entry, name.clone(), format!("phase {name}"), String::new()) }
    };
    entries.iter().zip(ends).map(phase).collect()
}

/// From firing to resolved; one that was never resolved lasts until the end.
fn alerts(case: &Case<'_>) -> Vec<Mark> {
    let end = round(case.moments.seconds(axis::span(case).to));
    let mut firing: Vec<(String, Mark)> = Vec::new();
    for entry in case.recording.entries(kind::ALERT) {
        let labels = entry.body.get("labels").map(ToString::to_string).unwrap_or_default();
        let key = format!("{} {labels}", entry.text("name"));
        let at = round(case.moments.seconds(entry.t_ms));
        let open = firing.iter_mut().rev().find(|(known, mark)| *known == key && mark.to.is_none());
        match (open, entry.text("state")) {
            (None, "firing") => {
                let (name, what) = (entry.text("name").to_owned(), entry.text("summary").to_owned());
                firing.push((key, mark(case, entry, name, what, entry.text("severity").to_owned())));
            }
            (Some((_, mark)), "resolved") => mark.to = Some(at),
            _ => {}
        }
    }
    firing.into_iter().map(|(_, mark)| Mark { to: mark.to.or(Some(end)), ..mark }).collect()
}

fn policy(entry: &Entry) -> Option<(String, String, String)> {
    let version = (entry.kind == kind::POLICY).then(|| entry.number("version").unwrap_or_default())?;
    Some((format!("v{version}"), format!("policy version {version}"), entry.text("reason").to_owned()))
}

fn action(entry: &Entry) -> Option<(String, String, String)> {
    if entry.kind == kind::REFUSED {
        return Some(("refused".to_owned(), entry.text("what").to_owned(), entry.text("why").to_owned()));
    }
    let verb =
        Some(entry.text("verb")).filter(|_| entry.kind == kind::ACTION && Said::of(entry).is_none())?;
    let detail: Vec<String> = ["services", "targets", "service", "instances", "text"]
        .iter()
        .filter_map(|field| entry.body.get(*field))
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    let verb = verb.replace('_', " ");
    let what = format!("{verb} {}", detail.join(" ")).trim_end().to_owned();
    Some((verb, what, entry.text("reason").to_owned()))
}

fn word(entry: &Entry) -> Option<(String, String, String)> {
    let told = told::said(entry)?;
    Some((told.name, told.what, told.why))
}

fn process(entry: &Entry) -> Option<(String, String, String)> {
    let event = Some(entry.text("event")).filter(|_| entry.kind == kind::PROCESS)?;
    if event == "joined" && entry.t_ms == 0 {
        return None;
    }
    let what = format!("{} {event}", entry.text("instance"));
    Some((event.replace('_', " "), what, entry.text("detail").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn lanes(bed: &Bed) -> Vec<Lane> {
        let recording = bed.recording();
        all(&Case::new(&recording, bed.plan()))
    }

    fn lane(lanes: &[Lane], name: &str) -> Vec<Mark> {
        lanes.iter().find(|lane| lane.name == name).map(|lane| lane.marks.clone()).unwrap_or_default()
    }

    #[test]
    fn an_alert_lasts_from_firing_to_resolved() {
        let alert =
            |state: &str| json!({"name": "WorkersFull", "state": state, "summary": "full", "labels": {}});
        let bed = Bed::recovered()
            .entry(7_000, kind::ALERT, "controller", alert("firing"))
            .entry(11_000, kind::ALERT, "controller", alert("resolved"))
            .entry(29_000, kind::ALERT, "controller", alert("firing"));
        let marks = lane(&lanes(&bed), "alerts");
        let end = marks[1].to.unwrap();
        assert_eq!((marks.len(), marks[0].from, marks[0].to), (2, 2.0, Some(6.0)));
        assert!(end > 24.0, "one that goes on lasts until the end: {end}");
    }

    #[test]
    fn words_and_acts_have_lanes_of_their_own() {
        let bed = Bed::recovered()
            .said(8_000, "ada", &Said::Say { text: "paying is down".into(), to: Default::default() })
            .entry(
                9_000,
                kind::ACTION,
                "ada",
                json!({"verb": "restart", "targets": ["payment"], "reason": "stuck"}),
            );
        let lanes = lanes(&bed);
        let (words, acts) = (lane(&lanes, "words"), lane(&lanes, "actions"));
        assert_eq!((words[0].what.as_str(), words[0].actor.as_str()), ("team; paying is down", "ada"));
        assert_eq!((acts[0].what.as_str(), acts[0].why.as_str()), ("restart [\"payment\"]", "stuck"));
    }
}
