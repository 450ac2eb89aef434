//! `firedrill requests`: the request log of a recorded run, judged as the verdict judges it; what a report's
//! `requests.bin` points at. The recording is read and never changed; no lab is needed.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use controller::grading;
use drill::Journey;
use evidence::recording::{CHARGES, ORDERS, PLAN, REQUESTS};

use crate::command::regrade;
use crate::exit::{Exit, Failure};
use crate::output::{narrate, write_data, write_json};
use crate::request_rows::{Choice, listing};
use crate::since_fault::SinceFault;
use crate::trace_list::thousands;

/// What the log is judged from; the spans of a long run are ten times as much.
const READ: [&str; 4] = [REQUESTS, ORDERS, CHARGES, PLAN];
/// Rows for a person, when nobody says how many.
const ROWS: usize = 20;

/// Flags of `requests`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Requests {
    /// Folder of a run
    #[arg(value_name = "RUN")]
    folder: PathBuf,
    /// Only this journey
    #[arg(long, value_parser = journeys())]
    journey: Option<Journey>,
    /// Only what was intended from so long after the fault's start, as reports tell times: 12.3s, 1m30s; -5s is before it
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<SinceFault>,
    /// Only what was intended before then, after the fault's start as well
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<SinceFault>,
    /// Rows of what was not good only; the totals stay those of all
    #[arg(long)]
    bad: bool,
    /// Only this user: 17, or u17 as the order book has it
    #[arg(long, value_name = "N", value_parser = user)]
    user: Option<u32>,
    /// Most rows, the first to be intended first; 0 for the totals alone [default: 20, of csv all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Form of the data on stdout
    #[arg(long, short = 'o', value_enum, default_value_t = Form::Text)]
    output: Form,
}

const EXAMPLE: &str = "A report says `goodput ... requests.bin: +12.0 s to +22.0 s after the fault's start`:
  firedrill requests RUN --from 12s --to 22s --limit 0     the same number
  firedrill requests RUN --from 12s --to 22s --bad         who was not served, and why";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// A line per request; the totals are told on stderr
    Csv,
}

impl Requests {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let recording = grading::read_files(&self.folder, &READ).map_err(regrade::failure)?;
        let log = grader::request_log(&recording).ok_or_else(|| {
            let folder = self.folder.display();
            Failure::new(Exit::Invalid, format!("`{folder}` has no plan that this program reads")).hint(
                "the plan says which latency is good; `firedrill regrade` says what is wrong with the folder",
            )
        })?;
        // Those of the files that were not read are none.
        let of_these = |problem: &&String| READ.iter().any(|name| problem.starts_with(name));
        recording.seal.problems.iter().filter(of_these).for_each(|problem| narrate(problem));
        if log.fault_ms.is_none() {
            narrate("the run has no fault: seconds count from its start");
        }
        let listing = listing(
            &log,
            &recording.ledgers.orders_by_arrival(),
            &self.choice(log.fault_ms.unwrap_or_default()),
        );
        match self.output {
            Form::Json => write_json(&listing),
            Form::Text => write_data(&listing.text()),
            Form::Csv => {
                write_data(&listing.csv());
                narrate(&listing.totals());
            }
        }
        let (shown, matched) = (listing.rows.len(), listing.matched);
        if shown < matched && self.limit != Some(0) {
            let [shown, matched] = [shown, matched].map(|rows| thousands(rows as u64));
            narrate(&format!("{shown} of {matched} rows; `--limit` shows more"));
        }
        Ok(Exit::Pass)
    }

    fn choice(&self, fault_ms: u64) -> Choice {
        let unlimited = if self.output == Form::Csv { usize::MAX } else { ROWS };
        Choice {
            journey: self.journey,
            user: self.user,
            from_ms: self.from.map_or(0, |from| from.on_run(fault_ms)),
            to_ms: self.to.map_or(u64::MAX, |to| to.on_run(fault_ms)),
            bad: self.bad,
            limit: self.limit.unwrap_or(unlimited),
        }
    }
}

fn journeys() -> impl clap::builder::TypedValueParser<Value = Journey> {
    PossibleValuesParser::new(Journey::ALL.map(Journey::name)).map(|name| {
        let named = Journey::ALL.into_iter().find(|journey| journey.name() == name);
        named.expect("only the names of journeys are let through")
    })
}

fn user(text: &str) -> Result<u32, String> {
    let number = text.strip_prefix('u').unwrap_or(text);
    number.parse().map_err(|_| format!("`{text}` is no user: a number, or u and a number"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        requests: Requests,
    }

    fn choice(line: &str) -> Choice {
        let line = Line::parse_from(std::iter::once("requests").chain(line.split(' ')));
        line.requests.choice(20_000)
    }

    #[test]
    fn spans_count_from_the_fault_s_start_and_may_begin_before_it() {
        let asked = choice("runs/a --from -5s --to 12.5s --user u7 --journey prepare_checkout");
        assert_eq!((asked.from_ms, asked.to_ms, asked.user), (15_000, 32_500, Some(7)));
        assert_eq!(asked.journey, Some(Journey::PrepareCheckout));
        let asked = choice("runs/a");
        assert_eq!((asked.from_ms, asked.to_ms, asked.limit), (0, u64::MAX, ROWS));
        assert_eq!(choice("runs/a -o csv").limit, usize::MAX);
    }
}
