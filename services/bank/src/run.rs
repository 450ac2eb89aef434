//! From flags to a bank that serves, and back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fault::Region;

use crate::course::Bank;
use crate::faults::Faults;
use crate::flags::Flags;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::{admin, api, trace};

/// Calls under way at the end get no longer than this: half a minute of an
/// injected latency is not waited out by a lab that goes down.
const DRAIN: Duration = Duration::from_millis(500);

/// Runs the bank until it is told to stop.
///
/// # Errors
/// When a port, the ledger or a file named on the command line cannot be had.
pub async fn run(options: process::Options, flags: Flags) -> anyhow::Result<()> {
    let mut process = process::start("bank", options).await?;
    let folder = &process.options.data;
    std::fs::create_dir_all(folder).with_context(|| format!("failed to create `{}`", folder.display()))?;
    let ledger = Ledger::open(&folder.join(format!("{}.db", process.identity.instance)))?;
    let welcome = process.membership.welcome();
    let bank = Arc::new(Bank {
        flags,
        faults: Faults::default(),
        ledger,
        metrics: Metrics::new(&process.registry)?,
        timer: process.timer.clone(),
        seed: Box::new(move || welcome.borrow().as_ref().map_or(0, |welcome| welcome.seed)),
        recorder: trace::Recorder { tracer: process.tracer.clone(), sampling: process.sampling.clone() },
        start: Instant::now(),
    });
    let operator = process.options.operator_token.clone();
    process.admin_routes(admin::router(Arc::clone(&bank), process.membership.clone(), &operator));
    let leases = tokio::spawn(end_leases(Arc::clone(&bank)));
    let listener = process.listener();
    let second = flags.second_latency.map(|_| process.second_listener()).transpose()?;
    process.ready()?;
    let served = |listener, region| {
        process::serve(listener, api::router(Arc::clone(&bank), region), process.stop.clone(), DRAIN)
    };
    tokio::join!(served(listener, Region::Main), async {
        if let Some(listener) = second {
            served(listener, Region::Second).await;
        }
    });
    leases.abort();
    process.finish().await;
    Ok(())
}

/// Ends faults when their leases do, whoever has died meanwhile.
async fn end_leases(bank: Arc<Bank>) {
    loop {
        let next = async {
            match bank.faults.next_expiry() {
                Some(expiry) => bank.timer.sleep_until(bank.start + expiry).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = next => bank.faults.expire(bank.now()),
            () = bank.faults.changed() => {}
        }
    }
}
