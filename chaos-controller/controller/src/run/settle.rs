//! After the replay: the users stay until what is pending is settled, then they leave, and the last open order closes.
//! With the users there, settling must not cause the second outage; without them, nothing may be left open.

use std::collections::BTreeMap;
use std::time::Duration;

use evidence::kind::phase;
use proto::control::LoadStatus;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::lab::Lab;
use crate::load::TRAFFIC;

use super::{Ended, Run};

/// Orders that wait for the settler.
const WAITING: [&str; 2] = ["pending", "unknown"];
/// Every state that is not an end.
const OPEN: [&str; 4] = ["reserved", "charging", "pending", "unknown"];
/// So many scrapes in a row must agree.
const AGREE: u32 = 2;
/// The users' last requests are over this long after their patience.
const LAST_REPORT: Duration = Duration::from_millis(500);

/// Waits for the settlement, at most the plan's limit.
pub(crate) async fn settle(lab: &Lab, run: &Run) -> Result<(), Ended> {
    run.enter(lab, phase::SETTLE)?;
    let plan = &run.plan;
    let limit = Instant::now() + plan.settle_limit;
    // The shop after the replay is judged on as much load as the shop after the fault was.
    let within = plan.aftermath.as_ref().map_or(Duration::ZERO, |aftermath| aftermath.within);
    let judged = within + plan.proving();
    run.until((Instant::now() + judged).min(limit)).await?;
    none(lab, run, &WAITING, limit).await?;
    lab.load.stop(&lab.directory);
    let last_user = Instant::now() + plan.load.patience + LAST_REPORT;
    none(lab, run, &OPEN, limit.max(last_user)).await?;
    users_gone(lab, run, last_user).await
}

/// Until two scrapes in a row know no order in any of these states, or until `limit`.
async fn none(lab: &Lab, run: &Run, states: &[&str], limit: Instant) -> Result<(), Ended> {
    let mut orders: watch::Receiver<BTreeMap<String, u64>> = lab.open_orders.subscribe();
    orders.mark_unchanged();
    let mut agreed = 0;
    while agreed < AGREE {
        tokio::select! {
            changed = orders.changed() => changed.map_err(|_| Ended::Interrupted)?,
            waited = run.until(limit) => return waited,
        }
        let open = count(&orders.borrow_and_update(), states);
        agreed = if open == 0 { agreed + 1 } else { 0 };
    }
    Ok(())
}

fn count(orders: &BTreeMap<String, u64>, states: &[&str]) -> u64 {
    states.iter().filter_map(|state| orders.get(*state)).sum()
}

/// Until no generator has anything under way.
async fn users_gone(lab: &Lab, run: &Run, limit: Instant) -> Result<(), Ended> {
    let mut changes = lab.directory.changes();
    loop {
        let traffic = lab.directory.live(TRAFFIC);
        let idle = |load: &LoadStatus| load.in_flight == 0;
        if !traffic.is_empty() && traffic.iter().all(|member| member.load.as_ref().is_some_and(idle)) {
            // The last batch of records leaves within 100 ms.
            return run.pause(LAST_REPORT).await;
        }
        tokio::select! {
            changed = changes.changed() => changed.map_err(|_| Ended::Interrupted)?,
            waited = run.until(limit) => return waited,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirmed_and_declined_orders_are_not_open() {
        let orders = BTreeMap::from([
            ("confirmed".to_owned(), 900),
            ("declined".to_owned(), 3),
            ("pending".to_owned(), 2),
            ("charging".to_owned(), 5),
        ]);
        assert_eq!(count(&orders, &OPEN), 7);
        assert_eq!(count(&orders, &WAITING), 2);
    }
}
