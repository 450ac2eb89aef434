//! `review mark` and `review overrule`: an instructor's word on a row.

use clap::Args;
use controller::api::words::Record;
use controller::api::{Role, Status};
use evidence::Said;
use evidence::review::Note;
use serde_json::Value;

use super::{Which, add, row};
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::lab::LabFlags;
use crate::output::narrate;

/// Flags of `review mark`.
#[derive(Debug, Args)]
pub(crate) struct Mark {
    /// A row of the scorecard, such as system_thinking
    row: String,
    /// novice, intermediate or expert on the rubric, 1 to 5 on the other rows
    mark: String,
    /// Why
    #[arg(long, short = 'm', default_value = "")]
    reason: String,
    /// Who marks
    #[arg(long, default_value = "instructor")]
    author: String,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    lab: LabFlags,
}

/// Flags of `review overrule`.
#[derive(Debug, Args)]
pub(crate) struct Overrule {
    /// A row of the scorecard, such as system_thinking
    row: String,
    /// novice, intermediate or expert on the rubric, 1 to 5 on the other rows
    mark: String,
    /// Why the machine's does not stand
    #[arg(long, short = 'm')]
    reason: String,
    /// Who overrules
    #[arg(long, default_value = "instructor")]
    author: String,
    #[command(flatten)]
    which: Which,
}

impl Mark {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let row = row::row(&self.row)?;
        let mark = row::mark(row, &self.mark)?;
        let reason = self.reason.trim().to_owned();
        if self.which.run.is_none()
            && let Some(api) = self.run_that_is_on().await
        {
            let said = Said::Mark { row: row.to_owned(), mark: mark.clone(), reason };
            api.post::<Value>("/api/record", &Record { author: self.author.clone(), said }).await?;
            narrate(&format!("{row}: {mark}, in the journal of the run that is on"));
            return Ok(Exit::Pass);
        }
        add(&self.which, &self.author, &[Note::Mark { row: row.to_owned(), mark, reason }])?;
        Ok(Exit::Pass)
    }

    /// The lab, if it plays a run right now. Without one, or without an answer, a recorded run is meant.
    async fn run_that_is_on(&self) -> Option<Api> {
        let api = Api::of(&self.lab.find().ok()?, Role::Operator);
        let status: Status = api.get("/api/status").await.ok()?;
        status.run.is_some_and(|run| run.exit.is_none()).then_some(api)
    }
}

impl Overrule {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let row = row::row(&self.row)?;
        let mark = row::mark(row, &self.mark)?;
        let reason = self.reason.trim().to_owned();
        if reason.is_empty() {
            return Err(Failure::new(Exit::Usage, "overruling the machine needs a reason")
                .hint(format!("firedrill review overrule {row} {mark} -m 'what was seen'")));
        }
        add(&self.which, &self.author, &[Note::Overrule { row: row.to_owned(), mark, reason }])?;
        Ok(Exit::Pass)
    }
}
