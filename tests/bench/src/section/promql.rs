//! Queries as grading asks them, over 45 minutes of samples of a whole lab, each over all of it in steps of 5 s.
//!
//! The series are those of a live lab, scraped once under load. Their values are made to grow from there second by second,
//! so the recording has the shape, and nearly the size, of a real one, without taking 45 minutes.

use std::time::Instant;

use anyhow::Context as _;
use evidence::promql::{Query, range};
use evidence::{SampleWriter, Samples};
use harness::http::Ask;

use crate::bench::Bench;
use crate::figure::Figure;
use crate::shop::Shop;

/// A long drill, in seconds; a scrape each second.
const SECONDS: u64 = 45 * 60;
const STEP_MS: u64 = 5_000;
/// Until every series is there.
const LOAD: f64 = 4.0;
const SERVICES: [&str; 8] =
    ["frontend", "cart", "order", "payment", "inventory", "search", "account", "bank"];
const JOURNEYS: [&str; 5] = ["home", "search", "account", "prepare_checkout", "checkout"];

/// One process's scrape: each series, its first value, and whether it only grows.
struct Source {
    service: String,
    instance: String,
    series: Vec<(String, f64, bool)>,
}

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let sources = sources(bench)?;
    let series: usize = sources.iter().map(|source| source.series.len()).sum();
    let bytes = recorded(bench, &sources)?;
    let queries = queries().iter().map(|text| Query::parse(text)).collect::<Result<Vec<_>, _>>();
    let queries = queries.map_err(|refused| anyhow::anyhow!("{}", refused.message))?;
    let (mut read, mut asked, mut slowest) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let begun = Instant::now();
        let samples = Samples::decode(&bytes).context("the recording is broken")?;
        read.push(begun.elapsed().as_secs_f64() * 1e3);
        let mut each = Vec::new();
        for query in &queries {
            let begun = Instant::now();
            let rows = range(query, &samples, 0, SECONDS * 1_000, STEP_MS)
                .map_err(|failed| anyhow::anyhow!("`{}` failed: {failed}", query.text()))?;
            each.push(begun.elapsed().as_secs_f64() * 1e3);
            anyhow::ensure!(!rows.is_empty(), "`{}` found nothing", query.text());
        }
        asked.push(each.iter().sum());
        slowest.push(each.iter().copied().fold(0.0, f64::max));
        bench.floor()?;
    }
    let steps = SECONDS * 1_000 / STEP_MS + 1;
    bench.figure(
        Figure::new(format!("{} queries, {steps} steps each", queries.len()), "ms", asked)
            .design("1,000 asked"),
    );
    bench.figure(Figure::new("the slowest of them", "ms", slowest));
    bench.figure(Figure::new("reading the recording before", "ms", read));
    bench.note(format!(
        "{series} series of {} processes, {SECONDS} scrapes of each; {:.1} MiB on disk",
        sources.len(),
        bytes.len() as f64 / f64::from(1 << 20)
    ));
    Ok(())
}

/// Scrapes every process of a lab under load.
fn sources(bench: &Bench) -> anyhow::Result<Vec<Source>> {
    let shop = Shop::up(None, &[])?;
    bench.pause(LOAD)?;
    let scrape = |member: harness::site::Member| {
        let text = Ask::get(&member.admin, "/metrics").send().map_err(anyhow::Error::msg)?.body;
        let series = text.lines().filter(|line| !line.starts_with('#')).filter_map(series).collect();
        Ok(Source { service: member.service, instance: member.instance, series })
    };
    // The guard has no admin port.
    shop.site.members().into_iter().filter(|member| !member.admin.is_empty()).map(scrape).collect()
}

fn series(line: &str) -> Option<(String, f64, bool)> {
    let (name, value) = line.rsplit_once(' ')?;
    let family = name.split('{').next().unwrap_or_default();
    let grows = ["_total", "_count", "_sum", "_bucket"].iter().any(|end| family.ends_with(end));
    Some((name.to_owned(), value.parse().ok()?, grows))
}

/// The recording of all of them.
fn recorded(bench: &Bench, sources: &[Source]) -> anyhow::Result<Vec<u8>> {
    let mut writer = SampleWriter::new();
    let mut bytes = Vec::new();
    let mut text = String::new();
    for second in 0..=SECONDS {
        bench.stop.check()?;
        for source in sources {
            text.clear();
            for (name, first, grows) in &source.series {
                // What grew in the seconds of load goes on growing as fast; a gauge goes up and down.
                let value = if *grows {
                    first * (1.0 + second as f64 / LOAD)
                } else {
                    first + (second % 7) as f64 * first.signum()
                };
                text.push_str(&format!("{name} {value}\n"));
            }
            bytes.extend(writer.scrape(second * 1_000, &source.service, &source.instance, &text));
        }
    }
    Ok(bytes)
}

/// What a grader asks: waits, work, and how the users fared.
fn queries() -> Vec<String> {
    let of_service = |service: &str| {
        let own = format!("{{service=\"{service}\"}}");
        [
            format!("histogram_quantile(0.99, sum by (le) (rate(lab_queue_wait_seconds_bucket{own}[5s])))"),
            format!("sum by (instance) (rate(lab_workers_busy_seconds_total{own}[10s]))"),
            format!("max_over_time(lab_queue_depth{own}[20s])"),
            format!("sum(increase(lab_abandoned_total{own}[1m]))"),
            format!("avg_over_time(up{own}[30s])"),
        ]
    };
    let of_journey = |journey: &str| {
        let own = format!("{{journey=\"{journey}\"}}");
        [
            format!(
                "sum(rate(lab_user_requests_total{{journey=\"{journey}\",outcome=~\"ok|pending\"}}[5s])) / sum(rate(lab_user_requests_total{own}[5s]))"
            ),
            format!("histogram_quantile(0.99, sum by (le) (rate(lab_user_latency_seconds_bucket{own}[5s])))"),
            format!("histogram_quantile(0.5, sum by (le) (rate(lab_user_latency_seconds_bucket{own}[1m])))"),
            format!("sum(increase(lab_user_requests_total{own}[1m])) > 100"),
        ]
    };
    // The bank has no workers.
    let services = SERVICES[..7].iter().flat_map(|service| of_service(service));
    let journeys = JOURNEYS.iter().flat_map(|journey| of_journey(journey));
    let lab = [
        "sum by (target, method) (rate(lab_client_attempts_total[5s])) / sum by (target, method) (rate(lab_client_calls_total[5s]))",
        "sum(rate(rpc_server_call_duration_seconds_count[5s])) by (service, rpc_method)",
        "sum by (service) (rate(process_cpu_seconds_total[10s])) or sum by (service) (up)",
        "topk(3, max_over_time(lab_queue_depth[1m]))",
        "count(up == 1)",
    ];
    services.chain(journeys).chain(lab.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_sixty_queries_and_all_are_understood() {
        let queries = queries();
        assert_eq!(queries.len(), 60);
        for text in queries {
            assert!(Query::parse(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn counters_are_told_from_gauges() {
        assert_eq!(series("a_total{x=\"1\"} 3"), Some(("a_total{x=\"1\"}".to_owned(), 3.0, true)));
        assert_eq!(series("depth 4").map(|(_, _, grows)| grows), Some(false));
    }
}
