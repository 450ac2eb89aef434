//! Copies of the shipped drill with another bank: a figure is taken at one latency without jitter, and the shipped drill's
//! bank varies by 5 %.

use std::path::PathBuf;

use anyhow::ensure;
use harness::Scratch;

/// Writes the shipped drill with this bank into the scratch folder; its path.
///
/// # Errors
/// When the shipped drill does not say its bank in a line of its own.
pub(crate) fn with_bank(scratch: &Scratch, latency_ms: u32) -> anyhow::Result<PathBuf> {
    let shipped = harness::repo::read(&harness::repo::drill(harness::site::DRILL).join("drill.yaml"));
    let text = replaced(&shipped, latency_ms);
    ensure!(text != shipped, "the shipped drill has no line `bank: ...` to replace");
    let name = format!("bank-{latency_ms}ms");
    let file = scratch.write(&format!("{name}/drill.yaml"), &text);
    Ok(file.parent().map(PathBuf::from).unwrap_or_default())
}

fn replaced(drill: &str, latency_ms: u32) -> String {
    let line = |line: &str| {
        if line.starts_with("bank:") {
            return format!("bank: {{latency: {latency_ms}ms, jitter: 0, lookup_latency: {latency_ms}ms}}\n");
        }
        format!("{line}\n")
    };
    drill.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bank_is_another() {
        let text = replaced("seed: 1\nbank: {latency: 100ms, jitter: 0.05}\nload: {}\n", 0);
        assert_eq!(text, "seed: 1\nbank: {latency: 0ms, jitter: 0, lookup_latency: 0ms}\nload: {}\n");
    }
}
