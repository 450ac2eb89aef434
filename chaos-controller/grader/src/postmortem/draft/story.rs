//! What happened, in prose: the summary, how it was noticed, why it happened and how it ended.

use evidence::kind;

use super::{Draft, asked, quoted};
use crate::postmortem::levers;
use crate::timeline::Event;

impl Draft<'_> {
    pub(super) fn summary(&self) -> Vec<String> {
        let card = self.card;
        let mut lines = Vec::new();
        let roots: Vec<&str> = card.truth.roots.iter().map(|root| root.what.as_str()).collect();
        if !roots.is_empty() {
            lines.push(format!("It began with this: {}.", roots.join("; ")));
        }
        let broke: Vec<String> = card
            .cascade
            .iter()
            .map(|broken| format!("{} after {:.0} s ({})", broken.service, broken.seconds, broken.symptom))
            .collect();
        if !broke.is_empty() {
            lines.push(format!("It climbed: {}.", broke.join(", ")));
        }
        lines.push(match card.measures.time_to.recovery {
            Some(seconds) => format!("Users were served again {seconds:.0} s after its start."),
            None => "Users were not served again before the trigger was gone.".to_owned(),
        });
        lines.push(asked("what this meant to users, in one sentence that needs no knowledge of the shop"));
        lines
    }

    pub(super) fn detection(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let timeline = &self.card.timeline;
        let after = |event: &&Event| event.seconds >= 0.0;
        match timeline
            .iter()
            .filter(after)
            .find(|event| event.kind == kind::ALERT && event.what.ends_with(" firing"))
        {
            Some(alert) => lines
                .push(format!("The first alert, `{}`, {:.0} s after the start.", alert.what, alert.seconds)),
            None => lines.push("No alert fired.".to_owned()),
        }
        let said = timeline.iter().filter(after).find(|event| event.kind == kind::ACTION);
        if let Some(said) = said {
            lines.push(format!(
                "The first entry by a person or script, {:.0} s after the start: {}.",
                said.seconds,
                quoted(&said.what)
            ));
        }
        lines.push(asked("which signal would be earlier, and who gets it"));
        lines
    }

    pub(super) fn causes(&self) -> Vec<String> {
        let truth = &self.card.truth;
        let mut lines = vec!["Trigger:".to_owned(), String::new()];
        if truth.roots.is_empty() {
            lines.push(format!("- {}", asked("what set it off")));
        }
        lines.extend(
            truth.roots.iter().map(|root| format!("- {}: {} ({})", root.component, root.what, root.evidence)),
        );
        if let Some(edge) = &truth.first_broken_edge {
            let (caller, callee) = (&edge.caller, &edge.callee);
            lines.push(format!("- The call that broke first: {caller} to {callee} ({})", edge.evidence));
        }
        lines.extend([String::new(), "Contributing factors, by the recording:".to_owned(), String::new()]);
        lines.extend(
            truth
                .mechanisms
                .iter()
                .map(|one| format!("- {} at {}: {}", levers::said(one.kind), one.at, one.what)),
        );
        lines.push(format!(
            "- {}",
            asked("why each of these was possible: defaults, limits, reviews, missing drills")
        ));
        if let Some(last) = self.card.diagnoses.submitted.last() {
            lines.extend([
                String::new(),
                format!("As it was diagnosed {:.0} s after the start: {}.", last.seconds, quoted(&last.said)),
            ]);
        }
        lines
    }

    pub(super) fn resolution(&self) -> Vec<String> {
        let acts = |event: &&Event| {
            let acted = event.kind == kind::POLICY
                || event.kind == kind::ACTION
                    && ["restart", "scale", "declare"].iter().any(|verb| event.what.starts_with(verb));
            acted && event.actor != "controller" && event.seconds >= 0.0
        };
        let mut lines: Vec<String> = Vec::new();
        for event in self.card.timeline.iter().filter(acts) {
            let why = if event.why.is_empty() { asked("why") } else { quoted(&event.why) };
            lines.push(format!(
                "- {:+.0} s, {}: `{}`, because {why}",
                event.seconds,
                event.actor,
                event.what.replace('`', "'")
            ));
        }
        if lines.is_empty() {
            lines.push("Nobody changed anything while it was on.".to_owned());
        }
        lines.extend([String::new(), asked("what each change did, by which graph, and what ended it")]);
        lines
    }
}
