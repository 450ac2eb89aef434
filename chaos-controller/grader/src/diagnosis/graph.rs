//! Who is said to have brought down whom: "payment waits for the bank", "the bank fills payment", "payment, because of
//! the bank" all say that it went from the bank to payment.

use std::collections::BTreeSet;

use super::lexicon::{Link, USERS};
use super::mention::{Mention, Reading};

/// What leads to what, in the order of the words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Graph {
    edges: Vec<(String, String)>,
}

impl Graph {
    /// Adds what a text says.
    pub(super) fn read(&mut self, reading: &Reading) {
        for (at, link) in reading.mentions.iter().enumerate() {
            let Some(direction) = link.link().filter(|_| !link.denied) else { continue };
            let (before, after) = (before(reading, at), after(reading, at, direction));
            let ends = match (direction, before, after) {
                (Link::Forward, Some(left), Some(right)) => Some((left, right)),
                (Link::Backward, Some(left), Some(right)) => Some((right, left)),
                // "because the bank is slow, payment ..."
                (Link::Backward, None, Some(cause)) => {
                    then(reading, at, &cause).map(|effect| (cause, effect))
                }
                _ => None,
            };
            // Users come by themselves: what happens to them is no link of the chain.
            self.edges.extend(ends.filter(|(cause, effect)| cause != effect && effect != USERS));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// Those of `named` that nothing is said to have brought down; for the others, whoever is said to have.
    pub(super) fn sources(&self, named: &[String]) -> Vec<String> {
        let mut sources = Vec::new();
        for name in named {
            let roots: Vec<String> =
                self.above(name).into_iter().filter(|one| self.above(one).is_empty()).collect();
            if self.above(name).is_empty() || roots.is_empty() {
                sources.push(name.clone());
            } else {
                sources.extend(roots);
            }
        }
        sources
    }

    /// Everybody who is said to have brought down somebody.
    pub(super) fn causes(&self) -> Vec<String> {
        self.edges.iter().map(|(cause, _)| cause.clone()).collect()
    }

    /// The names in the order in which it is said to have gone from one to the next; where nothing is said, as they stand.
    pub(super) fn ordered(&self, names: &[String]) -> Vec<String> {
        let mut left: Vec<String> = names.to_vec();
        let mut ordered = Vec::new();
        while !left.is_empty() {
            let free = |name: &String| {
                !left.iter().any(|other| other != name && self.leads(other, name) && !self.leads(name, other))
            };
            let at = left.iter().position(free).unwrap_or(0);
            ordered.push(left.remove(at));
        }
        ordered
    }

    fn leads(&self, from: &str, to: &str) -> bool {
        self.above(to).contains(from)
    }

    /// Everybody from whom it is said to have come to `name`.
    fn above(&self, name: &str) -> BTreeSet<String> {
        let mut above = BTreeSet::new();
        let mut next = vec![name.to_owned()];
        while let Some(at) = next.pop() {
            for (cause, effect) in &self.edges {
                if *effect == at && cause != name && above.insert(cause.clone()) {
                    next.push(cause.clone());
                }
            }
        }
        above
    }
}

/// Who stands before a link in its sentence; at a sentence's beginning, for what follows from the one before, whoever
/// was named last.
fn before(reading: &Reading, at: usize) -> Option<String> {
    let link = &reading.mentions[at];
    let named = || reading.mentions[..at].iter().rev().filter(|one| one.component().is_some() && !one.denied);
    let here = named().find(|one| reading.sentence(one) == reading.sentence(link) && one.to <= link.from);
    let found = match link.link() {
        Some(Link::Forward) => here.or_else(|| named().next()),
        _ => here,
    };
    found.and_then(Mention::component).map(str::to_owned)
}

/// Who stands after a link: for "because of", in the same part of the sentence; for "so", before the next link.
fn after(reading: &Reading, at: usize, direction: Link) -> Option<String> {
    let link = &reading.mentions[at];
    if direction == Link::Backward
        && let Some(name) = referred(reading, at)
    {
        return Some(name);
    }
    let one =
        reading.mentions[at + 1..].iter().find(|one| one.component().is_some() && one.from >= link.to)?;
    let near = match direction {
        Link::Backward => !reading.apart(link.to.saturating_sub(1), one.from),
        Link::Forward => {
            let same = reading.sentence(one) == reading.sentence(link);
            let between = |other: &&Mention| {
                other.link() == Some(Link::Forward) && other.from >= link.to && other.to <= one.from
            };
            same && !reading.mentions.iter().any(|other| between(&other))
        }
    };
    (near && !one.denied).then(|| one.component().map(str::to_owned)).flatten()
}

/// "it", right after a link: whoever was named before the one that stands before the link.
fn referred(reading: &Reading, at: usize) -> Option<String> {
    let link = &reading.mentions[at];
    reading.words.get(link.to).filter(|word| matches!(word.stem.as_str(), "it" | "this" | "them"))?;
    let mut names =
        reading.mentions[..at].iter().rev().filter(|one| !one.denied).filter_map(Mention::component);
    let subject = names.next()?;
    names.find(|name| *name != subject).map(str::to_owned)
}

/// The next name in the sentence after the one that the sentence begins with.
fn then(reading: &Reading, at: usize, cause: &str) -> Option<String> {
    let link = &reading.mentions[at];
    let in_sentence = |one: &&Mention| reading.sentence(one) == reading.sentence(link) && !one.denied;
    let names = reading.mentions[at + 1..].iter().filter(in_sentence).filter_map(Mention::component);
    names.into_iter().find(|name| *name != cause).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::lexicon::Lexicon;

    fn edges(text: &str) -> Vec<(String, String)> {
        let mut graph = Graph::default();
        graph.read(&Reading::of(text, &Lexicon::new()));
        graph.edges
    }

    fn edge(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn waiting_goes_up_and_causing_goes_down() {
        assert_eq!(edges("payment waits for the bank"), [edge("bank", "payment")]);
        assert_eq!(edges("the bank floods payment"), [edge("bank", "payment")]);
        assert_eq!(
            edges("order fails because cart waits for payment"),
            [edge("cart", "order"), edge("payment", "cart")]
        );
        assert_eq!(edges("Because the bank is slow, payment is full"), [edge("bank", "payment")]);
        assert_eq!(edges("the bank hangs and payment waits for it"), [edge("bank", "payment")]);
        assert_eq!(edges("bank -> payment -> order"), [edge("bank", "payment"), edge("payment", "order")]);
    }

    #[test]
    fn what_is_denied_leads_nowhere() {
        assert_eq!(edges("payment does not wait for the bank"), []);
    }

    #[test]
    fn the_order_follows_what_leads_to_what() {
        let mut graph = Graph::default();
        graph.read(&Reading::of("cart waits for order, which waits for payment", &Lexicon::new()));
        let names = ["cart", "order", "payment"].map(str::to_owned);
        assert_eq!(graph.ordered(&names), ["payment", "order", "cart"]);
        assert_eq!(graph.sources(&names[..1]), ["payment"]);
    }

    #[test]
    fn a_circle_ends() {
        let mut graph = Graph::default();
        graph.read(&Reading::of("order floods payment, so payment floods order", &Lexicon::new()));
        let names = ["order", "payment"].map(str::to_owned);
        assert_eq!(graph.ordered(&names).len(), 2);
        assert_eq!(graph.sources(&names), names);
    }
}
