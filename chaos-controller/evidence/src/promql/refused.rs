//! Why a text is no query of ours, and where.

use std::fmt;

/// A text that does not parse, or asks for what this evaluator does not know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refused {
    pub message: String,
    /// Byte in the text.
    pub offset: usize,
    /// What would have been taken there.
    pub allowed: Option<String>,
    /// What was probably meant.
    pub hint: Option<String>,
}

impl Refused {
    pub(super) fn at(offset: usize, message: impl Into<String>) -> Self {
        Refused { message: message.into(), offset, allowed: None, hint: None }
    }

    pub(super) fn allowed(self, allowed: impl Into<String>) -> Self {
        Refused { allowed: Some(allowed.into()), ..self }
    }

    pub(super) fn hint(self, hint: Option<String>) -> Self {
        Refused { hint, ..self }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.message, self.offset)?;
        if let Some(allowed) = &self.allowed {
            write!(f, "; allowed: {allowed}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}
