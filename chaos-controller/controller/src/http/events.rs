//! The stream of events, as server-sent events, filtered by the caller's role. A watcher that is slow misses some; it
//! never holds up the lab.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _};
use tokio_stream::wrappers::BroadcastStream;

use crate::api::Role;
use crate::events::event_for;
use crate::lab::Lab;

use super::{Caller, Refused};

pub(super) async fn events(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Refused> {
    let role = caller.must_be(Role::Observer)?.role;
    let stop = lab.stop.clone();
    let events = BroadcastStream::new(lab.events.subscribe())
        .filter_map(move |event| {
            let sent = event.ok().and_then(|event| event_for(role, &event)).and_then(|event| {
                // An event that is not JSON cannot be; a watcher that misses it is no worse off.
                Sent::default().json_data(&event).ok()
            });
            std::future::ready(sent.map(Ok))
        })
        .take_until(async move { stop.cancelled().await });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
