//! Traces as a list: first where they broke, by how many, then the newest a line each. A list is as wide as its reader
//! has room for; what says least goes first (spans, services), and what broke stays to the end.

use std::path::Path;

use controller::api::traces::TraceList;
use evidence::traces::{Group, How, Summary};

use crate::output::table;
use crate::paint::Paint;
use crate::waterfall::{length, run_time};

/// Digits of an id in a list: enough to be unique among what a store holds.
pub(crate) const DIGITS: usize = 8;
/// Kinds of trouble named one by one.
const KINDS: usize = 8;
/// An operation is not cut below this.
const LEAST_OPERATION: usize = 12;
/// Nor are the words for what broke.
const LEAST_BROKEN: usize = 16;

/// A list, ready to be written.
pub(crate) struct Listing<'a> {
    pub(crate) list: &'a TraceList,
    /// Heads the column of durations that were looked for, if those are not the request's.
    pub(crate) matched: Option<&'a str>,
    /// Where it was read, if not in a lab.
    pub(crate) run: Option<&'a Path>,
    pub(crate) width: usize,
    pub(crate) paint: Paint,
}

impl Listing<'_> {
    pub(crate) fn text(&self) -> String {
        let mut text = self.groups();
        for line in self.rows().lines() {
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
        for line in self.footer() {
            text.push_str(&self.paint.faint(&line));
            text.push('\n');
        }
        text
    }

    /// `1,204  payment waits for bank   such as 1fbf97ed`.
    fn groups(&self) -> String {
        let found = &self.list.found;
        if found.groups.is_empty() {
            return String::new();
        }
        let all = if found.grouped == found.matched { "" } else { "the newest " };
        let head = format!("where they broke, of {all}{} that match:", thousands(found.grouped as u64));
        let shown = &found.groups[..found.groups.len().min(KINDS)];
        let words: Vec<String> = shown.iter().map(words).collect();
        let room = self.width.saturating_sub(30).max(LEAST_BROKEN);
        let widest = words.iter().map(|words| words.chars().count()).max().unwrap_or_default().min(room);
        let mut text = self.paint.strong(&head) + "\n";
        for (group, words) in shown.iter().zip(words) {
            let example = group.example.to_string();
            let such = self.paint.faint(&format!("such as {}", &example[..DIGITS]));
            let count = thousands(group.count as u64);
            text.push_str(&format!("{count:>8}  {:<widest$}  {such}\n", cut(&words, widest)));
        }
        let more = found.groups.len() - shown.len();
        if more > 0 {
            text.push_str(&format!("{:>8}  other kinds\n", more));
        }
        text + "\n"
    }

    fn rows(&self) -> String {
        let traces = &self.list.found.traces;
        let narrow = |detail: Detail, operation: usize, broken: usize| {
            let rows: Vec<Vec<String>> =
                traces.iter().map(|trace| self.row(trace, detail, operation, broken)).collect();
            let matched = self.matched.map(str::to_uppercase);
            let clock = if self.list.zero_unix_ms == 0 { "TIME (UTC)" } else { "TIME" };
            let mut head = vec![clock, "TRACE", "OPERATION", "TOOK"];
            head.extend(matched.as_deref());
            head.extend(["RESULT", "FIRST BROKEN"]);
            if detail == Detail::All {
                head.extend(["SPANS", "SERVICES"]);
            }
            table(&head, &rows)
        };
        let wide = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        for detail in [Detail::All, Detail::Some, Detail::Least] {
            let text = narrow(detail, usize::MAX, usize::MAX);
            if wide(&text) <= self.width {
                return text;
            }
        }
        // What is too much is first taken from the operations, then from the words, whose figures go first.
        let least = narrow(Detail::Least, 0, 0);
        let operations = traces.iter().map(|trace| operation(trace, Detail::Least).chars().count());
        let operations = operations.max().unwrap_or_default();
        let room = (self.width + LEAST_OPERATION + LEAST_BROKEN).saturating_sub(wide(&least));
        let kinds = traces.iter().map(|trace| broken(trace, usize::MAX).chars().count());
        let kinds = kinds.max().unwrap_or_default();
        let for_operation =
            room.saturating_sub(kinds).clamp(LEAST_OPERATION, operations.max(LEAST_OPERATION));
        narrow(Detail::Least, for_operation, room.saturating_sub(for_operation))
    }

    fn row(&self, trace: &Summary, detail: Detail, wide: usize, words: usize) -> Vec<String> {
        let result = match (trace.error, trace.errors) {
            (true, _) => "failed".to_owned(),
            (false, errors) if errors > 0 && detail != Detail::Least => format!("ok, {errors} inside failed"),
            (false, _) => "ok".to_owned(),
        };
        let mut cells = vec![
            run_time(trace.start_unix_ns, self.list.zero_unix_ms),
            trace.trace.to_string()[..DIGITS].to_owned(),
            cut(&operation(trace, detail), wide.max(LEAST_OPERATION)),
            length(trace.took_ns),
        ];
        if self.matched.is_some() {
            cells.push(trace.matched_ns.map_or_else(|| "-".to_owned(), length));
        }
        cells.extend([result, broken(trace, words.max(LEAST_BROKEN))]);
        if detail == Detail::All {
            cells.extend([trace.spans.to_string(), trace.services.len().to_string()]);
        }
        cells
    }

    fn footer(&self) -> Vec<String> {
        let found = &self.list.found;
        let mut lines = vec![format!(
            "{} of {} that match, the newest first; {} traces are held",
            thousands(found.traces.len() as u64),
            thousands(found.matched as u64),
            thousands(found.kept.traces as u64)
        )];
        if found.rootless > 0 {
            lines.push(format!(
                "of {} the first span is not here (fragments): they are last and begin with `...`",
                thousands(found.rootless as u64)
            ));
        }
        if let Some(matched) = self.matched {
            lines.push(format!(
                "TOOK is the whole request, {} the part that was looked for",
                matched.to_uppercase()
            ));
        }
        lines.extend(lost(self.list));
        let here = self.run.map_or_else(String::new, |dir| format!(" --run {}", dir.display()));
        if let Some(group) = found.groups.first().filter(|group| group.refused || group.how == How::Queued) {
            lines.push(format!(
                "what holds {callee}'s workers: `firedrill traces --service {callee} --min-duration 1s{here}`",
                callee = group.callee
            ));
        }
        lines.push(format!("`firedrill traces <TRACE>{here}` shows one"));
        lines
    }
}

