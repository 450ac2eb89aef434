//! The load generators that others wrote, run as their manuals say and read from what they print. What is not installed
//! is named, and not measured.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::proc;
use harness::stop::Stop;

/// Between two looks at a running tool.
const BEAT: Duration = Duration::from_millis(20);

/// What a tool said, and what it took.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) said: String,
    pub(crate) cpu_us: f64,
}

/// Whether a program of this name can be started.
pub(crate) fn is_installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Runs it to its end, at most for `limit`. Its CPU is read while it runs, every 20 ms.
pub(crate) fn run(name: &str, args: &[&str], limit: Duration, stop: &Stop) -> anyhow::Result<Ran> {
    let mut child = start(name, args)?;
    let pid = child.id();
    let mut cpu_us: f64 = 0.0;
    let begin = std::time::Instant::now();
    loop {
        cpu_us = cpu_us.max(proc::cpu_us(pid));
        if child.try_wait()?.is_some() {
            break;
        }
        if begin.elapsed() > limit || stop.is_asked() {
            let _ = child.kill();
            let _ = child.wait();
            stop.check()?;
            bail!("`{name}` did not end within {limit:?}");
        }
        std::thread::sleep(BEAT);
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(Ran { said: String::from_utf8_lossy(&output.stdout).into_owned(), cpu_us })
}

fn start(name: &str, args: &[&str]) -> anyhow::Result<Child> {
    Command::new(name)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start `{name}`"))
}

/// What wrk counted: requests, and the 99th percentile in milliseconds.
pub(crate) fn wrk(said: &str) -> anyhow::Result<(f64, f64)> {
    let requests = said.lines().find_map(|line| line.trim().split_once(" requests in "));
    let requests = requests.and_then(|(count, _)| count.parse().ok()).context("wrk counted nothing")?;
    let p99 = said.lines().find_map(|line| line.trim().strip_prefix("99%")).map(str::trim);
    let p99 = p99.and_then(millis).context("wrk told no 99th percentile")?;
    Ok((requests, p99))
}

/// What hey counted: requests, and the 99th percentile in milliseconds.
pub(crate) fn hey(said: &str) -> anyhow::Result<(f64, f64)> {
    let counts = said.lines().filter_map(|line| line.trim().strip_suffix(" responses"));
    let requests: f64 = counts.filter_map(|line| line.split_whitespace().last()?.parse::<f64>().ok()).sum();
    let p99 = said.lines().find_map(|line| line.trim().strip_prefix("99% in "));
    let p99 = p99.and_then(|rest| rest.strip_suffix(" secs")?.parse::<f64>().ok());
    Ok((requests, p99.context("hey told no 99th percentile")? * 1e3))
}

/// A duration as wrk writes it, in milliseconds.
fn millis(text: &str) -> Option<f64> {
    let number = |unit: &str| text.strip_suffix(unit)?.parse::<f64>().ok();
    number("us").map(|us| us / 1e3).or_else(|| number("ms")).or_else(|| number("s").map(|s| s * 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_and_hey_print_is_read() {
        let said = "  Latency Distribution\n     50%  112.00us\n     99%    1.27ms\n  28619 requests in 6.03s, 4.70MB read\n";
        assert_eq!(wrk(said).unwrap(), (28_619.0, 1.27));
        let said = "Latency distribution:\n  95% in 0.0004 secs\n  99% in 0.0011 secs\n\nStatus code distribution:\n  [200]\t7988 responses\n";
        assert_eq!(hey(said).unwrap(), (7_988.0, 1.1));
        assert!(wrk("nothing").is_err() && hey("nothing").is_err());
    }

    #[test]
    fn units_of_wrk_are_told_apart() {
        assert_eq!(["812.00us", "1.50ms", "2.00s"].map(millis), [Some(0.812), Some(1.5), Some(2_000.0)]);
    }
}
