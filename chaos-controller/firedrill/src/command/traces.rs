//! `firedrill traces`: a list of traces, or the waterfall of one; of a lab that runs, or of a run that is over.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use controller::api::traces::{TraceAnswer, TraceList, TraceQuery};
use controller::traces::{TraceTime, one, otlp, search_of};
use evidence::traces::{Bounds, Store, read_lines};
use serde_json::Value;

use crate::command::query::encoded;
use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::output::{Output, narrate, write_json};
use crate::paint::Paint;
use crate::parameters::with_query;
use crate::query::Moment;
use crate::trace_list::{DIGITS, Listing, lost, thousands};
use crate::waterfall::{Canvas, length};

/// A recording is read whole: 256 MB of lines are a quarter of that when packed.
const RECORDING: Bounds = Bounds { traces: usize::MAX, bytes: 512 << 20 };
/// Before `--at`, when nobody says since when.
const BEFORE: Duration = Duration::from_secs(10);

/// Flags of `traces`.
#[derive(Debug, Args)]
pub(crate) struct Traces {
    /// Trace to look at, by the first digits of its id
    #[arg(conflicts_with_all = ["service", "operation", "min_duration", "max_duration", "error", "limit", "since", "at"])]
    id: Option<String>,
    /// Only traces that this service took part in; durations and errors are then that service's
    #[arg(long)]
    service: Option<String>,
    /// Only traces with an operation whose name contains this
    #[arg(long)]
    operation: Option<String>,
    /// Only what took at least so long, such as 1s
    #[arg(long, value_parser = humantime::parse_duration, value_name = "DURATION")]
    min_duration: Option<Duration>,
    /// Only what took at most so long
    #[arg(long, value_parser = humantime::parse_duration, value_name = "DURATION")]
    max_duration: Option<Duration>,
    /// Only what failed
    #[arg(long)]
    error: bool,
    /// Only what began in the last so long, such as 2m; with `--at`, so long before that moment
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    since: Option<Duration>,
    /// Only what began in the 10 s (`--since`) before: `30s-ago`, `02:14` on the clock of the run, `134s`
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    at: Option<Moment>,
    /// Most that are listed, the newest first
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print the trace as OTLP/JSON, for Jaeger, Tempo or a collector
    #[arg(long, requires = "id")]
    otlp: bool,
    /// Read the folder of a run instead of a lab
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

impl Traces {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        match (&self.id, self.otlp) {
            (Some(id), true) => write_json(&self.export(id).await?),
            (Some(id), false) => {
                let answer = self.one(id).await?;
                let canvas = Canvas::of_terminal();
                self.output.write(&answer, |answer| canvas.draw(&answer.waterfall, answer.zero_unix_ms));
            }
            (None, _) => {
                let list = self.search().await?;
                self.output.write(&list, |list| self.render(list));
                if let Some(note) = self.nothing(&list) {
                    narrate(&note);
                }
            }
        }
        Ok(Exit::Pass)
    }

    async fn search(&self) -> Result<TraceList, Failure> {
        let ms = |length: Duration| length.as_secs_f64() * 1e3;
        let query = TraceQuery {
            service: self.service.clone(),
            operation: self.operation.clone(),
            min_ms: self.min_duration.map(ms),
            max_ms: self.max_duration.map(ms),
            error: self.error,
            id: None,
            limit: Some(self.limit),
            time_ms: match self.at {
                Some(Moment::At(at)) => Some(at.as_millis() as u64),
                _ => None,
            },
            ago_ms: match self.at {
                Some(Moment::Ago(ago)) => Some(ago.as_millis() as u64),
                _ => None,
            },
            last_ms: self.since.or(self.at.map(|_| BEFORE)).map(|last| last.as_millis() as u64),
        };
        match &self.run {
            Some(dir) => {
                let store = recording(dir)?;
                let zero_unix_ms = zero(dir);
                let time = TraceTime { zero_unix_ms, now_unix_ms: store.end_unix_ns() / 1_000_000 };
                let found = store.search(&search_of(&query, time));
                Ok(TraceList { found, ratio: None, given_up: 0, zero_unix_ms })
            }
            None => self.access.api()?.get(&with_query("/api/traces", &query)).await,
        }
    }

    async fn one(&self, id: &str) -> Result<TraceAnswer, Failure> {
        match &self.run {
            Some(dir) => one(&recording(dir)?, id, zero(dir))
                .map_err(|why| Failure::new(Exit::Invalid, why.to_string())),
            None => self.access.api()?.get(&format!("/api/traces/{}", encoded(id))).await,
        }
    }

    async fn export(&self, id: &str) -> Result<Value, Failure> {
        match &self.run {
            Some(dir) => {
                otlp(&recording(dir)?, id).map_err(|why| Failure::new(Exit::Invalid, why.to_string()))
            }
            None => self.access.api()?.get(&format!("/api/traces/{}?format=otlp", encoded(id))).await,
        }
    }

