//! The rows of the scorecard, as they are typed: hyphens are as good as underscores, and a slip is named with what was
//! probably meant.

use controller::answers;
use grader::{RUBRIC, SELF_SCORES, SIGNALS};

use crate::exit::{Exit, Failure};

/// A row by its typed name.
///
/// # Errors
/// There is none of this name.
pub(super) fn row(typed: &str) -> Result<&'static str, Failure> {
    of(typed, RUBRIC.iter().chain(&SIGNALS).chain(&SELF_SCORES).copied())
}

/// A row of the self-score by its typed name.
///
/// # Errors
/// As [`row`].
pub(super) fn own_row(typed: &str) -> Result<&'static str, Failure> {
    of(typed, SELF_SCORES.iter().copied())
}

/// A mark that fits a row.
///
/// # Errors
/// It is none.
pub(super) fn mark(row: &str, typed: &str) -> Result<String, Failure> {
    let mark = typed.trim().to_lowercase();
    match grader::check_mark(row, &mark) {
        Ok(()) => Ok(mark),
        Err(problem) => {
            let failure = Failure::new(Exit::Invalid, problem);
            let near = answers::near(&mark, grader::Mark::ALL.map(grader::Mark::name));
            Err(match near.first() {
                Some(meant) if RUBRIC.contains(&row) => failure.hint(format!("did you mean `{meant}`?")),
                _ => failure,
            })
        }
    }
}

fn of(typed: &str, rows: impl Iterator<Item = &'static str> + Clone) -> Result<&'static str, Failure> {
    let plain = typed.trim().to_lowercase().replace(['-', ' '], "_");
    if let Some(row) = rows.clone().find(|row| *row == plain) {
        return Ok(row);
    }
    let failure = Failure::new(Exit::Invalid, format!("`{typed}` is no row here"))
        .detail(format!("allowed: {}", rows.clone().collect::<Vec<_>>().join(", ")));
    Err(match answers::near(&plain, rows).first() {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_typed_with_either_dash() {
        assert_eq!(row("system-thinking").unwrap(), "system_thinking");
        assert_eq!(row("Coding_Fluency").unwrap(), "coding_fluency");
        assert_eq!(own_row("time control").unwrap(), "time_control");
        assert!(own_row("system_thinking").is_err());
    }

    #[test]
    fn a_slip_names_what_was_meant_and_all_that_is_allowed() {
        let failure = row("sytem_thinking").unwrap_err();
        assert_eq!(failure.exit, Exit::Invalid);
        assert_eq!(failure.hint.as_deref(), Some("did you mean `system_thinking`?"));
        assert!(failure.details[0].contains("postmortem_quality"), "{:?}", failure.details);
    }

    #[test]
    fn a_mark_fits_its_row() {
        assert_eq!(mark("system_thinking", "Expert").unwrap(), "expert");
        assert_eq!(mark("coding_fluency", "4").unwrap(), "4");
        let failure = mark("system_thinking", "exprt").unwrap_err();
        assert_eq!(failure.hint.as_deref(), Some("did you mean `expert`?"));
        assert!(mark("coding_fluency", "expert").is_err());
    }
}
