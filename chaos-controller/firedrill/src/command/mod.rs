//! The commands, each a file: its flags and what it does.

pub(crate) mod actions;
pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod doctor;
pub(crate) mod down;
pub(crate) mod explain;
pub(crate) mod fault;
pub(crate) mod logs;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod postmortem;
pub(crate) mod process;
pub(crate) mod query;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod status;
pub(crate) mod traces;
pub(crate) mod up;
pub(crate) mod watch;
