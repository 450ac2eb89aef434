//! What a verdict costs that is given again: wall time and peak memory of `firedrill regrade`, as anybody runs it. The
//! recording is the one that `BENCH_RUN` names: a long one takes as long to play as it lasts.
//!
//! The command writes beside the evidence, so it is given a folder of links, and the recording stays as it is.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::bench::Bench;
use crate::figure::Figure;
use crate::proc;
use evidence::recording;
use harness::{Scratch, program};

const RUN: &str = "BENCH_RUN";
/// What the command writes, and so is no evidence.
const WRITTEN: [&str; 4] = ["scorecard.json", "report.html", "report.md", "junit.xml"];
/// Verdicts, that of a run that was interrupted among them. Everything else is a failure of the command.
const VERDICTS: [i32; 5] = [0, 97, 98, 99, 105];
/// Between two looks at its memory: the kernel keeps the peak, but not beyond the end.
const BEAT: Duration = Duration::from_millis(2);
const LIMIT: Duration = Duration::from_secs(120);

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let Some(run) = std::env::var_os(RUN).map(PathBuf::from) else {
        bench.note(format!("not measured: {RUN} names no folder of a run"));
        return Ok(());
    };
    let run = run.canonicalize().with_context(|| format!("{RUN}={}", run.display()))?;
    let scratch = Scratch::new();
    let folder = scratch.work().join("linked");
    link(&run, &folder)?;
    let (mut seconds, mut peak) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let (took, most) = regrade(bench, &folder)?;
        seconds.push(took.as_secs_f64());
        peak.push(most);
        bench.floor()?;
    }
    bench.figure(
        Figure::new("wall time of a verdict", "s", seconds)
            .design("2 for the default drill, 10 for 45 minutes"),
    );
    bench.figure(Figure::new("peak RSS", "MiB", peak).design("1024 for 45 minutes"));
    bench.note(format!(
        "{}: {:.0} minutes, {:.1} MiB; its files are in the page cache but for the first round",
        run.file_name().unwrap_or_default().display(),
        minutes(&run)?,
        mib(&run)
    ));
    Ok(())
}

/// Links all evidence into a new folder.
fn link(run: &Path, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(run)? {
        let entry = entry?;
        if !WRITTEN.iter().any(|name| entry.file_name() == *name) {
            symlink(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Of what is sealed.
fn mib(run: &Path) -> f64 {
    let bytes = |name: &&str| std::fs::metadata(run.join(name)).map_or(0, |found| found.len());
    recording::SEALED_FILES.iter().map(bytes).sum::<u64>() as f64 / f64::from(1 << 20)
}

/// How long it takes, and the most memory that it had, in MiB.
fn regrade(bench: &Bench, folder: &Path) -> anyhow::Result<(Duration, f64)> {
    let begun = Instant::now();
    let mut child = Command::new(program::path())
        .arg("regrade")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut peak: f64 = 0.0;
    loop {
        peak = peak.max(proc::peak_mib(child.id()));
        if let Some(status) = child.try_wait()? {
            let took = begun.elapsed();
            if !status.code().is_some_and(|code| VERDICTS.contains(&code)) {
                bail!("`firedrill regrade {}` gives no verdict: {status}", folder.display());
            }
            return Ok((took, peak));
        }
        if begun.elapsed() > LIMIT || bench.stop.is_asked() {
            let _ = child.kill();
            let _ = child.wait();
            bench.stop.check()?;
            bail!("`firedrill regrade` did not end within {LIMIT:?}");
        }
        std::thread::sleep(BEAT);
    }
}

/// From the first line of the journal to the last.
fn minutes(run: &Path) -> anyhow::Result<f64> {
    let journal = evidence::verify(std::fs::read(run.join(recording::JOURNAL))?)?;
    Ok(journal.entries.last().map_or(0.0, |last| last.t_ms as f64 / 60_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_is_linked_and_the_verdict_is_not() {
        let scratch = Scratch::new();
        let (run, folder) = (scratch.work().join("run"), scratch.work().join("linked"));
        std::fs::create_dir_all(&run).unwrap();
        for (name, text) in [("journal.jsonl", ""), ("scorecard.json", "{}")] {
            std::fs::write(run.join(name), text).unwrap();
        }
        link(&run, &folder).unwrap();
        assert!(folder.join("journal.jsonl").is_file() && !folder.join("scorecard.json").exists());
    }
}
