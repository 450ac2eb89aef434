//! Recovery after the trigger: that its times fit each other, and that it speaks of edges and services that there are.

use std::time::Duration;

use resilience::policy::{Span, topology};

use super::{Report, drill::heal_at, part, policy::unknown};
use crate::{
    aftermath::{After, Metastable, known_edge},
    diagnostic::Finding,
    tree::Node,
};

/// Whether recovery is judged once the faults are gone.
pub(super) fn judged_after(node: &Node) -> bool {
    let after = node.get("recovered").and_then(|recovered| recovered.get("after"));
    part::<After>(after) == Some(After::TriggerRemoved)
}

/// After t0: the end of the time in which a script may recover, as the plan will have it.
pub(crate) fn recovery_end(node: &Node) -> Option<Duration> {
    let heal = heal_at(node)?;
    if !judged_after(node) {
        return Some(heal);
    }
    let handover = part::<Span>(node.get("handover")).map_or(heal, Span::get);
    Some(handover.max(heal) + judged_for(node)?)
}

/// How long after the handover, and again after the replay, recovery is judged: `within`, the windows, and the hold.
fn judged_for(node: &Node) -> Option<Duration> {
    let recovered = node.get("recovered")?;
    let windows = recovered.get("windows")?;
    let time = |node: Option<&Node>, usual: u64| match node {
        Some(node) => part::<Span>(Some(node)).map(Span::get),
        None => Some(Duration::from_secs(usual)),
    };
    let proving = part::<Span>(windows.get("length"))?.get() * part::<u32>(windows.get("count"))?;
    Some(time(recovered.get("within"), 60)? + proving + time(recovered.get("hold"), 20)?)
}

pub(super) fn check(report: &mut Report<'_>, node: &Node) {
    let after = judged_after(node);
    if !after {
        let within = node.get("recovered").and_then(|recovered| recovered.entry("within"));
        for (key, _) in within.into_iter().chain(node.entry("metastable")) {
            let message = format!("`{}` is of no use while recovery is judged with the faults on", key.name);
            report.add(key.span.clone(), Finding::new(message).allowed("recovered.after: trigger_removed"));
        }
        return;
    }
    // The users stay that long after the replay; without them there is nothing to judge.
    if let (Some(stated), Some(needed)) = (node.get("settle_limit"), judged_for(node))
        && part::<Span>(Some(stated)).is_some_and(|limit| limit.get() < needed)
    {
        let message = "the run may be over before recovery after the replay is judged";
        let allowed = format!("at least {}: recovered.within + windows + hold", Span(needed));
        report.add(stated.span.clone(), Finding::new(message).allowed(allowed));
    }
    let (Some(heal), Some(handover)) = (heal_at(node), node.get("handover")) else {
        if let Some((key, _)) = node.entry("recovered").filter(|_| node.get("handover").is_none()) {
            let message = "recovery after the trigger counts from the handover, and there is none";
            report.add(key.span.clone(), Finding::new(message).allowed("handover: a time after the faults"));
        }
        return;
    };
    let Some(at) = part::<Span>(Some(handover)).map(Span::get) else { return };
    if at < heal {
        let message = format!("handed over before the faults end at {}, and judged after", Span(heal));
        report.add(handover.span.clone(), Finding::new(message));
    }
    let Some((key, stated)) = node.entry("metastable") else { return };
    let Some(metastable) = part::<Metastable>(Some(stated)) else { return };
    if metastable.from >= metastable.to {
        report.add(key.span.clone(), Finding::new("the metastable state ends before it begins"));
    }
    if heal + metastable.to > at {
        let message =
            format!("handed over before the metastable state is proven, at {}", Span(heal + metastable.to));
        report.add(handover.span.clone(), Finding::new(message));
    }
    let place = |keys: &[&str]| stated.place(keys);
    if let Err(known) = known_edge(&metastable.amplification.edge) {
        let finding = unknown("edge", &metastable.amplification.edge, &known);
        report.add(place(&["amplification", "edge"]), finding);
    }
    let services: Vec<String> = topology::SERVICES.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (part, share) in [("busy", &metastable.busy), ("waste", &metastable.waste)] {
        if !services.contains(&share.service) {
            report.add(place(&[part, "service"]), unknown("service", &share.service, &services));
        }
    }
}
