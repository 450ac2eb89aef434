//! The live samples: what every process said in the last hour, kept for questions. They live on a thread of their own,
//! because a question over an hour takes longer than the heartbeat of the guard may wait; whoever has something to
//! add or to ask sends it there, and both are taken in the order in which they came.
//!
//! Left out: the recording of a run (`book.rs`). The window is for people and alerts; a verdict never reads it. Nothing
//! that tells of a fault is put in, so every role may ask.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use evidence::Samples;
use evidence::samples::Window;
use tokio::sync::oneshot;

/// How far back questions reach.
pub(crate) const RETENTION_MS: u64 = 60 * 60 * 1000;
/// What the window may weigh; the oldest points go first.
pub(crate) const LIMIT_BYTES: usize = 64 << 20;
/// Evaluation recurses as deep as a query is nested.
const STACK_BYTES: usize = 1 << 20;

/// The way to the samples.
#[derive(Debug, Clone)]
pub(crate) struct SampleStore {
    tx: mpsc::Sender<Job>,
    bytes: Arc<AtomicUsize>,
}

/// What the thread holds.
pub(crate) struct Held {
    window: Window,
    /// By metric, as the processes tell it.
    described: BTreeMap<String, Described>,
}

/// `# HELP` and `# TYPE` of a metric.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) kind: String,
    pub(crate) help: String,
}

enum Job {
    Scraped { t_ms: u64, service: String, instance: String, text: Option<Bytes> },
    Ask(Box<dyn FnOnce(&Held) + Send>),
}

/// The thread is gone: the lab is ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the samples are gone, the lab is ending")]
pub(crate) struct Gone;

impl SampleStore {
    /// An empty window. Its thread ends with the last way to it.
    pub(crate) fn start() -> Self {
        let (tx, rx) = mpsc::channel();
        let thread = std::thread::Builder::new().name("samples".to_owned()).stack_size(STACK_BYTES);
        let bytes = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&bytes);
        if let Err(error) = thread.spawn(move || keep(&rx, &told)) {
            // Every question will be told `Gone`; the lab itself does not need them.
            tracing::error!(%error, "no thread for the samples");
        }
        Self { tx, bytes }
    }

    /// What the window weighs.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Adds a scrape; `None` is one that was not answered. `t_ms` is milliseconds since the start of the lab.
    pub(crate) fn scraped(&self, t_ms: u64, service: &str, instance: &str, text: Option<Bytes>) {
        let job = Job::Scraped { t_ms, service: service.to_owned(), instance: instance.to_owned(), text };
        let _ = self.tx.send(job);
    }

    /// Asks the samples something, off the controller's own thread. Whoever no longer waits is not answered.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Held) -> T + Send + 'static,
    ) -> Result<T, Gone> {
        let (tx, rx) = oneshot::channel();
        let job = Job::Ask(Box::new(move |held| {
            if !tx.is_closed() {
                let _ = tx.send(ask(held));
            }
        }));
        self.tx.send(job).map_err(|_| Gone)?;
        rx.await.map_err(|_| Gone)
    }
}

impl Held {
    fn new() -> Self {
        Self { window: Window::new(RETENTION_MS, LIMIT_BYTES), described: BTreeMap::new() }
    }

    pub(crate) fn samples(&self) -> &Samples {
        self.window.samples()
    }

    pub(crate) fn described(&self) -> &BTreeMap<String, Described> {
        &self.described
    }

    fn scraped(&mut self, t_ms: u64, service: &str, instance: &str, text: Option<&str>) {
        match text {
            Some(text) => {
                self.describe(text);
                self.window.scrape(t_ms, service, instance, text);
            }
            None => self.window.dead(t_ms, service, instance),
        }
    }

    fn describe(&mut self, text: &str) {
        for line in text.lines().filter(|line| line.starts_with("# ")) {
            let mut words = line.splitn(4, ' ').skip(1);
            let (Some(what), Some(name), Some(said)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            if !self.described.contains_key(name) {
                self.described.insert(name.to_owned(), Described::default());
            }
            let Some(described) = self.described.get_mut(name) else { continue };
            let field = if what == "HELP" { &mut described.help } else { &mut described.kind };
            if field.is_empty() {
                said.clone_into(field);
            }
        }
    }
}

fn keep(rx: &mpsc::Receiver<Job>, bytes: &AtomicUsize) {
    let mut held = Held::new();
    while let Ok(job) = rx.recv() {
        match job {
            Job::Scraped { t_ms, service, instance, text } => {
                let text = text.as_deref().and_then(|text| std::str::from_utf8(text).ok());
                held.scraped(t_ms, &service, &instance, text);
                bytes.store(held.window.bytes(), Ordering::Relaxed);
            }
            Job::Ask(ask) => ask(&held),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_metric_means_is_taken_from_whoever_exposes_it() {
        let mut held = Held::new();
        held.scraped(0, "cart", "cart-0", Some("# HELP m What m is\n# TYPE m gauge\nm 1\n"));
        let m = &held.described()["m"];
        assert_eq!((m.help.as_str(), m.kind.as_str()), ("What m is", "gauge"));
        assert_eq!(held.samples().all().iter().filter(|series| series.name == "m").count(), 1);
    }

    #[test]
    fn a_question_sees_every_scrape_that_was_sent_before_it() {
        let store = SampleStore::start();
        store.scraped(0, "cart", "cart-0", Some(Bytes::from_static(b"m 1\n")));
        store.scraped(1_000, "cart", "cart-0", Some(Bytes::from_static(b"m 2\n")));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let value = runtime.block_on(store.ask(|held| held.samples().value_at("m", &[], 1_000)));
        assert_eq!(value, Ok(Some(2.0)));
    }
}
