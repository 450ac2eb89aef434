//! `firedrill plan`: what a run would do, with every default and the scale
//! filled in. Starts nothing.

use clap::Args;
use drill::{Choice, Guardrail, Journey, LATE_HANDOVER, Mode, Plan as RunPlan, Scale};
use resilience::policy::Span;

use crate::drills;
use crate::exit::{Exit, Failure};
use crate::output::{Format, Output, write_data, write_json};
use crate::watch::narrate::describe_fault;
use crate::watch::told;

/// The choices of one run, for `plan` and `run`.
#[derive(Debug, Args)]
pub(crate) struct ChoiceFlags {
    /// Drill: a folder, or a name under ./drills
    pub(crate) drill: String,
    /// Variant of the drill
    #[arg(long, default_value = "default")]
    pub(crate) variant: String,
    /// Planted candidate that plays; without one a person does
    #[arg(long)]
    pub(crate) candidate: Option<String>,
    /// Part of the full load, such as 1/10; times stay as they are
    #[arg(long, default_value = "1")]
    pub(crate) scale: Scale,
    /// Seed of every draw [default: the drill's]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// learn: no clock, and explanations. practice. assessed: nothing is revealed before the end. gate: a script, for CI
    #[arg(long, value_parser = mode, default_value = "practice", value_name = "learn|practice|assessed|gate")]
    pub(crate) mode: Mode,
    /// Short for `--mode gate`
    #[arg(long, conflicts_with = "mode")]
    gate: bool,
    /// A threshold of a gate in the place of the drill's, such as goodput=0.99; may be repeated
    #[arg(long, value_parser = threshold, value_name = "NAME=VALUE")]
    threshold: Vec<(String, String)>,
}

impl ChoiceFlags {
    /// The validated plan of these choices.
    pub(crate) fn plan(&self) -> Result<RunPlan, Failure> {
        if self.is_gate() && self.candidate.is_none() {
            return Err(Failure::new(
                Exit::Usage,
                "a gate has nobody at the keyboard: name the script that plays",
            )
            .hint(format!("firedrill run {} --gate --candidate layered", self.drill)));
        }
        if !self.is_gate() && !self.threshold.is_empty() {
            return Err(Failure::new(
                Exit::Usage,
                "a drill's thresholds are its own; only a gate sets others",
            )
            .hint("add --gate"));
        }
        let choice = Choice {
            variant: self.variant.clone(),
            candidate: self.candidate.clone(),
            scale: self.scale,
            seed: self.seed,
            mode: if self.gate { Mode::Gate } else { self.mode },
        };
        let mut plan = drills::plan(&self.drill, &choice)?;
        let set = self.threshold.iter().map(|(name, value)| plan.thresholds.set(name, value));
        let refused: Vec<String> = set.filter_map(Result::err).collect();
        if refused.is_empty() {
            return Ok(plan);
        }
        let failure = Failure::new(Exit::Usage, "the thresholds cannot be set");
        Err(refused.into_iter().fold(failure, Failure::detail))
    }

    /// Whether a script plays for CI.
    pub(crate) fn is_gate(&self) -> bool {
        self.gate || self.mode == Mode::Gate
    }
}

/// Flags of `plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    choice: ChoiceFlags,
    #[command(flatten)]
    output: Output,
}

impl Plan {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let plan = self.choice.plan()?;
        match self.output.output {
            Format::Json => write_json(&plan),
            Format::Text => write_data(&render(&plan)),
        }
        Ok(Exit::Pass)
    }
}

fn mode(text: &str) -> Result<Mode, String> {
    let names = Mode::ALL.map(Mode::name);
    let known = Mode::ALL.into_iter().find(|mode| mode.name() == text);
    known.ok_or_else(|| format!("write one of: {}", names.join(", ")))
}

