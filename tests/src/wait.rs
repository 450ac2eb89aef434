//! Waiting for something that has a name. Nothing in these tests sleeps "long enough": a wait ends as soon as its
//! condition holds, and one that never does says what it saw last.

use std::time::{Duration, Instant};

/// Between two looks.
const BEAT: Duration = Duration::from_millis(20);

/// Looks until there is something to give, at most for `limit`.
///
/// # Panics
/// When the limit is over, with the last state seen.
pub fn until<T>(condition: &str, limit: Duration, mut look: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        let last = match look() {
            Ok(found) => return found,
            Err(state) => state,
        };
        assert!(
            start.elapsed() < limit,
            "after {limit:?} still waiting until {condition}; the last state seen: {last}"
        );
        std::thread::sleep(BEAT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_with_its_condition() {
        let mut looks = 0;
        let found = until("the third look", Duration::from_secs(5), || {
            looks += 1;
            if looks == 3 { Ok("there") } else { Err(format!("look {looks}")) }
        });
        assert_eq!((found, looks), ("there", 3));
    }

    #[test]
    #[should_panic(expected = "still waiting until the cows come home; the last state seen: no cows")]
    fn a_wait_that_fails_says_what_it_saw_last() {
        until::<()>("the cows come home", Duration::ZERO, || Err("no cows".to_owned()));
    }
}
