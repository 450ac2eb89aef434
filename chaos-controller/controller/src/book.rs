//! The book of one run: its folder and the files that evidence is appended to as it arrives. Nothing of it is kept in
//! memory, and every file is readable up to its last whole block when the controller is killed.
//!
//! Closing the book (ledgers, seal) is `ledgers.rs` and `seal.rs`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use evidence::traces::Span;
use evidence::{Entry, Request, RequestWriter, SampleWriter};
use process::monotonic_us;
use serde_json::Value;

use crate::journal::{Journal, JournalError};
use crate::span_budget::SpanBudget;

/// The evidence of one run.
#[derive(Debug)]
pub(crate) struct Book {
    /// Name of the run, that of its folder.
    pub(crate) name: String,
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// The controller's clock at the start of the run.
    pub(crate) start_us: u64,
    /// Wall clock at the start of the run.
    pub(crate) start_unix_ms: u64,
    /// Samples and requests are recorded until the reconciliation.
    recording: AtomicBool,
    /// The samples' last moment, by the controller's clock: what is fetched later may be older, and is still taken.
    samples_until_us: AtomicU64,
    /// The load whose requests belong to the run; 0 before it is asked for.
    load_generation: AtomicU64,
    journal: Mutex<Journal>,
    samples: Mutex<Appender<SampleWriter>>,
    requests: Mutex<Appender<RequestWriter>>,
    spans: Mutex<File>,
    span_budget: Mutex<SpanBudget>,
    /// Request records that came and are in no file: before the start, or unwritable.
    pub(crate) lost_records: AtomicU64,
    /// Spans that came beyond the limit.
    pub(crate) dropped_spans: AtomicU64,
}

#[derive(Debug)]
struct Appender<W> {
    writer: W,
    file: File,
}

impl Book {
    /// Makes the folder of a run that takes at most `longest`, and the files in it.
    ///
    /// # Errors
    /// The folder cannot be made or written, or holds a run already.
    pub(crate) fn open(
        dir: &Path,
        start_us: u64,
        start_unix_ms: u64,
        longest: Duration,
    ) -> Result<Self, JournalError> {
        let failed = |path: PathBuf| move |source| JournalError::Io { act: "create", path, source };
        std::fs::create_dir_all(dir.join("ledgers")).map_err(failed(dir.to_owned()))?;
        let create = |name: &str| append_to(&dir.join(name)).map_err(failed(dir.join(name)));
        Ok(Self {
            name: dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            dir: dir.to_owned(),
            start_us,
            start_unix_ms,
            recording: AtomicBool::new(true),
            samples_until_us: AtomicU64::new(u64::MAX),
            load_generation: AtomicU64::new(0),
            journal: Mutex::new(Journal::create(&dir.join("journal.jsonl"))?),
            samples: Mutex::new(Appender { writer: SampleWriter::new(), file: create("samples.bin")? }),
            requests: Mutex::new(Appender { writer: RequestWriter::new(), file: create("requests.bin")? }),
            spans: Mutex::new(create("spans.jsonl")?),
            span_budget: Mutex::new(SpanBudget::new(longest)),
            lost_records: AtomicU64::new(0),
            dropped_spans: AtomicU64::new(0),
        })
    }

    /// Opens the book of a run whose controller was killed. Only its journal is continued; the second value is what
    /// it holds.
    pub(crate) fn reopen(dir: &Path) -> Result<(Self, Vec<Entry>), JournalError> {
        let failed = |path: PathBuf| move |source| JournalError::Io { act: "open", path, source };
        let (journal, entries) = Journal::resume(&dir.join("journal.jsonl"))?;
        let create = |name: &str| append_to(&dir.join(name)).map_err(failed(dir.join(name)));
        let first = entries.first();
        let wall = first
            .and_then(|entry| entry.body.get("wall_unix_ms"))
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let age_us = unix_ms().saturating_sub(wall) * 1000;
        let book = Self {
            name: dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            dir: dir.to_owned(),
            start_us: monotonic_us().saturating_sub(age_us),
            start_unix_ms: wall,
            recording: AtomicBool::new(false),
            samples_until_us: AtomicU64::new(u64::MAX),
            load_generation: AtomicU64::new(0),
            journal: Mutex::new(journal),
            samples: Mutex::new(Appender { writer: SampleWriter::new(), file: create("samples.bin")? }),
            requests: Mutex::new(Appender { writer: RequestWriter::new(), file: create("requests.bin")? }),
            spans: Mutex::new(create("spans.jsonl")?),
            span_budget: Mutex::new(SpanBudget::new(Duration::ZERO)),
            lost_records: AtomicU64::new(0),
            dropped_spans: AtomicU64::new(0),
        };
        Ok((book, entries))
    }

