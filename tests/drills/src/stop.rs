//! Ctrl-C and SIGTERM, counted: the first asks every lab to end its run, each further one is passed on as well, so that
//! twice here means twice there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::signal::unix::{SignalKind, signal};

/// How often somebody asked. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    asked: Arc<AtomicU32>,
}

impl Stop {
    /// Listens on a thread of its own.
    pub(crate) fn listen() -> Self {
        let stop = Self::default();
        let told = stop.clone();
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else {
                return;
            };
            runtime.block_on(async {
                let (Ok(mut interrupt), Ok(mut terminate)) =
                    (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
                else {
                    return;
                };
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    told.asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        });
        stop
    }

    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}
