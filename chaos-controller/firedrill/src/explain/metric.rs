//! A metric: what it says, its labels, what others call it, and what to ask of it.

use super::{Explained, glossary};

/// Endings of what a histogram exposes.
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

pub(super) fn explain(word: &str) -> Option<Explained> {
    let rows = glossary::rows();
    let find = |name: &str| rows.iter().find(|row| row.names.iter().any(|known| known == name));
    let stem = PARTS.iter().find_map(|part| word.strip_suffix(part));
    let (name, row) = find(word).map(|row| (word, row)).or_else(|| {
        let stem = stem?;
        Some((stem, find(stem)?))
    })?;
    let mut explained =
        Explained { subject: name.to_owned(), kind: "metric", is: row.says.clone(), ..Explained::default() };
    if row.names.len() > 1 {
        let others: Vec<&str> = row.names.iter().map(String::as_str).filter(|known| *known != name).collect();
        explained.fact("beside it", others.join(", "));
    }
    // Where two metrics of a row differ in their labels, these stand in the order of the names.
    let each: Vec<&str> = row.labels.split(';').map(str::trim).collect();
    let place = row.names.iter().position(|known| known == name).unwrap_or_default();
    let own = if each.len() == row.names.len() { each[place] } else { row.labels.as_str() };
    let labels = if own == "-" { String::new() } else { format!("{own}, ") };
    explained.fact("labels", format!("{labels}and those of every series: job, service, instance"));
    explained.fact("ask", question(name));
    for (whose, called) in ["resilience4j", "Envoy", "linkerd"].into_iter().zip(&row.others) {
        explained.fact(whose, if called == "-" { "nothing like it" } else { called });
    }
    let remarks = glossary::remarks();
    let about = |remark: &&String| {
        remark.contains(name) || (name.ends_with("_duration_seconds") && remark.starts_with("Time"))
    };
    for remark in remarks.iter().filter(about) {
        explained.fact("mind", remark.clone());
    }
    Some(explained)
}

/// A first query, by what kind of metric the name tells.
fn question(name: &str) -> String {
    let query = if name.ends_with("_total") {
        format!("sum by (service) (rate({name}[30s]))")
    } else if name.ends_with("_seconds") && name != "lab_schedule_lag_seconds" {
        format!("histogram_quantile(0.99, sum by (service, le) (rate({name}_bucket[30s])))")
    } else {
        format!("sum by (service) ({name})")
    };
    format!("firedrill query '{query}'")
}
