//! `firedrill doctor`: is the machine fit for a drill, and is the lab well? Exits 1 if something is wrong; what is only
//! to be minded does not count.

use clap::Args;
use controller::api::Role;

use crate::api::Api;
use crate::doctor::{Finding, State, lab, machine, render};
use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::output::Output;
use crate::paint::Paint;

/// Flags of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

impl Doctor {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let mut findings = machine::look(&self.access.lab.dir).await;
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
}
