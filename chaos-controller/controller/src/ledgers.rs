//! The three ledgers, as they are after the settlement, streamed line by line into the run's folder: a ledger of a
//! long run is larger than this process may be. Only what belongs to the run is kept.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use bytes::Bytes;
use evidence::recording;
use http::{Method, header};
use http_body_util::BodyExt as _;
use serde::Deserialize;

use crate::bank::BANK;
use crate::book::Book;
use crate::causes::chain;
use crate::lab::Lab;
use crate::web::{Connection, WebError};

/// An order that was touched so long before the run may have its charge in it.
const TOUCHED_BEFORE_MS: u64 = 1_000;

/// What of a line says whether it belongs to the run.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    id: String,
    reference: Option<String>,
    order_id: Option<String>,
    at_unix_ms: Option<u64>,
    created_unix_ms: Option<u64>,
    updated_unix_ms: Option<u64>,
    state: Option<String>,
}

/// Which lines are the run's.
///
/// ```text
///            run starts
///  order ------|------> charge        an order from before, whose charge falls into the run: neither is the run's
///              | order ---> charge    the run's
/// ```
struct Sieve {
    start_unix_ms: u64,
    /// Orders from before the run that were open at its start.
    crossing: HashSet<String>,
}

/// Fetches all three. Gives what went wrong, per file; a ledger that is not there makes its criterion unknown.
pub(crate) async fn fetch(lab: &Lab, book: &Book) -> Vec<String> {
    let mut sieve = Sieve { start_unix_ms: book.start_unix_ms, crossing: HashSet::new() };
    let mut problems = Vec::new();
    // Orders first: they tell which charges are not the run's.
    for (service, file) in
        [("order", recording::ORDERS), (BANK, recording::CHARGES), ("inventory", recording::STOCK)]
    {
        let path = book.dir.join(file);
        if let Err(error) = fetch_one(lab, &mut sieve, service, &path).await {
            let error = chain(&error);
            tracing::error!(error, file, "ledger is not fetched");
            problems.push(format!("{file}: {error}"));
            // Half a ledger would count as a whole one.
            let _ = std::fs::remove_file(path);
        }
    }
    problems
}

async fn fetch_one(lab: &Lab, sieve: &mut Sieve, service: &'static str, path: &Path) -> Result<(), WebError> {
    let keeper = lab.directory.first(service).ok_or(WebError::Nobody(service))?;
    let mut connection = Connection::open(&keeper.admin).await?;
    let token = if service == BANK { lab.bank.token() } else { &lab.tokens.lab };
    let headers = [(header::AUTHORIZATION, format!("Bearer {token}"))];
    let response = connection.send(Method::GET, "/ledger", &headers, Bytes::new()).await?;
    if !response.status().is_success() {
        return Err(WebError::Status { address: keeper.admin.clone(), status: response.status() });
    }
    let keep = |source| WebError::Keep { address: keeper.admin.clone(), source };
    let mut file = BufWriter::new(File::create(path).map_err(keep)?);
    let mut rest = Vec::new();
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|source| connection.broken(source))?;
        let Ok(data) = frame.into_data() else { continue };
        rest.extend_from_slice(&data);
        let whole = rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        for line in rest[..whole].split_inclusive(|&byte| byte == b'\n') {
            if sieve.keeps(line) {
                file.write_all(line).map_err(keep)?;
            }
        }
        rest.drain(..whole);
    }
    if sieve.keeps(&rest) {
        file.write_all(&rest).map_err(keep)?;
        file.write_all(b"\n").map_err(keep)?;
    }
    file.flush().map_err(keep)
}

impl Sieve {
    /// Whether a line is the run's; what cannot be told is kept.
    fn keeps(&mut self, line: &[u8]) -> bool {
        if line.trim_ascii().is_empty() {
            return false;
        }
        let Ok(row) = serde_json::from_slice::<Row>(line) else { return true };
        if let Some(order) = row.reference.as_ref().or(row.order_id.as_ref()) {
            return !self.crossing.contains(order)
                && row.at_unix_ms.is_none_or(|at| at >= self.start_unix_ms);
        }
        if row.created_unix_ms.is_none_or(|created| created >= self.start_unix_ms) {
            return true;
        }
        let over = matches!(row.state.as_deref(), Some("confirmed" | "declined"));
        let touched = row.updated_unix_ms.is_some_and(|at| at + TOUCHED_BEFORE_MS >= self.start_unix_ms);
        if touched || !over {
            self.crossing.insert(row.id);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sieve() -> Sieve {
        Sieve { start_unix_ms: 10_000, crossing: HashSet::new() }
    }

    #[test]
    fn only_lines_of_the_run_are_kept() {
        let mut sieve = sieve();
        assert!(sieve.keeps(b"{\"id\":\"c\",\"reference\":\"a\",\"at_unix_ms\":10000}\n"));
        assert!(!sieve.keeps(b"{\"id\":\"c\",\"reference\":\"a\",\"at_unix_ms\":9999}\n"));
        assert!(sieve.keeps(b"{\"id\":\"a\",\"state\":\"confirmed\",\"created_unix_ms\":10000}\n"));
        assert!(
            !sieve.keeps(
                b"{\"id\":\"a\",\"state\":\"confirmed\",\"created_unix_ms\":1,\"updated_unix_ms\":2}\n"
            )
        );
        assert!(!sieve.keeps(b"\n"));
    }

    #[test]
    fn an_order_from_before_takes_its_late_charge_with_it() {
        let mut sieve = sieve();
        let orders: [&[u8]; 2] = [
            b"{\"id\":\"open\",\"state\":\"charging\",\"created_unix_ms\":1,\"updated_unix_ms\":2}",
            b"{\"id\":\"late\",\"state\":\"confirmed\",\"created_unix_ms\":9900,\"updated_unix_ms\":10050}",
        ];
        for order in orders {
            assert!(!sieve.keeps(order));
        }
        for id in ["open", "late"] {
            assert!(!sieve.keeps(format!("{{\"reference\":\"{id}\",\"at_unix_ms\":10010}}").as_bytes()));
            assert!(!sieve.keeps(format!("{{\"order_id\":\"{id}\",\"sku\":\"s\"}}").as_bytes()));
        }
        assert!(
            sieve.keeps(b"{\"reference\":\"nobody's\",\"at_unix_ms\":10010}"),
            "a lost charge stays visible"
        );
    }
}
