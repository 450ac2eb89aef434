//! Places for what is wrong with a text, what would have been taken, and what was probably meant. The parser says only
//! that something is wrong, and what.

use promql_parser::parser;

use super::functions::{self, AGGREGATIONS, FUNCTIONS};
use super::lower::Refusal;
use super::refused::Refused;
use super::scan::{Kind, Token, tokens};
use super::syntax;

/// Words that may stand before a parenthesis without being a function.
const KEYWORDS: [&str; 10] =
    ["and", "bool", "by", "group_left", "group_right", "ignoring", "on", "or", "unless", "without"];
/// Words that a list of labels follows.
const LISTS: [&str; 4] = ["by", "ignoring", "on", "without"];
const OPERATORS: [&str; 15] =
    ["+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless"];
/// Bytes of a query, and levels of its tree.
const LONGEST: usize = 8 * 1024;
const DEEPEST: usize = 100;
/// Nearer than this, of 1, a name was probably meant.
const NEAR: f64 = 0.75;

/// Refuses what the parser takes, or would take in another version, and the evaluator does not know.
pub(super) fn unsupported(text: &str) -> Result<(), Refused> {
    if text.len() > LONGEST {
        return Err(Refused::at(LONGEST, format!("a query of {} bytes is too long", text.len()))
            .allowed(format!("{LONGEST} bytes")));
    }
    let tokens = tokens(text);
    nested(&tokens)?;
    let mut braces = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1);
        let before = index.checked_sub(1).map(|before| tokens[before]);
        match token.text {
            "{" => braces += 1,
            "}" => braces = braces.saturating_sub(1),
            "or" if braces > 0 && before.is_some_and(|before| before.kind == Kind::Text) => {
                return Err(Refused::at(token.offset, "`or` between matchers is not known")
                    .allowed("`,` between matchers, or two selectors with `or`"));
            }
            "atan2" if before.is_some() && braces == 0 && before.is_some_and(|before| before.text != "(") => {
                return Err(Refused::at(token.offset, "the operator `atan2` is not known")
                    .allowed("+ - * / % ^ == != > < >= <= and or unless"));
            }
            _ if token.kind == Kind::Word && braces == 0 && next.is_some_and(|next| next.is("(")) => {
                callable(token, before)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Refuses what is so deep that walking over it could need more stack than there is. Operators count like parentheses:
/// each is one level of the tree, on whichever side of it the rest hangs.
fn nested(tokens: &[Token<'_>]) -> Result<(), Refused> {
    /// Between two parentheses: operators so far, and the depth of the deepest parenthesis that was closed.
    #[derive(Default)]
    struct Level {
        operators: usize,
        deepest: usize,
    }
    let mut open = vec![Level::default()];
    // Within `{}` and `[]` nothing nests.
    let mut lists = 0usize;
    for token in tokens.iter().filter(|token| matches!(token.kind, Kind::Mark | Kind::Word)) {
        let mut deep = 0;
        match token.text {
            "{" | "[" => lists += 1,
            "}" | "]" => lists = lists.saturating_sub(1),
            _ if lists > 0 => {}
            "(" => open.push(Level::default()),
            ")" if open.len() > 1 => {
                let closed = open.pop().unwrap_or_default();
                if let Some(level) = open.last_mut() {
                    level.deepest = level.deepest.max(closed.operators + closed.deepest + 1);
                    deep = level.operators + level.deepest;
                }
            }
            _ if OPERATORS.iter().any(|operator| token.is(operator)) => {
                if let Some(level) = open.last_mut() {
                    level.operators += 1;
                    deep = level.operators + level.deepest;
                }
            }
            _ => {}
        }
        if deep.max(open.len() - 1) > DEEPEST {
            return Err(Refused::at(token.offset, "this is nested too deep")
                .allowed(format!("{DEEPEST} parentheses and operators within each other")));
        }
    }
    Ok(())
}

/// A word before a parenthesis must be something that we know.
fn callable(token: &Token<'_>, before: Option<Token<'_>>) -> Result<(), Refused> {
    let (name, lower) = (token.text, token.text.to_ascii_lowercase());
    if before.is_some_and(|before| before.is("@")) {
        return Err(Refused::at(token.offset, format!("`@ {name}()` is not known"))
            .allowed("seconds since the start of the run, such as `@ 30`"));
    }
    // `by name (`: a list without its parentheses, which the grammar knows better.
    let listed = before.is_some_and(|before| LISTS.iter().any(|list| before.is(list)));
    if listed
        || KEYWORDS.contains(&lower.as_str())
        || functions::aggregation(&lower).is_some()
        || functions::function(name).is_some()
    {
        return Ok(());
    }
    let names = || FUNCTIONS.iter().map(|(name, _)| *name).chain(AGGREGATIONS.iter().map(|(name, _)| *name));
    let near = names().map(|known| (strsim::jaro_winkler(&lower, known), known));
    let near = near.filter(|(near, _)| *near > NEAR).max_by(|a, b| a.0.total_cmp(&b.0));
    Err(Refused::at(token.offset, format!("the function `{name}` is not known"))
        .allowed(names().collect::<Vec<_>>().join(" "))
        .hint(near.map(|(_, known)| format!("did you mean `{known}`?"))))
}

/// The place of what the parser complains about.
pub(super) fn locate(text: &str, message: &str) -> Refused {
    let tokens = tokens(text);
    if let Err(refused) = syntax::check(text, &tokens) {
        return refused;
    }
    if message.starts_with("illegal regex") {
        let patterns = tokens.windows(2).filter(|pair| pair[0].is("=~") || pair[0].is("!~"));
        let broken =
            patterns.map(|pair| pair[1]).find(|text| message.contains(text.text.trim_matches(QUOTES)));
        let offset = broken.map_or(0, |pattern| pattern.offset);
        return Refused::at(offset, message)
            .allowed("a regular expression, which must match the whole value");
    }
    let offset = culprit(text, &tokens).or_else(|| named(&tokens, message)).unwrap_or_default();
    let refused = Refused::at(offset, message);
    if message.contains("expected type matrix") {
        return refused.allowed("a range of samples, such as `name[1m]`");
    }
    if message.contains("expected type vector") {
        return refused.allowed("a metric, or an expression of metrics, without a range");
    }
    if message.contains("BOOL modifier") {
        return refused.allowed("`bool` behind the comparison");
    }
    refused
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// The smallest call or parenthesis that does not parse by itself.
fn culprit(text: &str, tokens: &[Token<'_>]) -> Option<usize> {
    let mut open: Vec<usize> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.is("(") {
            open.push(index);
        } else if token.is(")") {
            let start = head(tokens, open.pop()?);
            let Some(start) = start else { continue };
            if parser::parse(&text[start..token.end()]).is_err() {
                return Some(start);
            }
        }
    }
    None
}

/// Where the expression that a parenthesis belongs to begins; `None` for lists of labels.
fn head(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let before = open.checked_sub(1).map(|before| tokens[before]);
    match before {
        Some(word) if word.kind == Kind::Word && KEYWORDS.iter().any(|keyword| word.is(keyword)) => {
            // Behind `and` and its like a parenthesis is an expression.
            ["and", "or", "unless", "bool"].iter().any(|word_| word.is(word_)).then(|| tokens[open].offset)
        }
        Some(word) if word.kind == Kind::Word => Some(word.offset),
        // `sum by (a) (x)`: from the word before `by`.
        Some(close) if close.is(")") => {
            let list = tokens[..open].iter().rposition(|token| token.is("("))?;
            list.checked_sub(2).map(|word| tokens[word].offset)
        }
        _ => Some(tokens[open].offset),
    }
}

/// The first word that the complaint quotes; for comparisons, the first of those.
fn named(tokens: &[Token<'_>], message: &str) -> Option<usize> {
    let quoted: Vec<&str> = message.split('\'').skip(1).step_by(2).collect();
    let comparison = |token: &Token<'_>| {
        message.starts_with("comparisons")
            && ["==", "!=", ">", "<", ">=", "<="].iter().any(|mark| token.is(mark))
    };
    let found =
        tokens.iter().find(|token| quoted.contains(&token.text.trim_matches(QUOTES)) || comparison(token));
    found.map(|token| token.offset)
}

/// The place of what was refused after parsing.
pub(super) fn place(text: &str, refusal: &Refusal) -> Refused {
    let tokens = tokens(text);
    let found = tokens
        .iter()
        .find(|token| token.text.trim_matches(QUOTES) == refusal.about || token.is(&refusal.about));
    Refused::at(found.map_or(0, |token| token.offset), &refusal.message)
}
