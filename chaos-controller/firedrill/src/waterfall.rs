//! A trace on a terminal: a line a hop, its bar on one time axis. What a bar is doing is in its shape and not in its
//! colour alone; what is wrong is said in words below, for whoever has no time to read bars.

use std::fmt::Write as _;

use evidence::traces::{Row, Stretch, Waterfall};

use crate::paint::{Paint, Tone};

/// Where nobody says how wide it is.
const COLUMNS: usize = 120;
/// A bar shorter than this shows nothing.
const LEAST_BAR: usize = 20;
/// Cells of the three columns before the bar, the spaces around them included.
const TOOK: usize = 9;
const STATUS: usize = 19;
/// Work after the answer that is shorter than this is how things are.
const WORTH_A_WORD_NS: u64 = 1_000_000_000;
/// Services named as places where the time went.
const NAMED: usize = 3;

const WORKS: char = '█';
const WAITS: char = '━';
const ASIDE: char = '─';
const QUEUES: char = '░';
const UNHEARD: char = '┄';
const FAILED: char = '╳';
const DEADLINE: char = '┊';
const PAUSES: char = '·';
const UNTOLD: char = '?';
const LEGEND: &str = "█ at work, on the critical path   ━ waits for those below   ─ off the critical path   ░ in a queue\n\
                      · waits to retry   ? for one that has not told   ┄ for nobody: the caller has left\n\
                      ╳ failed   ┊ deadline";

/// What is drawn on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canvas {
    width: usize,
    paint: Paint,
}

