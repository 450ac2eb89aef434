//! What the bank does to a call that a fault hits beside making it late: one file for each effect,
//! and what of it is measured. What they mean and when they hit is in the fault crate.
//!
//! `act` is what the call asks for; an effect that does not run it has charged nothing.

mod commit_then_fail;
mod error;
mod malformed_body;
mod rate_limit;
mod reset;
mod slow_body;
mod wrong_amount;

use fault::{Effect, FaultSpec, Measure, Outcome, WrongAmount};
use process::Timer;

use crate::course::Answer;
use crate::record::{Counts, Hit};
pub(crate) use slow_body::Drops;

/// The answer that the call gets. The hit comes back unless the answer's body holds it.
pub(crate) async fn answer<F, A>(outcome: Outcome, hit: Hit, timer: &Timer, act: F) -> (Answer, Option<Hit>)
where
    F: FnOnce(Option<WrongAmount>) -> A,
    A: Future<Output = Answer>,
{
    let answer = match outcome {
        Outcome::Error(of) => error::answer(of),
        // What makes it hang is its course: the answer is there and does not leave.
        Outcome::Hang(_) => act(None).await,
        Outcome::CommitThenFail(of) => commit_then_fail::answer(of, act(None)).await,
        Outcome::Reset(of) => reset::answer(of, act(None)).await,
        Outcome::SlowBody(of) => return (slow_body::answer(of, hit, timer, act(None)).await, None),
        Outcome::MalformedBody(of) => malformed_body::answer(of, act(None)).await,
        Outcome::WrongAmount(of) => wrong_amount::answer(of, &hit, act(Some(of))).await,
        Outcome::RateLimit(of) => rate_limit::answer(of),
    };
    (answer, Some(hit))
}

/// Requested against delivered, in the one number that tells most of this effect.
pub(crate) fn measure(spec: &FaultSpec, counts: &Counts) -> Option<Measure> {
    match &spec.effect {
        Effect::Latency(_) => counts.delivery.measure("latency, p50"),
        Effect::SlowBody(_) => counts.delivery.measure("time of the body, p50"),
        Effect::WrongAmount(of) => wrong_amount::measure(*of, counts),
        Effect::RateLimit(of) => rate_limit::measure(*of, counts),
        _ => Measure::share(spec.share, counts.hits, counts.seen),
    }
}
