//! What a process must not lose: a SQLite file, written in groups.
//!
//! All writes that arrive in one turn of the event loop share one transaction,
//! and each has its own savepoint, so that one that fails undoes nothing of its
//! neighbours'. Commits run on the runtime's own thread: one takes tens of
//! microseconds, and a writer thread would cost two wake-ups for every write
//! while at low rates nearly all the CPU of a process is wake-ups. What takes
//! long (a dump) is read in pages by whoever needs it.
//!
//! `synchronous=OFF` over a write-ahead log: a commit is in the operating
//! system's hands before it is answered, so it survives `kill -9` of the
//! process, which is what happens in this lab. It does not survive a power cut.

mod write;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction};
use tokio::sync::{mpsc, oneshot};

use write::{Job, Write};

/// How long to wait for a file that somebody else has locked: a predecessor that
/// is still dying.
const BUSY: Duration = Duration::from_secs(2);
/// Statements that stay prepared.
const PREPARED: usize = 32;
/// One owner: without a lock that others could take in turn, a commit is a third
/// cheaper (nine system calls fewer). Who wants to look asks the process.
///
/// Page cache of 512 KiB: the ledgers' hot pages are few, and every process of
/// the lab has a cache of its own.
///
/// Pages of 1 KiB: a commit logs (and sums) whole pages, and a row is 100 bytes.
/// A file that is there keeps the size it has.
///
/// The log goes back into the file every 1,024 pages: a short pause now and then,
/// rather than a longer one more rarely.
const PRAGMAS: &str = "
    PRAGMA page_size = 1024;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    PRAGMA wal_autocheckpoint = 1024;
    PRAGMA cache_size = -512;
    PRAGMA temp_store = MEMORY;
";

/// A SQLite file with one owner. Cheap to clone; the file is let go of in the
/// turn of the event loop after the last clone is gone.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
    writes: mpsc::UnboundedSender<Box<dyn Write>>,
}

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("failed to open the store `{}`", path.display())]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("failed to read from the store")]
    Read(#[source] rusqlite::Error),
    #[error("failed to write to the store")]
    Write(#[source] rusqlite::Error),
    #[error("failed to commit to the store")]
    Commit(#[source] Arc<rusqlite::Error>),
    /// The process is ending, or an earlier write panicked.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether the write broke a constraint of the schema: the caller's doing,
    /// and no reason to try again.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let Self::Write(rusqlite::Error::SqliteFailure(failure, _)) = self else {
            return false;
        };
        failure.code == ErrorCode::ConstraintViolation
    }
}

impl Store {
    /// Opens the file, creates it if need be, and brings it to `schema`, which
    /// must be repeatable (`CREATE TABLE IF NOT EXISTS`). Needs a tokio runtime.
    ///
    /// # Errors
    /// When the file is not a database, or the schema does not apply.
    pub fn open(path: &Path, schema: &str) -> Result<Self, StoreError> {
        let connection =
            prepared(path, schema).map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
        let connection = Arc::new(Mutex::new(connection));
        let (writes, waiting) = mpsc::unbounded_channel();
        tokio::spawn(write::commit_groups(Arc::clone(&connection), waiting));
        Ok(Self { connection, writes })
    }

    /// Writes, and returns once that is committed. The write is under way from
    /// the call on, not from the first poll: a caller who leaves undoes nothing.
    ///
    /// # Errors
    /// The write's own error, and then nothing of it is kept; or the commit's.
    pub fn write<T, F>(&self, write: F) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let sent = self.writes.send(Box::new(Job::new(write, answer)));
        async move {
            sent.map_err(|_| StoreError::Closed)?;
            answered.await.map_err(|_| StoreError::Closed)?
        }
    }

    /// Reads what is committed, now and on this thread: keep it short.
    ///
    /// # Errors
    /// The read's own.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        read(&held(&self.connection)).map_err(StoreError::Read)
    }
}

fn prepared(path: &Path, schema: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch(PRAGMAS)?;
    connection.execute_batch(schema)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(connection)
}

/// A connection is left whole by a panic: the transaction is rolled back when
/// it is dropped.
fn held(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
