//! `label_replace` and `label_join`: labels made of labels.

use regex::Regex;

use super::labels::Tags;

/// Sets `to` to the template, in which `$1` is a group of the pattern, where the whole of `from` matches; an empty value
/// removes it.
pub(super) fn replace(tags: &mut Tags<'_>, to: &str, template: &str, from: &str, pattern: &Regex) {
    let Some(captures) = pattern.captures(tags.get(from)) else { return };
    let mut value = String::new();
    captures.expand(template, &mut value);
    tags.set(to, &value);
}

/// Sets `to` to the values of `from`, with a separator between.
pub(super) fn join(tags: &mut Tags<'_>, to: &str, separator: &str, from: &[String]) {
    let values: Vec<&str> = from.iter().map(|label| tags.get(label)).collect();
    let joined = values.join(separator);
    tags.set(to, &joined);
}
