//! One run: the program, a lab of its own, a scorecard; and what of it is not as it must be.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use drill::Expect;
use harness::repo;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::cast::Play;
use crate::lanes::Stage;

/// Between two looks at a run.
const LOOK: Duration = Duration::from_millis(100);
/// Exit code of a run that proves nothing.
const VOID: i32 = 98;

/// What a run came to.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) exit: Option<i32>,
    /// The scorecard; null if there is none.
    pub(crate) card: Value,
    pub(crate) seconds: f64,
    /// What is not as it must be, one line each.
    pub(crate) differences: Vec<String>,
    /// Played once more, alone, because the generator had been sick; what it had said then.
    pub(crate) sick_before: Option<String>,
}

/// Plays one run in a lab of its own, in the lane's folder.
pub(crate) fn play(stage: &Stage, lane: usize, play: &Play) -> anyhow::Result<Played> {
    let begun = Instant::now();
    let home = stage.scratch.join(format!("lane-{lane}"));
    std::fs::create_dir_all(&home)?;
    std::fs::create_dir_all(&stage.runs)?;
    let folder = match &play.script {
        None => repo::drill(&play.drill),
        Some(script) => copy(&home, play, script)?,
    };
    let (card, told) = (home.join("scorecard.json"), home.join("told"));
    let mut child = Command::new(&stage.bin)
        .arg("run")
        .arg(&folder)
        .args(["--variant", &play.variant, "--candidate", &play.candidate, "--output", "json"])
        .args([
            "--scale",
            &stage.scale.to_string(),
            "--lab",
            &format!("drills-{}-{lane}", std::process::id()),
        ])
        .arg("--dir")
        .arg(home.join("labs"))
        .arg("--runs-dir")
        .arg(&stage.runs)
        .stdin(Stdio::null())
        .stdout(File::create(&card)?)
        .stderr(File::create(&told)?)
        // Ctrl-C is passed on by us: a terminal would send it a second time.
        .process_group(0)
        .spawn()?;
    let exit = wait(stage, &mut child)?;
    let card: Value =
        std::fs::read(&card).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let mut differences = differences(play.expect.as_ref(), exit, &card);
    if card.is_null() {
        let last = std::fs::read_to_string(&told).unwrap_or_default();
        differences.push(format!("no scorecard: {}", last.lines().last().unwrap_or("it said nothing")));
    }
    Ok(Played { exit, card, seconds: begun.elapsed().as_secs_f64(), differences, sick_before: None })
}

/// Waits for the end of a run; whoever asks us to stop asks it too. It takes its lab down itself.
fn wait(stage: &Stage, child: &mut Child) -> anyhow::Result<Option<i32>> {
    let mut passed_on = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        if stage.stop.asked() > passed_on {
            passed_on = stage.stop.asked();
            if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                // It may have ended since.
                let _ = kill_process(pid, Signal::INT);
            }
        }
        std::thread::sleep(LOOK);
    }
}

/// The drill with one more candidate, since only a drill's own can play.
fn copy(home: &Path, play: &Play, script: &Value) -> anyhow::Result<PathBuf> {
    let (from, to) = (repo::drill(&play.drill), home.join(&play.drill));
    if to.exists() {
        std::fs::remove_dir_all(&to)?;
    }
    for file in repo::walk(&from) {
        let target = to.join(file.strip_prefix(&from)?);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::copy(&file, target)?;
    }
    // JSON is YAML.
    std::fs::write(to.join("candidates").join(format!("{}.yaml", play.candidate)), script.to_string())?;
    Ok(to)
}

impl Played {
    /// The run proves nothing because the generator could not keep up, which is a neighbour's work.
    pub(crate) fn is_sick(&self) -> bool {
        self.exit == Some(VOID) && status(&self.card, "generator") == Some("fail")
    }

    /// The scorecard's own sentence.
    pub(crate) fn reason(&self) -> &str {
        self.card["reason"].as_str().unwrap_or("no scorecard")
    }

    /// The run's folder below that of all runs.
    pub(crate) fn folder(&self) -> Option<&str> {
        self.card["run"].as_str().filter(|name| !name.is_empty() && !name.contains('/'))
    }
}

fn status<'c>(card: &'c Value, name: &str) -> Option<&'c str> {
    let lists = ["criteria", "proofs"].map(|list| card[list].as_array());
    let mut all = lists.into_iter().flatten().flatten();
    all.find(|criterion| criterion["name"] == name)?["status"].as_str()
}

fn differences(expect: Option<&Expect>, exit: Option<i32>, card: &Value) -> Vec<String> {
    let Some(expect) = expect else { return Vec::new() };
    let mut differences = Vec::new();
    if exit != Some(expect.exit) {
        let got = exit.map_or_else(|| "none".to_owned(), |exit| exit.to_string());
        differences.push(format!("exit code {got} instead of {}", expect.exit));
    }
    for (name, wanted) in &expect.criteria {
        let got = status(card, name).unwrap_or("absent");
        if got != wanted {
            differences.push(format!("{name} is {got} instead of {wanted}"));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expect(exit: i32, criteria: &[(&str, &str)]) -> Expect {
        Expect { exit, criteria: criteria.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect() }
    }

    fn card() -> Value {
        json!({"criteria": [{"name": "money", "status": "fail"}], "proofs": [{"name": "generator", "status": "fail"}]})
    }

    #[test]
    fn the_right_exit_code_for_the_wrong_reason_is_a_difference() {
        assert!(differences(Some(&expect(99, &[("money", "fail")])), Some(99), &card()).is_empty());
        assert_eq!(
            differences(Some(&expect(99, &[("money", "pass"), ("hold", "fail")])), Some(99), &card()),
            ["hold is absent instead of fail", "money is fail instead of pass"]
        );
        assert_eq!(differences(Some(&expect(0, &[])), Some(99), &card()), ["exit code 99 instead of 0"]);
    }

    #[test]
    fn only_a_void_of_a_sick_generator_is_a_neighbour_s_work() {
        let played = |exit: i32, card: Value| Played {
            exit: Some(exit),
            card,
            seconds: 1.0,
            differences: Vec::new(),
            sick_before: None,
        };
        assert!(played(98, card()).is_sick());
        assert!(!played(99, card()).is_sick());
        assert!(!played(98, json!({"proofs": [{"name": "dose", "status": "fail"}]})).is_sick());
    }
}
