//! The process verbs: what a platform starts, not a person. Each builds the
//! one single-threaded runtime of its process and hands over to its crate.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use controller::ServeFlags;

/// `firedrill service <name>`.
#[derive(Debug, Subcommand)]
pub(crate) enum Service {
    /// The edge: pages and JSON over HTTP
    Frontend(process::Options),
    /// Carts and checkouts
    Cart(process::Options),
    /// The catalogue's search
    Search(Search),
    /// Users' accounts
    Account(process::Options),
    /// Orders, and their settlement
    Order(process::Options),
    /// Payments, through the bank
    Payment(process::Options),
    /// Stock and reservations
    Inventory(process::Options),
    /// The external bank, and its faults
    Bank(Bank),
}

/// Flags of search.
#[derive(Debug, Args)]
pub(crate) struct Search {
    #[command(flatten)]
    options: process::Options,
    #[command(flatten)]
    flags: search::Flags,
}

/// Flags of the bank.
#[derive(Debug, Args)]
pub(crate) struct Bank {
    #[command(flatten)]
    options: process::Options,
    #[command(flatten)]
    flags: bank::Flags,
}

/// Flags of `guard`.
#[derive(Debug, Args)]
pub(crate) struct Guard {
    /// What to guard
    #[arg(long)]
    spec: PathBuf,
}

impl Service {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        must_have_guard()?;
        match self {
            Self::Frontend(options) => frontend::run(options).await,
            Self::Cart(options) => cart::run(options).await,
            Self::Search(search) => search::run(search.options, search.flags).await,
            Self::Account(options) => account::run(options).await,
            Self::Order(options) => order::run(options).await,
            Self::Payment(options) => payment::run(options).await,
            Self::Inventory(options) => inventory::run(options).await,
            Self::Bank(bank) => bank::run(bank.options, bank.flags).await,
        }
    }
}

/// `firedrill traffic`.
pub(crate) async fn traffic(options: process::Options) -> anyhow::Result<()> {
    must_have_guard()?;
    traffic::run(options).await
}

/// `firedrill serve`.
pub(crate) async fn serve(flags: ServeFlags) -> anyhow::Result<()> {
    crate::log::start("info");
    controller::serve(flags, print_line).await
}

/// `firedrill worker`.
pub(crate) fn worker() -> anyhow::Result<()> {
    must_have_guard()?;
    Ok(platform::worker::run()?)
}

impl Guard {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        crate::log::start("info");
        platform::guard::run(&self.spec, print_line).await?;
        Ok(())
    }
}

/// Prints the one line that whoever started this process waits for.
fn print_line(line: &impl serde::Serialize) {
    let text = serde_json::to_string(line).expect("a line is plain data");
    let mut stdout = std::io::stdout().lock();
    // Whoever started it may have gone; the process goes on without.
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// A guard's child whose guard died while it started must not live on.
fn must_have_guard() -> anyhow::Result<()> {
    platform::guard::die_with_guard().then_some(()).context("the guard that started this process is gone")
}
