//! Text as XML 1.0 may carry it. A character that XML cannot hold, escaped or not, is shown as a mark.

use std::borrow::Cow;

/// Between tags.
pub(crate) fn text(raw: &str) -> Cow<'_, str> {
    escaped(raw, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        // For `]]>`, which may not stand in text.
        '>' => Some("&gt;"),
        // A reader would make a newline of it.
        '\r' => Some("&#13;"),
        _ => None,
    })
}

/// Between double quotes. A reader makes spaces of line ends there, unless they are written as numbers.
pub(crate) fn attribute(raw: &str) -> Cow<'_, str> {
    escaped(raw, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\n' => Some("&#10;"),
        '\r' => Some("&#13;"),
        '\t' => Some("&#9;"),
        _ => None,
    })
}

fn escaped(raw: &str, entity: impl Fn(char) -> Option<&'static str>) -> Cow<'_, str> {
    let entity = |c| entity(c).or_else(|| (!is_char(c)).then_some("\u{fffd}"));
    if raw.chars().all(|c| entity(c).is_none()) {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len() + 16);
    for c in raw.chars() {
        match entity(c) {
            Some(entity) => out.push_str(entity),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// `Char` of XML 1.0; surrogates are no `char` anyway.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_xml_is_escaped() {
        assert_eq!(text("a < b && c ]]> \"d\""), "a &lt; b &amp;&amp; c ]]&gt; \"d\"");
        assert_eq!(attribute("\"a\"\n\tb\r"), "&quot;a&quot;&#10;&#9;b&#13;");
        assert!(matches!(text("plain \u{f6}"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_xml_cannot_hold_is_shown_as_a_mark() {
        for c in ['\0', '\u{1}', '\u{b}', '\u{1b}', '\u{fffe}', '\u{ffff}'] {
            assert_eq!(text(&c.to_string()), "\u{fffd}", "{c:?}");
        }
        assert_eq!(text("a\tb\nc\u{1f525}"), "a\tb\nc\u{1f525}");
    }
}
