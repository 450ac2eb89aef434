//! "Did you mean": the nearest of the allowed words, if it is near.

/// From here on (Jaro-Winkler, 0 to 1) two words are one and a slip: `wrokers` and `workers`, but not
/// `bulkheads` and `queue`. The same as in `resilience`.
const LIKE: f64 = 0.8;

/// A hint naming the word of `allowed` that `word` is probably a slip of.
pub(crate) fn did_you_mean<'a>(word: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    allowed
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&plain(word), &plain(candidate)), candidate))
        .filter(|(likeness, _)| *likeness > LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let words = ["workers", "queue", "cancel"];
        assert_eq!(did_you_mean("worker", words).unwrap(), "did you mean `workers`?");
        assert_eq!(did_you_mean("qeueu", words).unwrap(), "did you mean `queue`?");
        assert_eq!(did_you_mean("Cancel", words).unwrap(), "did you mean `cancel`?");
        assert_eq!(did_you_mean("bulkheads", words), None);
    }
}
