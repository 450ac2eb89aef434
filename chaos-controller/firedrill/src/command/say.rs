//! `firedrill say`, and the voice that the other words of an incident share: who speaks, in which role, and what is
//! answered once it is on record.

use clap::Args;
use clap::builder::PossibleValuesParser;
use controller::api::{Record, Role};
use evidence::Said;
use evidence::said::Audience;
use serde::de::DeserializeOwned;

use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::output::{Format, Output, narrate, write_data, write_json};
use crate::watch::told;

/// Flags of `say`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  firedrill say --to users 'Paying is slow; your orders are safe. More in 10 minutes.'"
)]
pub(crate) struct Say {
    /// The words
    text: Vec<String>,
    /// To whom
    #[arg(long, default_value = "team", value_parser = PossibleValuesParser::new(Audience::NAMES))]
    to: String,
    #[command(flatten)]
    voice: Voice,
}

/// Who speaks, and how the answer is written.
#[derive(Debug, Args)]
pub(crate) struct Voice {
    /// Who speaks [default: the role]
    #[arg(long, default_value = "")]
    author: String,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

impl Say {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        if self.text.is_empty() {
            return Err(Failure::new(Exit::Usage, "nothing was said")
                .hint("firedrill say 'checkout is down, looking at payment'"));
        }
        self.voice.say(Said::Say { text: self.text.join(" "), to: named(&self.to) }).await
    }
}

impl Voice {
    /// Puts it on record. An id that was given is data; the sentence is narration.
    pub(crate) async fn say(&self, said: Said) -> Result<Exit, Failure> {
        let record = Record { author: self.author.clone(), said };
        let recorded: Said = self.access.api()?.post("/api/record", &record).await?;
        match self.output.output {
            Format::Json => write_json(&recorded),
            Format::Text => {
                narrate(&format!("on record: {}", told::sentence(self.name(), &recorded)));
                if let Said::Hypothesis { id, .. } | Said::Task { id, .. } = &recorded {
                    write_data(id);
                }
            }
        }
        Ok(Exit::Pass)
    }

    /// Who the journal says it was.
    pub(crate) fn name(&self) -> &str {
        match (self.author.trim(), self.access.role()) {
            ("", Role::Operator) => "operator",
            ("", Role::Candidate) => "candidate",
            ("", Role::Observer) => "observer",
            (name, _) => name,
        }
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn author(&self) -> &str {
        &self.author
    }

    pub(crate) fn output(&self) -> Output {
        self.output
    }
}

/// One of the words that the command line lets through.
pub(crate) fn named<T: DeserializeOwned>(word: &str) -> T {
    serde_json::from_value(word.into()).expect("the parser lets only names of the type through")
}