    fn render(&self, list: &TraceList) -> String {
        let found = &list.found;
        if found.traces.is_empty() {
            return String::new();
        }
        let matched = self.service.as_deref().or(self.operation.as_ref().map(|_| "matching"));
        Listing {
            list,
            matched,
            run: self.run.as_deref(),
            width: Canvas::of_terminal().width(),
            paint: Paint::for_stdout(),
        }
        .text()
    }

    /// What to say when nothing was found.
    fn nothing(&self, list: &TraceList) -> Option<String> {
        let found = &list.found;
        if !found.traces.is_empty() {
            return None;
        }
        if found.kept.traces == 0 {
            let wait = if self.run.is_some() { "" } else { "; spans arrive up to a second after they ended" };
            return Some(format!("no trace is held yet{wait}"));
        }
        if let Some(service) = self.service.as_ref().filter(|service| !found.services.contains(service)) {
            return Some(format!("no trace of `{service}` is held; there are {}", found.services.join(", ")));
        }
        let lost = lost(list).into_iter().fold(String::new(), |all, one| format!("{all}, {one}"));
        let held = format!("{} traces held{lost}", thousands(found.kept.traces as u64));
        let slowest = found.slowest.as_ref().map_or_else(String::new, |slowest| {
            let id = &slowest.trace.to_string()[..DIGITS];
            format!(", the slowest of these took {} ({id})", length(slowest.took_ns))
        });
        Some(format!("no trace{}; {held}{slowest}", self.wish()))
    }

    /// The search in words.
    fn wish(&self) -> String {
        let mut words = String::new();
        let mut add = |text: String| words.push_str(&text);
        if let Some(service) = &self.service {
            add(format!(" of {service}"));
        }
        if let Some(operation) = &self.operation {
            add(format!(" with `{operation}`"));
        }
        if self.error {
            add(" that failed".to_owned());
        }
        if let Some(min) = self.min_duration {
            add(format!(" over {}", humantime::format_duration(min)));
        }
        if let Some(since) = self.since {
            add(format!(" within {}", humantime::format_duration(since)));
        }
        if let Some(max) = self.max_duration {
            add(format!(" below {}", humantime::format_duration(max)));
        }
        words
    }
}

/// Where the clock of a run begins, milliseconds of Unix time, as its journal's first line has it; 0 without one.
fn zero(dir: &Path) -> u64 {
    let mut first = String::new();
    let read = File::open(dir.join(evidence::recording::JOURNAL))
        .and_then(|file| BufReader::new(file).read_line(&mut first));
    let entry: Option<Value> = read.ok().and_then(|_| serde_json::from_str(&first).ok());
    entry.and_then(|entry| entry["body"]["wall_unix_ms"].as_u64()).unwrap_or_default()
}

fn recording(dir: &Path) -> Result<Store, Failure> {
    let path = dir.join(evidence::recording::SPANS);
    let file = File::open(&path).map_err(|error| {
        Failure::new(Exit::Invalid, format!("failed to read `{}`: {error}", path.display()))
            .hint("`--run` takes the folder of a run, such as runs/<time>-<drill>")
    })?;
    // A line that cannot be read is the end: the file was cut there.
    let lines = BufReader::new(file).split(b'\n').map_while(Result::ok);
    let recorded = read_lines(lines, RECORDING);
    if recorded.unreadable > 0 {
        narrate(&format!("{} lines of `{}` are no spans", recorded.unreadable, path.display()));
    }
    Ok(recorded.store)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        traces: Traces,
    }

    fn asked(line: &str) -> Traces {
        Line::parse_from(std::iter::once("traces").chain(line.split(' '))).traces
    }

    fn list(traces: &str, services: &str) -> TraceList {
        let text = format!(
            r#"{{"traces":{traces},"matched":0,"rootless":0,"slowest":{{"trace":"4bf92f3577b34da6a3ce929d0e0e4736","took_ns":412000000}},
            "services":{services},"kept":{{"traces":812,"spans":9000,"bytes":1,"evicted":0,"dropped":0}},"ratio":0.1,"given_up":4}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_empty_answer_says_what_there_is() {
        let none = list("[]", r#"["payment"]"#);
        assert_eq!(
            asked("--service payment --min-duration 1s --error").nothing(&none).unwrap(),
            "no trace of payment that failed over 1s; 812 traces held, 4 spans of other failed or slow requests were not kept by the sampling rule, the slowest of these took 412 ms (4bf92f35)"
        );
        assert_eq!(
            asked("--service paymnt").nothing(&none).unwrap(),
            "no trace of `paymnt` is held; there are payment"
        );
    }
}
