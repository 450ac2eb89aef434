//! Conducting an interview: beside an assessed run that a person plays, the agenda of the drill goes on by its own clock,
//! and one key marks a row of the rubric. The run itself knows nothing of it.
//!
//! ```text
//! terminal (keys) --> keymap --> conductor <-- agenda (what is next, when)
//!                                    |
//!                                    +-- while the run is on: the journal, through the API
//!                                    +-- once it is sealed: review.jsonl
//! ```

mod agenda;
mod conductor;
mod keymap;
mod terminal;

pub(crate) use conductor::{Conductor, Due};
