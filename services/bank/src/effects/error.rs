//! `error`: refused, with a status. What was asked for is not done.

use crate::course::Answer;

pub(super) fn answer(of: fault::Error) -> Answer {
    Answer::failure(of.status).retry_after(of.retry_after)
}
