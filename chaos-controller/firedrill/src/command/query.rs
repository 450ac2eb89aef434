//! `firedrill query`: PromQL over the live samples of a lab, or over a run's recording, which needs no lab.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use controller::answers::{self, Clock, Steps};
use controller::api::query::{Answer, Data, Metric};
use evidence::promql::Query as PromQl;
use evidence::{Samples, recording};

use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::output::{narrate, write_data, write_json};
use crate::query::{Moment, csv, grouped_by, list_metrics, missing_labels, show_refused, text};

/// Points of a range when nobody says how far apart: as many as a sparkline shows, and its neighbours.
const POINTS: u64 = 60;
const LEAST_STEP_MS: u64 = 1_000;

/// Flags of `query`.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// PromQL, such as 'sum by (service) (lab_queue_depth)'
    #[arg(required_unless_present = "metrics", conflicts_with = "metrics")]
    query: Option<String>,
    /// When: `30s-ago`, `02:14` on the clock of the run (of the lab, if there was none), `134s` [default: now]
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    at: Option<Moment>,
    /// Over so long before that moment, such as `5m`
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    range: Option<Duration>,
    /// Between two points of a range [default: a sixtieth of it, 1s at least]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, requires = "range")]
    step: Option<Duration>,
    /// Ask the recording in this run's folder; no lab is needed
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    /// List the metrics there are, or those whose name has this in it
    #[arg(long, value_name = "PART", num_args = 0..=1, default_missing_value = "")]
    metrics: Option<String>,
    /// Form of the data on stdout
    #[arg(long, short = 'o', value_enum, default_value_t = Form::Text)]
    output: Form,
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// As Prometheus' HTTP API answers
    Json,
    /// A line per point
    Csv,
}

impl Query {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        if let Some(part) = &self.metrics {
            return self.list(part).await;
        }
        let written = self.query.as_deref().unwrap_or_default();
        // Read here too: a lab need not be up to be told where the mistake is.
        let query = PromQl::parse(written).map_err(|refused| show_refused(written, &refused))?;
        let answer = match &self.run {
            Some(folder) => self.recorded(&query, &samples(folder)?)?,
            None => self.live(&query).await?,
        };
        match self.output {
            Form::Json => write_json(&answer),
            Form::Csv => write_data(&csv(&answer)),
            Form::Text => write_data(&text(&answer, &query)),
        }
        if !answer.infos.is_empty() && self.output != Form::Json {
            narrate("nothing answers");
            answer.infos.iter().for_each(|info| narrate(&format!("  {info}")));
        } else if self.output == Form::Text {
            self.hints(&answer, &query).await;
        }
        Ok(Exit::Pass)
    }

    /// What an answer does not say by itself: that nothing has such a name, or such a label.
    async fn hints(&self, answer: &Answer, query: &PromQl) {
        let empty = matches!(&answer.data, Data::Vector(vector) if vector.is_empty())
            || matches!(&answer.data, Data::Matrix(rows) if rows.is_empty());
        if empty && query.metrics().is_empty() {
            narrate("nothing answers\n  no metric's name matches; `firedrill query --metrics` lists them");
        } else if !grouped_by(query.text()).is_empty() {
            // The answer is there; without the list of metrics it goes without a hint.
            let metrics = self.metrics("").await.unwrap_or_default();
            for hint in missing_labels(query.text(), &query.metrics(), &metrics) {
                narrate(&hint);
            }
        }
    }

    async fn live(&self, query: &PromQl) -> Result<Answer, Failure> {
        let mut path = match self.range {
            Some(_) => format!("/api/query_range?query={}&clock=run", encoded(query.text())),
            None => format!("/api/query?query={}&clock=run", encoded(query.text())),
        };
        match self.at {
            Some(Moment::Ago(ago)) => path.push_str(&format!("&ago_ms={}", ago.as_millis())),
            Some(Moment::At(at)) => path.push_str(&format!("&time_ms={}", at.as_millis())),
            None => {}
        }
        if let Some(range) = self.range {
            path.push_str(&format!("&last_ms={}&step_ms={}", range.as_millis(), self.step_ms(range)));
        }
        self.access.api()?.get(&path).await
    }

    fn recorded(&self, query: &PromQl, samples: &Samples) -> Result<Answer, Failure> {
        let clock = Clock::Millis { zero_ms: 0 };
        let t_ms = self.at.unwrap_or(Moment::Ago(Duration::ZERO)).on(end_ms(samples));
        let answer = match self.range {
            Some(range) => {
                let steps = Steps::last(range.as_millis() as u64, t_ms, self.step_ms(range), 0);
                answers::range(query, samples, steps, clock)
            }
            None => answers::instant(query, samples, t_ms, clock),
        };
        answer.map_err(|error| Failure::new(Exit::Invalid, error.to_string()))
    }

    fn step_ms(&self, range: Duration) -> u64 {
        let even = (range.as_millis() as u64 / POINTS).max(LEAST_STEP_MS);
        self.step.map_or(even, |step| step.as_millis() as u64)
    }

    /// The metrics that have this in their names.
    async fn metrics(&self, part: &str) -> Result<Vec<Metric>, Failure> {
        Ok(match &self.run {
            Some(folder) => {
                let samples = samples(folder)?;
                let mut metrics = answers::metrics(&samples, end_ms(&samples));
                metrics.retain(|metric| metric.name.contains(part));
                for metric in &mut metrics {
                    // A recording has values only; what a metric is stands in the glossary.
                    if let Some(known) = crate::explain::glossary_line(&metric.name) {
                        metric.help = known;
                    }
                }
                metrics
            }
            None => self.access.api()?.get(&format!("/api/metrics?match={}", encoded(part))).await?,
        })
    }

    async fn list(&self, part: &str) -> Result<Exit, Failure> {
        let metrics = self.metrics(part).await?;
        match self.output {
            Form::Json => write_json(&metrics),
            Form::Text | Form::Csv => write_data(&list_metrics(&metrics)),
        }
        Ok(Exit::Pass)
    }
}

/// The samples of a run.
pub(crate) fn samples(folder: &Path) -> Result<Samples, Failure> {
    let path = folder.join(recording::SAMPLES);
    let bytes = std::fs::read(&path).map_err(|error| {
        Failure::new(Exit::Invalid, format!("failed to read `{}`: {error}", path.display()))
            .hint("name a folder under `runs`")
    })?;
    Samples::decode(&bytes).map_err(|error| {
        Failure::new(Exit::Invalid, format!("`{}` holds no samples: {error}", path.display()))
    })
}

/// The last scrape of a recording.
fn end_ms(samples: &Samples) -> u64 {
    let services: std::collections::BTreeSet<&str> =
        samples.instances().map(|(service, _)| service).collect();
    let last =
        services.into_iter().filter_map(|service| samples.scrapes(service).last().map(|scrape| scrape.t_ms));
    last.max().unwrap_or_default()
}

/// A text as it stands in a URL's query.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_a_url() {
        assert_eq!(
            encoded("rate(a{b=\"c d\"}[5s]) > 1"),
            "rate%28a%7Bb%3D%22c%20d%22%7D%5B5s%5D%29%20%3E%201"
        );
    }
}
