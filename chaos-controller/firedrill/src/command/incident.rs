//! `firedrill incident`: what stands in the incident, and the words that change it. Each is one line of the journal,
//! on record before it is answered.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use controller::api::words::{Incident as Standing, Told};
use evidence::Said;
use evidence::said::{Level, Outcome, Role};

use super::say::{Voice, named};
use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::output::{Output, printable};
use crate::watch::pulse::clock;
use crate::watch::told::sentence;

/// Flags of `incident`. Alone it lists what stands.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Incident {
    #[command(subcommand)]
    word: Option<Word>,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

/// What can be put on record.
#[derive(Debug, Subcommand)]
enum Word {
    /// The page is heard
    #[command(after_help = "Example:\n  firedrill incident acknowledge --text 'looking'")]
    Acknowledge {
        /// Name of an alert [default: the page itself]
        #[arg(default_value = "")]
        alert: String,
        /// What else there is to say
        #[arg(long, default_value = "")]
        text: String,
        #[command(flatten)]
        voice: Voice,
    },
    /// How bad it is
    #[command(
        after_help = "Example:\n  firedrill incident severity sev1 'nobody can pay, the page is blank'"
    )]
    Severity {
        #[arg(value_parser = PossibleValuesParser::new(Level::NAMES))]
        level: String,
        /// Why
        #[arg(default_value = "")]
        text: String,
        #[command(flatten)]
        voice: Voice,
    },
    /// Somebody takes a role
    #[command(after_help = "Example:\n  firedrill incident role commander ada")]
    Role {
        // `role` is the one that `--as` names.
        #[arg(value_name = "ROLE", value_parser = PossibleValuesParser::new(Role::NAMES))]
        taken: String,
        /// Who takes it [default: who speaks]
        name: Option<String>,
        #[command(flatten)]
        voice: Voice,
    },
    /// What you believe, what you will see if it is so, and what would change your mind
    #[command(after_help = "Example:\n  firedrill incident hypothesis 'payment waits for the bank' \\\n    \
        --prediction 'all its workers are busy' --reversal 'a trace ends before the bank'")]
    Hypothesis {
        text: String,
        /// What you expect to see if it is so
        #[arg(long, short = 'p', default_value = "")]
        prediction: String,
        /// What would make you turn back
        #[arg(long, short = 'r', default_value = "")]
        reversal: String,
        /// What `conclude` calls it [default: the next, such as h1]
        #[arg(long, default_value = "")]
        id: String,
        #[command(flatten)]
        voice: Voice,
    },
    /// What became of a hypothesis
    #[command(after_help = "Example:\n  firedrill incident conclude h1 held 'payment has 200 of 200 busy'")]
    Conclude {
        /// The hypothesis, such as h1
        id: String,
        #[arg(value_parser = PossibleValuesParser::new(Outcome::NAMES))]
        outcome: String,
        /// What showed it
        #[arg(default_value = "")]
        text: String,
        #[command(flatten)]
        voice: Voice,
    },
    /// What is going to be done, and why
    #[command(
        after_help = "Example:\n  firedrill incident decide 'bound the wait for the bank' --reason 'its workers are \
        all held' \\\n    --expect 'home is back within 10 s' --undo 'firedrill policy revert 1'"
    )]
    Decide {
        text: String,
        /// Why
        #[arg(long, short = 'm', default_value = "")]
        reason: String,
        /// What it should do
        #[arg(long, default_value = "")]
        expect: String,
        /// How it is taken back
        #[arg(long, default_value = "")]
        undo: String,
        #[command(flatten)]
        voice: Voice,
    },
    /// Somebody has something to do
    #[command(after_help = "Example:\n  firedrill incident task 'watch the open orders' --owner bob")]
    Task {
        text: String,
        /// Who does it [default: who speaks]
        #[arg(long)]
        owner: Option<String>,
        /// What `done` calls it [default: the next, such as t1]
        #[arg(long, default_value = "")]
        id: String,
        #[command(flatten)]
        voice: Voice,
    },
    /// A task is done
    #[command(after_help = "Example:\n  firedrill incident done t1 'nothing is left to settle'")]
    Done {
        /// The task, such as t1
        id: String,
        /// What came of it
        #[arg(default_value = "")]
        text: String,
        #[command(flatten)]
        voice: Voice,
    },
    /// Somebody else goes on
    #[command(
        after_help = "Example:\n  firedrill incident hand-over bob 'payment is bounded; the money is not settled yet'"
    )]
    HandOver {
        /// Who goes on
        to: String,
        /// What they must know
        #[arg(default_value = "")]
        text: String,
        #[command(flatten)]
        voice: Voice,
    },
}

