//! The live samples: what every process said in the last hour, kept for questions. They live on a thread of their own,
//! because a question over an hour takes longer than the heartbeat of the guard may wait; whoever has something to
//! add or to ask sends it there. Scrapes, and what the lab itself must know (alerts, conditions of a run), are taken in
//! the order in which they came, and before the questions of people, who may wait.
//!
//! Left out: the recording of a run (`book.rs`). The window is for people and alerts; a verdict never reads it. Nothing
//! that tells of a fault is put in, so every role may ask.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use bytes::Bytes;
use evidence::Samples;
use evidence::promql::Labels;
use evidence::samples::Window;
use tokio::sync::oneshot;

/// How far back questions reach.
pub(crate) const RETENTION_MS: u64 = 60 * 60 * 1000;
/// What the window may weigh; the oldest points go first.
pub(crate) const LIMIT_BYTES: usize = 64 << 20;
/// Evaluation recurses as deep as a query is nested; it is touched only as far as it is used.
const STACK_BYTES: usize = 8 << 20;

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
    Scraped {
        t_ms: u64,
        service: String,
        instance: String,
        text: Option<Bytes>,
    },
    /// Lines of `# HELP` and `# TYPE`.
    Described(Bytes),
    /// What the lab itself must know.
    AskFirst(Question),
    Ask(Question),
}

type Question = Box<dyn FnOnce(&mut Held) + Send>;

/// Why the samples say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Silent {
    #[error("the samples are gone, the lab is ending")]
    Gone,
    #[error("this question broke the evaluation, which is a defect of the lab; its log says where")]
    Broke,
}

impl SampleStore {
    /// An empty window. Its thread ends with the last way to it.
    pub(crate) fn start() -> Self {
        let (tx, rx) = mpsc::channel();
        let thread = std::thread::Builder::new().name("samples".to_owned()).stack_size(STACK_BYTES);
        let bytes = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&bytes);
        if let Err(error) = thread.spawn(move || keep(&rx, &told)) {
            // Every question will be told so; the lab itself does not need them.
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

    /// Takes what metrics mean, as `# HELP` and `# TYPE` of an exposition, where scrapes do not tell it.
    pub(crate) fn described(&self, text: Bytes) {
        let _ = self.tx.send(Job::Described(text));
    }

    /// Asks the samples something for somebody, off the controller's own thread. Whoever no longer waits is not answered.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Held) -> T + Send + 'static,
    ) -> Result<T, Silent> {
        self.answer(|held| ask(held), Job::Ask).await
    }

    /// [`Self::ask`] for the lab itself, before everybody who waits.
    pub(crate) async fn ask_first<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Held) -> T + Send + 'static,
    ) -> Result<T, Silent> {
        self.answer(|held| ask(held), Job::AskFirst).await
    }

    /// [`Self::ask_first`] for the rules, whose answers are kept.
    pub(crate) async fn evaluate<T: Send + 'static>(
        &self,
        evaluate: impl FnOnce(&mut Held) -> T + Send + 'static,
    ) -> Result<T, Silent> {
        self.answer(evaluate, Job::AskFirst).await
    }

    async fn answer<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Held) -> T + Send + 'static,
        job: fn(Question) -> Job,
    ) -> Result<T, Silent> {
        let (tx, rx) = oneshot::channel();
        let question: Question = Box::new(move |held| {
            if tx.is_closed() {
                return;
            }
            // The next question has nothing to do with this one. All that one may leave behind is what a rule recorded.
            let answer = catch_unwind(AssertUnwindSafe(|| ask(held)));
            let _ = tx.send(answer.map_err(|panic| {
                tracing::error!(panic = said(&*panic), "a question to the samples broke");
                Silent::Broke
            }));
        });
        self.tx.send(job(question)).map_err(|_| Silent::Gone)?;
        rx.await.map_err(|_| Silent::Gone)?
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

    /// Keeps what a recording rule answers.
    pub(crate) fn record(&mut self, t_ms: u64, rule: &str, name: &str, answer: &[(Labels, f64)]) {
        self.window.record(t_ms, rule, name, answer);
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

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

fn keep(rx: &mpsc::Receiver<Job>, bytes: &AtomicUsize) {
    let mut held = Held::new();
    let mut waiting: VecDeque<Question> = VecDeque::new();
    loop {
        let job = if waiting.is_empty() { rx.recv().ok() } else { rx.try_recv().ok() };
        if let Some(job) = job {
            take(job, &mut held, &mut waiting, bytes);
        } else if let Some(ask) = waiting.pop_front() {
            ask(&mut held);
        } else {
            return;
        }
    }
}

/// Does what cannot wait; the rest is put behind what waits already.
fn take(job: Job, held: &mut Held, waiting: &mut VecDeque<Question>, bytes: &AtomicUsize) {
    match job {
        Job::Scraped { t_ms, service, instance, text } => {
            let text = text.as_deref().and_then(|text| std::str::from_utf8(text).ok());
            // One scrape less is a gap of a second; without the thread there would be nothing any more.
            let taken = catch_unwind(AssertUnwindSafe(|| held.scraped(t_ms, &service, &instance, text)));
            if let Err(panic) = taken {
                tracing::error!(panic = said(&*panic), instance, "a scrape broke the samples");
            }
            bytes.store(held.window.bytes(), Ordering::Relaxed);
        }
        Job::Described(text) => held.describe(std::str::from_utf8(&text).unwrap_or_default()),
        Job::AskFirst(ask) => ask(held),
        Job::Ask(ask) => waiting.push_back(ask),
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

    #[test]
    fn a_question_that_breaks_ends_nothing_but_itself() {
        let store = SampleStore::start();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(store.ask(|_| -> u8 { panic!("broken") })), Err(Silent::Broke));
        assert_eq!(runtime.block_on(store.ask(|_| 1)), Ok(1));
    }

    #[test]
    fn scrapes_and_the_labs_own_questions_overtake_those_of_people() {
        let store = SampleStore::start();
        let (hold, held_up) = mpsc::channel::<()>();
        let (told, order) = mpsc::channel();
        let question = |name: &'static str| {
            let told = told.clone();
            move |held: &Held| {
                let now = held.samples().value_at("m", &[], 1_000);
                told.send((name, now)).unwrap();
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let asked = runtime.block_on(async {
            let slow = store.ask(move |_| held_up.recv().unwrap());
            let (person, lab) = (store.ask(question("person")), store.ask_first(question("lab")));
            let after = async {
                store.scraped(1_000, "cart", "cart-0", Some(Bytes::from_static(b"m 2\n")));
                hold.send(()).unwrap();
            };
            tokio::join!(biased; slow, person, lab, after)
        });
        assert_eq!((asked.0, asked.1, asked.2), (Ok(()), Ok(()), Ok(())));
        // Both came before the scrape. The person is answered last, and of the newest scrape.
        assert_eq!(order.try_iter().collect::<Vec<_>>(), [("lab", None), ("person", Some(2.0))]);
    }
}
