//! `slow_body`: the head at once, the body piece by piece, the last of them on time.

use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use fault::SlowBody;
use futures_util::{Stream, stream};
use process::Timer;

use crate::course::Answer;
use crate::record::Hit;

/// An answer is some dozen bytes; one timer for each would be the machine's load, not the fault's.
const PIECES: usize = 16;

/// The pieces of a body, each at its time.
pub(crate) type Drops = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

pub(super) async fn answer(
    of: SlowBody,
    hit: Hit,
    timer: &Timer,
    act: impl Future<Output = Answer>,
) -> Answer {
    let answer = act.await;
    let drip = Drip {
        of,
        timer: timer.clone(),
        left: answer.body.clone(),
        length: answer.body.len(),
        head: None,
        hit,
        ended: false,
    };
    answer.dripping(Box::pin(stream::unfold(drip, |mut drip| async {
        let piece = drip.next().await?;
        Some((piece, drip))
    })))
}

/// The rest of a body, and when it is due.
struct Drip {
    of: SlowBody,
    timer: Timer,
    left: Bytes,
    length: usize,
    /// When the head left: the body is asked for only then.
    head: Option<Instant>,
    hit: Hit,
    /// Delivered to the last byte, or let go.
    ended: bool,
}

impl Drip {
    async fn next(&mut self) -> Option<Bytes> {
        if self.left.is_empty() {
            return None;
        }
        let head = *self.head.get_or_insert_with(Instant::now);
        let size = self.length.div_ceil(PIECES).min(self.left.len());
        let sent = self.length - self.left.len();
        let due = self.of.due(sent + size - 1, self.length);
        tokio::select! {
            biased;
            () = self.timer.sleep_until(head + due) => {}
            () = self.hit.let_go() => {
                self.ended = true;
                self.hit.aborted();
                return Some(std::mem::take(&mut self.left));
            }
        }
        let piece = self.left.split_to(size);
        if self.left.is_empty() {
            self.ended = true;
            self.hit.delivered(self.of.over.get(), head.elapsed());
        }
        Some(piece)
    }
}

impl Drop for Drip {
    fn drop(&mut self) {
        if !self.ended {
            self.hit.abandoned();
        }
    }
}
