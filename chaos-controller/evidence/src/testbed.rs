//! A recording of any length without a lab: ten processes whose metrics have the names, labels and numbers of the lab's.
//! What speed is measured on; nothing that is graded is made here.

use std::fmt::Write as _;

use crate::samples::{SampleWriter, Samples};

/// The processes: service and what it calls.
const SERVICES: [(&str, &str); 10] = [
    ("frontend", "cart"),
    ("cart", "order"),
    ("search", "inventory"),
    ("account", "order"),
    ("order", "payment"),
    ("payment", "bank"),
    ("inventory", "order"),
    ("bank", "order"),
    ("traffic", "frontend"),
    ("proxy", "frontend"),
];
/// Upper bounds of the buckets of every histogram, as many as the lab's have.
const BUCKETS: usize = 30;
const OUTCOMES: [&str; 4] = ["ok", "error", "timeout", "rejected"];
const METHODS: [&str; 2] = ["Checkout", "Query"];

/// Scrapes of ten processes with about 300 series each, a second apart; one process restarts each ten minutes.
pub fn recording(scrapes: u64) -> Samples {
    let mut writer = SampleWriter::new();
    let mut bytes = Vec::new();
    let mut text = String::new();
    for second in 0..scrapes {
        for (index, (service, target)) in SERVICES.iter().enumerate() {
            // A counter's age: since the start, or since the restart.
            let age = if index == 4 { second % 600 } else { second };
            text.clear();
            exposition(&mut text, index as u64 + 1, target, age);
            bytes.extend(writer.scrape(second * 1_000 + 211, service, &format!("{service}-0"), &text));
        }
    }
    Samples::decode(&bytes).unwrap_or_default()
}

fn exposition(text: &mut String, scale: u64, target: &str, age: u64) {
    let busy = (age * scale) % 17;
    for (name, value) in [
        ("lab_workers_busy", busy),
        ("lab_workers_limit", 20),
        ("lab_queue_depth", busy / 4),
        ("lab_queue_capacity", 1_000),
        ("lab_workers_busy_seconds_total", age * busy / 7),
    ] {
        let _ = writeln!(text, "{name}{{pool=\"main\"}} {value}");
    }
    for method in METHODS {
        for (rank, outcome) in OUTCOMES.iter().enumerate() {
            let calls = age * scale * 10 / (1 + 9 * rank as u64);
            let labels = format!("target=\"{target}\",method=\"{method}\",outcome=\"{outcome}\"");
            let _ = writeln!(text, "lab_client_calls_total{{{labels}}} {calls}");
            let _ = writeln!(text, "lab_client_attempts_total{{{labels}}} {}", calls * 5 / 4);
            let server = format!("rpc_method=\"{method}\",rpc_response_status_code=\"{outcome}\"");
            histogram(text, "rpc_server_call_duration_seconds", &server, calls);
        }
    }
    histogram(text, "lab_queue_wait_seconds", "pool=\"main\"", age * scale);
}

fn histogram(text: &mut String, name: &str, labels: &str, count: u64) {
    for bucket in 1..=BUCKETS {
        let le = if bucket == BUCKETS { "+Inf".to_owned() } else { format!("{}", bucket as f64 / 20.0) };
        let _ = writeln!(
            text,
            "{name}_bucket{{{labels},le=\"{le}\"}} {}",
            count * bucket as u64 / BUCKETS as u64
        );
    }
    let _ =
        writeln!(text, "{name}_count{{{labels}}} {count}\n{name}_sum{{{labels}}} {}", count as f64 * 0.0625);
}
