//! Whom a fault of a drill is put on: somebody of the lab, and somebody who can have such a fault.

use fault::FaultSpec;
use resilience::policy::topology::{self, BANK};

use super::{Report, part, policy::unknown};
use crate::{
    diagnostic::Finding,
    tree::{Kind, Node},
};

/// Whether there is such a target, and whether the fault can be put on it.
pub(super) fn check_target(report: &mut Report<'_>, fault: &Node) {
    let target = match fault.get("target") {
        None => BANK.0,
        Some(Node { kind: Kind::Text(name), span }) => {
            let service = match name.rsplit_once('-') {
                Some((service, number)) if number.parse::<u32>().is_ok() => service,
                _ => name.as_str(),
            };
            if service != BANK.0 && !topology::is_service(service) {
                let services = topology::SERVICES.iter().map(|(service, _)| *service);
                let there: Vec<String> = [BANK.0].into_iter().chain(services).map(str::to_owned).collect();
                report.add(span.clone(), unknown("target", name, &there));
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
