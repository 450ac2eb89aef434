//! A path into the policy or into a drill: what its schema says, and of a policy also what is in force.

use resilience::policy::{self, Problem, Snapshot, path, topology};
use serde_json::{Value, json};

use super::{Explained, InForce, lexicon, schema, tradeoff};

/// Depth at which paths are offered to whoever mistyped one.
const DEPTH: usize = 7;
const ROOTS: [&str; 3] = ["services", "flags", "version"];

/// A path into the policy document; `services.` may be left out, and after `policy.` also the row.
pub(super) fn policy(word: &str, lab: Option<&InForce>) -> Option<Explained> {
    let schema = policy::schema();
    let meant = match word.strip_prefix("policy.") {
        Some(short) => lexicon::short(short),
        None => policy_keys(word).into_iter().collect(),
    };
    let mut there = meant.into_iter().filter_map(|keys| Some((schema::place(&schema, &keys)?, keys)));
    let (place, keys) = there.next()?;
    let mut explained = explained(path::join(&keys), "policy", place);
    for (_, other) in there {
        explained.fact("also", path::join(&other));
    }
    if let Some(default) = default_at(&keys) {
        // An order that is not said is the one that the description lists.
        let empty = default.as_array().is_some_and(Vec::is_empty);
        explained.fact("default", if empty { "the order above".to_owned() } else { written(&default) });
    }
    lexicon::tell(&keys, &mut explained);
    // Of a row of defaults nothing is in force by itself.
    if let Some(lab) = lab.filter(|lab| {
        keys.get(1).is_none_or(|service| service != topology::ANY) || at(&lab.document, &keys).is_some()
    }) {
        match in_force(&lab.document, lab.version, &keys) {
            Some(value) => {
                explained.fact("in force", format!("{} (policy v{})", written(&value), lab.version))
            }
            None => explained.fact("in force", format!("nothing (policy v{})", lab.version)),
        }
        explained
            .fact("said by", said_by(&lab.document, &keys).unwrap_or("no row: it is the default".to_owned()));
    }
    if let Some((metric, cost)) = tradeoff::of(&keys) {
        explained.fact("trade-off", cost);
        explained.fact("shows in", format!("{metric} (`firedrill explain {metric}`)"));
    }
    if keys == ["flags"] {
        explained.fact("change it", "firedrill policy set 'flags.checkout=off' --reason '...'".to_owned());
    }
    if keys.len() > 2 {
        let short = path::join(&keys);
        let short = short.strip_prefix("services.").unwrap_or(&short).to_owned();
        explained.fact("change it", format!("firedrill policy set '{short}=...' --reason '...'"));
    }
    Some(explained)
}

/// The word without `policy.`, where what follows is a whole path by itself.
pub(super) fn whole(word: &str) -> &str {
    word.strip_prefix("policy.").filter(|path| policy_keys(path).is_some()).unwrap_or(word)
}

/// Why a policy with this path would be refused, whatever stands there: `payment` has no such call, or no such setting.
pub(super) fn refused(word: &str) -> Option<Problem> {
    let keys = policy_keys(word)?;
    let (depth, sample) = match keys.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, _, "calls", _, "idempotency", ..] => (5, json!("on")),
        [_, _, "calls", _, "shift", ..] => (5, json!({})),
        [_, _, "calls", _, "fallback", ..] => (5, json!("pending")),
        [_, _, "calls", _, ..] => (4, json!({})),
        [_, _, "server", "bulkheads", _, ..] => (5, json!(1)),
        [_, _, "settler", ..] => (3, json!({"rate": 1})),
        [_, _, "deadline", ..] => (3, json!("1s")),
        _ => return None,
    };
    let mut document = keys[..depth].iter().rev().fold(sample, |below, key| json!({ key.as_str(): below }));
    document["version"] = json!(1);
    policy::parse(&document).err()?.into_iter().find(|problem| keys.starts_with(&problem.keys))
}

/// A path into a drill, a candidate or a fault; the file's name may stand before it.
pub(super) fn drill(word: &str) -> Option<Explained> {
    let keys = path::split(word);
    let (first, rest) = keys.split_first()?;
    let files: [(&str, &Value); 3] = [
        ("drill", drill::drill_schema()),
        ("candidate", drill::candidate_schema()),
        ("answer", drill::answer_schema()),
    ];
    let fault = fault::schema();
    for (name, file) in files.into_iter().chain([("fault", &fault)]) {
        let keys = if first == name { rest } else { keys.as_slice() };
        if let Some(place) = schema::place(file, keys).filter(|_| !keys.is_empty() || first == name) {
            return Some(explained(word.to_owned(), name_of(name), place));
        }
    }
    None
}

