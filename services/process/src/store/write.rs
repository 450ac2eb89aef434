//! One write, and the task that commits whatever writes have come together.

use std::sync::{Arc, Mutex};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::{StoreError, held};

/// Writes that share a transaction at most, so that a flood of them does not
/// hold up the loop.
const LARGEST_GROUP: usize = 256;

/// A write that waits for its transaction, and afterwards for its commit.
pub(super) trait Write: Send {
    fn run(&mut self, tx: &Transaction<'_>) -> Kept;
    /// Answers the caller; `failed` if the transaction was.
    fn answer(self: Box<Self>, failed: Option<Arc<rusqlite::Error>>);
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    No,
}

pub(super) struct Job<F, T> {
    write: Option<F>,
    written: Option<rusqlite::Result<T>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job<F, T> {
    pub(super) fn new(write: F, answer: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self { write: Some(write), written: None, answer }
    }
}

impl<F, T> Write for Job<F, T>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, tx: &Transaction<'_>) -> Kept {
        let write = self.write.take().expect("a write runs once");
        let written = self.written.insert(write(tx));
        if written.is_ok() { Kept::Yes } else { Kept::No }
    }

    fn answer(self: Box<Self>, failed: Option<Arc<rusqlite::Error>>) {
        let answer = match (self.written, failed) {
            // Its own error says more than the group's.
            (Some(Err(error)), _) => Err(StoreError::Write(error)),
            (Some(Ok(value)), None) => Ok(value),
            (_, Some(error)) => Err(StoreError::Commit(error)),
            (None, None) => Err(StoreError::Closed),
        };
        // A caller who has left does not want it any more.
        let _ = self.answer.send(answer);
    }
}

/// Commits writes in groups until the last `Store` is gone.
pub(super) async fn commit_groups(
    connection: Arc<Mutex<Connection>>,
    mut waiting: mpsc::UnboundedReceiver<Box<dyn Write>>,
) {
    let mut group = Vec::new();
    while waiting.recv_many(&mut group, LARGEST_GROUP).await > 0 {
        let failed = commit(&mut held(&connection), &mut group).err().map(Arc::new);
        if let Some(error) = &failed {
            tracing::error!(%error, writes = group.len(), "a group of writes was not committed");
        }
        for write in group.drain(..) {
            write.answer(failed.clone());
        }
    }
}

fn commit(connection: &mut Connection, group: &mut [Box<dyn Write>]) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let [alone] = group {
        // Nobody to protect from it: the transaction is its savepoint.
        return match alone.run(&tx) {
            Kept::Yes => keep(tx),
            Kept::No => tx.rollback(),
        };
    }
    for write in group {
        tx.prepare_cached("SAVEPOINT one")?.execute([])?;
        if write.run(&tx) == Kept::No {
            tx.prepare_cached("ROLLBACK TO one")?.execute([])?;
        }
        tx.prepare_cached("RELEASE one")?.execute([])?;
    }
    keep(tx)
}

/// `Transaction::commit` would parse the word each time. If this fails, the
/// dropped transaction is rolled back.
fn keep(tx: Transaction<'_>) -> rusqlite::Result<()> {
    tx.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}
