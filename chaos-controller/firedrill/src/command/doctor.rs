//! `firedrill doctor`: is the machine fit for a drill, and is the lab well? So are Docker and a cluster, where they are
//! asked for; where they are only there, what is wrong with them is to be minded. Exits 1 if something is wrong; what is
//! only to be minded does not count.

use clap::{Args, ValueEnum};
use controller::api::Role;

use crate::api::Api;
use crate::doctor::{Finding, State, docker, in_passing, kubernetes, lab, machine, published, render};
use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::output::Output;
use crate::paint::Paint;

/// Flags of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Where labs are to run [default: here; Docker and a cluster are looked at in passing where they are]
    #[arg(long, value_enum, env = "FIREDRILL_PLATFORM")]
    platform: Option<Wanted>,
    /// Kubernetes: the namespace
    #[arg(long, env = "FIREDRILL_NAMESPACE", default_value = "firedrill")]
    namespace: String,
    /// Kubernetes: the context [default: the current one]
    #[arg(long, env = "FIREDRILL_CONTEXT")]
    context: Option<String>,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

/// The platforms that must be well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// Processes on this machine
    Local,
    /// Docker and Compose
    Docker,
    /// A cluster
    Kubernetes,
    /// Each of them
    All,
}

impl Doctor {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let mut findings = machine::look(&self.access.lab.dir).await;
        findings.extend(self.platforms().await);
        findings.extend(lab::leftovers(&self.access.lab.dir));
        match self.access.lab.find() {
            Ok(file) => {
                let role = self.access.role();
                findings.extend(lab::look(&file, &Api::of(&file, role), role == Role::Operator).await);
            }
            // A lab that was named must be there; without one, the machine is what was asked about.
            Err(failure) if self.access.lab.lab.is_some() => return Err(failure),
            Err(_) => findings.push(Finding::ok("lab", "none is up")),
        }
        self.output.write(&findings, |findings| render(findings, Paint::for_stdout()));
        let wrong = findings.iter().any(|finding| finding.state == State::Fail);
        Ok(if wrong { Exit::Unexpected } else { Exit::Pass })
    }

    /// Docker and the cluster, if they are asked for or are there.
    async fn platforms(&self) -> Vec<Finding> {
        let asked =
            |platform| self.platform.is_some_and(|wanted| wanted == platform || wanted == Wanted::All);
        let mut found = Vec::new();
        let docker_is_asked = asked(Wanted::Docker);
        if docker_is_asked || (self.platform.is_none() && docker::is_there().await) {
            let mut seen = docker::look().await;
            seen.extend(published::ports());
            seen.push(published::watchers());
            if docker_is_asked { found.extend(seen) } else { found.extend(in_passing(seen)) }
        }
        let cluster =
            kubernetes::Cluster { context: self.context.clone(), namespace: self.namespace.clone() };
        if asked(Wanted::Kubernetes) {
            found.extend(kubernetes::look(&cluster).await);
        } else if self.platform.is_none() && kubernetes::is_there().await {
            found.extend(in_passing(kubernetes::look(&cluster).await));
        }
        found
    }
}