/// How much a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// All.
    All,
    /// Without what counts spans.
    Some,
    /// In the shortest words.
    Least,
}

fn words(group: &Group) -> String {
    let so_far = if group.so_far { "so far: " } else { "" };
    let lost = match group.rootless {
        0 => String::new(),
        n if n == group.count => " (in fragments)".to_owned(),
        n => format!(" ({} in fragments)", thousands(n as u64)),
    };
    format!("{so_far}{}{lost}", group.broken)
}

fn operation(trace: &Summary, detail: Detail) -> String {
    let root = if trace.rooted { "" } else { "... " };
    // A path is known to be the frontend's.
    if detail == Detail::Least && trace.rooted && trace.operation.starts_with('/') {
        return trace.operation.clone();
    }
    format!("{root}{} {}", trace.service, trace.operation)
}

/// What broke, as long as there is room.
fn broken(trace: &Summary, room: usize) -> String {
    let Some(edge) = &trace.broken else { return "-".to_owned() };
    let brief = edge.brief();
    if brief.chars().count() <= room {
        return brief;
    }
    let so_far = if edge.untold.is_some() { "so far: " } else { "" };
    cut(&format!("{so_far}{}", edge.kind()), room)
}

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(3)).chain("...".chars()).collect()
}

/// What is not among what is held, a line each.
pub(crate) fn lost(list: &TraceList) -> Vec<String> {
    let kept = &list.found.kept;
    let mut lines = Vec::new();
    let mut say = |count: u64, what: &str| {
        if count > 0 {
            lines.push(format!("{} {what}", thousands(count)));
        }
    };
    say(kept.evicted, "older traces made room for these");
    say(list.given_up, "spans of other failed or slow requests were not kept by the sampling rule");
    say(kept.dropped, "spans could not be taken: no id, or too long a trace");
    lines
}

