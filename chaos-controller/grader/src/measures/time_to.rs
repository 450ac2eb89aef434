//! How long everything took, from the fault's start; where a person played also from the handover, when that person's
//! clock began.

use std::collections::BTreeMap;

use evidence::{Entry, Said, kind};
use serde::{Deserialize, Serialize};

use super::figure::{journal, seconds};
use super::{Measures, mitigation};
use crate::case::Case;
use crate::diagnosis::Diagnoses;
use crate::finding::{Status, round};
use crate::recovery::{self, Search};

/// Seconds after the fault's start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TimeTo {
    pub first_action: Option<f64>,
    /// The recovered windows began.
    pub recovery: Option<f64>,
    /// The hold had passed.
    pub verified_recovery: Option<f64>,
    /// Where recovery is judged after the trigger: from its end until goodput was back for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_trigger: Option<f64>,
    /// The same from the first action, if that came later than the end of the trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_action: Option<f64>,
    /// The same from the end of the trigger that was fired again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_replay: Option<f64>,
    /// The first alert that fired, or the first word or act of a person, whichever came first.
    #[serde(default)]
    pub detect: Option<f64>,
    /// Which it was: "alert WorkersFull", "say of ada".
    #[serde(default)]
    pub detected_by: Option<String>,
    /// Somebody said that the page is heard.
    #[serde(default)]
    pub acknowledge: Option<f64>,
    /// Somebody said something, to whomever.
    #[serde(default)]
    pub first_message: Option<f64>,
    /// The first diagnosis that was right.
    #[serde(default)]
    pub right_diagnosis: Option<f64>,
    /// The first act after which more users were served, and went on to be.
    #[serde(default)]
    pub mitigation: Option<f64>,
    /// The times of above from the handover, by their names, where a person played. What was before it is left out.
    #[serde(default)]
    pub since_handover: BTreeMap<String, f64>,
}

pub(super) fn measure(case: &Case<'_>, diagnoses: &Diagnoses, measures: &mut Measures) {
    let mut times = Times { case, found: BTreeMap::new(), measures };
    let detected = entries(case).find_map(|entry| Some((entry, sign(entry)?)));
    times.at("detect", detected.as_ref().map(|(entry, _)| *entry));
    times.at("acknowledge", first_said(case, |said| matches!(said, Said::Acknowledge { .. })));
    times.at("first_message", first_said(case, |said| matches!(said, Said::Say { .. })));
    times.at(
        "first_action",
        entries(case).find(|entry| Some(entry.t_ms) == case.moments.first_action && acts(entry)),
    );
    let right = diagnoses.submitted.iter().find(|one| Some(one.seconds) == diagnoses.first_right());
    times.told("right_diagnosis", right.map(|one| one.seconds), right.map_or("", |one| &one.evidence));
    let mitigation = mitigation::first(case);
    let evidence = mitigation.as_ref().map_or("", |one| &one.evidence);
    times.told("mitigation", mitigation.as_ref().map(|one| one.seconds), evidence);
    let recovery = match &case.search {
        Search::Recovered(recovery) => Some(recovery),
        _ => None,
    };
    let goodput = "requests.bin: goodput of the windows that recovery is judged by";
    times.told("recovery", recovery.map(|one| seconds(case, one.windows.from)), goodput);
    let held = recovery.filter(|one| one.hold.status == Status::Pass);
    times.told(
        "verified_recovery",
        held.map(|one| seconds(case, one.hold.span.to)),
        "requests.bin: goodput of the hold",
    );
    let found = times.found;
    let of = |name: &str| found.get(name).copied();
    measures.time_to = TimeTo {
        first_action: of("first_action"),
        recovery: of("recovery"),
        verified_recovery: of("verified_recovery"),
        detect: of("detect"),
        detected_by: detected.map(|(_, sign)| sign),
        acknowledge: of("acknowledge"),
        first_message: of("first_message"),
        right_diagnosis: of("right_diagnosis"),
        mitigation: of("mitigation"),
        since_handover: since_handover(case, &found),
        ..after(case)
    };
    for (name, value) in [
        ("after_trigger", measures.time_to.after_trigger),
        ("after_action", measures.time_to.after_action),
        ("after_replay", measures.time_to.after_replay),
    ] {
        measures.note(format!("measures.time_to.{name}"), value, "s", goodput);
    }
    measures.mitigation = mitigation;
}

