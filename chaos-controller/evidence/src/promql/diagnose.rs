//! Places for what is wrong with a text. The parser says only what.

use super::lower::Refusal;
use super::refused::Refused;

/// Refuses what the parser takes and the evaluator does not know.
pub(super) fn unsupported(_text: &str) -> Result<(), Refused> {
    Ok(())
}

/// The place of what the parser complains about.
pub(super) fn locate(_text: &str, message: &str) -> Refused {
    Refused::at(0, message)
}

/// The place of what was refused after parsing.
pub(super) fn place(text: &str, refusal: &Refusal) -> Refused {
    Refused::at(text.find(&refusal.about).unwrap_or_default(), &refusal.message)
}
