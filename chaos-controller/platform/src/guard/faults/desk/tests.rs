//! Several at once, on a lab of no processes: nothing is hit, and the books must hold.

use fault::{Effect, Freeze, Kill, MemoryGrowth, Size, Span};

use super::*;
use crate::guard::fleet::tests::no_processes;

fn desk() -> Arc<Desk> {
    Desk::new(Arc::new(no_processes()))
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
    desk.begin("x", "cart-0", Vec::new(), spec.clone());
    assert_eq!(desk.change("x", "cart-0", instances(), spec).await.unwrap(), What::Renewed);
}
