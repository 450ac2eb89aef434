//! `firedrill hint`: the next hint of the drill, the mildest first. That it was read is on record before it is shown.

use clap::Args;
use clap::builder::PossibleValuesParser;
use controller::api::words::{AskHint, Hint as Given};
use evidence::said::HINT_LEVELS;

use super::say::Voice;
use crate::exit::{Exit, Failure};
use crate::output::{Format, narrate, write_data, write_json};

/// Flags of `hint`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  firedrill hint                the next one\n  firedrill hint --level full   the last one, at once"
)]
pub(crate) struct Hint {
    /// This one [default: the next, the mildest first]
    #[arg(long, value_parser = PossibleValuesParser::new(HINT_LEVELS))]
    level: Option<String>,
    #[command(flatten)]
    voice: Voice,
}

impl Hint {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let level = self.level.clone().unwrap_or_default();
        let asked = AskHint { author: self.voice.author().to_owned(), level };
        let given: Given = self.voice.access().api()?.post("/api/hint", &asked).await?;
        match self.voice.output().output {
            Format::Json => write_json(&given),
            Format::Text => {
                narrate(&format!("hint ({}); {}", given.level, left(&given.left)));
                write_data(&given.text);
            }
        }
        Ok(Exit::Pass)
    }
}

fn left(levels: &[String]) -> String {
    if levels.is_empty() {
        "there are no more".to_owned()
    } else {
        format!("there is more: {}", levels.join(", "))
    }
}
