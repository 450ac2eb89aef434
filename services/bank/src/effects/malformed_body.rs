//! `malformed_body`: done, and told so by the status alone: the body is half of itself.

use fault::MalformedBody;

use crate::course::Answer;

pub(super) async fn answer(of: MalformedBody, act: impl Future<Output = Answer>) -> Answer {
    let mut answer = act.await;
    answer.body.truncate(of.kept(answer.body.len()));
    answer
}
