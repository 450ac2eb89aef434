//! How people took the incident on: when the first word came, how bad they said it was, who led, and whether the users had
//! to wait for the search.

use super::recovery::helped;
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
    soon(about, "the first word", case.moments.seconds(first.t_ms) - case.moments.seconds(handover))
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
    soon(
        about,
        &format!("{} was called, the first time", first.level),
        first.seconds - case.moments.seconds(handover),
    )
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
        0 => format!("{} with an owner, all done", counted(tasks.len(), "task", "tasks")),
        open => format!("{open} of {} left open", counted(tasks.len(), "task was", "tasks were")),
    };
    Fact::judged(about, open == 0, text).at(line(first.seq))
}

pub(super) fn mitigated_first(case: &Case<'_>, card: &Scorecard) -> Fact {
    let about = About::MitigatedFirst;
    let (holds, text) = match (helped(case, card), card.diagnoses.first_right()) {
        (None, _) => (false, "nothing was done that helped the users".to_owned()),
        (Some(helped), None) => (
            true,
            format!("users were helped {helped:+.0} s after the fault, before the cause was named right"),
        ),
        (Some(helped), Some(named)) => (
            helped <= named + AT_ONCE_S,
            format!(
                "users were helped {helped:+.0} s after the fault; the cause was named right at {named:+.0} s"
            ),
        ),
    };
    Fact::judged(about, holds, text).at("measures.time_to: mitigation, right_diagnosis")
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
    let text = format!("{what} came {after_s:.0} s after the handover ({SOON_S:.0} s or less is soon)");
    Fact::judged(about, after_s <= SOON_S, text)
}

#[cfg(test)]
mod tests {
    use super::super::seen;
    use super::*;
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

    #[test]
    fn to_act_without_the_cause_is_to_mitigate_first() {
        assert_eq!(seen(&Bed::recovered(), About::MitigatedFirst).holds, Some(true));
        assert_eq!(seen(&Bed::never_recovered(), About::MitigatedFirst).holds, Some(false));
    }
}
