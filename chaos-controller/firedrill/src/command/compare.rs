//! `firedrill compare`: two runs side by side, from their scorecards. Exits 0
//! whatever their verdicts; a script reads those from the scorecards.

use std::path::{Path, PathBuf};

use clap::Args;
use grader::Scorecard;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{Output, table};
use crate::verdict::{amount, side_by_side};

/// Flags of `compare`.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Folder of the first run
    first: PathBuf,
    /// Folder of the second run
    second: PathBuf,
    #[command(flatten)]
    output: Output,
}

impl Compare {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let cards = [read(&self.first)?, read(&self.second)?];
        let rows = side_by_side([&cards[0], &cards[1]]);
        let saved = saved(&cards);
        let value = json!({ "rows": rows, "saved": saved.as_ref().map(|saved| json!({"orders": saved.0, "cents": saved.1})) });
        self.output.write(&value, |_| {
            let rows: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
            let mut text = table(&["", "FIRST", "SECOND"], &rows);
            if let Some((orders, cents)) = saved {
                text.push_str(&format!(
                    "\nthe second run confirmed {orders:+} orders, worth {}\n",
                    amount(cents)
                ));
            }
            for folder in [&self.first, &self.second] {
                text.push_str(&format!("report  {}\n", folder.join("report.md").display()));
            }
            text
        });
        Ok(Exit::Pass)
    }
}

/// Reads a run's scorecard.
pub(crate) fn read(folder: &Path) -> Result<Scorecard, Failure> {
    let path = folder.join("scorecard.json");
    let text = std::fs::read(&path).map_err(|error| {
        Failure::new(Exit::Invalid, format!("failed to read `{}`: {error}", path.display()))
            .hint("name a folder under `runs`; a run that was killed has no scorecard")
    })?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::new(
            Exit::Invalid,
            format!("`{}` is not a scorecard that this program knows: {error}", path.display()),
        )
    })
}

/// Orders and money that the second run confirmed more than the first.
fn saved(cards: &[Scorecard; 2]) -> Option<(i64, i64)> {
    let [first, second] = [cards[0].money.as_ref()?, cards[1].money.as_ref()?];
    Some((second.confirmed as i64 - first.confirmed as i64, second.confirmed_cents - first.confirmed_cents))
}
