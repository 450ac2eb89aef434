//! Every change of the shop without a stated reason, with its line. A reason that is only thought cannot be reviewed. What
//! a reason is worth is not asked.

use evidence::{Entry, kind};
use serde_json::Value;

use super::Unexplained;
use super::facts::changes;
use crate::case::Case;
use crate::finding::round;

pub(super) fn unexplained(case: &Case<'_>) -> Vec<Unexplained> {
    let silent = changes(case).filter(|entry| entry.text("reason").trim().is_empty());
    let listed = silent.map(|entry| Unexplained {
        what: what(entry),
        by: entry.actor.clone(),
        seconds: round(case.moments.seconds(entry.t_ms)),
        seq: entry.seq,
    });
    listed.collect()
}

fn what(entry: &Entry) -> String {
    let number = |field: &str| entry.body.get(field).map(Value::to_string).unwrap_or_default();
    match (entry.kind.as_str(), entry.text("verb")) {
        (kind::POLICY, _) => format!("policy {}", number("version")),
        (_, "scale") => format!("scale {} to {}", entry.text("service"), number("instances")),
        (_, verb) => {
            let targets = entry.body.get("targets").and_then(Value::as_array).into_iter().flatten();
            let targets: Vec<&str> = targets.filter_map(Value::as_str).collect();
            format!("{verb} {}", targets.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use serde_json::json;

    fn listed(bed: &Bed) -> Vec<String> {
        let recording = bed.recording();
        let all = unexplained(&Case::new(&recording, bed.plan()));
        all.into_iter().map(|one| format!("{} by {} at {}", one.what, one.by, one.seconds)).collect()
    }

    #[test]
    fn each_kind_of_change_is_listed_if_it_has_no_reason() {
        let bed = Bed::recovered()
            .entry(
                12_000,
                kind::ACTION,
                "ada",
                json!({"verb": "restart", "targets": ["cart", "order"], "reason": ""}),
            )
            .entry(
                13_000,
                kind::ACTION,
                "ada",
                json!({"verb": "scale", "service": "payment", "instances": 3}),
            )
            .entry(14_000, kind::POLICY, "bob", json!({"version": 4, "reason": "\t"}));
        assert_eq!(
            listed(&bed),
            ["restart cart, order by ada at 7", "scale payment to 3 by ada at 8", "policy 4 by bob at 9"]
        );
    }

    #[test]
    fn a_reason_and_the_lab_s_own_work_are_not_listed() {
        let bed = Bed::recovered().entry(39_500, kind::POLICY, "controller", json!({"version": 5}));
        assert!(listed(&bed).is_empty());
    }
}
