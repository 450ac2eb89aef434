//! The log of the verbs that are no services: JSON lines on stderr, as every
//! process of the lab writes them.

use tracing_subscriber::EnvFilter;

/// Starts the log at this level; once per process.
pub(crate) fn start(level: &str) {
    let own = ["controller", "platform", "firedrill", "grader", "drill", "process"]
        .map(|name| format!("{name}={level}"));
    let filter = format!("warn,{}", own.join(","));
    // A second start changes nothing.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .try_init();
}
