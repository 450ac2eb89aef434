//! Several at once, on a lab of no processes: nothing is hit, and the books must hold.

use fault::{Effect, Freeze, Kill, MemoryGrowth, Size, Span};

use super::*;
use crate::guard::faults::Local;
use crate::guard::fleet::tests::no_processes;
use crate::guard::host::{Boxed, Unknown};

fn desk() -> Arc<Desk> {
    Desk::new(Arc::new(Local(Arc::new(no_processes()))))
}

fn kill(every: u64) -> FaultSpec {
    FaultSpec::new(Effect::Kill(Kill { every: Some(Span::from_secs(every)) }))
}

fn changes(desk: &Desk) -> Vec<What> {
    desk.log().iter().map(|logged| logged.change).collect()
}

#[tokio::test]
async fn of_two_that_take_an_id_at_once_one_stays_and_the_other_is_ended() {
    let desk = desk();
    desk.change("x", "cart", Vec::new(), FaultSpec::new(Effect::Freeze(Freeze {}))).await.unwrap();
    let (one, other) = tokio::join!(
        desk.change("x", "cart", Vec::new(), kill(5)),
        desk.change("x", "cart", Vec::new(), kill(9)),
    );
    assert_eq!((one.unwrap(), other.unwrap()), (What::Replaced, What::Replaced));
    let (applied, replaced) = (What::Applied, What::Replaced);
    assert_eq!(changes(&desk), [applied, replaced, applied, replaced, applied]);
    let state = desk.state();
    assert_eq!((state.active.len(), state.ended.len()), (1, 2));
    assert!(state.ended.iter().all(|ended| ended.fault.task.is_finished()));
}

#[tokio::test]
async fn what_is_in_force_is_renewed_though_the_machine_could_not_give_it_again() {
    let desk = desk();
    let to = Size(u64::MAX / 2);
    let spec = FaultSpec::new(Effect::MemoryGrowth(MemoryGrowth { to, over: Span::from_secs(1) }));
    let instances = || vec!["cart-0".to_owned()];
    let refused = desk.change("x", "cart-0", instances(), spec.clone()).await;
    assert!(matches!(refused, Err(Refused::Impossible(_))), "{refused:?}");
    desk.begin("x", "cart-0", Vec::new(), spec.clone()).await.unwrap();
    assert_eq!(desk.change("x", "cart-0", instances(), spec).await.unwrap(), What::Renewed);
}

/// A ground that keeps leases, does nothing, and fails to undo as often as it is told.
#[derive(Default)]
struct Paper {
    kept: Mutex<Vec<Kept>>,
    fails: std::sync::atomic::AtomicU32,
}

impl Ground for Paper {
    fn pick<'a>(&'a self, target: &'a str) -> Boxed<'a, Result<Vec<String>, Unknown>> {
        Box::pin(async move { Ok(vec![target.to_owned()]) })
    }

    fn impossible<'a>(&'a self, _: &'a Effect, _: &'a [String]) -> Boxed<'a, Option<String>> {
        Box::pin(async { None })
    }

    fn begin(&self, _: Acting) -> Boxed<'_, Result<Boxed<'static, ()>, Failed>> {
        let acts: Boxed<'static, ()> = Box::pin(std::future::pending());
        Box::pin(async { Ok(acts) })
    }

    fn undo<'a>(&'a self, _: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        use std::sync::atomic::Ordering::Relaxed;
        let fails = self.fails.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        Box::pin(async move { if fails { Err(Failed("the engine is away".to_owned())) } else { Ok(()) } })
    }

    fn keep<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        let mut all = self.kept.lock().unwrap();
        all.retain(|known| known.id != kept.id);
        all.push(kept.clone());
        Box::pin(async { Ok(()) })
    }

    fn forget<'a>(&'a self, kept: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        self.kept.lock().unwrap().retain(|known| known.id != kept.id);
        Box::pin(async { Ok(()) })
    }

    fn kept(&self) -> Boxed<'_, Result<Vec<Kept>, Failed>> {
        let kept = self.kept.lock().unwrap().clone();
        Box::pin(async { Ok(kept) })
    }

    fn residue(&self) -> Boxed<'_, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

fn stop(lease: u64) -> FaultSpec {
    let mut spec = FaultSpec::new(Effect::Stop(fault::Stop {}));
    spec.lease = Span::from_secs(lease);
    spec
}

#[tokio::test]
async fn a_guard_that_dies_leaves_its_leases_to_the_next_one() {
    let paper = Arc::new(Paper::default());
    let first = Desk::new(Arc::clone(&paper) as Arc<dyn Ground>);
    first.apply("x", "cart-0", stop(10)).await.unwrap();
    drop(first);
    let next = Desk::new(Arc::clone(&paper) as Arc<dyn Ground>);
    assert_eq!(next.resume().await.unwrap(), 1);
    assert_eq!(next.list()["faults"][0]["target"], "cart-0");
    assert!(next.renew("x").await.is_some(), "the controller renews it as before");
    assert!(next.clear("x").await.unwrap());
    assert!(paper.kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_fault_that_could_not_be_undone_is_in_force_until_it_was() {
    let paper = Arc::new(Paper::default());
    let desk = Desk::new(Arc::clone(&paper) as Arc<dyn Ground>);
    desk.apply("x", "cart-0", stop(10)).await.unwrap();
    paper.fails.store(1, std::sync::atomic::Ordering::Relaxed);
    let refused = desk.clear("x").await.unwrap_err();
    assert_eq!(refused.to_string(), "not done: the engine is away");
    assert!(desk.renew("x").await.is_none() && desk.is_over("x"), "its lease is over");
    assert!(desk.clear("x").await.unwrap());
    assert_eq!(changes(&desk), [What::Applied, What::Cleared]);
}
