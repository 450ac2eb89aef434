//! How a request stands: the class of what it is for, and the cohort of who asks.
//!
//! Both travel with every call that the request causes, as one short word. There are few words (80), so that a
//! connection's header table holds them all and a call carries a byte or two.

use std::fmt;

/// What a request is for. The earlier, the more it is worth: who pays goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A user who pays.
    Critical,
    /// A user who is about to.
    High,
    /// What most come for; and whoever has no stamp.
    #[default]
    Normal,
    /// What can be done without.
    Low,
    /// What no user waits for.
    Background,
}

impl Class {
    pub const ALL: [Class; 5] = [Class::Critical, Class::High, Class::Normal, Class::Low, Class::Background];

    /// Its name, on metrics and in the header.
    pub fn name(self) -> &'static str {
        match self {
            Class::Critical => "critical",
            Class::High => "high",
            Class::Normal => "normal",
            Class::Low => "low",
            Class::Background => "background",
        }
    }
}

/// Cohorts of users. DAGOR has 128 and sends the number; 16 and a draw of 8 for each request are as fine.
pub const COHORTS: u8 = 16;

/// How a request stands among others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing {
    pub class: Class,
    /// `0..COHORTS`, the lower the better.
    pub cohort: u8,
}

impl Standing {
    /// Work that no user waits for.
    pub const BACKGROUND: Standing = Standing { class: Class::Background, cohort: 0 };

    pub fn new(class: Class, cohort: u8) -> Standing {
        Standing { class, cohort: cohort % COHORTS }
    }

    /// Reads the header: `high.12`, `background`. Anything else is nobody's stamp.
    pub fn parse(text: &str) -> Option<Standing> {
        let (class, cohort) = match text.split_once('.') {
            Some((class, cohort)) => (class, cohort.parse().ok().filter(|cohort| *cohort < COHORTS)?),
            None => (text, 0),
        };
        let class = Class::ALL.into_iter().find(|known| known.name() == class)?;
        Some(Standing { class, cohort })
    }

    /// Its place among all standings, the best being 0.
    pub(super) fn place(self) -> usize {
        self.class as usize * usize::from(COHORTS) + usize::from(self.cohort)
    }
}

/// As the header has it.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class {
            Class::Background => f.write_str(self.class.name()),
            class => write!(f, "{}.{}", class.name(), self.cohort),
        }
    }
}

/// The cohort of a user. All of a user's requests stand alike, or an overload that sheds half of them would leave no
/// user with a whole visit; `salt` is changed now and then, or it would always be the same users who are shed.
pub fn cohort(user: &str, salt: u64) -> u8 {
    // FNV-1a, then a mix: the low bits of FNV alone barely see the last letters.
    let hash = user.bytes().fold(0xCBF2_9CE4_8422_2325 ^ salt, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 60) as u8 % COHORTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_survives_the_wire_and_nonsense_is_no_standing() {
        for class in Class::ALL {
            for number in 0..COHORTS {
                let standing = Standing::new(class, if class == Class::Background { 0 } else { number });
                assert_eq!(Standing::parse(&standing.to_string()), Some(standing));
            }
        }
        for bad in ["", "urgent", "high.", "high.16", "high.-1", "high.1.2", "HIGH.1"] {
            assert_eq!(Standing::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn who_pays_stands_above_all_others_whatever_the_cohort() {
        let last_payer = Standing::new(Class::Critical, COHORTS - 1);
        assert!(last_payer.place() < Standing::new(Class::High, 0).place());
        assert!(Standing::BACKGROUND.place() > Standing::new(Class::Low, COHORTS - 1).place());
    }

    #[test]
    fn cohorts_are_even_and_another_salt_deals_them_anew() {
        let users: Vec<String> = (0..16_000).map(|number| format!("user-{number:05}")).collect();
        let mut sizes = [0_u32; COHORTS as usize];
        users.iter().for_each(|user| sizes[usize::from(cohort(user, 7))] += 1);
        assert!(sizes.iter().all(|size| (850..=1_150).contains(size)), "{sizes:?}");
        let same = users.iter().filter(|user| cohort(user, 7) == cohort(user, 8)).count();
        assert!((700..=1_300).contains(&same), "a sixteenth stays by chance, not {same}");
    }
}
