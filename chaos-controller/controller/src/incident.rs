//! What stands in an incident, from everything that was said: who has which role, how bad it is, what is believed and
//! not settled, what is to be done and is not. A pure reading of the words; what they are worth is the grader's.

use evidence::Said;
use evidence::said::Outcome;

use crate::api::Role;
use crate::api::words::{Incident, Told};

/// What stands after `words`, as `role` may see it.
pub(crate) fn standing(words: &[Told], role: Role) -> Incident {
    let mut incident = Incident::default();
    for told in words {
        hear(&mut incident, told);
    }
    if role != Role::Operator {
        incident.marks.clear();
    }
    incident
}

fn hear(incident: &mut Incident, told: &Told) {
    let keep = |list: &mut Vec<Told>| list.push(told.clone());
    match &told.said {
        Said::Say { .. } => keep(&mut incident.messages),
        Said::Severity { .. } => incident.severity = Some(told.clone()),
        Said::Role { role, .. } => {
            incident.roles.retain(|had| !matches!(&had.said, Said::Role { role: had, .. } if had == role));
            keep(&mut incident.roles);
        }
        Said::HandOver { to, .. } => {
            for had in &mut incident.roles {
                if let Said::Role { name, .. } = &mut had.said
                    && *name == told.by
                {
                    name.clone_from(to);
                }
            }
            keep(&mut incident.messages);
        }
        Said::Hypothesis { .. } => keep(&mut incident.hypotheses),
        Said::Conclude { id, outcome: Outcome::Held | Outcome::Refuted, .. } => {
            incident.hypotheses.retain(|open| id_of(&open.said) != Some(id));
        }
        // It is still open: what was said about it is a message.
        Said::Conclude { .. } => keep(&mut incident.messages),
        Said::Decide { .. } => keep(&mut incident.decisions),
        Said::Task { .. } => keep(&mut incident.tasks),
        Said::Done { id, .. } => incident.tasks.retain(|open| id_of(&open.said) != Some(id)),
        Said::Acknowledge { .. } => keep(&mut incident.acknowledged),
        Said::Diagnose { .. } => keep(&mut incident.diagnoses),
        Said::Hint { .. } => keep(&mut incident.hints),
        Said::Reveal {} => {}
        Said::Mark { row, .. } => {
            incident.marks.retain(|had| !matches!(&had.said, Said::Mark { row: had, .. } if had == row));
            keep(&mut incident.marks);
        }
    }
}

/// The name that later words refer to a hypothesis or a task by.
pub(crate) fn id_of(said: &Said) -> Option<&String> {
    match said {
        Said::Hypothesis { id, .. } | Said::Task { id, .. } => Some(id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(lines: &[serde_json::Value]) -> Vec<Told> {
        let said = |line: &serde_json::Value| serde_json::from_value(line.clone()).unwrap();
        let by = "ada".to_owned();
        lines.iter().map(|line| Told { t_ms: 1, by: by.clone(), said: said(line) }).collect()
    }

    fn names(list: &[Told]) -> Vec<&str> {
        list.iter().filter_map(|told| id_of(&told.said)).map(String::as_str).collect()
    }

    #[test]
    fn what_is_settled_no_longer_stands() {
        let hypothesis =
            |id| json!({"verb": "hypothesis", "id": id, "text": "a", "prediction": "b", "reversal": "c"});
        let words = words(&[
            hypothesis("h1"),
            hypothesis("h2"),
            hypothesis("h3"),
            json!({"verb": "conclude", "id": "h1", "outcome": "refuted"}),
            json!({"verb": "conclude", "id": "h2", "outcome": "open"}),
            json!({"verb": "task", "id": "t1", "text": "a", "owner": "bob"}),
            json!({"verb": "task", "id": "t2", "text": "a", "owner": "bob"}),
            json!({"verb": "done", "id": "t1"}),
        ]);
        let incident = standing(&words, Role::Observer);
        assert_eq!(names(&incident.hypotheses), ["h2", "h3"]);
        assert_eq!(names(&incident.tasks), ["t2"]);
    }

    #[test]
    fn who_hands_over_gives_their_roles_away_and_the_last_severity_counts() {
        let words = words(&[
            json!({"verb": "role", "role": "commander", "name": "ada"}),
            json!({"verb": "role", "role": "scribe", "name": "cy"}),
            json!({"verb": "severity", "level": "sev2"}),
            json!({"verb": "severity", "level": "sev1"}),
            json!({"verb": "hand_over", "to": "bob", "text": "the pool is full"}),
        ]);
        let incident = standing(&words, Role::Candidate);
        let roles: Vec<&str> = incident
            .roles
            .iter()
            .map(|told| if let Said::Role { name, .. } = &told.said { name } else { "?" })
            .collect();
        assert_eq!(roles, ["bob", "cy"]);
        let severity = serde_json::to_value(incident.severity.unwrap().said).unwrap();
        assert_eq!(severity["level"], "sev1");
    }

    #[test]
    fn marks_are_for_the_instructor_alone() {
        let words = words(&[
            json!({"verb": "mark", "row": "system_thinking", "mark": "novice"}),
            json!({"verb": "mark", "row": "system_thinking", "mark": "expert"}),
        ]);
        assert_eq!(standing(&words, Role::Operator).marks.len(), 1, "the last one counts");
        assert!(standing(&words, Role::Candidate).marks.is_empty());
    }
}
