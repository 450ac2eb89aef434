//! The process verbs: what a platform starts, not a person. Each builds the
//! one single-threaded runtime of its process and hands over to its crate.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use controller::{PlatformName, ServeFlags};
use drill::{Choice, Scale};

use crate::drills;

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

/// Flags of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Drill whose policy, load and bank the lab starts with, where nobody gives a plan
    #[arg(long, env = "FIREDRILL_DRILL")]
    drill: Option<String>,
    /// Variant of the drill
    #[arg(long, env = "FIREDRILL_VARIANT", default_value = "default")]
    variant: String,
    /// Part of the full load, such as 1/10
    #[arg(long, env = "FIREDRILL_SCALE", default_value = "1")]
    scale: Scale,
    #[command(flatten)]
    flags: ServeFlags,
}

/// Flags of `guard`.
#[derive(Debug, Args)]
pub(crate) struct Guard {
    /// What to guard on this machine
    #[arg(long, required_unless_present = "platform")]
    spec: Option<PathBuf>,
    /// Where the processes are that it guards
    #[arg(long, value_enum, conflicts_with = "spec", requires = "listen")]
    platform: Option<PlatformName>,
    /// Address of its API
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Token that it obeys; on Kubernetes it makes the lab's tokens itself
    #[arg(long, env = "FIREDRILL_OPERATOR_TOKEN", hide_env_values = true, default_value = "")]
    operator_token: String,
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

impl Serve {
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        crate::log::start("info");
        let given = self.flags.plan.is_some() || self.flags.plan_text.is_some() || self.flags.adopt;
        if let Some(drill) = self.drill.as_ref().filter(|_| !given) {
            let choice = Choice { variant: self.variant, scale: self.scale, ..Choice::default() };
            let plan = drills::plan(drill, &choice).map_err(|failure| anyhow!("{}", failure.plain()))?;
            self.flags.plan_text = Some(serde_json::to_string(&plan).context("a plan is plain data")?);
        }
        controller::serve(self.flags, print_line).await
    }
}

/// `firedrill worker`.
pub(crate) fn worker() -> anyhow::Result<()> {
    must_have_guard()?;
    Ok(platform::worker::run()?)
}

impl Guard {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        crate::log::start("info");
        let listen = self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        match (self.platform, &self.spec) {
            (Some(PlatformName::Docker), _) => platform::docker::run(listen, &self.operator_token).await?,
            (Some(PlatformName::Kubernetes), _) => platform::kubernetes::run(listen).await?,
            (Some(PlatformName::Local) | None, Some(spec)) => platform::guard::run(spec, print_line).await?,
            (Some(PlatformName::Local) | None, None) => bail!("a guard of this machine needs --spec"),
        }
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
