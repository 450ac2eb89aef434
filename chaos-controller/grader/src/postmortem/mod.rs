//! The postmortem of a run: a draft from its journal and scorecard, and a check of what people made of it. Text in, text
//! and problems out; files and today's date are the caller's.
//!
//! ```text
//! draft.rs  ->  people fill it in  ->  page.rs reads it  ->  check/   one rule a file
//!                                                        ->  actions.rs -> proof.rs   a rerun closes an item
//!                                                        ->  quality.rs               the row of the rubric
//! ```

mod actions;
mod check;
mod date;
mod draft;
mod levers;
mod page;
mod phrase;
mod proof;
mod quality;

pub use actions::{Action, Kind, Proof, actions};
pub use check::{Around, Problem, check};
pub use date::Date;
pub use draft::{draft, is_untouched};
pub use proof::{Origin, Rerun, proves};
pub use quality::{Quality, quality};

/// The file in a run's folder.
pub use evidence::recording::POSTMORTEM;

/// Where people have to write, in a draft: `[FILL IN: what is wanted]`. As long as one is left, the check complains.
pub(crate) const FILL_IN: &str = "[FILL IN:";
