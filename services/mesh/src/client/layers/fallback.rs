//! The last good answer, when there is no new one.
//!
//! While the policy is on every good answer is kept, so that the work of an outage is the work of every day: only the
//! reading of what was kept is new. It calls nobody (I37). An answer that says itself that it is old is passed on and
//! never kept: it would begin a second life here.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use moka::sync::Cache;
use resilience::Call;
use resilience::fallback::Fallback;
use std::sync::Arc;

use super::{Exchange, Next};
use crate::client::{Answer, Failure, FailureKind};
use crate::headers;
use crate::trace::Onset;

pub(super) async fn layer(next: Next<'_>) -> Result<Answer, Failure> {
    let call = next.call;
    match next.run().await {
        Ok(answer) => {
            call.edge.shelf.keep(&call.template.body, &answer, call.edge.now());
            Ok(answer)
        }
        Err(failure) => instead_of(call, failure),
    }
}

/// What is answered instead of a failure: an older answer if the policy has one, else the failure.
pub(crate) fn instead_of(call: &Exchange<'_>, failure: Failure) -> Result<Answer, Failure> {
    let Some(stale_for) = call.policy.stale.filter(|_| is_no_answer(&failure)) else { return Err(failure) };
    let Some((answer, age)) = call.edge.shelf.find(&call.template.body, stale_for, call.edge.now()) else {
        return Err(failure);
    };
    call.edge.count_fallback(Fallback::Stale);
    let mut span = call.recorder.client(call.edge.name, call.ctx.span());
    if span.matters(false) {
        span.began_with(&Onset { policy: call.ctx.policy().version, left: None, waited: Duration::ZERO });
        span.set("stale", true);
        span.set("stale.age_ms", i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        span.set("error.type", failure.kind.name());
    }
    Ok(answer)
}

/// A "no" of the business is an answer, and a newer one than ours.
fn is_no_answer(failure: &Failure) -> bool {
    failure.kind == FailureKind::Rejected || failure.is_the_callees()
}

/// Bytes that the answers of one kind of call may take.
const ROOM: u64 = 4 * 1024 * 1024;
/// What an answer weighs beside its words, at least: so no more than 8,192 are kept, however short they are.
const OVERHEAD: usize = 512;

/// The answers that are kept, of one edge.
#[derive(Default)]
pub(crate) struct Shelf {
    answers: Mutex<Option<Cache<Bytes, Arc<Kept>>>>,
}

struct Kept {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    trailers: Option<HeaderMap>,
    at: Duration,
}

impl Shelf {
    /// An empty shelf while the policy is on, none while it is off: what was kept an hour ago is of no use.
    pub(crate) fn configure(&self, call: &Call) {
        let mut answers = self.answers();
        match (&*answers, call.stale) {
            (None, Some(_)) => *answers = Some(shelf()),
            (Some(_), None) => *answers = None,
            _ => {}
        }
    }

    /// Keeps a good answer to `question`.
    fn keep(&self, question: &Bytes, answer: &Answer, now: Duration) {
        if answer.head.headers.contains_key(headers::STALE) {
            return;
        }
        if let Some(answers) = &*self.answers() {
            let kept = Kept {
                status: answer.head.status,
                headers: answer.head.headers.clone(),
                // A copy: as they came, a few bytes hold on to the whole buffer of a connection.
                body: Bytes::copy_from_slice(&answer.body),
                trailers: answer.trailers.clone(),
                at: now,
            };
            answers.insert(Bytes::copy_from_slice(question), Arc::new(kept));
        }
    }

    /// The last good answer to `question`, marked as old, and its age.
    fn find(&self, question: &Bytes, stale_for: Duration, now: Duration) -> Option<(Answer, Duration)> {
        let kept = self.answers().as_ref()?.get(&question[..])?;
        let age = now.saturating_sub(kept.at);
        if age > stale_for {
            return None;
        }
        let mut head = Response::new(()).into_parts().0;
        head.status = kept.status;
        head.headers.clone_from(&kept.headers);
        head.headers.insert(headers::STALE, HeaderValue::from_static("1"));
        Some((Answer { head, body: kept.body.clone(), trailers: kept.trailers.clone() }, age))
    }

    fn answers(&self) -> MutexGuard<'_, Option<Cache<Bytes, Arc<Kept>>>> {
        self.answers.lock().expect("no panic while answers are kept")
    }
}

