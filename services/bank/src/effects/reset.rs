//! `reset`: the exchange breaks off where its answer would begin. On HTTP/2 that is a RST_STREAM
//! of this call alone; on HTTP/1.1 the connection ends, before its first byte.

use fault::Reset;

use crate::course::Answer;

pub(super) async fn answer(of: Reset, act: impl Future<Output = Answer>) -> Answer {
    if of.after_commit {
        let _ = act.await;
    }
    Answer::broken_off()
}