/// The times so far, and where they are noted.
struct Times<'t, 'r> {
    case: &'t Case<'r>,
    found: BTreeMap<&'static str, f64>,
    measures: &'t mut Measures,
}

impl Times<'_, '_> {
    fn at(&mut self, name: &'static str, entry: Option<&Entry>) {
        let value = entry.map(|entry| seconds(self.case, entry.t_ms));
        self.told(name, value, &entry.map(journal).unwrap_or_default());
    }

    fn told(&mut self, name: &'static str, value: Option<f64>, evidence: &str) {
        self.measures.note(format!("measures.time_to.{name}"), value, "s", evidence);
        self.found.extend(value.map(|value| (name, value)));
    }
}

/// The journal from the fault to the end.
fn entries<'a>(case: &'a Case<'_>) -> impl Iterator<Item = &'a Entry> {
    let span = case.moments.fault.unwrap_or(u64::MAX)..case.moments.end;
    case.recording.journal.iter().filter(move |entry| span.contains(&entry.t_ms))
}

/// The same of what people put on record about the outage: not a hint that was asked for, nor what an instructor notes.
fn first_said<'a>(case: &'a Case<'_>, wanted: fn(&Said) -> bool) -> Option<&'a Entry> {
    entries(case).find(|entry| said(entry).is_some_and(|said| wanted(&said)))
}

fn said(entry: &Entry) -> Option<Said> {
    let about = |said: &Said| !matches!(said, Said::Hint { .. } | Said::Reveal {} | Said::Mark { .. });
    Said::of(entry).filter(|said| entry.actor != "controller" && about(said))
}

fn acts(entry: &Entry) -> bool {
    let acts = entry.kind == kind::POLICY || matches!(entry.text("verb"), "restart" | "scale");
    acts && entry.actor != "controller"
}

/// What shows that the outage was noticed.
fn sign(entry: &Entry) -> Option<String> {
    if entry.kind == kind::ALERT && entry.text("state") == "firing" {
        return Some(format!("alert {}", entry.text("name")));
    }
    if let Some(said) = said(entry) {
        return Some(format!("{} of {}", said.verb().replace('_', " "), entry.actor));
    }
    let what = if entry.kind == kind::POLICY { "policy" } else { entry.text("verb") };
    acts(entry).then(|| format!("{what} of {}", entry.actor))
}

fn since_handover(case: &Case<'_>, found: &BTreeMap<&'static str, f64>) -> BTreeMap<String, f64> {
    let Some(handover) = case.moments.handover.filter(|_| case.plan.candidate.is_none()) else {
        return BTreeMap::new();
    };
    let began = case.moments.seconds(handover);
    let since = found.iter().map(|(name, at)| ((*name).to_owned(), round(at - began)));
    since.filter(|(_, seconds)| *seconds >= 0.0).collect()
}