impl Canvas {
    pub(crate) fn of_terminal() -> Self {
        let told = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| usize::from(size.ws_col));
        let told = told.ok().filter(|columns| *columns > 0);
        Self { width: told.unwrap_or(COLUMNS), paint: Paint::for_stdout() }
    }

    pub(crate) fn width(self) -> usize {
        self.width
    }

    /// The trace: a head, the rows, and what they mean.
    pub(crate) fn draw(self, fall: &Waterfall, zero_unix_ms: u64) -> String {
        let labels: Vec<String> = fall.rows.iter().map(label).collect();
        let name = labels.iter().map(|label| label.chars().count()).max().unwrap_or_default() + 2;
        let name = name.min((self.width / 2).max(16));
        let bar = self.width.saturating_sub(name + TOOK + STATUS).max(LEAST_BAR);
        let answered_ns = fall.took_ns.filter(|took| *took < fall.extent_ns);
        let scale = Scale { extent_ns: fall.extent_ns.max(1), answered_ns, cells: bar };
        let mut text = self.head(fall, zero_unix_ms);
        let _ =
            writeln!(text, "{:left$}{}", "", self.paint.faint(&scale.axis()), left = name + TOOK + STATUS);
        for (row, label) in fall.rows.iter().zip(&labels) {
            let label: String = label.chars().take(name.saturating_sub(1)).collect();
            let status = status(row);
            let tone = if row.error { Tone::Bad } else { Tone::Faint };
            let status: String = status.chars().take(STATUS - 1).collect();
            let took = format!("{:>width$} ", length(row.took_ns), width = TOOK - 1);
            let padded = format!("{status:<width$}", width = STATUS);
            let bar = self.coloured(&scale.bar(row));
            let _ = writeln!(text, "{label:<name$}{took}{}{bar}", self.paint.paint(tone, &padded));
        }
        text.push('\n');
        text.push_str(&self.words(fall));
        for line in LEGEND.lines() {
            let _ = writeln!(text, "{}", self.paint.faint(line));
        }
        text
    }

    fn head(self, fall: &Waterfall, zero_unix_ms: u64) -> String {
        let root = fall.rows.first();
        let what = root.map_or_else(String::new, |row| format!("{} {}", row.service, row.operation));
        let result = match (fall.took_ns, fall.error) {
            (Some(took), true) => self.paint.bad(&format!("failed after {}", length(took))),
            (Some(took), false) => format!("ok after {}", length(took)),
            (None, _) => "its first span did not come".to_owned(),
        };
        let status =
            root.and_then(|row| row.status.as_deref()).map_or_else(String::new, |s| format!(" ({s})"));
        let order = fall.order.as_deref().map_or_else(String::new, |order| format!(", order {order}"));
        let policy = root.and_then(|row| row.policy).map_or_else(String::new, |v| format!(", policy v{v}"));
        let clock = match (run_time(fall.start_unix_ns, zero_unix_ms), time_of_day(fall.start_unix_ns)) {
            (_, utc) if zero_unix_ms == 0 => format!("{utc} UTC"),
            (clock, utc) => format!("{clock} ({utc} UTC)"),
        };
        format!(
            "{}  {}\n{what}: {result}{status}{order}{policy}, {} span{}\n\n",
            self.paint.strong(&fall.trace.to_string()),
            clock,
            fall.spans,
            if fall.spans == 1 { "" } else { "s" },
        )
    }

    /// The diagnosis in words.
    fn words(self, fall: &Waterfall) -> String {
        let mut text = String::new();
        let mut say = |about: &str, what: &str| {
            let _ = writeln!(text, "{}  {what}", self.paint.strong(&format!("{about:<12}")));
        };
        if let Some(broken) = &fall.broken {
            let about = if broken.untold.is_some() { "so far" } else { "first broken" };
            say(about, &self.paint.bad(&broken.to_string()));
        }
        let whole: u64 = fall.critical.iter().map(|(_, ns)| ns).sum();
        let share = |ns: u64| 100.0 * ns as f64 / whole.max(1) as f64;
        let shares: Vec<String> = fall
            .critical
            .iter()
            .filter(|(_, ns)| share(*ns) >= 1.0)
            .take(NAMED)
            .map(|(service, ns)| format!("{service} {} ({:.0} %)", length(*ns), share(*ns)))
            .collect();
        say("time went to", &shares.join(", "));
        let after = fall.took_ns.and_then(|took| fall.extent_ns.checked_sub(took)).unwrap_or_default();
        if after >= WORTH_A_WORD_NS {
            say("for nobody", &format!("work went on for {} after the answer", length(after)));
        }
        let retried =
            fall.rows.iter().filter(|row| row.attempts.len() > 1).max_by_key(|row| row.attempts.len());
        if let Some(row) = retried {
            say(
                "retries",
                &format!("{} {} was tried {} times", row.service, row.operation, row.attempts.len()),
            );
        }
        if fall.orphans > 0 {
            let rows = if fall.orphans == 1 {
                "1 row begins".to_owned()
            } else {
                format!("{} rows begin", fall.orphans)
            };
            say(
                "not whole",
                &format!("{rows} at `?`: the span above did not come (still running, not kept, or lost)"),
            );
        }
        let silent: Vec<&str> =
            fall.rows.iter().filter(|row| row.silent).map(|row| row.service.as_str()).collect();
        if !silent.is_empty() {
            let who = silent.join(", ");
            say("silent", &format!("nothing came from {who}: still running, not kept, or never reached"));
        }
        text + "\n"
    }

    fn coloured(self, bar: &str) -> String {
        if !self.paint.is_on() {
            return bar.trim_end().to_owned();
        }
        let tone = |cell: char| match cell {
            WORKS => Tone::Strong,
            QUEUES => Tone::Warn,
            FAILED => Tone::Bad,
            DEADLINE => Tone::Warn,
            UNHEARD | ASIDE | PAUSES | UNTOLD => Tone::Faint,
            _ => Tone::Plain,
        };
        let mut text = String::new();
        let mut run = String::new();
        let mut of = Tone::Plain;
        for cell in bar.trim_end().chars() {
            if tone(cell) != of && !run.is_empty() {
                text.push_str(&self.paint.paint(of, &std::mem::take(&mut run)));
            }
            of = tone(cell);
            run.push(cell);
        }
        text + &self.paint.paint(of, &run)
    }
}

/// The time axis.
#[derive(Debug, Clone, Copy)]
struct Scale {
    extent_ns: u64,
    /// When the user was answered, if that is known and not the end of everything.
    answered_ns: Option<u64>,
    cells: usize,
}

impl Scale {
    fn begin_ns(self, cell: usize) -> u64 {
        (u128::from(self.extent_ns) * cell as u128 / self.cells as u128) as u64
    }

    /// The cell that holds an instant.
    fn cell(self, ns: u64) -> usize {
        let cell = u128::from(ns) * self.cells as u128 / u128::from(self.extent_ns);
        (cell as usize).min(self.cells - 1)
    }

