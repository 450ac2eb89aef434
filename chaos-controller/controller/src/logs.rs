//! The logs of the lab: JSON lines in a file per process, read from their ends. A file that has grown to gigabytes
//! costs as much as a small one: no more than [`MOST_READ`] of it is looked at, and the answer says so.
//!
//! The shop's own logs are for everybody. The bank is somebody else's, and the generator, the guard and the controller
//! know what is done to the lab: theirs are for operators.

use std::fs::File;
use std::io::{self, Read as _, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde_json::{Map, Value};

use crate::api::Role;
use crate::api::logs::{LogLine, LogQuery, Logs};
use crate::directory::SHOP;

/// Bytes of one file that one question may read.
const MOST_READ: u64 = 4 << 20;
/// Bytes that are read at once.
const BLOCK: u64 = 64 << 10;
/// Lines of an answer, if nobody says how many.
const LIMIT: usize = 200;
const MOST: usize = 5_000;
const LEVELS: [&str; 4] = ["ERROR", "WARN", "INFO", "DEBUG"];

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    /// A level that is none.
    #[error("no level `{0}`; there are error, warn, info and debug")]
    Level(String),
    /// Nobody of that name has a log here.
    #[error("no log of `{name}`; there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is, for this role.
        known: String,
    },
    /// The folder or a file could not be read.
    #[error("failed to read the logs")]
    Unreadable(#[from] io::Error),
}

/// A query with its words understood.
struct Wanted {
    level: usize,
    trace: String,
    since_us: Option<u64>,
    limit: usize,
}

/// The newest lines that match, of the logs in `dir` that `role` may read, oldest first.
pub(crate) fn read(dir: &Path, role: Role, query: &LogQuery) -> Result<Logs, LogError> {
    let level = query.level.as_deref().unwrap_or("DEBUG");
    let wanted = Wanted {
        level: rank(level).ok_or_else(|| LogError::Level(level.to_owned()))?,
        trace: query.trace.as_deref().unwrap_or_default().to_lowercase(),
        since_us: query.since_ms.map(|ms| (ms * 1e3).round().max(0.0) as u64),
        limit: query.limit.unwrap_or(LIMIT).min(MOST),
    };
    let mut instances = instances(dir)?;
    instances.retain(|instance| role == Role::Operator || SHOP.contains(&service_of(instance)));
    if let Some(name) = query.service.as_deref().filter(|name| !name.is_empty()) {
        let known = instances.join(", ");
        instances.retain(|instance| instance == name || service_of(instance) == name);
        if instances.is_empty() {
            return Err(LogError::Unknown { name: name.to_owned(), known });
        }
    }
    let mut logs = Logs::default();
    for instance in &instances {
        let mut file = File::open(dir.join(format!("{instance}.log")))?;
        let written_us = written_us(&file)?;
        let (lines, cut) = tail(&mut file, written_us, instance, &wanted)?;
        logs.lines.extend(lines);
        if cut {
            logs.cut.push(instance.clone());
        }
    }
    // Stable: lines of one process stay in their order.
    logs.lines.sort_by_key(|line| line.unix_us);
    let too_many = logs.lines.len().saturating_sub(wanted.limit);
    logs.lines.drain(..too_many);
    Ok(logs)
}

/// Everybody who has a log, by name.
fn instances(dir: &Path) -> io::Result<Vec<String>> {
    let mut instances = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        instances.extend(name.to_str().and_then(|name| name.strip_suffix(".log")).map(str::to_owned));
    }
    instances.sort();
    Ok(instances)
}

/// `payment` of `payment-0`; `guard` of `guard`.
fn service_of(instance: &str) -> &str {
    match instance.rsplit_once('-') {
        Some((service, number)) if number.bytes().all(|b| b.is_ascii_digit()) => service,
        _ => instance,
    }
}

