//! `commit_then_fail`: done, and told that it failed.

use fault::CommitThenFail;

use crate::course::Answer;

pub(super) async fn answer(of: CommitThenFail, act: impl Future<Output = Answer>) -> Answer {
    let _ = act.await;
    Answer::failure(of.status)
}