    /// Round times under their cells.
    fn axis(self) -> String {
        let step = round_step(self.extent_ns, (self.cells / 14).max(1) as u64);
        let mut line = String::new();
        for n in 0..=self.extent_ns / step {
            let at = self.cell(n * step);
            let text = if n == 0 { "0".to_owned() } else { length(n * step).replace(".0 ", " ") };
            if at + text.len() > self.cells || (n > 0 && at <= line.chars().count()) {
                continue;
            }
            line = format!("{line:<at$}{text}");
        }
        line
    }

    fn bar(self, row: &Row) -> String {
        let mut cells = vec![' '; self.cells];
        let fill = |cells: &mut [char], stretch: &Stretch, with: char| {
            let (from, to) =
                (self.cell(stretch.from_ns), self.cell(stretch.to_ns.max(stretch.from_ns + 1) - 1));
            cells[from..=to].fill(with);
        };
        let waits = if row.critical.is_empty() && row.pauses.is_empty() { ASIDE } else { WAITS };
        let called = row.caller.is_some();
        for served in &row.served {
            fill(&mut cells, served, if called { UNHEARD } else { waits });
        }
        for pause in &row.pauses {
            fill(&mut cells, pause, PAUSES);
        }
        for attempt in &row.attempts {
            let with = if row.untold.contains(attempt) { UNTOLD } else { waits };
            fill(&mut cells, attempt, with);
        }
        // Whatever is done after the answer is done for nobody.
        if let Some(left) = self.answered_ns {
            for cell in cells.iter_mut().skip(self.cell(left) + 1).filter(|cell| **cell != ' ') {
                *cell = UNHEARD;
            }
        }
        for queued in &row.queued {
            fill(&mut cells, queued, QUEUES);
        }
        for (cell, shown) in cells.iter_mut().enumerate() {
            if *shown != QUEUES && self.mostly(cell, &row.critical) {
                *shown = WORKS;
            }
        }
        if let Some(at) = row.deadline_ns.filter(|at| *at < self.extent_ns) {
            cells[self.cell(at)] = DEADLINE;
        }
        for attempt in row.attempts.iter().filter(|attempt| attempt.error) {
            cells[self.cell(attempt.to_ns.saturating_sub(1))] = FAILED;
        }
        cells.into_iter().collect()
    }

    /// Whether at least half of a cell's time is in one of the stretches.
    fn mostly(self, cell: usize, stretches: &[Stretch]) -> bool {
        let (from, to) = (self.begin_ns(cell), self.begin_ns(cell + 1));
        let inside = |s: &Stretch| s.to_ns.min(to).saturating_sub(s.from_ns.max(from));
        2 * stretches.iter().map(inside).sum::<u64>() >= (to - from).max(1)
    }
}

/// The least of 1, 2, 5, 10, ... of nanoseconds that makes at most `most` steps.
fn round_step(extent_ns: u64, most: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            if extent_ns / (step * factor) <= most {
                return step * factor;
            }
        }
        step *= 10;
    }
}

fn label(row: &Row) -> String {
    let times = if row.attempts.len() > 1 { format!(" x{}", row.attempts.len()) } else { String::new() };
    let lost = if row.orphan { "? " } else { "" };
    let arrow = if row.depth > 0 { "> " } else { "" };
    format!(
        "{}{arrow}{lost}{} {}{times}",
        "  ".repeat(row.depth.saturating_sub(1)),
        row.service,
        row.operation
    )
}

/// The code, or how it failed; an open breaker is worth a word.
fn status(row: &Row) -> String {
    let status = row.status.clone().unwrap_or_default();
    let breaker = row.breaker.as_deref().filter(|state| *state != "closed");
    match breaker {
        Some(state) => format!("{status} ({state})"),
        None if row.message.is_empty() || row.status.is_some() => status,
        None => row.message.clone(),
    }
}

/// `30.0 s`, `412 ms`, `0.3 ms`, `20 us`.
pub(crate) fn length(ns: u64) -> String {
    match ns as f64 / 1e6 {
        ms if ms >= 1_000.0 => format!("{:.1} s", ms / 1e3),
        ms if ms >= 10.0 => format!("{ms:.0} ms"),
        ms if ms >= 0.1 => format!("{ms:.1} ms"),
        ms => format!("{:.0} us", ms * 1e3),
    }
}

