//! The board: one page about the live lab. `page` makes lines of what the controller says, `terminal` puts them on a
//! screen that it gives back as it was.

mod alerts;
mod depth;
mod edges;
mod events;
mod line;
mod page;
mod services;
mod terminal;

pub(crate) use page::{Size, render};
pub(crate) use terminal::{Key, Terminal, size};
