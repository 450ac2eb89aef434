//! Who was told, and how often. Not how well: that is a person's to judge.

use super::{About, Fact, line};
use crate::case::Case;
use crate::scorecard::Scorecard;

/// Longer than this without news, and those who wait begin to ask.
const SILENCE_S: f64 = 300.0;

pub(super) fn told(card: &Scorecard) -> Fact {
    let about = About::Told;
    let outside = card.people.messages.iter().find(|one| matches!(one.to.as_str(), "users" | "stakeholders"));
    match (outside, card.people.messages.first()) {
        (Some(first), _) => Fact::judged(
            about,
            true,
            format!("{} were told, {:+.0} s after the fault", first.to, first.seconds),
        )
        .at(line(first.seq)),
        (None, Some(first)) => {
            Fact::judged(about, false, "the team was told, but neither users nor stakeholders")
                .at(line(first.seq))
        }
        (None, None) => Fact::judged(about, false, "nobody was told anything"),
    }
}

pub(super) fn cadence(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::Cadence;
    if case.moments.handover.is_none() {
        return Fact::unseen(about, "there was no handover to count from");
    }
    let Some(silence) = card.people.longest_silence_s else {
        return Fact::judged(about, false, "nobody was told anything");
    };
    let text =
        format!("the longest time without news was {silence:.0} s ({SILENCE_S:.0} s or less is bearable)");
    Fact::judged(about, silence <= SILENCE_S, text).at("people.longest_silence_s")
}

#[cfg(test)]
mod tests {
    use super::super::seen;
    use super::*;
    use crate::testbed::Bed;
    use evidence::Said;
    use evidence::said::Audience;

    fn say(to: Audience) -> Said {
        Said::Say { text: "x".into(), to }
    }

    #[test]
    fn the_team_is_not_the_users() {
        let told = |to| seen(&Bed::recovered().said(9_000, "ada", &say(to)), About::Told).holds;
        assert_eq!(told(Audience::Team), Some(false));
        assert_eq!(told(Audience::Users), Some(true));
        assert_eq!(told(Audience::Stakeholders), Some(true));
        assert_eq!(seen(&Bed::recovered(), About::Told).holds, Some(false));
    }

    #[test]
    fn a_short_silence_is_bearable_and_no_word_at_all_is_not() {
        let bed = Bed::recovered().said(9_000, "ada", &say(Audience::Team));
        assert_eq!(seen(&bed, About::Cadence).holds, Some(true));
        assert_eq!(seen(&Bed::recovered(), About::Cadence).holds, Some(false));
    }

    #[test]
    fn a_long_silence_is_not() {
        let recording = Bed::recovered().said(9_000, "ada", &say(Audience::Team)).recording();
        let case = Case::new(&recording, Bed::recovered().plan());
        let mut card = crate::grade::grade(&recording).card;
        card.people.longest_silence_s = Some(SILENCE_S + 1.0);
        assert_eq!(cadence(&case, &card).holds, Some(false));
    }
}