/// Bounded by weight. Ages are ours to judge, at the moment of use and by the policy of the request, so the cache needs no clock.
fn shelf() -> Cache<Bytes, Arc<Kept>> {
    let weigh = |question: &Bytes, kept: &Arc<Kept>| {
        u32::try_from(OVERHEAD + question.len() + kept.body.len()).unwrap_or(u32::MAX)
    };
    Cache::builder().max_capacity(ROOM).weigher(weigh).build()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tonic::Status;

    use super::*;
    use crate::client::layers::testbed::{Bed, Does};

    fn answer(text: &str) -> Answer {
        let head = Response::new(()).into_parts().0;
        Answer { head, body: Bytes::copy_from_slice(text.as_bytes()), trailers: None }
    }

    fn on() -> Shelf {
        let shelf = Shelf::default();
        shelf.configure(&Call { stale: Some(MINUTE), ..Call::default() });
        shelf
    }

    const MINUTE: Duration = Duration::from_secs(60);
    const LAMP: Bytes = Bytes::from_static(b"lamp");

    fn found(shelf: &Shelf, question: &'static str, now: u64) -> Option<(String, Duration)> {
        let (answer, age) =
            shelf.find(&Bytes::from_static(question.as_bytes()), MINUTE, Duration::from_secs(now))?;
        assert_eq!(answer.head.headers[headers::STALE], "1");
        Some((String::from_utf8(answer.body.to_vec()).unwrap(), age))
    }

    #[test]
    fn the_last_answer_to_the_same_question_stands_in_until_it_is_too_old() {
        let shelf = on();
        shelf.keep(&LAMP, &answer("one"), Duration::ZERO);
        shelf.keep(&LAMP, &answer("two"), Duration::from_secs(10));
        assert_eq!(found(&shelf, "lamp", 70), Some(("two".into(), MINUTE)));
        assert_eq!(found(&shelf, "lamp", 71), None);
        assert_eq!(found(&shelf, "lamps", 11), None);
    }

    #[test]
    fn what_was_old_when_it_came_is_not_kept_as_if_it_were_new() {
        let shelf = on();
        let mut old = answer("old");
        old.head.headers.insert(headers::STALE, HeaderValue::from_static("1"));
        shelf.keep(&LAMP, &old, Duration::ZERO);
        assert_eq!(found(&shelf, "lamp", 1), None);
    }

    #[test]
    fn nothing_is_kept_while_it_is_off_nor_from_before() {
        let shelf = Shelf::default();
        shelf.keep(&LAMP, &answer("one"), Duration::ZERO);
        assert_eq!(found(&shelf, "lamp", 1), None);
        let shelf = on();
        shelf.keep(&LAMP, &answer("one"), Duration::ZERO);
        shelf.configure(&Call::default());
        shelf.configure(&Call { stale: Some(MINUTE), ..Call::default() });
        assert_eq!(found(&shelf, "lamp", 1), None);
    }

    #[test]
    fn another_limit_keeps_what_is_there() {
        let shelf = on();
        shelf.keep(&LAMP, &answer("one"), Duration::ZERO);
        shelf.configure(&Call { stale: Some(2 * MINUTE), ..Call::default() });
        assert!(found(&shelf, "lamp", 1).is_some());
    }

    #[test]
    fn neither_many_questions_nor_long_answers_grow_it_beyond_its_room() {
        let shelf = on();
        for number in 0..20_000_u32 {
            shelf.keep(&Bytes::copy_from_slice(&number.to_be_bytes()), &answer("-"), Duration::ZERO);
        }
        let long = "x".repeat(64 * 1024);
        for number in 0..100_u32 {
            shelf.keep(&Bytes::copy_from_slice(&number.to_be_bytes()), &answer(&long), Duration::ZERO);
        }
        let answers = shelf.answers();
        let cache = answers.as_ref().unwrap();
        cache.run_pending_tasks();
        assert!(cache.entry_count() <= 8_192 && cache.entry_count() > 0, "{}", cache.entry_count());
        assert!(cache.weighted_size() <= ROOM, "{}", cache.weighted_size());
    }

    /// I37.
    #[tokio::test]
    async fn what_stands_in_asks_nobody() {
        let bed = Bed::new(json!({"fallback": "stale"}), &[Does::Answers, Does::Says(503)]).await;
        assert_eq!((bed.calls(10).await, bed.asked()), (10, vec![5, 5]));
    }

    #[test]
    fn a_no_is_an_answer_and_a_silence_is_not() {
        let answered = |status| is_no_answer(&Failure::answered(status));
        assert!(!answered(Status::not_found("no such user")));
        assert!(!answered(Status::invalid_argument("what?")));
        assert!(answered(Status::unavailable("full")) && answered(Status::deadline_exceeded("late")));
        assert!(is_no_answer(&Failure::timeout("no answer in time")));
        assert!(is_no_answer(&Failure::rejected("breaker is open")));
        assert!(is_no_answer(&Failure::unreachable()));
    }
}