/// Paths that are near a word, by their last keys.
pub(super) fn near(word: &str) -> Vec<String> {
    let last = word.rsplit('.').next().unwrap_or(word);
    let mut found: Vec<(f64, String)> = Vec::new();
    let policies = schema::paths(&policy::schema(), DEPTH);
    let drills = schema::paths(drill::drill_schema(), 4).into_iter().map(|path| format!("drill.{path}"));
    for path in policies.into_iter().chain(drills).filter(|path| !path.contains(".variants.")) {
        let key = path.rsplit('.').next().unwrap_or_default();
        if !controller::answers::near(last, [key]).is_empty() {
            let path = match word.split('.').find(|key| topology::is_service(key)) {
                Some(service) => path.replacen("services.*", &format!("services.{service}"), 1),
                None => path,
            };
            let whole = controller::answers::nearness(word, &path);
            found.push((whole, path));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().take(3).map(|(_, path)| path).collect()
}

fn name_of(file: &str) -> &'static str {
    match file {
        "drill" => "drill.yaml",
        "candidate" => "candidates/*.yaml",
        "answer" => "answer.yaml",
        _ => "fault",
    }
}

fn explained(subject: String, kind: &'static str, place: schema::Place) -> Explained {
    let is =
        if place.description.is_empty() { "a block of the document".to_owned() } else { place.description };
    let mut explained = Explained { subject, kind, is: is.replace('\n', " "), ..Explained::default() };
    explained.fact("takes", place.allowed);
    explained.fact("keys", place.keys.join(", "));
    explained
}

/// The keys of a path into the policy; `None` if no such thing is there to be said of the shop.
fn policy_keys(word: &str) -> Option<Vec<String>> {
    let first = path::split(word).into_iter().next()?;
    let known = topology::is_service(&first) || first == topology::ANY;
    let keys = if ROOTS.contains(&first.as_str()) {
        path::split(word)
    } else if known {
        path::split(&format!("services.{word}"))
    } else {
        return None;
    };
    let service = keys.get(1).filter(|_| keys[0] == "services");
    if service.is_some_and(|service| !topology::is_service(service) && service != topology::ANY) {
        return None;
    }
    Some(keys)
}

/// What is in force, every default filled in: one service's row, or a flag.
fn in_force(document: &Value, version: u64, keys: &[String]) -> Option<Value> {
    match keys {
        [services, service, rest @ ..] if services == "services" && topology::is_service(service) => {
            let document = policy::parse(document).ok()?;
            let row = Snapshot::of(&document, version, service).in_force();
            at(&row, rest).cloned()
        }
        _ => at(document, keys).cloned(),
    }
}

/// What an empty document comes to.
fn default_at(keys: &[String]) -> Option<Value> {
    let [services, service, _, ..] = keys else { return None };
    if services != "services" {
        return None;
    }
    // A field may be one that only some service or some call has.
    if service == topology::ANY {
        let services = topology::SERVICES.iter().map(|(name, _)| *name);
        return services.filter(|name| *name != topology::ANY).find_map(|name| default_in(name, keys));
    }
    default_in(service, keys)
}

fn default_in(service: &str, keys: &[String]) -> Option<Value> {
    let mut keys = keys.to_vec();
    service.clone_into(&mut keys[1]);
    if keys.len() > 4 && keys[2] == "calls" && keys[3] == topology::ANY {
        return topology::calls(service).find_map(|(target, method)| {
            keys[3] = format!("{target}.{method}");
            default_of(&keys)
        });
    }
    default_of(&keys)
}

fn default_of(keys: &[String]) -> Option<Value> {
    let empty = serde_json::json!({"version": 1, "services": {}});
    in_force(&empty, 0, keys).or_else(|| {
        // What is inside a policy that is off by default: as if it were on, with nothing else said.
        let parent = keys.len().checked_sub(1)?;
        let mut on = serde_json::json!({});
        for key in keys[..parent].iter().rev() {
            on = serde_json::json!({ key.as_str(): on });
        }
        on["version"] = serde_json::json!(1);
        in_force(&on, 0, keys)
    })
}

/// The strongest row that says something about the path.
fn said_by(document: &Value, keys: &[String]) -> Option<String> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    match keys {
        [services, service, calls, call, rest @ ..] if services == "services" && calls == "calls" => {
            for (service, call) in
                [(service.as_str(), call.as_str()), (service, "*"), ("*", call), ("*", "*")]
            {
                let head = ["services", service, "calls", call].map(str::to_owned);
                rows.push(head.into_iter().chain(rest.iter().cloned()).collect());
            }
        }
        [services, service, rest @ ..] if services == "services" => {
            for service in [service.as_str(), "*"] {
                let head = ["services", service].map(str::to_owned);
                rows.push(head.into_iter().chain(rest.iter().cloned()).collect());
            }
        }
        _ => rows.push(keys.to_vec()),
    }
    // A row that switches off what is above the path speaks about the path, too.
    rows.into_iter().find_map(|row| {
        (2..=row.len()).rev().find_map(|length| {
            let said = at(document, &row[..length])?;
            (length == row.len() || said == "off").then(|| format!("`{}`", path::join(&row[..length])))
        })
    })
}

fn at<'a>(value: &'a Value, keys: &[String]) -> Option<&'a Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}: {}", written(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(written).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