fn threshold(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, such as goodput=0.99")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// When a trigger ends with a person.
const HELD: &str = ", until the shop is declared recovered or the budget is spent";

/// The plan as a timeline, counted from the start of the run.
fn render(plan: &RunPlan) -> String {
    let (zero, held) = (plan.zero(), plan.holds_for_a_person());
    let mut marks = vec![(
        std::time::Duration::ZERO,
        format!("baseline: goodput of every journey at least {:.0} %", plan.baseline.goodput * 100.0),
    )];
    for fault in &plan.faults {
        let spec = serde_json::to_value(&fault.spec).expect("a fault is plain data");
        if held {
            let again = fault.repeat.map_or_else(String::new, |repeat| {
                format!(" for {}, and again every {}", Span(fault.length), Span(repeat.every))
            });
            let until = if fault.strikes_once() { "" } else { HELD };
            let what = format!("fault {}: {}{again}{until}", fault.id, describe_fault(&spec));
            marks.push((zero + fault.at, what));
            continue;
        }
        for (round, at) in fault.rounds().enumerate() {
            let id = fault.round_id(round);
            marks.push((zero + at, format!("fault {id}: {}", describe_fault(&spec))));
            marks.push((zero + at + fault.length, format!("fault {id} ends")));
        }
    }
    if let Some(surge) = plan.load.surge {
        let (factor, over) = (surge.factor, Span(surge.over));
        let until = if held { HELD } else { "" };
        marks.push((zero, format!("surge: within {over} {factor} times as many users come{until}")));
        if !held {
            marks.push((zero + surge.length, "surge ends".into()));
        }
    }
    if let Some(aftermath) = &plan.aftermath {
        marks.push((zero + plan.heal_at(), "the trigger must be proven gone".into()));
        if let Some(state) = &aftermath.metastable {
            let what = format!(
                "the shop must be down by itself until {:.1} s: {} below {:.0} %, {} tried more than {} times",
                (zero + plan.heal_at() + state.to).as_secs_f64(),
                state.goodput.journey,
                state.goodput.below * 100.0,
                state.amplification.edge,
                state.amplification.above
            );
            marks.push((zero + plan.heal_at() + state.from, what));
        }
        let (person, within) = (plan.candidate.is_none(), Span(aftermath.within));
        let end = if person {
            format!("the time to recover is over, at the latest; after the replay: {within} to be well again")
        } else {
            format!("the time to recover is over: {within} to be well again")
        };
        marks.push((zero + plan.recovery_end(), end));
    }
    if let Some(handover) = plan.handover {
        let late = if plan.candidate.is_none() {
            format!(" once users feel the outage, {} later at the latest", Span(LATE_HANDOVER))
        } else {
            String::new()
        };
        marks.push((zero + handover, format!("handover{late}")));
    }
    for step in plan.candidate.iter().flat_map(|candidate| &candidate.steps) {
        let action = serde_json::to_value(&step.action).expect("an action is plain data");
        let when = step.when.as_ref().map_or_else(String::new, |when| {
            format!(", once `{}` has held for {}", when.promql, Span(when.length))
        });
        marks.push((
            zero + step.at,
            format!(
                "{}: {}{when}",
                plan.candidate.as_ref().map_or("", |candidate| &candidate.name),
                step_words(&action)
            ),
        ));
    }
    let replay = plan.replay.spec.as_ref().map_or_else(
        || "the surge again".into(),
        |spec| describe_fault(&serde_json::to_value(spec).expect("a fault is plain data")),
    );
    let latest = if plan.candidate.is_none() { ", at the latest" } else { "" };
    marks.push((zero + plan.replay_at(), format!("replay{latest}: {replay}")));
    marks.push((
        zero + plan.replay_at() + plan.replay.length,
        "settle, reconcile, prove that nothing is left".into(),
    ));
    marks.sort_by_key(|(at, _)| *at);

    let offered: f64 = plan.load.journeys.iter().map(|journey| journey.rate).sum();
    let mut text = format!(
        "{}/{}: {}\nseed {}, scale {}, {offered:.0} requests/s, at most {:.0} s\n\n",
        plan.drill,
        plan.variant,
        plan.title,
        plan.seed,
        plan.scale,
        plan.longest().as_secs_f64()
    );
    for (service, count) in &plan.instances {
        text.push_str(&format!("{count} instances of {service}\n"));
    }
    for (at, what) in &marks {
        text.push_str(&format!("{:>7.1} s  {what}\n", at.as_secs_f64()));
    }
    let own = plan.criteria.iter().filter(|own| own.required).map(|own| own.name.as_str());
    let required: Vec<&str> = plan.required.iter().map(String::as_str).chain(own).collect();
    text.push_str(&format!("\nmust pass: {}\n", required.join(", ")));
    text.push_str(&format!("thresholds: {}\n", plan.thresholds.told()));
    for steady in &plan.steady_state {
        text.push_str(&format!("steady state {}: {}\n", steady.name, steady.promql));
    }
    for guardrail in &plan.guardrails {
        text.push_str(&format!("guardrail {}: {}\n", guardrail.name(), guardrail_words(plan, guardrail)));
    }
    for own in &plan.criteria {
        let told = if own.required { "" } else { ", told and not judged" };
        text.push_str(&format!("criterion {} ({}{told}): {}\n", own.name, own.during.name(), own.promql));
    }
    text
}

/// When a guardrail stops the run.
fn guardrail_words(plan: &RunPlan, guardrail: &Guardrail) -> String {
    match guardrail {
        Guardrail::Condition { promql, length, .. } => format!("{promql} for {}", Span(*length)),
        Guardrail::Budget { error_budget, .. } => {
            let limit = |journey: Journey| {
                let failures = plan.error_budget(journey)? * error_budget.spent;
                Some(format!("{journey} {:.0}", failures.ceil()))
            };
            let asked = error_budget.journey.journey().map_or(Journey::ALL.to_vec(), |journey| vec![journey]);
            let limits: Vec<String> = asked.into_iter().filter_map(limit).collect();
            let (spent, over) = (error_budget.spent * 100.0, plan.budgeted().as_secs());
            format!(
                "{spent:.0} % of the error budget of {over} s is spent (failed requests: {})",
                limits.join(", ")
            )
        }
    }
}

fn step_words(action: &serde_json::Value) -> String {
    let Some(fields) = action.as_object() else {
        return action.as_str().unwrap_or_default().replace('_', " ");
    };
    if let Some(said) = fields.get("said").and_then(|said| serde_json::from_value(said.clone()).ok()) {
        return told::sentence("", &said).trim_start_matches([':', ' ']).to_owned();
    }
    let words = fields.iter().map(|(verb, of)| {
        let what = ["reason", "text", "services", "service"].iter().find_map(|name| of.get(*name));
        let what = what
            .map_or_else(String::new, |what| what.as_str().map_or_else(|| what.to_string(), str::to_owned));
        format!("{} {what}", verb.replace('_', " ")).trim_end().to_owned()
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_reads_as_words() {
        assert_eq!(step_words(&json!("declare_recovered")), "declare recovered");
        assert_eq!(
            step_words(&json!({"policy": {"patch": {}, "reason": "stop waiting"}})),
            "policy stop waiting"
        );
        assert_eq!(step_words(&json!({"scale": {"service": "payment", "instances": 0}})), "scale payment");
        assert_eq!(step_words(&json!({"said": {"verb": "say", "text": "looking"}})), "looking");
        assert_eq!(
            step_words(&json!({"said": {"verb": "severity", "level": "sev2"}})),
            "calls it sev2, a part of it is down"
        );
    }

    #[test]
    fn a_mode_is_one_of_four_words() {
        assert_eq!(Mode::ALL.map(|known| mode(known.name())), Mode::ALL.map(Ok));
        assert!(mode("exam").unwrap_err().contains("learn, practice, assessed, gate"));
    }
}
