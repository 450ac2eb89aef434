//! `--abort-when`: guardrails of one run, beside those of its drill. They are read before anything starts, and go into the
//! plan as they are written.

use std::time::Duration;

use clap::Args;
use drill::{Plan, Source, guardrail};

use crate::exit::{Exit, Failure};

/// When a run is stopped.
#[derive(Debug, Args)]
pub(crate) struct AbortFlags {
    /// Stop the run when this holds, such as 'count(up == 0) > 2'; again for another one
    #[arg(long, value_name = "PROMQL")]
    abort_when: Vec<String>,
    /// How long it must hold
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration, requires = "abort_when")]
    abort_for: Duration,
}

impl AbortFlags {
    /// Adds them to the plan.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub(crate) fn add_to(&self, plan: &mut Plan) -> Result<(), Failure> {
        let mut wrong = Vec::new();
        for (number, text) in self.abort_when.iter().enumerate() {
            let name = name(plan, number + 1);
            match guardrail(&name, &Source::new("--abort-when", text), self.abort_for, plan.scale) {
                Ok(guardrail) => plan.guardrails.push(guardrail),
                Err(problems) => {
                    wrong.extend(problems.list().iter().map(|problem| format!("{problem}\n    {text}")));
                }
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let failure = Failure::new(Exit::Invalid, "the run has no such guardrail, so nothing was started");
        Err(Failure { details: wrong, ..failure }
            .hint("`firedrill query` tries one on a lab or on a recorded run"))
    }
}

/// One that no guardrail of the drill has.
fn name(plan: &Plan, number: usize) -> String {
    let names = (number..).map(|number| format!("abort_when_{number}"));
    let free = |name: &String| plan.guardrails.iter().all(|other| other.name() != name);
    names.into_iter().find(free).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use drill::{Choice, Guardrail, Sources};

    use super::*;

    fn plan() -> Plan {
        let text = include_str!("../../../drills/bank-slowdown/drill.yaml");
        let sources = Sources { drill: Source::new("drill.yaml", text), ..Sources::default() };
        drill::plan(&sources, &Choice::default()).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn flags(queries: &[&str]) -> AbortFlags {
        let abort_when = queries.iter().map(|query| (*query).to_owned()).collect();
        AbortFlags { abort_when, abort_for: Duration::from_secs(10) }
    }

    #[test]
    fn conditions_become_guardrails_of_the_plan() {
        let mut plan = plan();
        let before = plan.guardrails.len();
        flags(&["count(up == 0) > 2", "sum(lab_queue_depth) > 100 * $scale"]).add_to(&mut plan).unwrap();
        let added = &plan.guardrails[before..];
        assert_eq!(added.iter().map(Guardrail::name).collect::<Vec<_>>(), ["abort_when_1", "abort_when_2"]);
        assert!(matches!(&added[1], Guardrail::Condition { promql, length, .. }
                if promql.text() == "sum(lab_queue_depth) > 100 * 1" && *length == Duration::from_secs(10)));
    }

    #[test]
    fn everything_that_is_wrong_is_told_before_anything_starts() {
        let failure = flags(&["lab_queue_dpth > 1", "up", "sum("]).add_to(&mut plan()).unwrap_err();
        assert_eq!((failure.exit, failure.details.len()), (Exit::Invalid, 3));
        assert!(failure.details[0].starts_with("--abort-when:1:1:"), "{:?}", failure.details);
    }
}
