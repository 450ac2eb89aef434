//! The process `traffic`, from its flags to its end.

use std::time::Duration;

use anyhow::Context as _;
use process::Options;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::pace::pace;
use crate::report::{Recorder, report_log, report_status};

/// How long the end of the process may wait for the last receipt.
const LAST_REPORT: Duration = Duration::from_secs(1);

/// Runs the generator until it is told to stop. It offers what the controller
/// asks for, to the frontends that the controller names.
///
/// # Errors
/// When the process cannot start, or the controller's URL is none.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let mut process = process::start("traffic", options).await?;
    process.serves_nobody();
    let engine = Engine::new(&process.registry).context("failed to register metrics")?;
    let recorder = match &process.options.controller {
        Some(url) => {
            Some(Recorder::new(url, &process.options.token).context("failed to read the controller's URL")?)
        }
        None => None,
    };

    // Connections and reports outlive the schedule: what is in flight when the
    // process must stop is still answered and still recorded.
    let over = CancellationToken::new();
    let membership = &process.membership;
    engine.connect(membership.endpoints(), over.clone());
    tokio::spawn(report_status(engine.clone(), membership.clone(), over.clone()));
    let reporting = tokio::spawn(report_log(engine.clone(), recorder, membership.clone(), over.clone()));

    process.ready()?;
    pace(&engine, &process.timer, process.membership.load(), &process.stop).await;

    over.cancel();
    if tokio::time::timeout(LAST_REPORT, reporting).await.is_err() {
        tracing::error!("the end of the request log was not taken in time");
    }
    process.finish().await;
    Ok(())
}