/// When somebody last wrote to a file, microseconds of Unix time.
fn written_us(file: &File) -> io::Result<u64> {
    let since = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// Matching lines of one file that was last written to at `written_us`, oldest first, and whether there may be more
/// before them.
///
/// Words that are no JSON (a panic) have no time. At the end of the file it is that of the last write; elsewhere they
/// come just after the line before them, each a microsecond later, so that whoever follows the log sees each once.
fn tail(
    file: &mut (impl io::Read + io::Seek),
    written_us: u64,
    instance: &str,
    wanted: &Wanted,
) -> io::Result<(Vec<LogLine>, bool)> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut at = end;
    let mut newest_first: Vec<LogLine> = Vec::new();
    // The beginning of a line whose end was read already.
    let mut rest: Vec<u8> = Vec::new();
    let mut loose: Vec<String> = Vec::new();
    let mut at_end = true;
    // A line without its end is still being written.
    let mut whole = false;
    let said = |loose: &mut Vec<String>, at_end: bool, before_us: u64| -> Vec<LogLine> {
        let number = loose.len() as u64;
        let least_us = if at_end { written_us } else { 0 };
        let stamps = (0..number).map(|newer| (before_us + number - newer).max(least_us));
        let lines = stamps.zip(loose.drain(..)).map(|(unix_us, text)| words(instance, unix_us, text));
        lines.filter(|line| wanted.fits(line) && wanted.is_new(line)).collect()
    };
    while at > 0 && end - at < MOST_READ {
        let size = BLOCK.min(at);
        at -= size;
        file.seek(SeekFrom::Start(at))?;
        let mut block = Vec::with_capacity(size as usize + rest.len());
        file.by_ref().take(size).read_to_end(&mut block)?;
        block.append(&mut rest);
        if !whole {
            block.truncate(block.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1));
            whole = !block.is_empty();
        }
        let begin =
            if at == 0 { 0 } else { block.iter().position(|b| *b == b'\n').map_or(block.len(), |n| n + 1) };
        for text in block[begin..].split(|b| *b == b'\n').rev().filter(|text| !text.is_empty()) {
            let Some(line) = parse(instance, text) else {
                loose.push(String::from_utf8_lossy(text).into_owned());
                continue;
            };
            newest_first.extend(said(&mut loose, at_end, line.unix_us));
            at_end = false;
            if !wanted.is_new(&line) {
                return Ok((in_order(newest_first), false));
            }
            if wanted.fits(&line) {
                newest_first.push(line);
            }
            if newest_first.len() >= wanted.limit {
                return Ok((in_order(newest_first), false));
            }
        }
        block.truncate(begin);
        rest = block;
    }
    newest_first.extend(said(&mut loose, at_end, 0));
    Ok((in_order(newest_first), at > 0))
}

fn in_order(mut newest_first: Vec<LogLine>) -> Vec<LogLine> {
    newest_first.reverse();
    newest_first
}

/// A line as the processes write it.
fn parse(instance: &str, text: &[u8]) -> Option<LogLine> {
    let mut fields: Map<String, Value> = serde_json::from_slice(text).ok()?;
    let mut take = |key: &str| match fields.shift_remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let time: jiff::Timestamp = take("timestamp")?.parse().ok()?;
    let line = LogLine {
        unix_us: u64::try_from(time.as_microsecond()).ok()?,
        level: take("level")?,
        service: service_of(instance).to_owned(),
        instance: instance.to_owned(),
        target: take("target").unwrap_or_default(),
        message: take("message").unwrap_or_default(),
        trace_id: take("trace_id"),
        fields: Map::new(),
    };
    Some(LogLine { fields, ..line })
}

/// What a process said outside of its log, which is never good.
fn words(instance: &str, unix_us: u64, text: String) -> LogLine {
    LogLine {
        unix_us,
        level: "ERROR".to_owned(),
        service: service_of(instance).to_owned(),
        instance: instance.to_owned(),
        target: String::new(),
        message: text,
        trace_id: None,
        fields: Map::new(),
    }
}

/// 0 is the gravest.
fn rank(level: &str) -> Option<usize> {
    LEVELS.iter().position(|known| known.eq_ignore_ascii_case(level))
}

impl Wanted {
    fn is_new(&self, line: &LogLine) -> bool {
        self.since_us.is_none_or(|since| line.unix_us > since)
    }

