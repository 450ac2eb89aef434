//! What was played, and on what: the drill's own words, the load, and the settings that a second run would need.

use evidence::kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::Case;

/// The drill and the lab, as the plan and the first line of the journal have them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    pub title: String,
    /// What whoever plays is told.
    pub story: String,
    pub alert: String,
    pub hypothesis: String,
    pub blast_radius: Vec<String>,
    /// Questions for afterwards.
    pub debrief: Vec<String>,
    /// The most common trigger, in words: "the bank", "payment", "more users".
    pub trigger: String,
    pub users: u64,
    pub journeys: Vec<Offered>,
    /// `(service, instances)` at the start.
    pub instances: Vec<(String, u64)>,
    pub settings: Vec<Setting>,
    /// Unix milliseconds: when the run started by the wall clock. An annotation only.
    pub wall_unix_ms: Option<u64>,
}

/// A journey and what was promised of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    pub journey: String,
    /// Requests a second.
    pub rate: f64,
    pub slo_seconds: f64,
    pub slo_share: f64,
}

/// A named value of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    pub name: String,
    pub value: String,
}

impl About {
    pub(crate) fn of(case: &Case<'_>) -> About {
        let plan = &case.plan;
        let started = case.recording.entries(kind::RUN_STARTED).next();
        let journeys = plan.load.journeys.iter().filter(|load| load.rate > 0.0).map(|load| Offered {
            journey: load.journey.name().to_owned(),
            rate: load.rate,
            slo_seconds: load.slo_latency.as_secs_f64(),
            slo_share: load.slo_share,
        });
        About {
            title: plan.title.clone(),
            story: plan.story.clone(),
            alert: plan.alert.clone(),
            hypothesis: plan.hypothesis.clone(),
            blast_radius: plan.blast_radius.clone(),
            debrief: plan.debrief.clone(),
            trigger: trigger(case),
            users: u64::from(plan.load.users),
            journeys: journeys.collect(),
            instances: case.services(),
            settings: settings(case),
            wall_unix_ms: started.and_then(|entry| entry.body.get("wall_unix_ms")).and_then(Value::as_u64),
        }
    }
}

/// Whom it was done to.
fn trigger(case: &Case<'_>) -> String {
    let Some(fault) = case.plan.faults.first() else {
        return if case.plan.load.surge.is_some() { "more users" } else { "" }.to_owned();
    };
    if fault.target == "bank" { "the bank".to_owned() } else { fault.target.clone() }
}

fn settings(case: &Case<'_>) -> Vec<Setting> {
    let plan = &case.plan;
    let started = case.recording.entries(kind::RUN_STARTED).next();
    let version = started.map(|entry| entry.text("version").to_owned()).unwrap_or_default();
    let words = |duration: std::time::Duration| {
        crate::query::words(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    };
    let mut rows = vec![
        ("drill", format!("{} ({})", plan.drill, plan.variant)),
        (
            "played by",
            plan.candidate.as_ref().map_or("a person".to_owned(), |c| format!("script {}", c.name)),
        ),
        ("mode", plan.mode.name().to_owned()),
        ("seed", plan.seed.to_string()),
        ("scale", plan.scale.to_string()),
        ("firedrill", version),
        ("users leave after", words(plan.load.patience)),
        (
            "recovered means",
            format!(
                "{} windows of {} with goodput of at least {}",
                plan.windows.count,
                words(plan.windows.length),
                crate::finding::percent(plan.thresholds.goodput)
            ),
        ),
        ("must hold for", words(plan.hold)),
        ("bank in health", words(plan.bank.latency)),
    ];
    rows.extend(plan.faults.iter().map(|fault| {
        let spec = serde_json::to_value(&fault.spec).unwrap_or_default();
        (
            "fault",
            format!(
                "{} on {} at +{} for {}: {spec}",
                fault.id,
                fault.target,
                words(fault.at),
                words(fault.length)
            ),
        )
    }));
    let setting = |(name, value): (&str, String)| Setting { name: name.to_owned(), value };
    rows.into_iter().filter(|(_, value)| !value.is_empty()).map(setting).collect()
}
