//! Runs side by side, each lane one at a time, and those whose generator was sick once more, alone, at the end.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;

use drill::Scale;

use crate::cast::Play;
use crate::play::{Played, play};
use crate::say;
use harness::stop::Stop;

/// What all runs share.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The program under test.
    pub(crate) bin: PathBuf,
    pub(crate) scale: Scale,
    /// Where runs are kept.
    pub(crate) runs: PathBuf,
    /// Keep also those that went as expected.
    pub(crate) keep: bool,
    /// Ours: labs, and copies of drills.
    pub(crate) scratch: PathBuf,
    pub(crate) stop: Stop,
}

/// Plays all; `None` is what was not played, because it cannot be or because somebody stopped us.
pub(crate) fn play_all(stage: &Stage, jobs: usize, plays: &[Play]) -> Vec<Option<Played>> {
    let mut played: Vec<Option<Played>> = plays.iter().map(|_| None).collect();
    let able: VecDeque<usize> = (0..plays.len()).filter(|at| plays[*at].impossible.is_none()).collect();
    for (at, done) in abreast(jobs, able, |lane, at| one(stage, lane, at, plays)) {
        played[at] = done;
    }
    let sick: VecDeque<usize> =
        (0..plays.len()).filter(|at| played[*at].as_ref().is_some_and(Played::is_sick)).collect();
    if !sick.is_empty() && !stage.stop.is_asked() {
        say(&format!("{} runs had a sick generator: each is played once more, alone", sick.len()));
        for (at, done) in abreast(1, sick, |lane, at| one(stage, lane, at, plays)) {
            let before = played[at].take().map(|before| before.reason().to_owned());
            played[at] = done.map(|done| Played { sick_before: before, ..done });
        }
    }
    for (play, played) in plays.iter().zip(&played) {
        let Some(played) = played else { continue };
        let fine = play.expect.is_some() && played.differences.is_empty();
        if let Some(folder) = played.folder().filter(|_| fine && !stage.keep) {
            let _ = std::fs::remove_dir_all(stage.runs.join(folder));
        }
    }
    played
}

fn one(stage: &Stage, lane: usize, at: usize, plays: &[Play]) -> Option<Played> {
    if stage.stop.is_asked() {
        return None;
    }
    let who = format!("[{}/{}] {}: {}", at + 1, plays.len(), plays[at].drill, plays[at].candidate);
    match play(stage, lane, &plays[at]) {
        Ok(played) => {
            let exit = played.exit.map_or_else(|| "no exit code".to_owned(), |exit| exit.to_string());
            let mark = match (played.differences.is_empty(), played.is_sick()) {
                (_, true) => ", the generator was sick".to_owned(),
                (true, _) => String::new(),
                _ => format!(", NOT as expected: {}", played.differences.join("; ")),
            };
            say(&format!("{who}: {exit} after {:.0} s{mark}", played.seconds));
            Some(played)
        }
        Err(error) => {
            say(&format!("{who}: not played: {error:#}"));
            None
        }
    }
}

/// Works on all items, so many at a time; in the order in which they were done.
fn abreast<T: Copy + Send, R: Send>(
    lanes: usize,
    items: VecDeque<T>,
    work: impl Fn(usize, T) -> R + Sync,
) -> Vec<(T, R)> {
    let waiting = Mutex::new(items);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for lane in 0..lanes {
            let (waiting, done, work) = (&waiting, &done, &work);
            scope.spawn(move || {
                loop {
                    let next = waiting.lock().expect("no panic while an item is taken").pop_front();
                    let Some(item) = next else { return };
                    let result = work(lane, item);
                    done.lock().expect("no panic while a result is kept").push((item, result));
                }
            });
        }
    });
    done.into_inner().expect("no panic while a result is kept")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_and_by_a_lane_that_exists() {
        let mut done = abreast(3, (0..20).collect(), |lane, item: u32| (lane, item));
        done.sort_unstable();
        assert_eq!(done.iter().map(|(item, _)| *item).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
        assert!(done.iter().all(|(item, (lane, same))| *lane < 3 && item == same));
    }
}
