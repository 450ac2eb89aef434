//! The pace: sleeps until something is due, and not longer; obeys a new load
//! the moment it is told; drains at the end.

use std::time::{Duration, Instant};

use process::Timer;
use proto::control::Load;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;

/// How long the end of the process may wait for answers.
const LONGEST_DRAIN: Duration = Duration::from_secs(2);
/// How often a drain looks whether everybody has left.
const DRAIN_LOOK: Duration = Duration::from_millis(10);

/// Offers whatever load is asked for, until `stop`; then waits for what is in
/// flight, 2 s at most.
pub async fn pace(
    engine: &Engine,
    timer: &Timer,
    mut load: watch::Receiver<Option<Load>>,
    stop: &CancellationToken,
) {
    while !stop.is_cancelled() {
        let asked = load.borrow_and_update().clone();
        if let Some(asked) = asked {
            engine.obey(&asked);
        }
        offer(engine, timer, &mut load, stop).await;
    }
    engine.halt();
    drain(engine, timer).await;
}

/// Offers one load, until another is asked for.
async fn offer(
    engine: &Engine,
    timer: &Timer,
    load: &mut watch::Receiver<Option<Load>>,
    stop: &CancellationToken,
) {
    loop {
        let next = engine.advance();
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = heard(load) => return,
            () = until(timer, next) => {}
        }
    }
}

/// Another load is asked for. When nobody is left who could ask, the one in
/// force goes on.
async fn heard(load: &mut watch::Receiver<Option<Load>>) {
    if load.changed().await.is_err() {
        std::future::pending().await
    }
}

/// Behind schedule there is nothing to sleep for, but the connections must get
/// their turn to write.
async fn until(timer: &Timer, next: Option<Instant>) {
    match next {
        Some(at) if at <= Instant::now() => tokio::task::yield_now().await,
        Some(at) => timer.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn drain(engine: &Engine, timer: &Timer) {
    let limit = Instant::now() + LONGEST_DRAIN;
    while engine.in_flight() > 0 && Instant::now() < limit {
        // Users whose patience ends meanwhile leave as always.
        engine.advance();
        timer.sleep(DRAIN_LOOK).await;
    }
    engine.abandon();
}
