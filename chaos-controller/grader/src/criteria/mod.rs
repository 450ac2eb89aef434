//! What "recovered" needs, one file per criterion. Each looks at the case and finds pass, fail or unknown; which of
//! them are required is the plan's choice. To add one: a file with `judge`, and a row here. Those that one drill alone
//! has need no file: they are its queries (`own.rs`).

pub(crate) mod amplification;
pub(crate) mod goodput;
pub(crate) mod hold;
pub(crate) mod money;
pub(crate) mod own;
pub(crate) mod queue_wait;
pub(crate) mod replay;
pub(crate) mod residue;
pub(crate) mod safe_bounds;
pub(crate) mod services;

use crate::case::Case;
use crate::finding::Finding;

type Judge = fn(&Case<'_>) -> Finding;

/// Every criterion, in the order of the report.
pub(crate) const ALL: [(&str, Judge); 9] = [
    ("goodput", goodput::judge),
    ("queue_wait", queue_wait::judge),
    ("amplification", amplification::judge),
    ("hold", hold::judge),
    ("replay", replay::judge),
    ("safe_bounds", safe_bounds::judge),
    ("services", services::judge),
    ("money", money::judge),
    ("residue", residue::judge),
];
