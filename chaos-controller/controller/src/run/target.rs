//! Whom a fault of the plan is put on when its time has come. Whoever plays may have scaled its target away by then: that
//! is an answer, if a bad one, and the run goes on to judge it (criterion `services`). Another instance of the service
//! takes the fault; if there is none, nobody does, and the journal says why.
//!
//! A process that is only down, or that another fault has frozen or killed, is still the target.

use std::sync::Arc;
use std::time::Duration;

use evidence::kind;
use fault::FaultSpec;
use serde_json::json;

use crate::causes::chain;
use crate::directory::is_shop;
use crate::faults::{self, Cause};
use crate::lab::Lab;

use super::Ended;

/// Applies a fault of the plan. False if there is nobody left to put it on.
pub(super) async fn apply(
    lab: &Arc<Lab>,
    id: &str,
    target: &str,
    spec: &FaultSpec,
    length: Option<Duration>,
    cause: Cause<'_>,
) -> Result<bool, Ended> {
    let members = lab.directory.members();
    let there = members.iter().filter(|member| !member.is_scaled_away());
    let there: Vec<(&str, &str)> =
        there.map(|member| (member.service.as_str(), member.instance.as_str())).collect();
    let Some(now) = aim(target, &there) else {
        let body = json!({"id": id, "target": target, "spec": spec, "why": cause.why});
        lab.note(kind::FAULT_INTENT, cause.actor, body)?;
        let reason = format!("never applied: {target} was scaled away, and nobody of its service is left");
        lab.note(kind::FAULT_CLEARED, cause.actor, json!({"id": id, "reason": reason}))?;
        return Ok(false);
    };
    if now != target {
        tracing::info!(id, target, now, "the target of a fault was scaled away; another instance takes it");
    }
    let applied = faults::apply(lab, id, &now, spec, length, cause).await;
    applied.map_err(|error| Ended::Void(format!("fault `{id}` was not applied: {}", chain(&error))))?;
    Ok(true)
}

/// The target, or who stands in for it, of those `(service, instance)` that are there. What is not of the shop, nobody
/// can scale.
fn aim(target: &str, there: &[(&str, &str)]) -> Option<String> {
    let numbered = target.rsplit_once('-').filter(|(_, number)| number.parse::<u32>().is_ok());
    let service = numbered.map_or(target, |(service, _)| service);
    if !is_shop(service) {
        return Some(target.to_owned());
    }
    let mut of_service = there.iter().filter(|(of, _)| *of == service).map(|(_, instance)| *instance);
    if numbered.is_none() || of_service.clone().any(|instance| instance == target) {
        return of_service.next().map(|_| target.to_owned());
    }
    of_service.min().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THERE: [(&str, &str); 3] = [("payment", "payment-1"), ("payment", "payment-0"), ("bank", "bank-0")];

    #[test]
    fn who_is_there_is_the_target() {
        assert_eq!(aim("payment-1", &THERE).as_deref(), Some("payment-1"));
        assert_eq!(aim("payment", &THERE).as_deref(), Some("payment"), "all of them");
    }

    #[test]
    fn who_was_scaled_away_is_stood_in_for_by_another_of_the_service() {
        assert_eq!(aim("payment-2", &THERE).as_deref(), Some("payment-0"));
    }

    #[test]
    fn a_service_of_which_nobody_is_left_takes_no_fault() {
        assert_eq!(aim("search-0", &THERE), None);
        assert_eq!(aim("search", &THERE), None);
    }

    #[test]
    fn what_nobody_can_scale_is_left_to_who_knows_it() {
        assert_eq!(aim("bank", &[]).as_deref(), Some("bank"));
        assert_eq!(aim("nobody-7", &THERE).as_deref(), Some("nobody-7"));
    }
}
