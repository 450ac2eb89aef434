//! How many instances of each service a run begins with, where its plan says so. A lab that was started for the plan has
//! them; another one is brought there before the run, and back after it.

use std::collections::BTreeMap;
use std::time::Duration;

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
pub(crate) async fn bring(lab: &Lab, wanted: &BTreeMap<String, u32>) -> Result<(), ActError> {
    for (service, count) in differing(wanted, &lab.directory.counts()) {
        scale(lab, &service, count, "the drill starts with so many").await?;
    }
    joined(lab, wanted).await;
    Ok(())
}

/// Back to what was found before the run, for the services that were brought to another number.
pub(crate) async fn put_back(lab: &Lab, brought: &BTreeMap<String, u32>, found: &BTreeMap<String, u32>) {
    let before: BTreeMap<String, u32> =
        found.iter().filter(|(service, _)| brought.contains_key(*service)).map(owned).collect();
    let changed = differing(&before, &lab.directory.counts());
    for (service, count) in &changed {
        if !lab.stop.is_cancelled()
            && let Err(error) = scale(lab, service, *count, "as many as before the run").await
        {
            tracing::error!(error = chain(&error), service, "instances are not put back");
        }
    }
    if !changed.is_empty() && !lab.stop.is_cancelled() {
        joined(lab, &before).await;
    }
}

/// The services that have another number than the wanted one, with that one.
fn differing(wanted: &BTreeMap<String, u32>, there: &BTreeMap<String, u32>) -> BTreeMap<String, u32> {
    wanted.iter().filter(|(service, count)| there.get(*service) != Some(*count)).map(owned).collect()
}

fn owned((service, count): (&String, &u32)) -> (String, u32) {
    (service.clone(), *count)
}

/// Waits until every service has its number, or those that are missing will not come.
async fn joined(lab: &Lab, wanted: &BTreeMap<String, u32>) {
    let deadline = Instant::now() + JOINS_WITHIN;
    while wanted.iter().any(|(service, count)| up(lab, service) < *count)
        && Instant::now() < deadline
        && !lab.stop.is_cancelled()
    {
        tokio::time::sleep(LOOK_AGAIN).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_services_with_another_number_are_touched() {
        let of = |counts: &[(&str, u32)]| -> BTreeMap<String, u32> {
            counts.iter().map(|(service, count)| ((*service).to_owned(), *count)).collect()
        };
        let there = of(&[("payment", 1), ("order", 2), ("cart", 1)]);
        assert_eq!(differing(&of(&[("payment", 3), ("order", 2)]), &there), of(&[("payment", 3)]));
        assert_eq!(differing(&of(&[("search", 1)]), &there), of(&[("search", 1)]), "one that is gone");
    }
}
