//! Exit codes, as `firedrill --help` lists them.

use super::Explained;
use crate::exit::Exit;

const CODES: [(Exit, &str, &str); 8] = [
    (Exit::Pass, "pass: all objectives were met, or the command did its work", "nothing is left to do"),
    (
        Exit::Unexpected,
        "unexpected: a defect, or a system that refuses",
        "the message names it; `firedrill doctor` checks the machine and the lab",
    ),
    (Exit::Usage, "usage: the command line does not say what to do", "`firedrill <verb> --help`"),
    (
        Exit::Residue,
        "residue: a run left something behind, whatever its verdict",
        "the report lists it; `firedrill down` ends what is left of the lab",
    ),
    (
        Exit::Void,
        "void: the run proves nothing, because a proof failed or evidence is missing",
        "the report's proofs say which; a void run is neither passed nor failed, run it again",
    ),
    (
        Exit::Failed,
        "fail: objectives were not met",
        "`report.md` in the run's folder shows what, when and why",
    ),
    (
        Exit::Invalid,
        "invalid: a drill, policy, fault or query that cannot be accepted; nothing was started",
        "every problem is shown with its place; `firedrill check` checks again",
    ),
    (
        Exit::Interrupted,
        "interrupted: Ctrl-C; load and faults were removed first",
        "the run's folder holds what was recorded until then",
    ),
];

/// `99`, or `exit 99`.
pub(super) fn explain(word: &str) -> Option<Explained> {
    let digits = word
        .trim_start_matches("exit")
        .trim_start_matches([' ', '-', '_', '.'])
        .trim_start_matches("code")
        .trim();
    let code: i32 = digits.parse().ok()?;
    let (_, is, next) = CODES.iter().find(|(exit, _, _)| *exit as i32 == code)?;
    let mut explained = Explained {
        subject: format!("exit code {code}"),
        kind: "exit code",
        is: (*is).to_owned(),
        ..Explained::default()
    };
    explained.fact("next", *next);
    explained.fact("precedence", "97, 105, 98, 99, 0: a run that is several of them ends with the first");
    Some(explained)
}