/// How long goodput took to come back, where that is judged after the trigger.
fn after(case: &Case<'_>) -> TimeTo {
    let moments = &case.moments;
    let since =
        |back: Option<u64>, from: Option<u64>| Some(round(back?.saturating_sub(from?) as f64 / 1_000.0));
    let Some(again) = recovery::again(case) else { return TimeTo::default() };
    let back = recovery::for_good(case, &case.search);
    let late = moments.first_action.filter(|at| moments.heal.is_some_and(|heal| *at > heal));
    TimeTo {
        after_trigger: since(back, moments.heal),
        after_action: since(back, late),
        after_replay: since(recovery::for_good_again(case, &again), moments.replay.map(|replay| replay.to)),
        ..TimeTo::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn say(text: &str) -> Said {
        Said::Say { text: text.to_owned(), to: Default::default() }
    }

    fn alert(bed: Bed, t_ms: u64) -> Bed {
        bed.entry(t_ms, kind::ALERT, "controller", json!({"name": "WorkersFull", "state": "firing"}))
    }

    #[test]
    fn times_count_from_the_fault() {
        let time_to = measured(&Bed::recovered()).time_to;
        assert_eq!(time_to.first_action, Some(5.0));
        assert_eq!(time_to.recovery, Some(6.0));
        assert_eq!(time_to.verified_recovery, Some(14.0));
    }

    #[test]
    fn whoever_noticed_first_is_named() {
        let words = alert(Bed::recovered(), 7_000).said(6_500, "ada", &say("checkout is down"));
        let time_to = measured(&words).time_to;
        assert_eq!((time_to.detect, time_to.detected_by.as_deref()), (Some(1.5), Some("say of ada")));
        assert_eq!(time_to.first_message, Some(1.5));
        let alert = measured(&alert(Bed::recovered(), 7_000)).time_to;
        assert_eq!(alert.detected_by.as_deref(), Some("alert WorkersFull"));
        assert_eq!(measured(&Bed::recovered()).time_to.detected_by.as_deref(), Some("policy of script"));
    }

    #[test]
    fn an_alert_before_the_fault_and_an_instructor_s_mark_notice_nothing() {
        let mark = Said::Mark { row: "x".to_owned(), mark: "3".to_owned(), reason: String::new() };
        let time_to = measured(&alert(Bed::never_recovered(), 3_000).said(7_000, "eve", &mark)).time_to;
        assert_eq!((time_to.detect, time_to.detected_by), (None, None));
    }

    #[test]
    fn nobody_who_said_nothing_has_a_time_for_it() {
        let time_to = measured(&Bed::never_recovered()).time_to;
        let none = (time_to.acknowledge, time_to.first_message, time_to.right_diagnosis, time_to.mitigation);
        assert_eq!(none, (None, None, None, None));
    }

    #[test]
    fn a_person_s_clock_starts_at_the_handover() {
        let heard = Said::Acknowledge { alert: String::new(), text: String::new() };
        let bed = Bed::recovered().said(9_000, "ada", &heard).said(7_000, "ada", &say("looking"));
        let script = measured(&bed).time_to;
        assert!(script.since_handover.is_empty());
        let person = measured(&bed.with_plan(json!({"candidate": null}))).time_to;
        assert_eq!((person.acknowledge, person.since_handover["acknowledge"]), (Some(4.0), 1.0));
        assert!(!person.since_handover.contains_key("first_message"), "it was before the handover");
    }

    #[test]
    fn the_lab_put_back_in_order_is_no_action() {
        let body = || json!({"version": 9, "document": {"version": 1}});
        let bed = Bed::never_recovered().entry(39_200, kind::POLICY, "candidate", body());
        assert_eq!(measured(&bed).time_to.first_action, None);
        let bed = Bed::never_recovered().entry(9_000, kind::POLICY, "controller", body());
        assert_eq!(measured(&bed).time_to.first_action, None);
    }

    #[test]
    fn goodput_is_back_for_good_only_when_it_stays() {
        let after = |bed: Bed| measured(&bed).time_to;
        let relapsed = after(Bed::stormy().sick(20_000, 22_000));
        assert_eq!((relapsed.after_trigger, relapsed.after_action), (Some(15.0), Some(8.0)));
        let collapsed = after(Bed::stormy().sick(20_000, 25_000));
        assert_eq!((collapsed.after_trigger, collapsed.after_action), (None, None));
        let shortly = after(Bed::stormy().sick(18_000, 20_000));
        assert_eq!((shortly.recovery, shortly.after_trigger), (Some(12.0), None), "it did not hold");
        let again = after(Bed::stormy().sick(34_500, 36_000));
        assert_eq!((again.after_replay, again.after_trigger), (None, Some(10.0)));
    }
}