/// `1,204`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> TraceList {
        let edge = r#"{"caller":"payment","callee":"bank","operation":"charge","how":"slow","took_ns":6600000000,
            "attempts":1,"status":null,"message":"","span":"0000000000000001","depth":4,
            "before":{"operation":"Charge","took_ns":9300000000}}"#;
        let queue = r#"{"caller":"order","callee":"payment","operation":"ListMethods","how":"queued",
            "took_ns":10000000000,"attempts":1,"status":null,"message":"","span":"0000000000000001","depth":3}"#;
        let trace = |id: &str, operation: &str, edge: &str| {
            format!(
                r#"{{"trace":"{id}","service":"frontend","operation":"{operation}","start_unix_ns":1134300000000,
                "took_ns":10600000000,"spans":11,"services":["a","b","c"],"errors":4,"error":true,"rooted":true,"broken":{edge}}}"#
            )
        };
        let group = |words: &str, count: u64, callee: &str, how: &str| {
            format!(
                r#"{{"broken":"{words}","caller":"x","callee":"{callee}","how":"{how}","depth":4,"count":{count},"rootless":0,
                "so_far":false,"refused":false,"example":"4bf92f3577b34da6a3ce929d0e0e4736"}}"#
            )
        };
        let text = format!(
            r#"{{"traces":[{},{}],"matched":1514,"rootless":13,"grouped":1514,"groups":[{},{}],"slowest":null,"services":[],
            "kept":{{"traces":1886,"spans":9000,"bytes":1,"evicted":0,"dropped":0}},"ratio":0.1,"given_up":37419,
            "zero_unix_ms":1000000}}"#,
            trace("4bf92f3577b34da6a3ce929d0e0e4736", "/api/checkout", edge),
            trace("5bf92f3577b34da6a3ce929d0e0e4736", "/api/checkout/prepare", queue),
            group("order waits in payment's queue", 310, "payment", "queued"),
            group("payment waits for bank", 1204, "bank", "slow"),
        );
        serde_json::from_str(&text).unwrap()
    }

    fn lines(width: usize) -> Vec<String> {
        let list = list();
        let listing = Listing { list: &list, matched: None, run: None, width, paint: Paint::PLAIN };
        let text = listing.text();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_list_opens_with_where_they_broke() {
        let lines = lines(100);
        assert_eq!(lines[0], "where they broke, of 1,514 that match:");
        assert_eq!(lines[1], "     310  order waits in payment's queue  such as 4bf92f35");
        assert_eq!(lines[2], "   1,204  payment waits for bank          such as 4bf92f35");
    }

    #[test]
    fn what_broke_is_whole_at_100_columns_and_short_at_80() {
        for width in [80, 100, 120, 200] {
            let lines = lines(width);
            assert!(lines[4..7].iter().all(|line| line.chars().count() <= width), "{lines:#?}");
            assert!(lines[5].contains("failed"), "{lines:#?}");
        }
        assert!(lines(100)[5].ends_with("payment waits for bank 6.6 s, queue 9.3 s"), "{:#?}", lines(100));
        assert!(lines(100)[6].ends_with("order waits in payment's queue 10.0 s"));
        assert!(lines(80)[5].contains("payment waits for bank"), "{:#?}", lines(80));
        assert!(lines(80)[6].contains("order waits in payment's q"), "{:#?}", lines(80));
        assert!(lines(200)[4].ends_with("SPANS  SERVICES"));
    }

    #[test]
    fn a_footer_says_what_holds_the_workers_and_what_was_not_kept() {
        let text = lines(100).join("\n");
        assert!(text.contains(
            "what holds payment's workers: `firedrill traces --service payment --min-duration 1s`"
        ));
        assert!(
            text.contains("37,419 spans of other failed or slow requests were not kept by the sampling rule")
        );
        assert!(text.contains("02:14.3  4bf92f35"), "{text}");
    }
}
