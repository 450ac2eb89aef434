//! The order book's tables and rows.

use proto::shop::OrderState;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};
use serde::Serialize;

pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS orders(
        id              TEXT PRIMARY KEY,
        user            TEXT NOT NULL,
        state           TEXT NOT NULL,
        amount_cents    INTEGER NOT NULL,
        created_unix_ms INTEGER NOT NULL,
        updated_unix_ms INTEGER NOT NULL,
        settled         INTEGER NOT NULL
    ) WITHOUT ROWID;
";

const COLUMNS: &str = "id, user, state, amount_cents, created_unix_ms, updated_unix_ms, settled";

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) user: String,
    #[serde(serialize_with = "by_name")]
    pub(crate) state: OrderState,
    pub(crate) amount_cents: u64,
    pub(crate) created_unix_ms: u64,
    pub(crate) updated_unix_ms: u64,
    /// Decided by the settler, after the user had been answered.
    pub(crate) settled: bool,
}

/// The state as the ledger writes it.
pub(crate) fn name(state: OrderState) -> &'static str {
    match state {
        OrderState::Unspecified => "unspecified",
        OrderState::Reserved => "reserved",
        OrderState::Charging => "charging",
        OrderState::Confirmed => "confirmed",
        OrderState::Declined => "declined",
        OrderState::Unknown => "unknown",
        OrderState::Pending => "pending",
    }
}

/// Every state an order can be in.
pub(crate) const STATES: [OrderState; 6] = [
    OrderState::Reserved,
    OrderState::Charging,
    OrderState::Confirmed,
    OrderState::Declined,
    OrderState::Unknown,
    OrderState::Pending,
];

fn by_name<S: serde::Serializer>(state: &OrderState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*state))
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<OrderState> {
    let written = row.get_ref(column)?.as_str()?;
    Ok(STATES.into_iter().find(|known| name(*known) == written).unwrap_or_default())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        id: row.get(0)?,
        user: row.get(1)?,
        state: state(row, 2)?,
        amount_cents: row.get(3)?,
        created_unix_ms: row.get(4)?,
        updated_unix_ms: row.get(5)?,
        settled: row.get(6)?,
    })
}

/// Inserts the order, or returns the one that is there already.
pub(crate) fn begin(tx: &Transaction<'_>, order: &Order) -> rusqlite::Result<Option<Order>> {
    let mut select = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM orders WHERE id = ?1"))?;
    if let Some(known) = select.query_row([&order.id], read).optional()? {
        return Ok(Some(known));
    }
    let mut insert = tx.prepare_cached("INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    insert.execute((
        &order.id,
        &order.user,
        name(order.state),
        order.amount_cents,
        order.created_unix_ms,
        order.updated_unix_ms,
        order.settled,
    ))?;
    Ok(None)
}

/// Moves an order on. Returns the state that it was in, or `None` if it stays
/// where it is.
pub(crate) fn advance(
    tx: &Transaction<'_>,
    id: &str,
    to: OrderState,
    amount_cents: Option<u64>,
    settled: bool,
    now_unix_ms: u64,
) -> rusqlite::Result<Option<OrderState>> {
    let mut select = tx.prepare_cached("SELECT state FROM orders WHERE id = ?1")?;
    let before = select.query_row([id], |row| state(row, 0)).optional()?;
    let Some(before) = before.filter(|before| may_move(*before, to)) else {
        return Ok(None);
    };
    let mut update = tx.prepare_cached(
        "UPDATE orders SET state = ?2, amount_cents = COALESCE(?3, amount_cents), settled = settled OR ?4,
         updated_unix_ms = ?5 WHERE id = ?1",
    )?;
    update.execute((id, name(to), amount_cents, settled, now_unix_ms))?;
    Ok(Some(before))
}

/// What is confirmed stays so. An attempt that was interrupted leaves a doubt
/// only where nobody has answered yet.
fn may_move(from: OrderState, to: OrderState) -> bool {
    let answered = matches!(from, OrderState::Declined | OrderState::Pending);
    from != OrderState::Confirmed && !(answered && to == OrderState::Unknown)
}

/// All orders, or those in some states only.
pub(crate) fn select(connection: &Connection, states: &[OrderState]) -> rusqlite::Result<Vec<Order>> {
    let names: Vec<_> = states.iter().map(|state| format!("'{}'", name(*state))).collect();
    let text = format!(
        "SELECT {COLUMNS} FROM orders WHERE state IN ({}) ORDER BY created_unix_ms",
        names.join(", ")
    );
    let mut rows = connection.prepare(&text)?;
    let rows = rows.query_map([], read)?;
    rows.collect()
}

/// One order.
pub(crate) fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Order>> {
    let mut select = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM orders WHERE id = ?1"))?;
    select.query_row([id], read).optional()
}
