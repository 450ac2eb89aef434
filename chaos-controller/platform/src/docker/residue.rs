//! What faults leave behind if they leave anything, looked for on the engine itself: a list of faults that is empty proves
//! nothing. Limits are held against those that a container had before a fault first touched it.

use super::book::Was;
use super::container::{Condition, Container};

/// Everything about a container that is not as it was; `was` is `None` where no fault ever touched it.
pub(super) fn residue(container: &Container, was: Option<&Was>, parked: bool) -> Vec<String> {
    let mut found = Vec::new();
    match container.condition {
        Condition::Up => {}
        Condition::Paused => found.push("is paused".to_owned()),
        Condition::Waiting => found.push("waits for the engine to start it".to_owned()),
        Condition::Down if parked => {}
        Condition::Down => found.push(format!("is down ({})", container.last_exit)),
    }
    if !container.connected {
        found.push("is not in the lab's network".to_owned());
    }
    if let Some(was) = was {
        let now = container.limits;
        if !now.same_cpu(was.limits) {
            found.push(format!(
                "may use {}, and might use {}",
                cores(now.cores()),
                cores(was.limits.cores())
            ));
        }
        if !now.same_memory(was.limits) {
            found.push(format!("may hold {} bytes, and might hold {}", now.memory, was.limits.memory));
        }
    }
    found.into_iter().map(|what| format!("{} {what}", container.instance)).collect()
}

fn cores(of: Option<f64>) -> String {
    of.map_or("all processors".to_owned(), |cores| format!("{cores} processors"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::container::tests::inspected;
    use crate::docker::limits::Limits;

    #[test]
    fn what_is_not_as_it_was_is_found_on_the_container() {
        let well = Container::read(&inspected(), "firedrill-default_lab").unwrap();
        let was = Was { limits: well.limits, ..Was::default() };
        assert!(residue(&well, Some(&was), false).is_empty());
        let limits = Limits { memory: 64 << 20, ..well.limits };
        let sick = Container { condition: Condition::Paused, connected: false, limits, ..well.clone() };
        assert_eq!(
            residue(&sick, None, false),
            ["payment-0 is paused", "payment-0 is not in the lab's network"]
        );
        assert_eq!(residue(&sick, Some(&was), false).len(), 3);
        let down =
            Container { condition: Condition::Down, last_exit: "killed by signal 9".to_owned(), ..well };
        assert_eq!(residue(&down, Some(&was), false), ["payment-0 is down (killed by signal 9)"]);
        assert!(residue(&down, Some(&was), true).is_empty(), "it was scaled away");
    }
}
