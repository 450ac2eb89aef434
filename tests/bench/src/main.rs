//! `make bench`: what the lab itself costs, each figure beside a reference that is measured between its rounds, because
//! a shared machine is never the same twice and only ratios travel.
//!
//! It measures the program that `FIREDRILL_BIN` names, from outside: `/proc` for CPU and memory, the program's own ports
//! for the rest. Left out: any verdict. Figures are kept with their reasons in `docs/performance.md`.

mod bench;
mod caller;
mod child;
mod closed;
mod drill;
mod figure;
mod floor;
mod http1;
mod machine;
mod machines;
mod open;
mod page;
mod proc;
mod program;
mod report;
mod section;
mod shop;
mod tool;

use std::process::ExitCode;

use clap::Parser;

use crate::bench::Bench;
use crate::child::Kind;
use crate::section::Section;
use harness::stop::{Interrupted, Stop};

/// Exit code of an interrupted measurement, as the program under test has it.
const INTERRUPTED: u8 = 105;

/// Measures the lab's own cost
#[derive(Parser)]
struct Flags {
    /// Sections to measure, all by default
    #[arg(long, value_delimiter = ',', value_name = "SECTIONS")]
    only: Vec<Section>,
    /// Rounds of each figure
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Play the whole default drill for the worst moment of memory (six minutes)
    #[arg(long)]
    full: bool,
    /// Form of the data on stdout
    #[arg(long, short, default_value = "text")]
    output: Output,
    /// Be a peer of the measurement instead
    #[arg(long, hide = true)]
    child: Option<Kind>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    if let Some(kind) = flags.child {
        return child::run(kind);
    }
    let stop = Stop::listen();
    let only = if flags.only.is_empty() { Section::all() } else { flags.only };
    let mut bench = Bench::new(stop, flags.rounds.clamp(1, 20), flags.full);
    let mut code = ExitCode::SUCCESS;
    for section in only {
        match bench.measure(section) {
            Ok(()) => {}
            Err(error) if error.is::<Interrupted>() => {
                bench.say("interrupted: what was measured so far follows");
                code = ExitCode::from(INTERRUPTED);
                break;
            }
            Err(error) => {
                bench.fail(section, &error);
                code = ExitCode::FAILURE;
            }
        }
    }
    let document = report::document(&bench);
    match report::keep(&document) {
        Ok(path) => bench.say(&format!("kept in {}", path.display())),
        Err(error) => bench.say(&format!("not kept: {error:#}")),
    }
    let text = match flags.output {
        Output::Json => format!("{document:#}\n"),
        Output::Text => report::table(&bench),
    };
    if std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()).is_err() {
        code = ExitCode::FAILURE;
    }
    code
}
