//! The report of a run in its forms: a page for a browser, a page of Markdown, test cases for CI. All are written from
//! the scorecard and its story alone; nothing is judged here.

mod absent;
mod edge;
pub(crate) mod html;
pub(crate) mod junit;
pub(crate) mod markdown;
mod xml;
