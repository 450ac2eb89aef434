//! `firedrill reveal`: what happens behind the scenes, and what the drill's folder says about it, if it is here. While a
//! run is on it is on record that somebody looked.

use clap::Args;
use controller::api::RunStatus;
use controller::api::words::{AskReveal, Revealed};
use drill::{Answer, Scale};
use serde::Serialize;

use super::say::Voice;
use crate::drills;
use crate::exit::{Exit, Failure};
use crate::watch::narrate::{self, describe_fault};
use crate::watch::pulse::clock;

/// Flags of `reveal`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  firedrill reveal --as candidate     refused before the end of an assessed run"
)]
pub(crate) struct Reveal {
    #[command(flatten)]
    voice: Voice,
}

/// What is shown.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    revealed: Revealed,
    /// Of the drill's folder; `None` if it is not here.
    answer: Option<Answer>,
}

impl Reveal {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let api = self.voice.access().api()?;
        let asked = AskReveal { author: self.voice.author().to_owned() };
        let revealed: Revealed = api.post("/api/reveal", &asked).await?;
        let status: RunStatus = api.get("/api/runs/current").await?;
        // The answer is in words that do not scale; its numbers are not shown.
        let answer = drills::find(&revealed.drill).and_then(|folder| drills::read(&folder)).ok();
        let answer =
            answer.and_then(|sources| drill::answer(&sources, &revealed.variant, Scale::ONE).ok().flatten());
        self.voice.output().write(&Shown { revealed, answer }, |shown| render(shown, status.t_ms));
        Ok(Exit::Pass)
    }
}

fn render(shown: &Shown, t_ms: u64) -> String {
    let revealed = &shown.revealed;
    let mut text = format!(
        "{}/{}, run {} at {}\n\nphases\n",
        revealed.drill,
        revealed.variant,
        revealed.run,
        clock(t_ms)
    );
    for phase in &revealed.phases {
        text.push_str(&format!("  [{}] {}\n", clock(phase.t_ms), narrate::phase(&phase.name)));
    }
    text.push_str("\nfaults\n");
    if revealed.faults.is_empty() {
        text.push_str("  none so far\n");
    }
    for fault in &revealed.faults {
        let end = fault.to_ms.map_or_else(|| "it is ON".to_owned(), |to| format!("to {}", clock(to)));
        text.push_str(&format!(
            "  [{}] {end}: {} on {}: {} ({})\n",
            clock(fault.from_ms),
            fault.id,
            fault.target,
            describe_fault(&fault.spec),
            fault.why
        ));
    }
    match &shown.answer {
        Some(answer) => {
            text.push_str(&format!("\nroot cause\n  {}\n\nmechanism\n", answer.root_cause.trim()));
            for (number, step) in answer.mechanism.iter().enumerate() {
                text.push_str(&format!("  {}. {step}\n", number + 1));
            }
            text.push_str(&format!("\nfirst broken edge\n  {}\n", answer.first_broken_edge));
        }
        None => text.push_str("\nthe drill's folder is not here, so its answer is not shown\n"),
    }
    text
}

#[cfg(test)]
mod tests {
    use controller::api::words::{RevealedFault, RevealedPhase};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_that_is_on_is_told_as_such() {
        let fault = |to_ms| RevealedFault {
            id: "slow".into(),
            target: "bank".into(),
            spec: json!({"effect": {"hang": {}}}),
            why: "timeline".into(),
            from_ms: 8_000,
            to_ms,
        };
        let revealed = Revealed {
            drill: "bank-slowdown".into(),
            phases: vec![RevealedPhase { name: "inject".into(), t_ms: 8_000 }],
            faults: vec![fault(Some(30_000)), fault(None)],
            ..Revealed::default()
        };
        let text = render(&Shown { revealed, answer: None }, 40_000);
        assert!(text.contains("[00:08] to 00:30: slow on bank: hang (timeline)"), "{text}");
        assert!(text.contains("[00:08] it is ON: slow") && text.contains("is not here"), "{text}");
    }
}
