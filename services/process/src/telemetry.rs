//! Logs: JSON lines on standard error, one object a line, values as fields.
//! Whoever starts the process says where they go (the guard: a file).

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log of this process. A second call changes nothing, so that
/// tests may start several services in one process.
pub(crate) fn start_log(level: &str) {
    // The transports' own chatter is never of interest below warnings, and
    // would feed back through the span exporter.
    let filter = format!("warn,h2=warn,hyper=warn,tonic=warn,tower=warn,{}", own(level));
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr);
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}

/// The filter for the house's own crates.
fn own(level: &str) -> String {
    const CRATES: [&str; 16] = [
        "process",
        "mesh",
        "frontend",
        "cart",
        "search",
        "account",
        "order",
        "payment",
        "inventory",
        "bank",
        "traffic",
        "controller",
        "platform",
        "firedrill",
        "grader",
        "drill",
    ];
    CRATES.map(|name| format!("{name}={level}")).join(",")
}
