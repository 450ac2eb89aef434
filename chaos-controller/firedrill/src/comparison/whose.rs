//! Whose runs are told: of a person or a script, of a drill. How a run began says whether it is worth grading; who played
//! is known when it is graded.

use grader::Scorecard;

use crate::recorded::Started;

/// Whose runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whose {
    pub(crate) author: Option<String>,
    pub(crate) drill: Option<String>,
    /// Scripts too.
    pub(crate) scripts: bool,
}

impl Whose {
    /// Whether it is worth grading, by how it began: whether a script played, and what. Who says a name wants its runs,
    /// and whose they are is known when they are graded.
    pub(crate) fn may_have_played(&self, started: &Started) -> bool {
        let drill = self.drill.as_ref().is_none_or(|drill| started.drill == *drill);
        let wanted = match (&started.script, &self.author) {
            (None, _) => true,
            (Some(_), None) => self.scripts,
            (Some(script), Some(author)) => same(script, author),
        };
        drill && wanted
    }

    /// How many of these are runs of scripts that nobody asked for.
    pub(crate) fn scripts_among(&self, unwanted: &[Started]) -> usize {
        let drill = |started: &&Started| self.drill.as_ref().is_none_or(|drill| started.drill == *drill);
        if self.author.is_some() { 0 } else { unwanted.iter().filter(drill).count() }
    }

    pub(super) fn are(&self, card: &Scorecard) -> bool {
        let drill = self.drill.as_ref().is_none_or(|drill| card.drill == *drill);
        let author = self.author.as_ref().is_none_or(|author| who(card).iter().any(|who| same(who, author)));
        drill && author
    }
}

/// The script, or the people, and where none of them said anything those who acted.
pub(super) fn who(card: &Scorecard) -> Vec<String> {
    if let Some(script) = &card.candidate {
        return vec![script.clone()];
    }
    if !card.people.names.is_empty() {
        return card.people.names.clone();
    }
    let mut names: Vec<String> = Vec::new();
    for event in card.timeline.iter().filter(|event| matches!(event.kind.as_str(), "policy" | "action")) {
        if event.actor != "controller" && !names.contains(&event.actor) {
            names.push(event.actor.clone());
        }
    }
    names
}

fn same(who: &str, author: &str) -> bool {
    who.to_lowercase() == author.trim_start_matches("script:").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(author: Option<&str>) -> Whose {
        Whose { author: author.map(str::to_owned), ..Whose::default() }
    }

    #[test]
    fn scripts_are_left_out_unless_asked_for() {
        let began = |drill: &str, script: Option<&str>| Started {
            drill: drill.to_owned(),
            script: script.map(str::to_owned),
        };
        let (script, person) = (began("bank-slowdown", Some("nothing")), began("bank-slowdown", None));
        assert!(of(None).may_have_played(&person) && !of(None).may_have_played(&script));
        assert!(of(Some("script:nothing")).may_have_played(&script));
        assert!(Whose { scripts: true, ..Whose::default() }.may_have_played(&script));
        let other = Whose { drill: Some("retry-storm".to_owned()), ..Whose::default() };
        assert!(!other.may_have_played(&person));
        let scripts = [script];
        assert_eq!((of(None).scripts_among(&scripts), other.scripts_among(&scripts)), (1, 0));
    }
}
