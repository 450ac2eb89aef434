//! The settler: decides, after the fact, what became of orders whose charge is
//! unknown or was put off. A policy like any other: off until turned on.
//!
//! ```text
//! unsettled order -> ask the bank by order id -> charged?  confirmed
//!                                             `-> not?     charge by key -> confirmed | declined
//! ```
//! It must not cause the second outage: it keeps to its rate, goes behind all
//! other work, and while the bank does not take its charges it tries one at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mesh::{Ctx, LivePolicy, surely_not_done};
use proto::shop::{ChargeRequest, GetChargeRequest, OrderState};
use resilience::rate::TokenBucket;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::place::{Placing, unwritten};

/// After a failure the settler waits this long before it tries the next order.
const PAUSE: Duration = Duration::from_millis(500);
/// Orders in the settler's hands at once: enough for 600/s at a bank that
/// takes 100 ms for a charge and 10 ms for a question.
const HANDS: usize = 96;
/// Orders it may take at once after it had nothing to do.
const BURST: u32 = 8;

/// Settles for as long as the process lives, whenever the policy says so.
pub(crate) async fn settle(placing: Placing, policy: LivePolicy, stop: CancellationToken) {
    tokio::select! {
        () = keep_settling(placing, policy) => {}
        () = stop.cancelled() => {}
    }
}

async fn keep_settling(placing: Placing, policy: LivePolicy) {
    let epoch = Instant::now();
    let changed = Arc::new(Notify::new());
    let told = Arc::clone(&changed);
    policy.on_change(move |_| told.notify_one());
    let hands = Arc::new(Semaphore::new(HANDS));
    let trouble = Arc::new(AtomicBool::new(false));
    let mut bucket = TokenBucket::new(1.0, BURST, epoch.elapsed());
    loop {
        let snapshot = policy.load();
        let Some(settler) = snapshot.settler else {
            changed.notified().await;
            continue;
        };
        bucket.set_rate(settler.rate, epoch.elapsed());
        let wait = bucket.wait(epoch.elapsed());
        let next = async {
            tokio::time::sleep(wait).await;
            let hand = Arc::clone(&hands).acquire_owned().await.expect("the hands are never closed");
            (placing.book.next_unsettled().await, hand)
        };
        let (order, hand) = tokio::select! {
            biased;
            // A changed policy decides anew: another rate, or none.
            () = changed.notified() => continue,
            next = next => next,
        };
        bucket.try_take(epoch.elapsed());
        let ctx = Ctx::background(snapshot);
        ctx.concerns(&order);
        let one = settle_or_keep(placing.clone(), order, ctx, hand);
        if trouble.load(Ordering::Relaxed) {
            // One at a time, until one goes through.
            let settled = one.await;
            trouble.store(!settled, Ordering::Relaxed);
            if settled {
                tracing::info!("settling goes on");
            } else {
                tokio::time::sleep(PAUSE).await;
            }
        } else {
            let trouble = Arc::clone(&trouble);
            tokio::spawn(async move {
                if !one.await && !trouble.swap(true, Ordering::Relaxed) {
                    tracing::warn!("settling does not get through, one order at a time is tried");
                }
            });
        }
    }
}

/// Settles one order, or puts it back; says whether it is settled.
async fn settle_or_keep(placing: Placing, order: String, ctx: Ctx, _hand: OwnedSemaphorePermit) -> bool {
    let result = match placing.book.claim(&order) {
        Some(_claim) => settle_one(&placing, &order, &ctx).await,
        None => Err(Status::aborted("the order is being placed")),
    };
    if let Err(status) = &result {
        tracing::debug!(code = ?status.code(), "order stays unsettled");
        placing.book.still_unsettled(order);
    }
    result.is_ok()
}

/// Decides one order; on an error it is as unsettled as before.
async fn settle_one(placing: &Placing, id: &str, ctx: &Ctx) -> Result<(), Status> {
    let Some(order) = placing.book.find(id).map_err(unwritten)? else {
        return Ok(());
    };
    // A retry of the user's may have ended it in the meantime.
    if !matches!(order.state, OrderState::Unknown | OrderState::Pending) {
        return Ok(());
    }
    let asked = ctx.request(GetChargeRequest { order_id: id.to_owned() });
    let known = placing.payment.clone().get_charge(asked).await?.into_inner().charge_ids;
    let decided = if !known.is_empty() {
        OrderState::Confirmed
    } else if order.amount_cents == 0 {
        // It was interrupted before it had a price: nobody can have charged it.
        OrderState::Declined
    } else {
        charge(placing, id, order.amount_cents, ctx).await?
    };
    placing.book.settle(id, decided).await.map_err(unwritten)?;
    if decided == OrderState::Declined {
        placing.release(id, ctx).await;
    }
    Ok(())
}

/// Charges by key, so that a charge already under way counts once.
async fn charge(placing: &Placing, id: &str, amount_cents: u64, ctx: &Ctx) -> Result<OrderState, Status> {
    let charge = ChargeRequest { order_id: id.to_owned(), amount_cents, by_key: true };
    match placing.payment.clone().charge(ctx.request(charge)).await {
        Ok(_) => Ok(OrderState::Confirmed),
        Err(status) if status.code() == Code::FailedPrecondition && surely_not_done(&status) => {
            Ok(OrderState::Declined)
        }
        Err(status) => Err(status),
    }
}
