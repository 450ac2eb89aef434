//! Drill files: from YAML text to a validated [`Plan`], with every problem at once, each with its
//! line and column. PURE: texts in, plan or problems out. Leaves out reading files, running a plan,
//! and evaluating its conditions.
//!
//! ```text
//!   text -> tree with places -> overlay of the variant -> schema -> rules -> types -> scale -> plan
//!           (tree)              (reading)                 (schema)  (check)  (file)   (planning)
//! ```

mod aftermath;
mod budget;
mod check;
mod condition;
mod diagnostic;
mod file;
mod journey;
mod metric;
mod plan;
mod planning;
mod reading;
mod rules;
mod scale;
mod schema;
mod source;
mod threshold;
mod time;
mod tree;
mod trigger;

#[cfg(test)]
mod tests;

pub use aftermath::{Aftermath, AmplificationAbove, Figure, GoodputBelow, Metastable, ShareAbove};
pub use budget::{ErrorBudget, Whose};
pub use condition::{Condition, During, Guardrail, Held, OwnCriterion, Steady, holds};
pub use diagnostic::{Diagnostic, Problems};
pub use file::{
    answer::{Answer, Ingredient, Mark, Plateau, Role},
    candidate::Expect,
};
pub use journey::Journey;
pub use metric::metrics;
pub use plan::{
    Action, AgendaItem, Arrivals, Bank, Baseline, CandidatePlan, Fault, Hint, JourneyLoad, LATE_HANDOVER,
    Load, NO_CLOCK, Plan, Replay, RubricRow, Search, SecondRegion, Step, Thresholds, Windows,
};
pub use planning::{guardrail, plan};
pub use reading::{answer, check, check_policy, expectation, variants};
pub use rules::{Recording, Rule, Rules, rules};
pub use scale::{NotAScale, Scale};
pub use schema::{answer_schema, candidate_schema, drill_schema};
pub use source::{Choice, Mode, Source, Sources};
pub use trigger::{DoublesFrom, Repeat, Surge};
