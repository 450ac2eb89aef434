//! What a fault may be called: one rule for everybody who takes a name, so that none is written down
//! by one of them and refused by the next. Whether a name is taken is for those who keep the faults.

const LONGEST: usize = 64;
/// Words after `/faults/` that mean something else, at the bank or at the guard.
const RESERVED: [&str; 3] = ["log", "reset-stats", "residue"];

/// Why this is no name for a fault, if it is none.
pub fn wrong_id(id: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let good =
        (1..=LONGEST).contains(&id.len()) && id.bytes().all(plain) && !RESERVED.contains(&id) && !dots(id);
    (!good).then(|| {
        format!(
            "`{id}` is no id: 1 to {LONGEST} of a-z, A-Z, 0-9, `-`, `_`, `.`, and not {}",
            RESERVED.join(", ")
        )
    })
}

/// `.` and `..` are other places in a URL.
fn dots(id: &str) -> bool {
    [".", ".."].contains(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain_and_no_word_of_the_api() {
        let longest = "x".repeat(64);
        assert!(["slow-bank", "a", "A_1.2", &longest].into_iter().all(|id| wrong_id(id).is_none()));
        let longer = "x".repeat(65);
        let wrong = ["", "log", "reset-stats", "residue", "a/b", "a b", "\u{e9}", "..", &longer];
        assert!(wrong.into_iter().all(|id| wrong_id(id).is_some()));
    }
}
