//! `label_replace` and `label_join`: labels made of labels.

use regex::Regex;

use super::failed::Failed;
use super::labels::Tags;

/// A template may double a label, and a query may do that often.
const LONGEST: usize = 4 * 1024;

/// Sets `to` to the template, in which `$1` is a group of the pattern, where the whole of `from` matches; an empty value
/// removes it. Answers with the bytes that were written.
///
/// # Errors
/// The value is too long.
pub(super) fn replace(
    tags: &mut Tags<'_>,
    to: &str,
    template: &str,
    from: &str,
    pattern: &Regex,
) -> Result<usize, Failed> {
    let Some(captures) = pattern.captures(tags.get(from)) else { return Ok(0) };
    let mut value = String::new();
    captures.expand(template, &mut value);
    set(tags, to, &value)
}

/// Sets `to` to the values of `from`, with a separator between. Answers with the bytes that were written.
///
/// # Errors
/// The value is too long.
pub(super) fn join(tags: &mut Tags<'_>, to: &str, separator: &str, from: &[String]) -> Result<usize, Failed> {
    let values: Vec<&str> = from.iter().map(|label| tags.get(label)).collect();
    let joined = values.join(separator);
    set(tags, to, &joined)
}

fn set(tags: &mut Tags<'_>, to: &str, value: &str) -> Result<usize, Failed> {
    if value.len() > LONGEST {
        return Err(Failed::LongLabel { bytes: value.len(), limit: LONGEST });
    }
    tags.set(to, value);
    Ok(value.len())
}
