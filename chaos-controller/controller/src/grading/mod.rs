//! The verdict of a sealed run, from its folder alone: what a run does at its end, and anybody does again later. The
//! same folder always gives the same bytes; nothing of the time, the place or the machine is in them.
//!
//! ```text
//! folder -> read (files side by side) -> Recording -> grader -> Graded -> write: a file for each form
//! ```

mod apart;
mod form;
mod read;

use std::io;
use std::path::{Path, PathBuf};

use evidence::OpenError;
use grader::Graded;

pub(crate) use apart::grade_apart;
pub use form::{Form, write};
pub use read::{Line, journal, read, read_files};

/// Why a folder is not graded.
#[derive(Debug, thiserror::Error)]
pub enum GradingError {
    #[error("`{folder}` is no run's folder: {why}")]
    NoRun { folder: PathBuf, why: &'static str },
    #[error("failed to read `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error("the recording in `{folder}` is refused")]
    Refused { folder: PathBuf, source: OpenError },
    #[error("failed to write `{path}`")]
    Write { path: PathBuf, source: io::Error },
}

/// Reads a recording back from the disk, as anybody could, and grades it.
///
/// # Errors
/// The folder is no run's, a file cannot be read, or a chain is broken. Missing and altered evidence is none: it makes
/// the verdict void.
pub fn grade(dir: &Path) -> Result<Graded, GradingError> {
    Ok(grader::grade(&read(dir)?))
}
