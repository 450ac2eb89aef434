//! How people took the incident on: when the first word came, how bad they said it was, who led, and whether the users had
//! to wait for the search.

use super::recovery::recovered;
use super::{About, Fact, line};
use crate::case::Case;
use crate::finding::counted;
use crate::people;
use crate::scorecard::Scorecard;

/// From the handover: one minute to read, one to type.
const SOON_S: f64 = 120.0;
/// Naming the cause right and then acting at once has held up nobody.
const AT_ONCE_S: f64 = 60.0;

pub(super) fn heard(case: &Case<'_>) -> Fact {
    let about = About::Heard;
    let Some(handover) = case.moments.handover else {
        return Fact::unseen(about, "there was no handover to count from");
    };
    let Some(first) = people::first_word(case) else {
        return Fact::judged(about, false, "nobody said a word");
    };
    soon(about, "the first word came", case.moments.seconds(first.t_ms) - case.moments.seconds(handover))
        .at(line(first.seq))
}

pub(super) fn severity(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::Severity;
    let Some(handover) = case.moments.handover else {
        return Fact::unseen(about, "there was no handover to count from");
    };
    let Some(first) = card.people.severity.first() else {
        return Fact::judged(about, false, "nobody said how bad it is");
    };
    soon(about, &format!("{} was called", first.level), first.seconds - case.moments.seconds(handover))
        .at(line(first.seq))
}

/// One person alone is not graded as commander and operator both.
pub(super) fn roles(card: &Scorecard) -> Fact {
    let about = About::Roles;
    if let Some(alone) = alone(card) {
        return Fact::unseen(about, alone);
    }
    let taken = |role: &str| card.people.roles.iter().rfind(|one| one.role == role);
    match (taken("commander"), taken("operations")) {
        (Some(led), Some(acted)) if led.name != acted.name => Fact::judged(
            about,
            true,
            format!("{} led and {} acted", led.name, acted.name),
        )
        .at(format!("{}, {}", line(led.seq), line(acted.seq))),
        (Some(led), Some(_)) => {
            Fact::judged(about, false, format!("{} led and acted, with others there", led.name))
                .at(line(led.seq))
        }
        (None, _) => Fact::judged(about, false, "nobody took the lead by name"),
        (Some(led), None) => {
            Fact::judged(about, false, format!("{} led, and nobody was named who acts", led.name))
                .at(line(led.seq))
        }
    }
}

pub(super) fn tasks(card: &Scorecard) -> Fact {
    let about = About::Tasks;
    if let Some(alone) = alone(card) {
        return Fact::unseen(about, alone);
    }
    let tasks = &card.people.tasks;
    let Some(first) = tasks.first() else {
        return Fact::judged(about, false, "nobody was given anything to do by name");
    };
    let open = tasks.iter().filter(|task| !task.done).count();
    let text = match open {
        0 => format!("{} had an owner, and nothing was left open", counted(tasks.len(), "task", "tasks")),
        open => format!("{} given, {open} left open", counted(tasks.len(), "task was", "tasks were")),
    };
    Fact::judged(about, open == 0, text).at(line(first.seq))
}

/// Users before causes: what helped came before anybody named a cause, or right after it was named right. Who names a wrong
/// one first has searched first.
pub(super) fn mitigated_first(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::MitigatedFirst;
    let Some(helped) = card.measures.time_to.mitigation else {
        return match recovered(case, card).holds {
            Some(true) => Fact::unseen(about, "users had lost nothing that a change could give back at once"),
            _ => Fact::judged(about, false, "nothing was done that helped the users"),
        };
    };
    let Some(tried) = card.diagnoses.submitted.first().map(|first| first.seconds) else {
        return Fact::unseen(
            about,
            "nobody named a cause, so there is nothing that users could have waited for",
        );
    };
    let named = card.diagnoses.first_right();
    let at_once = named.is_some_and(|named| (named..=named + AT_ONCE_S).contains(&helped));
    let cause = match named {
        Some(named) if named > tried => {
            format!("a cause was named at {tried:+.0} s, and the right one at {named:+.0} s")
        }
        Some(named) => format!("the cause was named right at {named:+.0} s"),
        None => format!("a cause was named at {tried:+.0} s, and never the right one"),
    };
    Fact::judged(
        about,
        helped <= tried || at_once,
        format!("users were helped {helped:+.0} s after the fault; {cause}"),
    )
    .at("measures.time_to.mitigation, diagnoses.submitted")
}

/// Why nothing can be said about working together; `None` if there were several.
pub(crate) fn alone(card: &Scorecard) -> Option<String> {
    match card.people.names.as_slice() {
        [] => Some("nobody took part".to_owned()),
        [one] => {
            Some(format!("{one} was alone, and one person is not graded as commander and operator both"))
        }
        _ => None,
    }
}

fn soon(about: About, what: &str, after_s: f64) -> Fact {
    let text = format!("{what} {after_s:.0} s after the handover ({SOON_S:.0} s or less is soon)");
    Fact::judged(about, after_s <= SOON_S, text)
}

#[cfg(test)]
mod tests {
    use super::super::seen;
    use super::*;
    use crate::diagnosis::{Diagnosis, Grade};
    use crate::testbed::Bed;
    use evidence::Said;
    use evidence::said::{Level, Role};

