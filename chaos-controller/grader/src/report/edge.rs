//! How many traces name the call that broke first, and why so few may be enough.

use crate::finding::percent;
use crate::truth::Edge;

pub(super) fn told(edge: &Edge) -> String {
    let share = percent(edge.share);
    let mut told = match edge.of {
        0 => format!("in {} failing traces ({share} of all)", edge.traces),
        all => format!("in {} of {all} failing traces ({share})", edge.traces),
    };
    if let Some(above) = &edge.explains {
        told.push_str(&format!("; it held the workers where most of them broke, at {above}"));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_votes_are_told_with_their_total_and_with_what_they_explain() {
        let mut edge = Edge {
            caller: "payment".to_owned(),
            callee: "bank".to_owned(),
            share: 0.071,
            traces: 21,
            of: 296,
            explains: None,
            evidence: String::new(),
        };
        assert_eq!(told(&edge), "in 21 of 296 failing traces (7.1 %)");
        edge.explains = Some("cart->order".to_owned());
        assert!(told(&edge).ends_with("; it held the workers where most of them broke, at cart->order"));
        edge.of = 0;
        assert!(told(&edge).starts_with("in 21 failing traces (7.1 % of all)"));
    }
}
