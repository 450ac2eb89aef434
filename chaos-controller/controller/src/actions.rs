//! What a candidate can do to the shop beside changing its policy: restart, scale, speak. Every act is in the journal
//! before it is done, and refused while a run has locked the shop.

use std::time::Duration;

use evidence::kind;
use platform::GuardError;
use resilience::policy::topology::KEEPS_STATE;
use serde_json::{Value, json};

use crate::directory::{SHOP, State, is_shop};
use crate::lab::Lab;

/// Time to drain for a process that is told to end. An outage holds requests far longer; it must not hold a restart.
const GRACE: Duration = Duration::from_secs(2);
/// More instances than this are a slip of the finger on one machine.
const MOST_INSTANCES: u32 = 32;

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActError {
    /// From the replay to the verdict the shop is left alone.
    #[error("the run is being verified: policy and actions are locked until its verdict")]
    Locked,
    /// Not a service or instance of the shop.
    #[error("no service or instance `{name}` in the shop; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A number that cannot be.
    #[error("{0} instances are too many: at most {MOST_INSTANCES}")]
    TooMany(u32),
    /// A service that cannot be shared out.
    #[error(
        "{0} keeps its state in its process, so a second instance would be a second truth: it can have 0 or 1; give it more workers instead (services.{0}.server.workers)"
    )]
    KeepsState(String),
    /// The journal could not be written, so nothing was done.
    #[error("failed to write the journal")]
    Journal(#[from] std::io::Error),
    /// There is no guard to do it.
    #[error("the lab has no guard")]
    NoGuard,
    /// The guard did not do it.
    #[error("failed to ask the guard")]
    Guard(#[from] GuardError),
}

/// Refuses, and notes that it did, while the run that is on has locked the shop.
pub(crate) fn refuse_if_locked(lab: &Lab, actor: &str, what: &str) -> Result<(), ActError> {
    if lab.active_run().is_some_and(|run| run.is_locked()) {
        lab.note(
            kind::REFUSED,
            actor,
            json!({"what": what, "why": "locked from the replay to the verdict"}),
        )?;
        return Err(ActError::Locked);
    }
    Ok(())
}

/// Restarts services or instances of the shop; `all` is the whole shop. Gives the instances.
pub(crate) async fn restart(
    lab: &Lab,
    actor: &str,
    targets: &[String],
    reason: &str,
) -> Result<Vec<String>, ActError> {
    refuse_if_locked(lab, actor, "restart")?;
    let targets = shop_targets(lab, targets)?;
    lab.note(kind::ACTION, actor, json!({"verb": "restart", "targets": targets, "reason": reason}))?;
    Ok(lab.guard.get().ok_or(ActError::NoGuard)?.restart(&targets, GRACE).await?)
}

/// Brings a service of the shop to a number of instances. Gives those that it has.
pub(crate) async fn scale(
    lab: &Lab,
    actor: &str,
    service: &str,
    instances: u32,
    reason: &str,
) -> Result<Vec<String>, ActError> {
    refuse_if_locked(lab, actor, "scale")?;
    if !is_shop(service) {
        return Err(ActError::Unknown { name: service.to_owned(), known: SHOP.join(", ") });
    }
    if instances > MOST_INSTANCES {
        return Err(ActError::TooMany(instances));
    }
    if instances > 1 && KEEPS_STATE.contains(&service) {
        return Err(ActError::KeepsState(service.to_owned()));
    }
    let body = json!({"verb": "scale", "service": service, "instances": instances, "reason": reason});
    lab.note(kind::ACTION, actor, body)?;
    set_instances(lab, service, instances).await
}

/// Scales without asking whether it may: how a run puts back what a candidate took.
pub(crate) async fn set_instances(lab: &Lab, service: &str, instances: u32) -> Result<Vec<String>, ActError> {
    let before: Vec<String> = lab
        .directory
        .members()
        .into_iter()
        .filter(|member| member.service == service && member.state != State::Gone)
        .map(|member| member.instance)
        .collect();
    let now = lab.guard.get().ok_or(ActError::NoGuard)?.scale(service, instances, GRACE).await?;
    for instance in before.iter().filter(|instance| !now.contains(instance)) {
        lab.observe(
            kind::PROCESS,
            json!({"service": service, "instance": instance, "event": "scaled_down", "detail": ""}),
        );
        lab.directory.forget(instance);
    }
    Ok(now)
}

/// Notes what somebody says: `say`, `diagnose` or `declare_recovered`.
pub(crate) fn speak(lab: &Lab, actor: &str, verb: &str, text: &str) -> Result<(), ActError> {
    let mut body = json!({"verb": verb});
    if !text.is_empty() {
        body["text"] = Value::String(text.to_owned());
    }
    lab.note(kind::ACTION, actor, body)?;
    Ok(())
}

fn shop_targets(lab: &Lab, targets: &[String]) -> Result<Vec<String>, ActError> {
    let members = lab.directory.members();
    let mut known: Vec<String> = SHOP.iter().map(|service| (*service).to_owned()).collect();
    known.extend(
        members.iter().filter(|member| is_shop(&member.service)).map(|member| member.instance.clone()),
    );
    if targets.iter().any(|target| target == "all") {
        return Ok(SHOP.iter().map(|service| (*service).to_owned()).collect());
    }
    match targets.iter().find(|target| !known.contains(target)) {
        Some(name) => Err(ActError::Unknown { name: name.clone(), known: known.join(", ") }),
        None if targets.is_empty() => Err(ActError::Unknown { name: String::new(), known: known.join(", ") }),
        None => Ok(targets.to_vec()),
    }
}
