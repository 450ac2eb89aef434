//! Who began it. A name among several that are called the cause earns its part of them; the shop's own part in it earns
//! half, because what set it off is missing, and all of it where the shop keeps itself down.

use crate::truth::{MechanismKind, Root};

use super::{Found, HALF, Held, listed};

pub(super) fn judge(held: Held<'_>) -> Found {
    let claims = held.claims;
    let roots = held.roots();
    let recorded: Vec<String> = roots.iter().map(|root| shown(root)).collect();
    let named = claims.causes.iter().find_map(|claimed| Some((claimed, held.root_of(claimed)?)));
    let own = claims.causes.iter().find(|claimed| held.own_part(claimed));
    let wrong = held.wrong();
    let among = 1.0 / (1.0 + wrong.len() as f64);
    let past = |component: &String| claims.over.contains(component);
    let (share, why) = match (named, own) {
        (Some((claimed, root)), own) if held.metastable() => {
            let seen =
                own.is_some() || past(claimed) || claims.mechanisms.contains(&MechanismKind::Metastable);
            if seen {
                (among, format!("{} set it off, and is not what keeps it going", root.component))
            } else {
                (
                    among * HALF,
                    format!(
                        "{} set it off and was well again: it is not what keeps the shop down",
                        root.component
                    ),
                )
            }
        }
        (Some((claimed, root)), _) if *claimed != root.component && !kind_fits(held) => {
            (among * HALF, format!("the service is right, and which instance is missing: {}", root.component))
        }
        (Some((claimed, _)), _) if wrong.is_empty() => (1.0, format!("it began with {claimed}")),
        (Some((claimed, _)), _) => (
            among,
            format!(
                "it began with {claimed}, and with nobody else of those who were called the cause: {}",
                listed(&wrong)
            ),
        ),
        (None, Some(own)) if held.metastable() => {
            (among, format!("{own} is part of the loop that keeps the shop down"))
        }
        (None, Some(own)) => {
            (among * HALF, format!("{own}'s part in it is recorded; what set it off is missing"))
        }
        (None, None) => (0.0, missing(held)),
    };
    Found {
        share,
        claimed: listed(&claims.causes),
        recorded: recorded.join("; "),
        why,
        evidence: roots.iter().map(|root| root.evidence.as_str()).collect::<Vec<_>>().join("; "),
    }
}

fn shown(root: &Root) -> String {
    let named = root.what.starts_with(&root.component);
    if named { root.what.clone() } else { format!("{}: {}", root.component, root.what) }
}

fn kind_fits(held: Held<'_>) -> bool {
    held.roots().iter().any(|root| held.claims.faults.iter().any(|(_, kinds)| kinds.contains(&root.kind)))
}

fn missing(held: Held<'_>) -> String {
    let cleared = held.roots().into_iter().find(|root| held.claims.cleared.contains(&root.component));
    match (cleared, held.claims.causes.as_slice()) {
        (Some(root), _) => {
            format!("{} was said to be well, and the recording shows that it was not", root.component)
        }
        (None, []) => "nobody was named as the cause".to_owned(),
        (None, causes) => format!("the recording does not show that it began with {}", listed(causes)),
    }
}
