//! The end of a run: the lab is put back as it was found, and that nothing is left behind is proven, not assumed.

use std::sync::Arc;
use std::time::Duration;

use evidence::kind::{self, phase};
use serde_json::json;
use tokio::time::Instant;

use crate::actions;
use crate::causes::chain;
use crate::directory::{State, is_shop};
use crate::faults::{self, place};
use crate::lab::Lab;
use crate::ready;

use super::start::restart_policy;
use super::{Run, play};

/// A shop that is put back answers within this, or it is not back.
const BACK_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Puts back and proves. What is left is in the journal as residue. A run that was `cut_short` has not come to where the
/// removal of its trigger is proven; the same look at the bank proves it here.
pub(crate) async fn prove_clean(lab: &Arc<Lab>, run: &Run, cut_short: bool) {
    if let Err(error) = run.enter(lab, phase::PROVE_CLEAN) {
        tracing::error!(%error, "the journal is not written");
    }
    let mut residue = faults::clear_all(lab, "the end of the run", true).await;
    residue.iter_mut().for_each(|id| *id = format!("fault `{id}`"));
    residue.extend(on_processes(lab).await);
    put_back(lab, run).await;
    let (bank_ok, bank_detail) = bank_is_itself(lab, run).await;
    if !bank_ok {
        residue.push(bank_detail.clone());
    }
    if cut_short {
        let ok = bank_ok && residue.is_empty();
        lab.observe(kind::PROOF, json!({"name": "trigger_removed", "ok": ok, "detail": bank_detail}));
    }
    let missing = missing(lab, run).await;
    residue.extend(missing.iter().map(|instance| format!("{instance} is not up")));
    let shop = shop_answers(lab, run).await;
    let mut details = vec![bank_detail];
    details.push(match &shop {
        Ok(()) => "every journey answered".to_owned(),
        Err(problem) => format!("not every journey is answered: {problem}"),
    });
    lab.observe(kind::RESIDUE, json!({ "items": residue }));
    let ok = residue.is_empty() && shop.is_ok();
    lab.observe(kind::PROOF, json!({"name": "clean", "ok": ok, "detail": details.join("; ")}));
}

/// What faults left on the processes themselves: frozen, confined, workers beside them.
async fn on_processes(lab: &Lab) -> Vec<String> {
    let deadline = Instant::now() + BACK_WITHIN;
    loop {
        let found = match place::residue(lab).await {
            Ok(found) => found,
            Err(error) => vec![format!("the guard does not tell what faults left: {}", chain(&error))],
        };
        if found.is_empty() || Instant::now() >= deadline {
            return found;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A single look can fall into somebody else's second; what is left stays left.
async fn bank_is_itself(lab: &Lab, run: &Run) -> (bool, String) {
    let deadline = Instant::now() + BACK_WITHIN;
    loop {
        let looked = play::bank_is_itself(lab, run, "clean").await;
        if looked.0 || Instant::now() >= deadline {
            return looked;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The policy and the instances that the run started from.
async fn put_back(lab: &Arc<Lab>, run: &Run) {
    let reason = "put back at the end of the run";
    if lab.policy.current().document != run.plan.policy
        && let Err(error) = restart_policy(lab, &run.plan.policy, reason)
    {
        tracing::error!(%error, "policy is not put back");
    }
    let now = lab.directory.counts();
    for (service, count) in run.services_at_start().iter().filter(|(service, _)| is_shop(service)) {
        if now.get(service).copied().unwrap_or_default() != *count
            && let Err(error) = actions::set_instances(lab, service, *count).await
        {
            tracing::error!(error = chain(&error), service, "instances are not put back");
        }
    }
}

/// Services that have fewer instances than at the start, after they had time to come back.
async fn missing(lab: &Lab, run: &Run) -> Vec<String> {
    let deadline = Instant::now() + BACK_WITHIN;
    loop {
        let members = lab.directory.members();
        let missing: Vec<String> = run
            .services_at_start()
            .iter()
            .filter(|(service, count)| {
                let up = members.iter().filter(|m| m.service == **service && m.state == State::Up).count();
                up < **count as usize
            })
            .map(|(service, count)| format!("{count} x {service}"))
            .collect();
        if missing.is_empty() || Instant::now() >= deadline {
            return missing;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn shop_answers(lab: &Lab, run: &Run) -> Result<(), String> {
    let deadline = Instant::now() + BACK_WITHIN;
    let mut number = 0;
    loop {
        number += 1;
        let answered = ready::every_journey(lab, &format!("{}-clean-{number}", run.book.name)).await;
        if answered.is_ok() || Instant::now() >= deadline {
            return answered;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