/// `02:14.3` on the clock that begins there; in UTC, if nobody knows where.
pub(crate) fn run_time(unix_ns: u64, zero_unix_ms: u64) -> String {
    let ms = i128::from(unix_ns / 1_000_000) - i128::from(zero_unix_ms);
    if zero_unix_ms == 0 {
        return time_of_day(unix_ns);
    }
    let (sign, ms) = (if ms < 0 { "-" } else { "" }, ms.unsigned_abs());
    format!("{sign}{:02}:{:02}.{}", ms / 60_000, ms / 1_000 % 60, ms / 100 % 10)
}

/// `14:31:07.250`, in UTC.
pub(crate) fn time_of_day(unix_ns: u64) -> String {
    let ms = unix_ns / 1_000_000 % 86_400_000;
    let (s, ms) = (ms / 1_000, ms % 1_000);
    format!("{:02}:{:02}:{:02}.{ms:03}", s / 3_600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn stretch(from: u64, to: u64) -> Stretch {
        Stretch { from_ns: from * MS, to_ns: to * MS, error: false }
    }

    fn row() -> Row {
        let text = r#"{"depth":1,"span":"0000000000000001","caller":"order","service":"payment","operation":"Charge",
            "start_ns":0,"took_ns":50000000,"attempts":[],"served":[],"queued":[],"queue_ns":0,"critical":[],
            "deadline_ns":null,"error":true,"status":"timeout","message":"","breaker":null,"policy":1,"orphan":false,
            "silent":false,"spans":2}"#;
        serde_json::from_str(text).unwrap()
    }

    fn bar(row: &Row) -> String {
        Scale { extent_ns: 100 * MS, answered_ns: None, cells: 10 }.bar(row)
    }

    #[test]
    fn work_waits_and_queues_look_different() {
        let row = Row {
            attempts: vec![Stretch { error: true, ..stretch(0, 60) }],
            served: vec![stretch(0, 90)],
            queued: vec![stretch(0, 20)],
            critical: vec![stretch(30, 40)],
            deadline_ns: Some(45 * MS),
            ..row()
        };
        assert_eq!(bar(&row), "░░━█┊╳┄┄┄ ");
    }

    #[test]
    fn attempts_are_apart_and_what_is_off_the_path_is_thin() {
        let row = Row { attempts: vec![stretch(0, 20), stretch(40, 60)], ..row() };
        assert_eq!(bar(&row), "──  ──    ");
        assert_eq!(label(&row), "> payment Charge x2");
    }

    #[test]
    fn the_axis_has_round_times_that_do_not_touch() {
        assert_eq!(
            Scale { extent_ns: 30_000 * MS, answered_ns: None, cells: 60 }.axis(),
            "0                   10 s                20 s"
        );
        assert_eq!(Scale { extent_ns: 110 * MS, answered_ns: None, cells: 30 }.axis(), "0            50 ms");
        for cells in [20, 40, 200] {
            let line = Scale { extent_ns: 3_006 * MS, answered_ns: None, cells }.axis();
            assert!(line.chars().count() <= cells, "{line}");
        }
    }

    #[test]
    fn lengths_and_times_are_short() {
        assert_eq!([30_004 * MS, 412 * MS, 300_000].map(length), ["30.0 s", "412 ms", "0.3 ms"]);
        assert_eq!(time_of_day(1_795_357_899_291_132_426), "14:31:39.291");
    }

    #[test]
    fn a_pause_and_a_callee_that_has_not_told_are_no_work() {
        let silent = stretch(0, 30);
        let row = Row {
            attempts: vec![silent, stretch(60, 80)],
            untold: vec![silent],
            pauses: vec![stretch(30, 60), stretch(80, 100)],
            ..row()
        };
        assert_eq!(bar(&row), "???···━━··");
    }

    #[test]
    fn a_time_is_on_the_clock_of_the_run() {
        assert_eq!(run_time(1_134_300 * MS, 1_000_000), "02:14.3");
        assert_eq!(run_time(999_000 * MS, 1_000_000), "-00:01.0");
    }
}
