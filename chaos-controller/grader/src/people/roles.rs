//! Who took which role. A handover in words moves no role: whoever takes one says so.

use evidence::Said;

use super::RoleTaken;
use super::words::{Word, seconds, spelt};
use crate::case::Case;

pub(super) fn roles(case: &Case<'_>, said: &[Word<'_>]) -> Vec<RoleTaken> {
    let taken = said.iter().filter_map(|word| match &word.said {
        Said::Role { role, name } => Some(RoleTaken {
            role: spelt(role),
            name: name.clone(),
            seconds: seconds(case, word.entry),
            seq: word.entry.seq,
        }),
        _ => None,
    });
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::told;
    use crate::testbed::Bed;
    use evidence::Said;
    use evidence::said::Role;

    #[test]
    fn a_role_names_who_has_it_and_not_who_said_so() {
        let role = Said::Role { role: Role::Operations, name: "bob".into() };
        let roles = told(&Bed::never_recovered().said(9_000, "ada", &role)).roles;
        assert_eq!(
            (roles[0].role.as_str(), roles[0].name.as_str(), roles[0].seconds),
            ("operations", "bob", 4.0)
        );
    }

    #[test]
    fn without_a_word_there_is_no_role() {
        assert!(told(&Bed::recovered()).roles.is_empty());
    }
}
