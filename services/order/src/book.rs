//! The order book: every order and its state, durable at each step, and the
//! list of those that are not settled.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use process::{Store, StoreError};
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};
use proto::shop::OrderState;
use tokio::sync::Notify;

use crate::ledger::{self, Order, STATES, name};

/// The orders of the shop. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Book {
    store: Store,
    open: IntGaugeVec,
    entered: IntCounterVec,
    unsettled: Arc<Unsettled>,
}

#[derive(Default)]
struct Unsettled {
    orders: Mutex<VecDeque<(String, u64)>>,
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
        let book = Self { store, open, entered, unsettled: Arc::default() };
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
            self.open.with_label_values(&[name(state)]).set(i64::try_from(orders.len()).unwrap_or(i64::MAX));
            if is_unsettled(state) {
                let waiting = orders.into_iter().map(|order| (order.id, order.amount_cents));
                self.waiting().extend(waiting);
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
        let known = self.store.write(move |tx| ledger::begin(tx, &order)).await?;
        if known.is_none() {
            self.count(None, OrderState::Reserved);
        }
        Ok(known)
    }

    /// Moves an order to its next state. What was paid for, or may have been,
    /// is durable before this returns.
    pub(crate) async fn advance(
        &self,
        id: &str,
        to: OrderState,
        amount_cents: u64,
    ) -> Result<(), StoreError> {
        let moved = self.write(id, to, amount_cents, false).await?;
        if moved && is_unsettled(to) {
            self.still_unsettled(id.to_owned(), amount_cents);
        }
        Ok(())
    }

    /// Ends an order that was unsettled.
    pub(crate) async fn settle(&self, id: &str, to: OrderState, amount_cents: u64) -> Result<(), StoreError> {
        self.write(id, to, amount_cents, true).await.map(drop)
    }

    async fn write(&self, id: &str, to: OrderState, amount: u64, settled: bool) -> Result<bool, StoreError> {
        let (id, now) = (id.to_owned(), unix_ms());
        let amount = (amount > 0).then_some(amount);
        let from = self.store.write(move |tx| ledger::advance(tx, &id, to, amount, settled, now)).await?;
        if from.is_some() {
            self.count(from, to);
        }
        Ok(from.is_some())
    }

    /// The order that has been unsettled for longest, with its amount; waits
    /// until there is one.
    pub(crate) async fn next_unsettled(&self) -> (String, u64) {
        loop {
            let arrived = self.unsettled.arrived.notified();
            if let Some(order) = self.waiting().pop_front() {
                return order;
            }
            arrived.await;
        }
    }

    /// It could not be settled now.
    pub(crate) fn still_unsettled(&self, id: String, amount_cents: u64) {
        self.waiting().push_back((id, amount_cents));
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

    fn count(&self, from: Option<OrderState>, to: OrderState) {
        if let Some(from) = from {
            self.open.with_label_values(&[name(from)]).dec();
        }
        self.open.with_label_values(&[name(to)]).inc();
        self.entered.with_label_values(&[name(to)]).inc();
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<(String, u64)>> {
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
