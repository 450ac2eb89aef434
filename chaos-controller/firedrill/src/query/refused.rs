//! A refused query, with a caret under the place that was not understood.

use evidence::promql::Refused;

use crate::exit::{Exit, Failure};

/// The query, the caret, what is allowed there and what was probably meant.
pub(crate) fn show(text: &str, refused: &Refused) -> Failure {
    let offset =
        (0..=refused.offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    // A tab is as wide as a blank here, or the caret would not stand under its place.
    let line = text[line_start..line_end].replace('\t', " ");
    let column = text[line_start..offset].chars().count();
    let mut failure = Failure::new(Exit::Invalid, "not a query").detail(line);
    failure.details.push(format!("{}^ {}", " ".repeat(column), refused.message));
    if let Some(allowed) = &refused.allowed {
        failure.details.push(format!("allowed: {allowed}"));
    }
    match &refused.hint {
        Some(hint) => failure.hint(hint.clone()),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paint::Paint;

    fn refused(offset: usize) -> Refused {
        Refused {
            message: "unknown function `rat`".into(),
            offset,
            allowed: Some("rate, irate, increase".into()),
            hint: Some("did you mean `rate`?".into()),
        }
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        let text = show("sum(rat(up[5s]))", &refused(4)).render(Paint::PLAIN);
        assert_eq!(
            text,
            "error: not a query\n  sum(rat(up[5s]))\n      ^ unknown function `rat`\n  allowed: rate, irate, increase\n\
             hint: did you mean `rate`?\n"
        );
    }

    #[test]
    fn an_offset_counts_bytes_and_a_caret_columns() {
        let failure = show("up{a=\"ü\"} x", &refused("up{a=\"ü\"} ".len()));
        assert_eq!(failure.details[1].find('^'), Some(10));
        let beyond = show("up", &refused(99));
        assert_eq!(beyond.details[1].find('^'), Some(2));
        let second = show("sum(\n\trat(up))", &refused(6));
        assert_eq!((second.details[0].as_str(), second.details[1].find('^')), (" rat(up))", Some(1)));
    }
}
