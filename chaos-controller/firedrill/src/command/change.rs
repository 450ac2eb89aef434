//! The short verbs on a lab that runs: halt, resume, restart, scale,
//! declare-recovered. Each is one request, and one line of what came of it.

use clap::Args;
use controller::api::{Restart as RestartCall, Say as SayCall, ScaleService};
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::output::narrate;

/// Flags of `halt`: no load, no faults.
#[derive(Debug, Args)]
pub(crate) struct Halt {
    #[command(flatten)]
    access: Access,
}

/// Flags of `resume`: the load is back.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    access: Access,
}

/// Flags of `restart`.
#[derive(Debug, Args)]
pub(crate) struct Restart {
    /// Services or instances of the shop; `all` for the whole shop
    #[arg(required = true)]
    targets: Vec<String>,
    /// Why
    #[arg(long, short = 'm', default_value = "")]
    reason: String,
    #[command(flatten)]
    access: Access,
}

/// Flags of `scale`.
#[derive(Debug, Args)]
pub(crate) struct Scale {
    /// SERVICE=INSTANCES, such as payment=3; 0 stops it
    #[arg(value_parser = service_count)]
    to: (String, u32),
    /// Why
    #[arg(long, short = 'm', default_value = "")]
    reason: String,
    #[command(flatten)]
    access: Access,
}

/// Flags of `declare-recovered`.
#[derive(Debug, Args)]
pub(crate) struct DeclareRecovered {
    /// The words
    text: Vec<String>,
    /// Who speaks [default: the role]
    #[arg(long, default_value = "")]
    author: String,
    #[command(flatten)]
    access: Access,
}

impl Halt {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        post(&self.access, "/api/halt", &Value::Null).await?;
        narrate("halted: no load, no faults; `firedrill resume` brings the load back");
        Ok(Exit::Pass)
    }
}

impl Resume {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        post(&self.access, "/api/resume", &Value::Null).await?;
        narrate("resumed: the load is back");
        Ok(Exit::Pass)
    }
}

impl Restart {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let call = RestartCall { targets: self.targets.clone(), reason: self.reason.clone() };
        post(&self.access, "/api/restart", &call).await?;
        narrate(&format!("restarted: {}", self.targets.join(", ")));
        Ok(Exit::Pass)
    }
}

impl Scale {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let (service, instances) = self.to.clone();
        let call = ScaleService { service: service.clone(), instances, reason: self.reason.clone() };
        post(&self.access, "/api/scale", &call).await?;
        narrate(&format!("{service} has {instances} instance{}", if instances == 1 { "" } else { "s" }));
        Ok(Exit::Pass)
    }
}

impl DeclareRecovered {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let call = SayCall { text: self.text.join(" "), author: self.author.clone() };
        post(&self.access, "/api/declare-recovered", &call).await?;
        narrate("declared: from here the shop must hold, and survive the trigger once more");
        Ok(Exit::Pass)
    }
}

async fn post(access: &Access, path: &str, body: &impl serde::Serialize) -> Result<(), Failure> {
    access.api()?.post::<Value>(path, body).await.map(drop)
}

fn service_count(text: &str) -> Result<(String, u32), String> {
    let parsed =
        text.split_once('=').and_then(|(service, count)| Some((service.to_owned(), count.parse().ok()?)));
    parsed
        .filter(|(service, _)| !service.is_empty())
        .ok_or_else(|| "write <service>=<instances>, such as payment=3".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_names_a_service_and_a_count() {
        assert_eq!(service_count("payment=3"), Ok(("payment".into(), 3)));
        for bad in ["payment", "payment=", "=3", "payment=-1", "payment=x"] {
            assert!(service_count(bad).is_err(), "{bad}");
        }
    }
}
