//! Whether runs can be compared: what each differs in that no player chose. Nothing is refused; it is said.

use grader::Scorecard;

pub(super) fn cautions(cards: &[&Scorecard]) -> Vec<String> {
    let mut said = Vec::new();
    let mut differ = |what: &str, of: &dyn Fn(&Scorecard) -> String, means: &str| {
        let values: Vec<String> = cards.iter().map(|card| of(card)).collect();
        if values.windows(2).any(|pair| pair[0] != pair[1]) {
            said.push(format!("{what}: {}; {means}", values.join(", ")));
        }
    };
    differ(
        "different drills",
        &|card| card.drill.clone(),
        "only what all of them have is compared, and a verdict of one says nothing about another",
    );
    differ("different variants", &|card| card.variant.clone(), "times and doses are not the same");
    differ("different scales", &|card| card.scale.clone(), "compare shares and times, not counts");
    differ(
        "different modes",
        &|card| known(&card.mode),
        "who may do what, and when it ends, is not the same",
    );
    differ("different seeds", &|card| card.seed.to_string(), "users came at other moments");
    let same = cards.iter().enumerate().find_map(|(index, card)| {
        let before =
            cards[..index].iter().position(|other| other.run == card.run && other.head == card.head)?;
        Some((before, index))
    });
    if let Some((one, other)) = same {
        let [one, other] = [one, other].map(super::ordinal);
        said.push(format!("the {one} and the {other} are the same run"));
    }
    said
}

/// Older scorecards do not tell their mode.
fn known(mode: &str) -> String {
    if mode.is_empty() { "not recorded".to_owned() } else { mode.to_owned() }
}