impl Incident {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let Some(word) = &self.word else {
            let standing: Standing = self.access.api()?.get("/api/incident").await?;
            self.output.write(&standing, render);
            return Ok(Exit::Pass);
        };
        let (said, voice) = word.said();
        voice.say(said).await
    }
}

impl Word {
    fn said(&self) -> (Said, &Voice) {
        match self {
            Self::Acknowledge { alert, text, voice } => {
                (Said::Acknowledge { alert: alert.clone(), text: text.clone() }, voice)
            }
            Self::Severity { level, text, voice } => {
                (Said::Severity { level: named(level), text: text.clone() }, voice)
            }
            Self::Role { taken, name, voice } => {
                let name = name.clone().unwrap_or_else(|| voice.name().to_owned());
                (Said::Role { role: named(taken), name }, voice)
            }
            Self::Hypothesis { text, prediction, reversal, id, voice } => {
                let (text, prediction, reversal) = (text.clone(), prediction.clone(), reversal.clone());
                (Said::Hypothesis { id: id.clone(), text, prediction, reversal }, voice)
            }
            Self::Conclude { id, outcome, text, voice } => {
                (Said::Conclude { id: id.clone(), outcome: named(outcome), text: text.clone() }, voice)
            }
            Self::Decide { text, reason, expect, undo, voice } => {
                let (text, reason) = (text.clone(), reason.clone());
                (Said::Decide { text, reason, expect: expect.clone(), undo: undo.clone() }, voice)
            }
            Self::Task { text, owner, id, voice } => {
                let owner = owner.clone().unwrap_or_else(|| voice.name().to_owned());
                (Said::Task { id: id.clone(), text: text.clone(), owner }, voice)
            }
            Self::Done { id, text, voice } => (Said::Done { id: id.clone(), text: text.clone() }, voice),
            Self::HandOver { to, text, voice } => {
                (Said::HandOver { to: to.clone(), text: text.clone() }, voice)
            }
        }
    }
}

/// What stands, each part under its name; what nobody has said is told as well, for it may be what is missing.
fn render(standing: &Standing) -> String {
    let mut text = format!("incident of run {} at {}\n", standing.run, clock(standing.t_ms));
    let severity: Vec<Told> = standing.severity.iter().cloned().collect();
    for (name, list, none) in [
        ("acknowledged", &standing.acknowledged, "nobody has acknowledged the page"),
        ("severity", &severity, "nobody has said how bad it is"),
        ("roles", &standing.roles, "nobody has a role"),
        ("open hypotheses", &standing.hypotheses, ""),
        ("decisions", &standing.decisions, ""),
        ("open tasks", &standing.tasks, ""),
        ("diagnosis", &standing.diagnoses, ""),
        ("messages", &standing.messages, "nobody has said anything"),
        ("hints", &standing.hints, ""),
        ("marks", &standing.marks, ""),
    ] {
        if list.is_empty() && none.is_empty() {
            continue;
        }
        text.push_str(&format!("{name}\n"));
        if list.is_empty() {
            text.push_str(&format!("  {none}\n"));
        }
        for told in list {
            let words = sentence(&told.by, &told.said);
            text.push_str(&format!("  [{}] {}\n", clock(told.t_ms), printable(&words)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_and_what_is_missing_is_told() {
        let standing: Standing = serde_json::from_value(json!({
            "run": "r", "t_ms": 72_000, "severity": null, "roles": [], "acknowledged": [], "decisions": [],
            "hypotheses": [{"t_ms": 61_000, "by": "ada", "said": {"verb": "hypothesis", "id": "h1",
                "text": "payment waits", "prediction": "its workers are busy", "reversal": "they are not"}}],
            "tasks": [], "messages": [], "diagnoses": [], "hints": []
        }))
        .unwrap();
        let text = render(&standing);
        for wanted in
            ["r at 01:12", "nobody has a role", "nobody has said how bad", "[01:01] ada believes (h1)"]
        {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
        assert!(!text.contains("open tasks"), "{text}");
    }
}
