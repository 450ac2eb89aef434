//! What is known of a policy beyond its schema: its unit, where its default is from, what it cannot do, and what others
//! call it. The words are data, a file for each family in `lexicon/`; a test holds them against the schema.
//!
//! An entry is named by the field's place in a row: `calls.breaker.window`, `server.queue.limit`, `settler.rate`; `any.`
//! is said of calls and of servers alike, and `*` is a method. A field without names or limits of its own has those of
//! the policy that it belongs to.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use resilience::policy::{path, topology};
use serde::Deserialize;

use super::Explained;

const FILES: [&str; 7] = [
    include_str!("lexicon/answers.yaml"),
    include_str!("lexicon/breaker.yaml"),
    include_str!("lexicon/instances.yaml"),
    include_str!("lexicon/limits.yaml"),
    include_str!("lexicon/queue.yaml"),
    include_str!("lexicon/retry.yaml"),
    include_str!("lexicon/timeouts.yaml"),
];

/// Those whose names are told.
const LIBRARIES: [(&str, &str); 3] =
    [("resilience4j", "resilience4j"), ("envoy", "Envoy"), ("polly", "Polly")];
/// Said where a library has no such thing.
const NONE: &str = "-";

/// What is known of one field, or of a whole policy.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Of a field; a whole policy has none.
    #[serde(default)]
    unit: Option<String>,
    /// Where its default is from: `paper, ..`, `library, ..` or `ours, ..`.
    source: String,
    #[serde(default)]
    cannot: Option<String>,
    /// What libraries call it.
    #[serde(default)]
    names: BTreeMap<String, String>,
}

type Lexicon = BTreeMap<String, Entry>;

/// Says what is known of the field at these keys of a policy document; nothing of what is no policy.
pub(super) fn tell(keys: &[String], explained: &mut Explained) {
    let Some(path) = of_row(keys) else { return };
    let Some(entry) = entry(&path) else { return };
    if let Some(unit) = &entry.unit {
        explained.fact("unit", unit);
    }
    explained.fact("default from", &entry.source);
    let family: Vec<&Entry> = ancestry(&path).into_iter().filter_map(|path| self::entry(&path)).collect();
    explained.fact("cannot", family.iter().find_map(|entry| entry.cannot.clone()).unwrap_or_default());
    for (library, spelled) in LIBRARIES {
        let own = family.first().and_then(|entry| entry.names.get(library)).cloned();
        // A part of what has a name there has none of its own.
        let nearest = || match family.iter().find_map(|entry| entry.names.get(library)) {
            Some(name) if name.starts_with(NONE) => name.clone(),
            Some(name) => format!("{NONE} (a part of {name})"),
            None => NONE.to_owned(),
        };
        explained.fact(&format!("in {spelled}"), own.unwrap_or_else(nearest));
    }
}

/// The keys that a word begins with `policy.` stands for: a whole path, a path in a row (`calls.breaker.window`), or one
/// in a call or a server (`hedge`, `queue.codel`).
pub(super) fn short(word: &str) -> Vec<Vec<String>> {
    let parts: Vec<String> = word.split('.').map(str::to_owned).collect();
    let row = |head: &[&str], rest: &[String]| -> Vec<String> {
        let head = ["services", topology::ANY].iter().chain(head).map(|key| (*key).to_owned());
        head.chain(rest.iter().cloned()).collect()
    };
    match parts[0].as_str() {
        "calls"
            if parts.get(2).is_some_and(|method| topology::methods(&parts[1]).contains(&method.as_str())) =>
        {
            vec![path::split(&format!("services.{}.{word}", topology::ANY))]
        }
        "calls" => vec![row(&["calls", topology::ANY], &parts[1..])],
        "server" | "settler" => vec![row(&[], &parts)],
        _ => vec![row(&["calls", topology::ANY], &parts), row(&["server"], &parts), row(&[], &parts)],
    }
}

/// The place in a row of a path of the document: without service, call and method.
fn of_row(keys: &[String]) -> Option<Vec<String>> {
    let row = match keys {
        [services, _, rest @ ..] if services == "services" => rest,
        [flags, ..] if flags == "flags" => return Some(vec![flags.clone()]),
        _ => return None,
    };
    let mut path = row.to_vec();
    match row {
        [calls, _, ..] if calls == "calls" => {
            path.remove(1);
        }
        [server, map, _, ..] if server == "server" && (map == "bulkheads" || map == "rate_limits") => {
            path[2] = topology::ANY.to_owned();
        }
        _ => {}
    }
    Some(path)
}

/// The path itself, and those above it.
fn ancestry(path: &[String]) -> Vec<Vec<String>> {
    (1..=path.len()).rev().map(|length| path[..length].to_vec()).collect()
}

fn entry(path: &[String]) -> Option<&'static Entry> {
    let lexicon = lexicon();
    let mut path = path.to_vec();
    if path.last().is_some_and(|key| key == topology::ANY) {
        // What is said of a map is said of each of its members.
        path.pop();
    }
    let exact = lexicon.get(&path.join("."));
    exact.or_else(|| {
        "any".clone_into(path.first_mut()?);
        lexicon.get(&path.join("."))
    })
}

fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(|| {
        let files = FILES.iter().map(|file| {
            serde_saphyr::from_str::<Lexicon>(file)
                .expect("the lexicon is YAML of this form; a test reads it")
        });
        files.flatten().collect()
    })
}

#[cfg(test)]
mod tests;
