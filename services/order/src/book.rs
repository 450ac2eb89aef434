//! The order book: every order and its state, durable at each step, and the
//! list of those that are not settled.

use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use process::{Store, StoreError};
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};
use proto::shop::OrderState;
use rusqlite::Transaction;
use tokio::sync::Notify;

use crate::ledger::{self, Order, STATES, name};

/// The orders of the shop. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Book {
    store: Store,
    tally: Tally,
    unsettled: Arc<Unsettled>,
    claims: Arc<Mutex<HashSet<String>>>,
}

/// How many orders are, and ever were, in each state.
#[derive(Clone)]
struct Tally {
    open: IntGaugeVec,
    entered: IntCounterVec,
}

impl Tally {
    fn count(&self, from: Option<OrderState>, to: OrderState) {
        if let Some(from) = from {
            self.open.with_label_values(&[name(from)]).dec();
        }
        self.open.with_label_values(&[name(to)]).inc();
        self.entered.with_label_values(&[name(to)]).inc();
    }
}

/// See [`Book::claim`]; given up when dropped.
pub(crate) struct Claim {
    id: String,
    claims: Arc<Mutex<HashSet<String>>>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.lock().expect("no panic while claims are held").remove(&self.id);
    }
}

#[derive(Default)]
struct Unsettled {
    orders: Mutex<VecDeque<String>>,
    arrived: Notify,
}

impl Book {
    /// Opens the book. Orders that a predecessor left half-way become unknown:
    /// whoever was charging them is gone.
    pub(crate) async fn open(folder: &Path, registry: &Registry) -> anyhow::Result<Self> {
        let store = Store::open(&folder.join("orders.db"), ledger::SCHEMA)?;
        let open =
            IntGaugeVec::new(Opts::new("lab_orders_open", "Orders that are in this state now"), &["state"])?;
        let entered =
            IntCounterVec::new(Opts::new("lab_orders_total", "Orders that entered this state"), &["state"])?;
        registry.register(Box::new(open.clone())).context("the order book is opened once")?;
        registry.register(Box::new(entered.clone()))?;
        let tally = Tally { open, entered };
        let book = Self { store, tally, unsettled: Arc::default(), claims: Arc::default() };
        book.adopt().await?;
        Ok(book)
    }

    async fn adopt(&self) -> Result<(), StoreError> {
        let now = unix_ms();
        let orphans = [OrderState::Reserved, OrderState::Charging].map(name);
        self.store
            .write(move |tx| {
                let unknown = name(OrderState::Unknown);
                tx.execute(
                    "UPDATE orders SET state = ?1, updated_unix_ms = ?2 WHERE state IN (?3, ?4)",
                    (unknown, now, orphans[0], orphans[1]),
                )
            })
            .await?;
        for state in STATES {
            let orders = self.store.read(|connection| ledger::select(connection, &[state]))?;
            self.tally
                .open
                .with_label_values(&[name(state)])
                .set(i64::try_from(orders.len()).unwrap_or(i64::MAX));
            if is_unsettled(state) {
                self.waiting().extend(orders.into_iter().map(|order| order.id));
            }
        }
        Ok(())
    }

    /// Writes the order down as reserved, or returns the one that is there.
    pub(crate) async fn begin(&self, id: &str, user: &str) -> Result<Option<Order>, StoreError> {
        let now = unix_ms();
        let order = Order {
            id: id.to_owned(),
            user: user.to_owned(),
            state: OrderState::Reserved,
            amount_cents: 0,
            created_unix_ms: now,
            updated_unix_ms: now,
            settled: false,
        };
        // Counted where it is written: a caller who leaves takes no count along.
        let tally = self.tally.clone();
        let begin = move |tx: &Transaction<'_>| {
            let known = ledger::begin(tx, &order)?;
            if known.is_none() {
                tally.count(None, OrderState::Reserved);
            }
            Ok(known)
        };
        self.store.write(begin).await
    }

    /// Moves an order to its next state. What was paid for, or may have been,
    /// is durable before this returns. The write is under way from the call on.
    pub(crate) fn advance(
        &self,
        id: &str,
        to: OrderState,
        amount_cents: u64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        self.write(id, to, amount_cents, false)
    }

    /// Ends an order that was unsettled.
    pub(crate) fn settle(
        &self,
        id: &str,
        to: OrderState,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        self.write(id, to, 0, true)
    }

    fn write(
        &self,
        id: &str,
        to: OrderState,
        amount: u64,
        settled: bool,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let (book, id, now) = (self.clone(), id.to_owned(), unix_ms());
        let amount = (amount > 0).then_some(amount);
        self.store.write(move |tx| {
            let from = ledger::advance(tx, &id, to, amount, settled, now)?;
            if from.is_some() {
                book.tally.count(from, to);
                if is_unsettled(to) {
                    book.still_unsettled(id);
                }
            }
            Ok(())
        })
    }

    /// The right to act on an order, for one at a time: a second attempt that
    /// read the row before the first one wrote it could charge again. `None`
    /// while somebody else has it.
    pub(crate) fn claim(&self, id: &str) -> Option<Claim> {
        let claimed = self.claims.lock().expect("no panic while claims are held").insert(id.to_owned());
        claimed.then(|| Claim { id: id.to_owned(), claims: Arc::clone(&self.claims) })
    }

    /// The order that has been unsettled for longest; waits until there is one.
    pub(crate) async fn next_unsettled(&self) -> String {
        loop {
            let arrived = self.unsettled.arrived.notified();
            if let Some(order) = self.waiting().pop_front() {
                return order;
            }
            arrived.await;
        }
    }

    /// It could not be settled now.
    pub(crate) fn still_unsettled(&self, id: String) {
        self.waiting().push_back(id);
        self.unsettled.arrived.notify_one();
    }

    /// An order's row.
    pub(crate) fn find(&self, id: &str) -> Result<Option<Order>, StoreError> {
        self.store.read(|connection| ledger::find(connection, id))
    }

    /// Every order.
    pub(crate) fn ledger(&self) -> Result<Vec<Order>, StoreError> {
        self.store.read(|connection| ledger::select(connection, &STATES))
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.unsettled.orders.lock().expect("no panic while the list is held")
    }
}

/// Whether money may hang on an order in this state.
fn is_unsettled(state: OrderState) -> bool {
    matches!(state, OrderState::Unknown | OrderState::Pending)
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