    fn fits(&self, line: &LogLine) -> bool {
        rank(&line.level).is_some_and(|rank| rank <= self.level)
            && (self.trace.is_empty() || line.trace_id.as_ref().is_some_and(|id| id.starts_with(&self.trace)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn line(second: u32, level: &str, message: &str) -> String {
        format!(
            "{{\"timestamp\":\"2026-11-22T14:00:{second:02}.5Z\",\"level\":\"{level}\",\"message\":\"{message}\",\
             \"version\":{second},\"trace_id\":\"4bf9\",\"target\":\"mesh::policy\"}}\n"
        )
    }

    fn wanted(limit: usize) -> Wanted {
        Wanted { level: 3, trace: String::new(), since_us: None, limit }
    }

    fn told(text: &str, wanted: &Wanted) -> Vec<String> {
        let (lines, _) = tail(&mut Cursor::new(text.as_bytes()), 0, "payment-0", wanted).unwrap();
        lines.into_iter().map(|line| line.message).collect()
    }

    #[test]
    fn the_newest_lines_come_in_their_order() {
        let text = line(1, "INFO", "a") + &line(2, "WARN", "b") + &line(3, "INFO", "c");
        assert_eq!(told(&text, &wanted(2)), ["b", "c"]);
        assert_eq!(told(&text, &Wanted { level: 1, ..wanted(9) }), ["b"]);
        assert_eq!(told(&text, &Wanted { trace: "4b".into(), ..wanted(9) }), ["a", "b", "c"]);
        assert_eq!(told(&text, &Wanted { trace: "5".into(), ..wanted(9) }), [""; 0]);
        let since_us = parse("x", line(2, "INFO", "b").as_bytes()).map(|line| line.unix_us);
        assert_eq!(told(&text, &Wanted { since_us, ..wanted(9) }), ["c"]);
    }

    #[test]
    fn a_line_is_taken_apart() {
        let parsed = parse("payment-0", line(7, "INFO", "policy applied").as_bytes()).unwrap();
        assert_eq!((parsed.service.as_str(), parsed.message.as_str()), ("payment", "policy applied"));
        assert_eq!((parsed.fields["version"].as_u64(), parsed.trace_id.as_deref()), (Some(7), Some("4bf9")));
        assert_eq!(parsed.fields.len(), 1);
    }

    #[test]
    fn lines_across_blocks_are_whole_and_a_long_file_is_cut() {
        let long = "x".repeat(700);
        let text: String = (0..20_000).map(|n| line(n % 60, "INFO", &format!("{n} {long}"))).collect();
        let (lines, cut) = tail(&mut Cursor::new(text.as_bytes()), 0, "payment-0", &wanted(MOST)).unwrap();
        let numbers: Vec<u32> =
            lines.iter().map(|line| line.message.split(' ').next().unwrap().parse().unwrap()).collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "a line is missing or broken");
        assert_eq!((numbers.last(), cut), (Some(&19_999), false));
        let (_, cut) =
            tail(&mut Cursor::new(text.as_bytes()), 0, "payment-0", &Wanted { level: 0, ..wanted(9) })
                .unwrap();
        assert!(cut, "there may be errors before what was read");
    }

    #[test]
    fn a_panic_is_an_error_of_the_moment_before_it() {
        let text = line(1, "INFO", "a") + "thread 'main' panicked\nat x.rs\n" + &line(2, "INFO", "b");
        assert_eq!(told(&text, &wanted(9)), ["a", "thread 'main' panicked", "at x.rs", "b"]);
    }

    #[test]
    fn whoever_follows_sees_a_panic_once() {
        let second = |n| parse("x", line(n, "INFO", "").as_bytes()).unwrap().unix_us;
        let follow = |text: &str, written_us: u64, since_us: u64| -> Vec<(String, u64)> {
            let wanted = Wanted { since_us: Some(since_us), ..wanted(9) };
            let (lines, _) =
                tail(&mut Cursor::new(text.as_bytes()), written_us, "payment-0", &wanted).unwrap();
            lines.into_iter().map(|line| (line.message, line.unix_us)).collect()
        };
        let mut text = line(1, "INFO", "a") + "thread 'main' panicked\nat x.rs\n";
        // Another process wrote a line at 2, after the last one here; the panic came at 3.
        let told = follow(&text, second(3), second(2));
        assert_eq!(
            told,
            [("thread 'main' panicked".to_owned(), second(3)), ("at x.rs".to_owned(), second(3))]
        );
        assert_eq!(follow(&text, second(3), second(3)), []);
        text += &line(4, "INFO", "b");
        assert_eq!(follow(&text, second(4), second(3)), [("b".to_owned(), second(4))]);
        // Without another process, and with a line after it.
        let told = follow(&text, second(4), second(1));
        let stamps: Vec<u64> = told.iter().map(|line| line.1).collect();
        assert_eq!(stamps, [second(1) + 1, second(1) + 2, second(4)]);
        // Nothing but words.
        assert_eq!(follow("abort\n", second(3), second(2)).len(), 1);
        assert_eq!(follow("abort\n", second(3), second(3)).len(), 0);
    }

    #[test]
    fn a_line_is_held_back_until_it_is_whole() {
        let (text, half) = (line(1, "INFO", "a"), line(2, "WARN", "b"));
        assert_eq!(told(&(text.clone() + &half[..40]), &wanted(9)), ["a"]);
        assert_eq!(told(&half[..40], &wanted(9)), [""; 0]);
        assert_eq!(told(&(text + &"x".repeat(3 * BLOCK as usize)), &wanted(9)), ["a"]);
    }

    #[test]
    fn only_operators_read_what_is_not_the_shop_s() {
        let dir = std::env::temp_dir().join(format!("firedrill-logs-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        for instance in ["payment-0", "bank-0", "guard", "controller", "traffic-0"] {
            std::fs::write(dir.join(format!("{instance}.log")), line(1, "INFO", instance)).unwrap();
        }
        let told = |role, service: Option<&str>| {
            let query = LogQuery { service: service.map(str::to_owned), ..LogQuery::default() };
            read(&dir, role, &query).map(|logs| logs.lines.len())
        };
        assert_eq!(told(Role::Operator, None).unwrap(), 5);
        assert_eq!(told(Role::Candidate, None).unwrap(), 1);
        assert_eq!(told(Role::Operator, Some("bank")).unwrap(), 1);
        let refused = told(Role::Observer, Some("bank")).unwrap_err().to_string();
        assert_eq!(refused, "no log of `bank`; there are payment-0");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
