//! What watchers are sent, and who may see which of it. Candidates and observers never learn of a fault from the lab:
//! neither its kind, nor its time, nor the phase that it makes.

use evidence::{Entry, kind};
use serde_json::Value;

use crate::api::{Event, Role};

/// The phase as it is called in front of candidates.
pub(crate) fn phase_for(role: Role, phase: &str) -> &str {
    if role == Role::Operator {
        return phase;
    }
    match phase {
        kind::phase::INJECT => kind::phase::BASELINE,
        kind::phase::CLEAR | kind::phase::REPLAY | kind::phase::SETTLE => "verify",
        kind::phase::RECONCILE | kind::phase::PROVE_CLEAN => "verify",
        open => open,
    }
}

/// The event as `role` may see it.
pub(crate) fn event_for(role: Role, event: &Event) -> Option<Event> {
    if role == Role::Operator {
        return Some(event.clone());
    }
    match event {
        Event::Journal { t_ms, kind, actor, body } => {
            let body = body_for(kind, body)?;
            Some(Event::Journal { t_ms: *t_ms, kind: kind.clone(), actor: actor.clone(), body })
        }
        Event::Pulse(pulse) => {
            let mut pulse = pulse.clone();
            pulse.phase = pulse.phase.as_deref().map(|phase| phase_for(role, phase).to_owned());
            Some(Event::Pulse(pulse))
        }
        Event::Finished(run) => Some(Event::Finished(run.clone())),
    }
}

/// An entry of the journal as everybody may see it.
fn body_for(entry_kind: &str, body: &Value) -> Option<Value> {
    match entry_kind {
        // An instructor's marks are nobody else's.
        kind::ACTION if body["verb"] == "mark" => None,
        kind::POLICY
        | kind::POLICY_APPLIED
        | kind::ACTION
        | kind::PROCESS
        | kind::REFUSED
        | kind::FOOTPRINT
        | kind::ALERT
        | kind::GUARDRAIL => Some(body.clone()),
        kind::PHASE => {
            let name = body.get("name").and_then(Value::as_str)?;
            // A phase that is renamed did not begin for this reader: the one before goes on.
            (phase_for(Role::Candidate, name) == name).then(|| serde_json::json!({ "name": name }))
        }
        kind::RUN_STARTED => {
            let mut body = body.clone();
            let fields = body.as_object_mut()?;
            fields.remove("schedule_hash");
            fields.remove("seed");
            Some(body)
        }
        _ => None,
    }
}

/// A journal entry as an event.
pub(crate) fn event_of(entry: &Entry) -> Event {
    Event::Journal {
        t_ms: entry.t_ms,
        kind: entry.kind.clone(),
        actor: entry.actor.clone(),
        body: entry.body.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn journal(kind: &str, body: Value) -> Event {
        Event::Journal { t_ms: 1, kind: kind.to_owned(), actor: "controller".to_owned(), body }
    }

    #[test]
    fn candidates_never_see_a_fault() {
        for hidden in [
            kind::FAULT_INTENT,
            kind::FAULT_APPLIED,
            kind::FAULT_CLEARED,
            kind::DOSE,
            kind::PROOF,
            kind::BANK_LOG,
            kind::RESIDUE,
            kind::CLOCK,
            kind::SEALED,
            "a kind of tomorrow",
        ] {
            let event = journal(hidden, json!({}));
            assert!(event_for(Role::Candidate, &event).is_none(), "{hidden}");
            assert!(event_for(Role::Operator, &event).is_some(), "{hidden}");
        }
        for phase in [kind::phase::INJECT, kind::phase::CLEAR, kind::phase::REPLAY] {
            assert!(
                event_for(Role::Observer, &journal(kind::PHASE, json!({"name": phase}))).is_none(),
                "{phase}"
            );
            assert_ne!(phase_for(Role::Candidate, phase), phase);
        }
        assert!(event_for(Role::Observer, &journal(kind::PHASE, json!({"name": "handover"}))).is_some());
    }

    #[test]
    fn everybody_hears_what_is_said_and_nobody_but_the_instructor_the_marks() {
        let mark = journal(kind::ACTION, json!({"verb": "mark", "row": "system_thinking", "mark": "novice"}));
        assert!(event_for(Role::Candidate, &mark).is_none() && event_for(Role::Observer, &mark).is_none());
        assert!(event_for(Role::Operator, &mark).is_some());
        for verb in ["say", "decide", "hint", "reveal", "restart"] {
            let said = journal(kind::ACTION, json!({ "verb": verb }));
            assert!(event_for(Role::Observer, &said).is_some(), "{verb}");
        }
    }
}
