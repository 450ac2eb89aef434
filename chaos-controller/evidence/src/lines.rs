//! Whole lines out of pieces that are cut anywhere: how a file is read that is larger than what may be held of it.

/// What is held between two pieces: the begin of a line whose end has not come.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Hands on every line that ends in this piece, without its line feed.
    pub(crate) fn feed(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', piece) {
            let rest = &piece[from..end];
            if self.begun.is_empty() {
                take(rest);
            } else {
                self.begun.extend_from_slice(rest);
                take(&self.begun);
                self.begun.clear();
            }
            from = end + 1;
        }
        self.begun.extend_from_slice(&piece[from..]);
    }

    /// The last line, if it has no line feed.
    pub(crate) fn finish(self) -> Option<Vec<u8>> {
        (!self.begun.is_empty()).then_some(self.begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_is_the_same_however_it_is_cut(text in "[ab\n]{0,60}", size in 1usize..20) {
            let mut lines = Lines::default();
            let mut found: Vec<Vec<u8>> = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                lines.feed(piece, |line| found.push(line.to_vec()));
            }
            found.extend(lines.finish());
            let expected: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
