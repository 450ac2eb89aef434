//! A scripted candidate: its steps at their times after the fault's start, or when what they wait for has held, through
//! the same doors as a person's.

use std::sync::Arc;

use drill::{Action, Step};
use evidence::Said;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::actions;
use crate::api::ChangePolicy;
use crate::causes::chain;
use crate::control;
use crate::lab::Lab;
use crate::words::{self, WordError};

use super::{Run, conditions};

/// A script that plays; dropped, it does nothing more.
pub(crate) struct Playing {
    _steps: JoinSet<()>,
}

/// Starts the script, if the run has one.
pub(crate) fn spawn(lab: &Arc<Lab>, run: &Arc<Run>, t0: Instant) -> Option<Playing> {
    let candidate = run.plan.candidate.clone()?;
    let actor = format!("script:{}", candidate.name);
    let (waiting, timed): (Vec<Step>, Vec<Step>) =
        candidate.steps.into_iter().partition(|step| step.when.is_some());
    let mut steps = JoinSet::new();
    // What waits for a condition waits by itself: two conditions may hold in any order.
    for step in waiting {
        let (lab, run, actor) = (Arc::clone(lab), Arc::clone(run), actor.clone());
        steps.spawn(async move {
            if due(&lab, &run, t0, &step).await {
                act(&lab, &run, &actor, step).await;
            }
        });
    }
    let (lab, run) = (Arc::clone(lab), Arc::clone(run));
    steps.spawn(async move {
        for step in timed {
            if !due(&lab, &run, t0, &step).await {
                return;
            }
            // A step that waits (a restart drains) must not make the next one late.
            let (lab, run, actor) = (Arc::clone(&lab), Arc::clone(&run), actor.clone());
            if is_slow(&step) {
                tokio::spawn(async move { act(&lab, &run, &actor, step).await });
            } else {
                act(&lab, &run, &actor, step).await;
            }
        }
    });
    Some(Playing { _steps: steps })
}

/// Waits for the moment of a step; false if it will not come.
async fn due(lab: &Lab, run: &Run, t0: Instant, step: &Step) -> bool {
    if run.until(t0 + step.at).await.is_err() {
        return false;
    }
    match &step.when {
        Some(when) => conditions::wait(lab, run, &when.promql, when.length).await.is_ok(),
        None => true,
    }
}

fn is_slow(step: &Step) -> bool {
    matches!(step.action, Action::Restart { .. } | Action::Scale { .. })
}

async fn act(lab: &Lab, run: &Run, actor: &str, step: Step) {
    let done = match step.action {
        Action::Policy { patch, reason } => change(lab, actor, patch, reason),
        Action::Restart { services } => {
            actions::restart(lab, actor, &services, "").await.map(|_| ()).map_err(|error| chain(&error))
        }
        Action::Scale { service, instances } => actions::scale(lab, actor, &service, instances, "")
            .await
            .map(|_| ())
            .map_err(|error| chain(&error)),
        Action::Said(Said::Hint { level }) => {
            words::hint(lab, actor, &level).map(drop).map_err(|error| told(&error))
        }
        Action::Said(said) => words::record(lab, actor, said).map(drop).map_err(|error| told(&error)),
        Action::DeclareRecovered => {
            run.declared.send_replace(true);
            actions::speak(lab, actor, "declare_recovered", "").map_err(|error| error.to_string())
        }
    };
    if let Err(error) = done {
        tracing::error!(error, actor, "step of the script failed");
    }
}

/// With every problem: nobody else reads it.
fn told(error: &WordError) -> String {
    match error {
        WordError::Incomplete(problems) => format!("{error}: {}", serde_json::json!(problems)),
        other => chain(other),
    }
}

fn change(lab: &Lab, actor: &str, patch: serde_json::Value, reason: String) -> Result<(), String> {
    actions::refuse_if_locked(lab, actor, "policy").map_err(|error| error.to_string())?;
    let change = ChangePolicy { patch, reason, base: None, author: actor.to_owned(), dry_run: false };
    let draft = lab.policy.preview(&change).map_err(|error| format!("{error:?}"))?;
    control::put_in_force(lab, draft).map(|_| ()).map_err(|error| format!("{error:?}"))
}
