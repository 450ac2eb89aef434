//! The error budget of a journey, and a guardrail on it. One definition for whoever counts live and for whoever counts
//! again from the recording: what is in the budget, and which answers spend it.
//!
//! ```text
//! budget = (1 - objective's share) x rate x planned time      requests that may fail in this run
//! spent  = requests that have failed so far / budget          0 at the start; nothing keeps it from passing 1
//! ```

use std::time::Duration;

use evidence::{Outcome, Request};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::journey::Journey;
use crate::plan::{JourneyLoad, Load, Plan};

/// A share of an error budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorBudget {
    /// A journey, or `any`: whichever is the first to have spent so much. Default: any.
    #[serde(default)]
    pub journey: Whose,
    /// Of the requests that may fail in the whole run, by the journey's objective. 1 is all of them.
    #[schemars(range(max = 100), extend("exclusiveMinimum" = 0))]
    pub spent: f64,
}

/// Whose budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    #[default]
    Any,
    Home,
    Search,
    Account,
    PrepareCheckout,
    Checkout,
}

impl Whose {
    /// The journey; `None` for any.
    #[must_use]
    pub fn journey(self) -> Option<Journey> {
        match self {
            Whose::Any => None,
            Whose::Home => Some(Journey::Home),
            Whose::Search => Some(Journey::Search),
            Whose::Account => Some(Journey::Account),
            Whose::PrepareCheckout => Some(Journey::PrepareCheckout),
            Whose::Checkout => Some(Journey::Checkout),
        }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        self.journey().map_or("any", Journey::name)
    }
}

impl Load {
    /// Whether an answer spends error budget: it was not the right one, or came later than its journey's objective. An
    /// order that is accepted with its payment pending was answered; whether it is ever settled is asked elsewhere, and
    /// nobody can know it yet.
    #[must_use]
    pub fn spends(&self, request: &Request) -> bool {
        let Some(journey) = self.journeys.iter().find(|one| one.journey.index() == request.journey) else {
            return false;
        };
        let late = u128::from(request.latency_us) > journey.slo_latency.as_micros();
        late || !matches!(request.outcome, Outcome::Ok | Outcome::Pending)
    }
}

impl Plan {
    /// What budgets are counted over: from the first user to the end of the replay, by the timeline. With a person that is
    /// the latest end. Settling is not counted, since nobody plans how long it takes.
    #[must_use]
    pub fn budgeted(&self) -> Duration {
        self.zero() + self.replay_at() + self.replay.length
    }

    /// How many requests of a journey may fail in this run; `None` for one that is not played. A surge adds nothing: the
    /// budget is that of the usual load.
    #[must_use]
    pub fn error_budget(&self, journey: Journey) -> Option<f64> {
        let load = self.load.journeys.iter().find(|load| load.journey == journey)?;
        Some(self.budget_of(load))
    }

    /// The share that is spent after so many failures of each journey (by its index), and of which journey: of the one
    /// that is asked for, or of the one that has spent most. `None` if it is not played.
    #[must_use]
    pub fn budget_spent(&self, whose: Whose, failed: &[u64]) -> Option<(Journey, f64)> {
        let played = self.load.journeys.iter();
        let asked = played.filter(|load| whose.journey().is_none_or(|journey| load.journey == journey));
        let spent = asked.map(|load| {
            let failures = failed.get(usize::from(load.journey.index())).copied().unwrap_or_default();
            // An objective of 100 % has no budget: the first failure spends it, and no failure spends nothing.
            let share = if failures == 0 { 0.0 } else { failures as f64 / self.budget_of(load) };
            (load.journey, share)
        });
        spent.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn budget_of(&self, load: &JourneyLoad) -> f64 {
        (1.0 - load.slo_share) * load.rate * self.budgeted().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{choice, drill};

    fn smoke() -> Plan {
        crate::plan(&drill("bank-slowdown"), &choice("smoke", Some("nothing"), "1/10")).unwrap()
    }

    #[test]
    fn a_budget_is_the_failures_that_the_objective_allows_in_the_planned_time() {
        let plan = smoke();
        // 8 s baseline, 36 s of fault, 5 s clear, 8 s replay; 45 checkouts/s, of which 1 % may fail.
        assert_eq!(plan.budgeted(), Duration::from_secs(57));
        let budget = plan.error_budget(Journey::Checkout).unwrap();
        assert!((budget - 57.0 * 45.0 * 0.01).abs() < 1e-9, "{budget}");
    }

    #[test]
    fn any_is_whoever_has_spent_most() {
        let plan = smoke();
        let failed = [3, 0, 0, 0, 13];
        // Home: 3 of 57 x 5 x 0.01 = 2.85. Checkout: 13 of 25.65.
        let (journey, share) = plan.budget_spent(Whose::Any, &failed).unwrap();
        assert_eq!((journey, share > 1.0), (Journey::Home, true));
        let (journey, share) = plan.budget_spent(Whose::Checkout, &failed).unwrap();
        assert_eq!((journey, (share * 100.0).round()), (Journey::Checkout, 51.0));
        assert_eq!(plan.budget_spent(Whose::Any, &[]).unwrap().1, 0.0);
    }

    #[test]
    fn late_and_wrong_answers_spend_and_pending_ones_do_not() {
        let plan = smoke();
        let request = |latency_us, outcome| Request {
            intended_us: 0,
            journey: Journey::Checkout.index(),
            index: 0,
            user: 1,
            lateness_us: 0,
            latency_us,
            outcome,
        };
        assert!(!plan.load.spends(&request(1_500_000, Outcome::Ok)));
        assert!(plan.load.spends(&request(1_500_001, Outcome::Ok)));
        assert!(!plan.load.spends(&request(90_000, Outcome::Pending)));
        assert!(plan.load.spends(&request(90_000, Outcome::Timeout)));
        assert!(!plan.load.spends(&Request { journey: 9, ..request(0, Outcome::Wrong) }), "nobody's journey");
    }
}