    /// Milliseconds since the start of the run.
    pub(crate) fn t_ms(&self) -> u64 {
        monotonic_us().saturating_sub(self.start_us) / 1000
    }

    /// Writes an entry of the journal.
    pub(crate) fn note(&self, kind: &str, actor: &str, body: Value) -> io::Result<Entry> {
        let mut journal = held(&self.journal);
        // Read under the lock, so that times never run backwards along the chain.
        journal.append(self.t_ms(), kind, actor, body)
    }

    /// Hash of the journal's newest line.
    pub(crate) fn head(&self) -> String {
        held(&self.journal).head().to_owned()
    }

    /// Appends the scrape of one instance; `None` says that it did not answer.
    pub(crate) fn scraped(&self, at_us: u64, service: &str, instance: &str, text: Option<&str>) {
        let until_us = self.samples_until_us.load(Ordering::Relaxed);
        if !self.recording() || !(self.start_us..=until_us).contains(&at_us) {
            return;
        }
        let t_ms = (at_us - self.start_us) / 1000;
        let mut samples = held(&self.samples);
        let block = match text {
            Some(text) => samples.writer.scrape(t_ms, service, instance, text),
            None => samples.writer.dead(t_ms, service, instance),
        };
        if let Err(error) = samples.file.write_all(&block) {
            tracing::error!(%error, instance, "samples are not recorded");
        }
    }

    /// Appends requests whose times are relative to the run.
    pub(crate) fn requested(&self, requests: &[Request]) {
        if !self.recording() {
            return;
        }
        let mut appender = held(&self.requests);
        let block = appender.writer.batch(requests);
        if let Err(error) = appender.file.write_all(&block) {
            self.lost_records.fetch_add(requests.len() as u64, Ordering::Relaxed);
            tracing::error!(%error, "requests are not recorded");
        }
    }

    /// Appends the spans for which there is room.
    pub(crate) fn traced(&self, spans: &[Span]) {
        let t_ms = self.t_ms();
        let (mut lines, mut written) = (Vec::new(), 0);
        {
            let mut budget = held(&self.span_budget);
            for span in spans {
                let begin = lines.len();
                serde_json::to_writer(&mut lines, span).expect("a span is plain data");
                lines.push(b'\n');
                if budget.takes(t_ms, span.trace, lines.len() - begin) {
                    written += 1;
                } else {
                    lines.truncate(begin);
                }
            }
        }
        if held(&self.spans).write_all(&lines).is_err() {
            written = 0;
        }
        self.dropped_spans.fetch_add((spans.len() - written) as u64, Ordering::Relaxed);
    }

    /// Which load's requests belong to the run.
    pub(crate) fn load_generation(&self) -> u64 {
        self.load_generation.load(Ordering::Relaxed)
    }

    /// The load of the run begins.
    pub(crate) fn expect_load(&self, generation: u64) {
        self.load_generation.store(generation, Ordering::Relaxed);
    }

    /// Whether samples and requests still belong to the run.
    pub(crate) fn recording(&self) -> bool {
        self.recording.load(Ordering::Relaxed)
    }

    /// What is scraped from now on is no longer part of the run. Gives the moment.
    pub(crate) fn end_samples(&self) -> u64 {
        let now_us = monotonic_us();
        self.samples_until_us.store(now_us, Ordering::Relaxed);
        now_us
    }

    /// What comes from now on is no longer part of the run.
    pub(crate) fn stop_recording(&self) {
        self.recording.store(false, Ordering::Relaxed);
    }
}

/// Wall clock, for annotations only.
pub(crate) fn unix_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// A panic while a file is appended to leaves it as readable as a kill does, so a poisoned lock is taken over.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