    fn role(role: Role, name: &str) -> Said {
        Said::Role { role, name: name.into() }
    }

    fn severity_at(t_ms: u64) -> Option<bool> {
        let mut bed =
            Bed::recovered().said(t_ms, "ada", &Said::Severity { level: Level::Sev1, text: String::new() });
        bed.end = 200_000;
        seen(&bed, About::Severity).holds
    }

    #[test]
    fn a_severity_counts_if_it_comes_soon() {
        assert_eq!(severity_at(9_000), Some(true));
        let called = Said::Severity { level: Level::Sev1, text: String::new() };
        let told = seen(&Bed::recovered().said(9_000, "ada", &called), About::Severity).text;
        assert!(told.starts_with("sev1 was called ") && told.contains(" s after the handover"), "{told}");
        assert_eq!(severity_at(150_000), Some(false));
        assert_eq!(seen(&Bed::recovered(), About::Severity).holds, Some(false));
    }

    #[test]
    fn an_acknowledgement_is_a_first_word() {
        let bed = Bed::recovered().said(
            9_000,
            "ada",
            &Said::Acknowledge { alert: String::new(), text: String::new() },
        );
        assert_eq!(seen(&bed, About::Heard).holds, Some(true));
        assert_eq!(seen(&Bed::recovered(), About::Heard).holds, Some(false));
    }

    #[test]
    fn one_who_is_alone_is_not_graded_as_two() {
        let bed = Bed::never_recovered().said(9_000, "ada", &role(Role::Commander, "ada"));
        assert_eq!(seen(&bed, About::Roles).holds, None);
        assert_eq!(seen(&bed, About::Tasks).holds, None);
    }

    #[test]
    fn two_are_graded_by_who_led_and_who_acted() {
        let two = || {
            let bed = Bed::never_recovered().said(9_000, "ada", &role(Role::Commander, "ada"));
            bed.said(9_100, "bob", &Said::Say { text: "x".into(), to: Default::default() })
        };
        assert_eq!(seen(&two(), About::Roles).holds, Some(false));
        let split = two().said(9_200, "ada", &role(Role::Operations, "bob"));
        assert_eq!(seen(&split, About::Roles).holds, Some(true));
        let same = two().said(9_200, "ada", &role(Role::Operations, "ada"));
        assert_eq!(seen(&same, About::Roles).holds, Some(false));
    }

    #[test]
    fn tasks_are_to_be_done() {
        let task = Said::Task { id: "t1".into(), text: "x".into(), owner: "bob".into() };
        let bed = || Bed::recovered().said(9_000, "ada", &task);
        assert_eq!(seen(&bed(), About::Tasks).holds, Some(false));
        let done = bed().said(12_000, "bob", &Said::Done { id: "t1".into(), text: String::new() });
        assert_eq!(seen(&done, About::Tasks).holds, Some(true));
    }

    /// Of the bed that recovers, with diagnoses (seconds after the fault, whether right) beside an act that helped at 10 s.
    fn helped_beside(submitted: &[(f64, bool)], mitigation: Option<f64>) -> Fact {
        let recording = Bed::recovered().recording();
        let mut card = crate::grade::grade(&recording).card;
        card.measures.time_to.mitigation = mitigation;
        let diagnosis = |(seconds, right): &(f64, bool)| Diagnosis {
            seconds: *seconds,
            actor: "ada".into(),
            said: String::new(),
            grade: if *right { Grade::Right } else { Grade::Wrong },
            score: 0.0,
            points: Vec::new(),
            blamed: Vec::new(),
            explanation: String::new(),
            evidence: String::new(),
        };
        card.diagnoses.submitted = submitted.iter().map(diagnosis).collect();
        mitigated_first(&Case::new(&recording, Bed::recovered().plan()), &card)
    }

    #[test]
    fn users_come_before_causes_if_they_were_helped_before_one_was_named() {
        let holds = |submitted: &[(f64, bool)]| helped_beside(submitted, Some(10.0)).holds;
        assert_eq!(holds(&[(20.0, true)]), Some(true));
        assert_eq!(holds(&[(20.0, false)]), Some(true), "never right, and after the act");
        assert_eq!(holds(&[(5.0, true)]), Some(true), "at once after it was named right");
        assert_eq!(helped_beside(&[(5.0, true)], Some(66.0)).holds, Some(false), "a minute is not at once");
    }

    #[test]
    fn a_wrong_cause_before_the_act_is_no_strength() {
        for submitted in [&[(5.0, false)][..], &[(5.0, false), (20.0, true)]] {
            let fact = helped_beside(submitted, Some(10.0));
            assert_eq!(fact.holds, Some(false), "{}", fact.text);
        }
    }

    #[test]
    fn without_a_cause_or_without_harm_there_is_no_order_to_see() {
        assert_eq!(helped_beside(&[], Some(10.0)).holds, None);
        assert_eq!(helped_beside(&[(5.0, true)], None).holds, None, "well again, and users had lost nothing");
        assert_eq!(seen(&Bed::never_recovered(), About::MitigatedFirst).holds, Some(false));
    }
}
