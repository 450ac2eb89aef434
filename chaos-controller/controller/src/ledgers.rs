//! The three ledgers, as they are after the settlement, streamed line by line into the run's folder: a ledger of a
//! long run is larger than this process may be. Only what belongs to the run is kept.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use bytes::Bytes;
use http::{Method, header};
use http_body_util::BodyExt as _;
use serde::Deserialize;

use crate::bank::BANK;
use crate::book::Book;
use crate::lab::Lab;
use crate::web::{Connection, WebError};

/// A ledger: who keeps it, and its file in the run's folder.
const LEDGERS: [(&str, &str); 3] =
    [(BANK, "ledgers/charges.jsonl"), ("order", "ledgers/orders.jsonl"), ("inventory", "ledgers/stock.jsonl")];

/// The times in any ledger's line.
#[derive(Deserialize)]
struct Times {
    at_unix_ms: Option<u64>,
    created_unix_ms: Option<u64>,
}

/// Fetches all three. Gives what went wrong, per file; a ledger that is not there makes its criterion unknown.
pub(crate) async fn fetch(lab: &Lab, book: &Book) -> Vec<String> {
    let mut problems = Vec::new();
    for (service, file) in LEDGERS {
        if let Err(error) = fetch_one(lab, book, service, &book.dir.join(file)).await {
            tracing::error!(%error, file, "ledger is not fetched");
            problems.push(format!("{file}: {error}"));
            // Half a ledger would count as a whole one.
            let _ = std::fs::remove_file(book.dir.join(file));
        }
    }
    problems
}

async fn fetch_one(lab: &Lab, book: &Book, service: &'static str, path: &Path) -> Result<(), WebError> {
    let keeper = lab.directory.first(service).ok_or(WebError::Nobody(service))?;
    let mut connection = Connection::open(&keeper.admin).await?;
    let token = if service == BANK { lab.bank.token() } else { &lab.tokens.lab };
    let headers = [(header::AUTHORIZATION, format!("Bearer {token}"))];
    let since = format!("/ledger?since_ms={}", book.start_unix_ms);
    let response = connection.send(Method::GET, &since, &headers, Bytes::new()).await?;
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
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            if is_of_run(&line, book.start_unix_ms) {
                file.write_all(&line).map_err(keep)?;
            }
        }
    }
    if is_of_run(&rest, book.start_unix_ms) {
        file.write_all(&rest).map_err(keep)?;
        file.write_all(b"\n").map_err(keep)?;
    }
    file.flush().map_err(keep)
}

/// Whether a line was written in the run; one that tells no time is kept.
fn is_of_run(line: &[u8], start_unix_ms: u64) -> bool {
    if line.trim_ascii().is_empty() {
        return false;
    }
    let Ok(times) = serde_json::from_slice::<Times>(line) else { return true };
    times.created_unix_ms.or(times.at_unix_ms).is_none_or(|at| at >= start_unix_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_the_run_are_kept() {
        assert!(is_of_run(b"{\"id\":\"a\",\"at_unix_ms\":10}\n", 10));
        assert!(!is_of_run(b"{\"id\":\"a\",\"at_unix_ms\":9}\n", 10));
        assert!(!is_of_run(b"{\"id\":\"a\",\"created_unix_ms\":9,\"updated_unix_ms\":12}\n", 10));
        assert!(is_of_run(b"{\"order_id\":\"a\",\"sku\":\"s\"}\n", 10), "stock tells no time");
        assert!(!is_of_run(b"\n", 10));
    }
}
