//! `firedrill down`: ends a lab, also one whose controller or guard is gone.

use clap::Args;
use platform::{LabError, LabFile};

use crate::exit::{Exit, Failure};
use crate::lab::LabFlags;
use crate::launch::take_down;
use crate::output::narrate;

/// Flags of `down`.
#[derive(Debug, Args)]
pub(crate) struct Down {
    #[command(flatten)]
    lab: LabFlags,
    /// End every lab of the folder
    #[arg(long, conflicts_with = "lab")]
    all: bool,
}

impl Down {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let labs = if self.all { LabFile::list(&self.lab.dir) } else { vec![self.lab.find_file()?.lab] };
        for lab in &labs {
            let file = match LabFile::load(&self.lab.dir, lab) {
                // It ended by itself meanwhile.
                Err(LabError::Missing { .. }) => continue,
                file => file?,
            };
            let how = take_down(&self.lab.dir, &file).await?;
            narrate(&format!("lab `{lab}`: {how}"));
        }
        Ok(Exit::Pass)
    }
}
