//! What brings the trouble: that there is a fault or a surge and not neither, that what is fired again is the same kind
//! of thing, that rounds do not overlap, and when it all ends.

use std::time::Duration;

use resilience::policy::Span;

use super::{Report, part};
use crate::{
    diagnostic::Finding,
    tree::{Kind, Node},
    trigger::{Repeat, Surge},
};

/// `empty`: the timeline has no fault.
pub(super) fn check_trigger(report: &mut Report<'_>, node: &Node, empty: bool) {
    let surge = node.get("load").and_then(|load| load.entry("surge")).filter(|(_, surge)| !is_null(surge));
    match (node.entry("timeline"), &surge) {
        (Some((key, _)), None) if empty => {
            report.add(key.span.clone(), Finding::new("the timeline has no fault"));
        }
        (None, None) => {
            let finding = Finding::new("nothing happens in this drill: it has neither a fault nor a surge");
            let allowed = "timeline: a map of faults, or load.surge: {factor, over, for}";
            report.add(node.span.start..node.span.start, finding.allowed(allowed));
        }
        (Some((key, _)), Some(_)) if !empty => {
            let finding =
                Finding::new("a drill has faults or a surge, not both: only one of them can be fired again");
            report.add(key.span.clone(), finding);
        }
        _ => {}
    }
    if let Some((key, replay)) = node.entry("replay") {
        let spec = replay.entry("spec").filter(|(_, spec)| !is_null(spec));
        match (spec, &surge) {
            (None, None) => {
                report.add(
                    key.span.clone(),
                    Finding::new("`replay` needs the key `spec`: the fault that is fired again"),
                );
            }
            (Some((key, _)), Some(_)) => {
                report.add(
                    key.span.clone(),
                    Finding::new("a surge comes again as it was: `replay` says only `for`"),
                );
            }
            _ => {}
        }
    }
    if let Some((_, surge)) = surge {
        check_surge(report, surge);
    }
    for (_, fault) in node.get("timeline").map(Node::entries).unwrap_or_default() {
        check_repeat(report, fault);
    }
}

fn check_surge(report: &mut Report<'_>, node: &Node) {
    let Some(surge) = part::<Surge>(Some(node)) else { return };
    if surge.over >= surge.length {
        let message = format!(
            "it never reaches its height: it climbs for {} of {}",
            Span(surge.over),
            Span(surge.length)
        );
        report.add(
            node.place(&["over"]),
            Finding::new(message).allowed(format!("below {}", Span(surge.length))),
        );
    }
}

fn check_repeat(report: &mut Report<'_>, fault: &Node) {
    let Some(repeat) = fault.get("repeat").filter(|repeat| !is_null(repeat)) else { return };
    let Some(Repeat { every, .. }) = part(Some(repeat)) else { return };
    let Some(length) = part::<Span>(fault.get("for")).map(Span::get) else { return };
    if every <= length {
        let message = format!("a round of {} has not ended when the next one begins", Span(length));
        let finding = Finding::new(message).allowed(format!("above {}", Span(length)));
        report.add(repeat.place(&["every"]), finding);
    }
}

fn is_null(node: &Node) -> bool {
    matches!(node.kind, Kind::Null)
}

/// The end of each fault, and of the surge; `None` for one that cannot be read.
pub(super) fn ends(node: &Node) -> impl Iterator<Item = Option<Duration>> {
    let surge = node.get("load").and_then(|load| part::<Surge>(load.get("surge")));
    let faults = node.get("timeline").map(Node::entries).unwrap_or_default().iter().map(|(_, fault)| {
        let at = fault.get("at").map_or(Some(Span::default()), |at| part(Some(at)))?;
        let rounds = part::<Repeat>(fault.get("repeat"));
        let more = rounds.map_or(Duration::ZERO, |repeat| repeat.every * repeat.times.saturating_sub(1));
        Some(at.get() + more + part::<Span>(fault.get("for"))?.get())
    });
    faults.chain(surge.map(|surge| Some(surge.length)))
}
