//! Whom a fault of a drill is put on: somebody of the lab, and somebody who can have such a fault.

use fault::FaultSpec;
use resilience::policy::topology::{self, BANK};

use super::{Report, part, policy::unknown};
use crate::{
    diagnostic::Finding,
    tree::{Kind, Node},
};

/// How many instances of a service the lab starts with.
fn instances(drill: &Node, service: &str) -> u32 {
    let named = drill.get("lab").and_then(|lab| lab.get("instances")?.get(service));
    part::<u32>(named).map_or(1, |named| named.max(1))
}

/// Whether there is such a target, and whether the fault can be put on it.
pub(super) fn check_target(report: &mut Report<'_>, fault: &Node, drill: &Node) {
    let target = match fault.get("target") {
        None => BANK.0,
        Some(Node { kind: Kind::Text(name), span }) => {
            let (service, number) = match name.rsplit_once('-') {
                Some((service, number)) if number.parse::<u32>().is_ok() => {
                    (service, number.parse::<u32>().ok())
                }
                _ => (name.as_str(), None),
            };
            if service != BANK.0 && !topology::is_service(service) {
                let services = topology::SERVICES.iter().map(|(service, _)| *service);
                let there: Vec<String> = [BANK.0].into_iter().chain(services).map(str::to_owned).collect();
                report.add(span.clone(), unknown("target", name, &there));
                return;
            }
            // None at all is a mistake of its own, told where it stands.
            let there = instances(drill, service).max(1);
            if number.is_some_and(|number| number >= there) {
                let names: Vec<String> = (0..there).map(|number| format!("{service}-{number}")).collect();
                let finding = Finding::new(format!("the lab starts without a `{name}`"));
                let hint = format!("`lab: {{instances: {{{service}: 3}}}}` starts with three");
                report.add(span.clone(), finding.allowed(names.join(", ")).maybe_hint(Some(hint)));
                return;
            }
            name
        }
        Some(_) => return,
    };
    let spec = fault.get("spec");
    if let (Some(spec), Some(problem)) =
        (spec, part::<FaultSpec>(spec).and_then(|of| fault::misplaced(&of, target)))
    {
        report.add(spec.place(&["effect"]), Finding::new(problem.message));
    }
}
