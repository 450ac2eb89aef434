//! `make drills`: every planted candidate of every shipped drill, live, held against the verdict that its file says it must
//! get; and every drill's answer played in every other drill.
//!
//! It plays the program that `FIREDRILL_BIN` names, each run in a lab of its own, some side by side. Rows on stdout,
//! narration on stderr. Exits 0 only if everything is as expected. Left out: any judgement of its own; exit codes and
//! criteria are the grader's.

mod cast;
mod lanes;
mod matrix;
mod play;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;

use crate::cast::Wanted;
use crate::lanes::Stage;

/// Exit code of what was interrupted, as the program under test has it.
const INTERRUPTED: u8 = 105;

/// Plays the planted candidates of the shipped drills, live
#[derive(Debug, Parser)]
struct Flags {
    /// Drills to play, all by default
    #[arg(long, env = "DRILL", value_delimiter = ',', value_name = "DRILLS")]
    drill: Vec<String>,
    /// Candidates to play, all by default
    #[arg(long, env = "CANDIDATES", value_delimiter = ',', value_name = "CANDIDATES")]
    candidates: Vec<String>,
    /// Variant to play; a drill without it is played in its default
    #[arg(long, env = "VARIANT", default_value = "smoke")]
    variant: String,
    /// Scale of the labs
    #[arg(long, env = "SCALE", default_value = "1/10")]
    scale: drill::Scale,
    /// Labs side by side
    #[arg(long, env = "JOBS", default_value_t = 3)]
    jobs: usize,
    /// Every answer in every drill: on, off, or only that. Default: on, unless drills or candidates are chosen
    #[arg(long, env = "MATRIX")]
    matrix: Option<Matrix>,
    /// Form of the data on stdout
    #[arg(long, short, env = "OUTPUT", default_value = "text")]
    output: Output,
    /// Folder that runs are kept in; those that went as expected are not
    #[arg(long, default_value = "runs")]
    runs_dir: PathBuf,
    /// Keep the folders of all runs
    #[arg(long)]
    keep: bool,
    /// The program under test
    #[arg(long, env = "FIREDRILL_BIN")]
    bin: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Matrix {
    On,
    Off,
    Only,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    match drills(Flags::parse()) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn drills(flags: Flags) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let chosen = !flags.drill.is_empty() || !flags.candidates.is_empty();
    let matrix = flags.matrix.unwrap_or(if chosen { Matrix::Off } else { Matrix::On });
    let wanted = Wanted {
        drills: flags.drill,
        candidates: flags.candidates,
        variant: flags.variant,
        planted: matrix != Matrix::Only,
        matrix: matrix != Matrix::Off,
    };
    let cast = cast::cast(&wanted)?;
    let scratch = std::env::temp_dir().join(format!("firedrill-drills-{}", std::process::id()));
    let stage = Stage {
        bin: std::fs::canonicalize(&flags.bin).context("FIREDRILL_BIN names no program")?,
        scale: flags.scale,
        runs: std::path::absolute(&flags.runs_dir)?,
        keep: flags.keep,
        scratch: scratch.clone(),
        stop: harness::stop::Stop::listen(),
    };
    let jobs = flags.jobs.clamp(1, 32);
    say(&format!(
        "{} runs, {} of them the answers of other drills, {jobs} side by side at scale {}",
        cast.plays.len(),
        cast.plays.iter().filter(|play| play.answer_of.is_some()).count(),
        flags.scale
    ));
    let played = lanes::play_all(&stage, jobs, &cast.plays);
    // Every lab has ended by now; what is left are the copies of drills that answers were put into.
    let _ = std::fs::remove_dir_all(&scratch);
    let seconds = begun.elapsed().as_secs_f64();
    let interrupted = stage.stop.is_asked();
    let told = report::Told { cast: &cast, played: &played, jobs, scale: flags.scale, seconds, interrupted };
    let text = match flags.output {
        Output::Json => format!("{:#}\n", told.document()),
        Output::Text => told.text(),
    };
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(match (interrupted, told.as_expected()) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (_, true) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Narration.
fn say(line: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
}
