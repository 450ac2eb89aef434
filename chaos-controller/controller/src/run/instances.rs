//! How many instances of each service a run begins with, where its plan says so. A lab that was started for the plan has
//! them; another one is brought there before the run, and back after it.

use std::collections::BTreeMap;
use std::time::Duration;

use drill::Plan;
use evidence::kind;
use serde_json::json;
use tokio::time::Instant;

use crate::actions::{self, ActError};
use crate::causes::chain;
use crate::directory::State;
use crate::lab::Lab;

/// A process that was started joins within this, or it will not.
const JOINS_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at who has joined.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Brings every service that the plan names to its number, and waits until all of them have joined. Those that are
/// missing then are found by whoever starts the run.
pub(crate) async fn bring(lab: &Lab, plan: &Plan) -> Result<(), ActError> {
    let there = lab.directory.counts();
    for (service, count) in &plan.instances {
        if there.get(service) != Some(count) {
            scale(lab, service, *count, "the drill starts with so many").await?;
        }
    }
    let deadline = Instant::now() + JOINS_WITHIN;
    while plan.instances.iter().any(|(service, count)| up(lab, service) < *count) && Instant::now() < deadline
    {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// Back to what there was before the run.
pub(crate) async fn put_back(lab: &Lab, plan: &Plan, found: &BTreeMap<String, u32>) {
    let there = lab.directory.counts();
    for service in plan.instances.keys() {
        let (Some(before), now) = (found.get(service), there.get(service)) else { continue };
        if now != Some(before)
            && !lab.stop.is_cancelled()
            && let Err(error) = scale(lab, service, *before, "as many as before the run").await
        {
            tracing::error!(error = chain(&error), service, "instances are not put back");
        }
    }
}

async fn scale(lab: &Lab, service: &str, count: u32, reason: &str) -> Result<(), ActError> {
    let body = json!({"verb": "scale", "service": service, "instances": count, "reason": reason});
    lab.note(kind::ACTION, "controller", body)?;
    actions::set_instances(lab, service, count).await.map(|_| ())
}

fn up(lab: &Lab, service: &str) -> u32 {
    let members = lab.directory.members();
    let up = members.iter().filter(|member| member.service == service && member.state == State::Up);
    u32::try_from(up.count()).unwrap_or(u32::MAX)
}
