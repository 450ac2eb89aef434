//! `firedrill logs`: what the processes wrote down, merged by time. Below warnings nothing is written per request, so
//! the lines are few and each tells of a change.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use controller::api::logs::{LogLine, LogQuery, Logs as Lines};
use tokio::signal::unix::{SignalKind, signal};

use crate::api::Api;
use crate::away;
use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::output::{Format, Output, narrate, printable, write_more};
use crate::paint::{Paint, Tone};
use crate::parameters::with_query;
use crate::waterfall::time_of_day;

/// Between two looks of `--follow`.
const BEAT: Duration = Duration::from_millis(500);
/// Digits of a trace's id in a line.
const DIGITS: usize = 8;

/// Flags of `logs`.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// Only this service, or one instance of it
    #[arg(long)]
    service: Option<String>,
    /// Only this level and graver ones
    #[arg(long, value_parser = ["error", "warn", "info", "debug"])]
    level: Option<String>,
    /// Only lines of this trace, by the first digits of its id
    #[arg(long)]
    trace: Option<String>,
    /// Only lines of the last so long, such as 2m
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    since: Option<Duration>,
    /// Most that are shown, the newest
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Go on as lines are written
    #[arg(long, short = 'f')]
    follow: bool,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

impl Logs {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let file = self.access.lab.find()?;
        if let Some(away) = &file.away {
            return Err(Failure::unexpected(format!(
                "the logs of lab `{}` are kept where it runs",
                file.lab
            ))
            .hint(format!("`{}`", away::logs_of(away, self.service.as_deref()))));
        }
        let api = Api::of(&file, self.access.role());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = self.since.map(|since| now.saturating_sub(since));
        let mut query = LogQuery {
            service: self.service.clone(),
            level: self.level.clone(),
            trace: self.trace.clone(),
            since_ms: since.map(|since| since.as_secs_f64() * 1e3),
            limit: Some(self.limit),
        };
        let first = ask(&api, &query).await?;
        if !self.follow {
            if !first.cut.is_empty() {
                narrate(&format!("older lines of {} were not looked at", first.cut.join(", ")));
            }
            if first.lines.is_empty() {
                narrate("no line is like that");
            }
            self.output.write(&first, |logs| text(&logs.lines));
            return Ok(Exit::Pass);
        }
        let mut interrupt = signal(SignalKind::interrupt())
            .map_err(|error| Failure::unexpected(format!("failed to listen for Ctrl-C: {error}")))?;
        let mut lines = first.lines;
        // From the epoch if nobody says since when, until there was a line.
        let mut since_us = since.map_or(0, |since| since.as_micros() as u64);
        loop {
            if !self.tell(&lines) {
                return Ok(Exit::Pass);
            }
            since_us = lines.last().map_or(since_us, |line| line.unix_us);
            query.since_ms = Some(since_us as f64 / 1e3);
            let later = async {
                tokio::time::sleep(BEAT).await;
                ask(&api, &query).await
            };
            lines = tokio::select! {
                later = later => later?.lines,
                _ = interrupt.recv() => return Ok(Exit::Pass),
            };
        }
    }

    /// A stream of JSON is an object a line. Says whether anybody still reads.
    fn tell(&self, lines: &[LogLine]) -> bool {
        match self.output.output {
            Format::Text => write_more(&text(lines)),
            Format::Json => lines
                .iter()
                .all(|line| write_more(&serde_json::to_string(line).expect("a line is plain data"))),
        }
    }
}

async fn ask(api: &Api, query: &LogQuery) -> Result<Lines, Failure> {
    api.get(&with_query("/api/logs", query)).await
}

fn text(lines: &[LogLine]) -> String {
    let paint = Paint::for_stdout();
    let widest = lines.iter().map(|line| line.instance.len()).max().unwrap_or_default();
    lines.iter().map(|line| one(line, widest, paint)).collect()
}

fn one(line: &LogLine, widest: usize, paint: Paint) -> String {
    let tone = match line.level.as_str() {
        "ERROR" => Tone::Bad,
        "WARN" => Tone::Warn,
        _ => Tone::Faint,
    };
    let mut text = format!(
        "{} {} {:<widest$}  {}",
        paint.faint(&time_of_day(line.unix_us * 1_000)),
        paint.paint(tone, &format!("{:<5}", line.level)),
        line.instance,
        printable(&line.message)
    );
    for (name, value) in &line.fields {
        if name == "instance" && value.as_str() == Some(&line.instance) {
            continue;
        }
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (name, value) = (printable(name), printable(&value));
        let _ = write!(text, "  {}{value}", paint.faint(&format!("{name}=")));
    }
    if let Some(trace) = &line.trace_id {
        let digits = printable(trace.get(..DIGITS).unwrap_or(trace));
        let _ = write!(text, "  {}{digits}", paint.faint("trace="));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_line_is_its_words_then_its_values_then_its_trace() {
        let line = LogLine {
            unix_us: 1_795_357_899_291_132,
            level: "WARN".into(),
            service: "payment".into(),
            instance: "payment-0".into(),
            target: "mesh::client::edge".into(),
            message: "breaker moved".into(),
            trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
            fields: [("edge".to_owned(), Value::from("bank.charge\u{7}"))].into_iter().collect(),
        };
        assert_eq!(
            one(&line, 9, Paint::PLAIN),
            "14:31:39.291 WARN  payment-0  breaker moved  edge=bank.charge\u{fffd}  trace=4bf92f35\n"
        );
    }
}
