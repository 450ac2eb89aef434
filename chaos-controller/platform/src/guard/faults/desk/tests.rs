//! Several at once, on a lab of no processes: nothing is hit, and the books must hold.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use fault::{Effect, Freeze, Kill, MemoryGrowth, Size, Span};

use super::*;
use crate::guard::faults::Local;
use crate::guard::fleet::tests::no_processes;
use crate::guard::host::{Boxed, Unknown};
use crate::unbroken;

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

/// A ground that keeps leases and does nothing, slowly if it is told, and fails to undo as often as it is told.
#[derive(Default)]
struct Paper {
    kept: Mutex<Vec<Kept>>,
    fails: AtomicU32,
    /// Milliseconds that it takes to begin and to undo.
    slow: AtomicU64,
    begins: AtomicBool,
}

impl Paper {
    async fn takes_its_time(&self) {
        tokio::time::sleep(Duration::from_millis(self.slow.load(Relaxed))).await;
    }

    fn is_clean(&self) -> bool {
        self.kept.lock().unwrap().is_empty()
    }
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
        Box::pin(async {
            self.takes_its_time().await;
            if self.begins.load(Relaxed) { Err(Failed("half of it".to_owned())) } else { Ok(acts) }
        })
    }

    fn undo<'a>(&'a self, _: &'a Kept) -> Boxed<'a, Result<(), Failed>> {
        let fails = self.fails.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        Box::pin(async move {
            self.takes_its_time().await;
            if fails { Err(Failed("the engine is away".to_owned())) } else { Ok(()) }
        })
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
    assert!(paper.is_clean());
}

#[tokio::test]
async fn a_fault_that_could_not_be_undone_is_in_force_until_it_was() {
    let paper = Arc::new(Paper::default());
    let desk = Desk::new(Arc::clone(&paper) as Arc<dyn Ground>);
    desk.apply("x", "cart-0", stop(10)).await.unwrap();
    paper.fails.store(1, Relaxed);
    let refused = desk.clear("x").await.unwrap_err();
    assert_eq!(refused.to_string(), "not done: the engine is away");
    assert!(desk.renew("x").await.is_none() && desk.is_over("x"), "its lease is over");
    assert!(desk.clear("x").await.unwrap());
    assert_eq!(changes(&desk), [What::Applied, What::Cleared]);
}

#[tokio::test]
async fn whoever_goes_away_in_the_middle_leaves_nothing_half_begun_or_half_undone() {
    let paper = Arc::new(Paper::default());
    paper.slow.store(30, Relaxed);
    let desk = Desk::new(Arc::clone(&paper) as Arc<dyn Ground>);
    let (soon, begun) = (Duration::from_millis(5), Arc::clone(&desk));
    let begin = unbroken(async move { begun.apply("x", "cart-0", stop(10)).await });
    assert!(tokio::time::timeout(soon, begin).await.is_err(), "the caller has left");
    let ended = Arc::clone(&desk);
    let end = unbroken(async move { ended.clear("x").await });
    assert!(tokio::time::timeout(soon, end).await.is_err(), "and so has this one");
    assert!(!desk.clear("x").await.unwrap(), "both were done to their ends, in turn");
    assert_eq!(changes(&desk), [What::Applied, What::Cleared]);
    assert!(paper.is_clean());
}

#[tokio::test]
async fn a_renewal_does_not_bring_back_what_is_being_ended() {
    let paper = Arc::new(Paper::default());
    let desk = Desk::new(Arc::clone(&paper) as Arc<dyn Ground>);
    desk.apply("x", "cart-0", stop(10)).await.unwrap();
    paper.slow.store(20, Relaxed);
    let (cleared, renewed, again) =
        tokio::join!(desk.clear("x"), desk.renew("x"), desk.apply("x", "cart-1", stop(10)));
    assert!(cleared.unwrap() && renewed.is_none());
    assert_eq!(again.unwrap(), What::Applied);
    let kept: Vec<String> = paper.kept.lock().unwrap().iter().map(|kept| kept.target.clone()).collect();
    assert_eq!(kept, ["cart-1"], "the lease of the second one, whatever the first one forgot");
}

#[tokio::test]
async fn a_fault_that_begins_by_half_and_cannot_be_undone_is_in_force_until_it_was() {
    let paper = Arc::new(Paper::default());
    let desk = Desk::new(Arc::clone(&paper) as Arc<dyn Ground>);
    paper.begins.store(true, Relaxed);
    paper.fails.store(1, Relaxed);
    assert_eq!(desk.apply("x", "cart-0", stop(10)).await.unwrap_err().to_string(), "not done: half of it");
    assert!(desk.is_over("x"), "whoever ends leases will try again");
    assert!(Arc::clone(&desk).expire("x".to_owned()).await);
    assert!(paper.is_clean());
}
