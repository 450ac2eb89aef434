//! Firedrill, the one binary: the command line that people use, and every
//! process of a lab. Nothing is decided here; each verb hands over to its crate.

mod abort;
mod api;
mod away;
mod board;
mod cli;
mod command;
mod comparison;
mod doctor;
mod drills;
#[cfg(test)]
mod examples;
mod exit;
mod explain;
mod fault_flags;
mod figures;
mod gate;
mod interview;
mod lab;
mod launch;
mod log;
mod output;
mod paint;
mod parameters;
mod patch;
mod postmortem;
mod query;
mod rating;
mod recorded;
mod request_rows;
mod review;
mod rows;
mod since_fault;
mod spark;
mod tail;
mod trace_list;
mod verdict;
mod watch;
mod waterfall;

use std::process::ExitCode;

use clap::Parser as _;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::cli::Cli;
use crate::exit::{Exit, Failure};
use crate::output::narrate;
use crate::paint::Paint;

fn main() -> ExitCode {
    let cli = Cli::parse();
    raise_open_files();
    // One thread: the lab's processes are many and small.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(cli.command.run()),
        Err(error) => Err(Failure::unexpected(format!("failed to start: {error}"))),
    };
    away::tunnel::close_all();
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            narrate(&failure.render(Paint::for_stderr()));
            failure.exit.into()
        }
    }
}

/// An outage holds tens of thousands of sockets open; the usual soft limit is
/// 1,024. Where it cannot be raised, the lab is smaller, not broken.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

/// The codes of the process and of the verdict are one set.
const _: () =
    assert!(Exit::Pass as i32 == grader::Exit::PASS.0 && Exit::Failed as i32 == grader::Exit::FAIL.0);
