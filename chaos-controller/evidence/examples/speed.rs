//! How long 60 queries such as grading asks take over a recording of 45 minutes: `cargo run --release --package evidence
//! --example speed`. A line of JSON on stdout.

use std::io::Write as _;
use std::time::Instant;

use evidence::promql::{Query, instant, range};
use evidence::testbed;

/// 45 minutes.
const SCRAPES: u64 = 2_700;
/// Each is asked at an instant, and over all of it with steps of 1, 2 and 5 s: 60 questions.
const QUERIES: [&str; 15] = [
    "sum(rate(lab_client_calls_total{outcome=\"ok\"}[10s])) / sum(rate(lab_client_calls_total[10s]))",
    "sum by (service, target) (rate(lab_client_attempts_total[10s])) / sum by (service, target) (rate(lab_client_calls_total[10s]))",
    "max by (service) (lab_workers_busy / lab_workers_limit)",
    "lab_queue_depth{service=\"order\"}",
    "avg_over_time(lab_workers_busy[30s])",
    "max_over_time(lab_queue_depth[1m])",
    "histogram_quantile(0.99, sum by (le) (rate(rpc_server_call_duration_seconds_bucket{service=\"order\"}[10s])))",
    "histogram_quantile(0.5, sum by (le, service) (rate(lab_queue_wait_seconds_bucket[10s])))",
    "histogram_quantile(0.99, sum by (le, service) (rate(rpc_server_call_duration_seconds_bucket{rpc_method=\"Checkout\"}[10s])))",
    "sum by (service) (increase(rpc_server_call_duration_seconds_count[1m]))",
    "sum(rate(rpc_server_call_duration_seconds_count{rpc_response_status_code!=\"ok\"}[30s])) > 0",
    "min_over_time((sum(up) / count(up))[30s:1s])",
    "resets(rpc_server_call_duration_seconds_count{service=\"order\"}[1m])",
    "topk(3, sum by (service) (rate(lab_workers_busy_seconds_total[10s])))",
    "absent(up{instance=\"order-0\"}) or sum by (service) (changes(up[1m]))",
];

fn main() {
    let samples = testbed::recording(SCRAPES);
    let series = samples.all().len();
    let end_ms = SCRAPES * 1_000;
    let mut slowest = (0.0, "");
    let (mut asked, mut answers) = (0, 0);
    let start = Instant::now();
    for text in QUERIES {
        let begun = Instant::now();
        let query = Query::parse(text).expect("the queries of the list parse");
        answers += usize::from(instant(&query, &samples, end_ms).is_ok());
        for step_ms in [1_000, 2_000, 5_000] {
            let rows =
                range(&query, &samples, 0, end_ms, step_ms).expect("the queries of the list have answers");
            answers += usize::from(!rows.is_empty());
        }
        asked += 4;
        let took = begun.elapsed().as_secs_f64() * 1_000.0;
        if took > slowest.0 {
            slowest = (took, text);
        }
    }
    let took_ms = start.elapsed().as_secs_f64() * 1_000.0;
    let _ = writeln!(
        std::io::stdout(),
        "{{\"queries\": {asked}, \"answers\": {answers}, \"series\": {series}, \"scrapes\": {SCRAPES}, \
         \"took_ms\": {took_ms:.0}, \"slowest_ms\": {:.0}, \"slowest\": {:?}}}",
        slowest.0,
        slowest.1
    );
}
