//! Who had something to do, and whether it was done.

use evidence::Said;

use super::Task;
use super::words::{Word, seconds};
use crate::case::Case;

pub(super) fn tasks(case: &Case<'_>, said: &[Word<'_>]) -> Vec<Task> {
    let mut all: Vec<Task> = Vec::new();
    for word in said {
        match &word.said {
            Said::Task { id, text, owner } => all.push(Task {
                id: id.clone(),
                text: text.clone(),
                owner: owner.clone(),
                done: false,
                seconds: seconds(case, word.entry),
                seq: word.entry.seq,
            }),
            Said::Done { id, .. } => {
                if let Some(meant) = all.iter_mut().rev().find(|task| task.id == *id) {
                    meant.done = true;
                }
            }
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::words::told;
    use crate::testbed::Bed;
    use evidence::Said;

    fn task(id: &str) -> Said {
        Said::Task { id: id.into(), text: "look at payment".into(), owner: "bob".into() }
    }

    #[test]
    fn a_task_is_done_when_somebody_says_so() {
        let bed = Bed::recovered().said(9_000, "ada", &task("t1")).said(9_100, "ada", &task("t2"));
        let tasks = told(&bed.said(9_500, "bob", &Said::Done { id: "t1".into(), text: String::new() })).tasks;
        assert_eq!(tasks.iter().map(|task| task.done).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn doing_what_nobody_asked_for_is_no_task() {
        let bed = Bed::recovered().said(9_500, "bob", &Said::Done { id: "t7".into(), text: String::new() });
        assert!(told(&bed).tasks.is_empty());
    }
}
