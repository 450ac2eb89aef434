//! `firedrill explain`: what a word means. With a lab, a policy's path also says what is in force there; without one,
//! everything else is still told.

use clap::Args;
use controller::api::PolicyVersion;

use crate::exit::{Exit, Failure};
use crate::explain::{InForce, Unknown, explain};
use crate::lab::Access;
use crate::output::Output;

/// Flags of `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A path of the policy or of a drill, a metric, an alert, an exit code, or a word such as `good`
    #[arg(required = true, num_args = 1..)]
    word: Vec<String>,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

impl Explain {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let word = self.word.join(" ");
        let lab = self.in_force().await;
        match explain(&word, lab.as_ref()) {
            Ok(explained) => {
                self.output.write(&explained, |explained| explained.render());
                Ok(Exit::Pass)
            }
            Err(Unknown { why: Some(why), allowed, hint, .. }) => {
                let mut failure = Failure::new(Exit::Usage, format!("there cannot be a `{word}`: {why}"));
                if let Some(allowed) = allowed {
                    failure = failure.detail(format!("there are: {allowed}"));
                }
                Err(match hint {
                    Some(hint) => failure.hint(hint),
                    None => failure.hint(
                        "`firedrill explain SERVICE.calls` and `firedrill schema policy` list what there is",
                    ),
                })
            }
            Err(Unknown { near, .. }) => {
                let failure = Failure::new(Exit::Usage, format!("nothing is called `{word}`")).detail(
                    "there are paths of a policy (`payment.server.workers`), of a drill (`drill.recovered.hold`), \
                     metrics (`lab_queue_depth`), alerts (`WorkersFull`), exit codes (`99`) and words of the lab (`good`)",
                );
                Err(if near.is_empty() {
                    failure
                        .hint("`firedrill query --metrics` and `firedrill schema policy` list what there is")
                } else {
                    failure.hint(format!("did you mean `{}`?", near.join("`, `")))
                })
            }
        }
    }

    /// The lab's policy, if there is a lab that answers.
    async fn in_force(&self) -> Option<InForce> {
        let version: PolicyVersion = self.access.api().ok()?.get("/api/policy").await.ok()?;
        Some(InForce { version: version.version, document: version.document })
    }
}
