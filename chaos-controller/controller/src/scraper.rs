//! Each second, on the second grid of the run, every process's metrics at once: into the recording as they are, and
//! the few figures of the pulse out of them. A process that does not answer within the second is marked as dead in
//! the samples, so that its last values do not live on.
//!
//! Where a Prometheus scrapes, what it has is fetched instead (`prometheus/`): the tick is the same, and the figures of the
//! pulse are as old as its last scrape of each process, up to a second more.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Method;
use http_body_util::BodyExt as _;
use process::monotonic_us;
use tokio::task::JoinHandle;

use crate::alerts;
use crate::api::{Event, Pulse};
use crate::directory::{Member, State};
use crate::gauges::{Gauges, Reading, own_metrics};
use crate::lab::Lab;
use crate::prometheus::Source;
use crate::web::{Connection, WebError};

/// The grid.
const INTERVAL_US: u64 = 1_000_000;
/// What has not answered by then is dead for this second.
const PATIENCE: Duration = Duration::from_millis(900);
/// The generator reports each 100 ms, so the second before is complete this long after the tick.
const PULSE_AFTER: Duration = Duration::from_millis(200);

/// So long a late pulse waits for its alerts.
const LEAST_FOR_ALERTS: Duration = Duration::from_millis(50);

/// Scrapes until the lab ends.
pub(crate) async fn scrape(lab: Arc<Lab>) {
    let mut connections: HashMap<String, Connection> = HashMap::new();
    let mut source = Source::default();
    let mut gauges = Gauges::default();
    let mut alerting: Option<JoinHandle<()>> = None;
    let mut grid = lab.grid_us.subscribe();
    loop {
        let origin = *grid.borrow_and_update();
        let now = monotonic_us();
        // A grid that was just set begins with a scrape at its origin.
        let next = origin + now.saturating_sub(origin).div_ceil(INTERVAL_US) * INTERVAL_US;
        tokio::select! {
            () = tokio::time::sleep(Duration::from_micros(next.saturating_sub(now))) => {}
            _ = grid.changed() => continue,
            () = lab.stop.cancelled() => return,
        }
        let tick_us = monotonic_us();
        if lab.prometheus.is_some() {
            source.fetch(&lab, &mut gauges).await;
        } else {
            scrape_all(&lab, tick_us, &mut connections, &mut gauges).await;
        }
        let spent = || Duration::from_micros(monotonic_us().saturating_sub(tick_us));
        // Whoever asks the samples too much delays the alerts, and not the next scrape.
        if alerting.as_ref().is_none_or(JoinHandle::is_finished) {
            let lab = Arc::clone(&lab);
            alerting = Some(tokio::spawn(async move { alerts::evaluate(&lab, tick_us).await }));
        }
        if let Some(evaluated) = &mut alerting {
            let patience = PULSE_AFTER.saturating_sub(spent()).max(LEAST_FOR_ALERTS);
            let _ = tokio::time::timeout(patience, evaluated).await;
        }
        tokio::time::sleep(PULSE_AFTER.saturating_sub(spent())).await;
        publish(&lab, tick_us, &mut gauges);
        // Past the tick that was just served, or a sleep cut short would serve it twice.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// One scrape of everybody who is there.
async fn scrape_all(
    lab: &Lab,
    tick_us: u64,
    connections: &mut HashMap<String, Connection>,
    gauges: &mut Gauges,
) {
    let t_ms = tick_us.saturating_sub(lab.start_us) / 1000;
    lab.samples.scraped(t_ms, "controller", "controller", Some(own_metrics(lab).into()));
    let members = lab.directory.members();
    let mut scrapes: FuturesUnordered<_> = members
        .into_iter()
        .filter(|member| !member.admin.is_empty())
        .map(|member| {
            let kept = connections.remove(&member.instance);
            async move {
                let answer = if member.state == State::Gone {
                    None
                } else {
                    tokio::time::timeout(PATIENCE, fetch(kept, &member.admin)).await.ok().and_then(Result::ok)
                };
                (member, answer)
            }
        })
        .collect();
    while let Some((member, answer)) = scrapes.next().await {
        let Member { service, instance, .. } = member;
        let text = answer.as_ref().and_then(|(_, body)| std::str::from_utf8(body).ok());
        if let Some(book) = lab.book() {
            book.scraped(tick_us, &service, &instance, text);
        }
        gauges.take(&service, &instance, text.map(Reading::of));
        let body = answer.as_ref().map(|(_, body)| body.clone());
        lab.samples.scraped(t_ms, &service, &instance, body);
        if let Some((connection, _)) = answer {
            connections.insert(instance, connection);
        }
    }
}

async fn fetch(kept: Option<Connection>, address: &str) -> Result<(Connection, Bytes), WebError> {
    let mut connection = match kept.filter(|kept| kept.is_open() && kept.address() == address) {
        Some(connection) => connection,
        None => Connection::open(address).await?,
    };
    let response = connection.send(Method::GET, "/metrics", &[], Bytes::new()).await?;
    let body = response.into_body().collect().await.map_err(|source| connection.broken(source))?.to_bytes();
    Ok((connection, body))
}

/// The pulse of the second that ended at the tick.
fn publish(lab: &Lab, tick_us: u64, gauges: &mut Gauges) {
    let run = lab.active_run();
    let origin_us = run.as_ref().map_or(lab.start_us, |run| run.book.start_us);
    let second = (tick_us / 1_000_000).saturating_sub(1);
    let mut pulse = Pulse {
        t_ms: tick_us.saturating_sub(origin_us) / 1000,
        phase: run.as_ref().map(|run| run.phase()),
        clock: run.as_ref().and_then(|run| run.clock()),
        users: lab.live().second(second),
        alerts: alerts::firing(lab),
        ..Pulse::default()
    };
    gauges.fill(&mut pulse);
    lab.traces.given_up(gauges.spans_given_up());
    if let Some(orders) = gauges.fresh_orders() {
        lab.open_orders.send_replace(orders);
    }
    lab.pulse.send_replace(Arc::new(pulse.clone()));
    lab.tell(Event::Pulse(Box::new(pulse)));
}
