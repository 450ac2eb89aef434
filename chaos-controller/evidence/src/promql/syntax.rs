//! Where the grammar is broken. The parser only says that it is; this walks over the words with the one question that
//! PromQL's grammar asks, "is an expression expected here, or something after one?", and stops at the first that does
//! not fit. It takes some texts that the parser refuses; those are placed otherwise.

use super::functions;
use super::refused::Refused;
use super::scan::{Kind, Token};

const OPERATORS: &str = "an operator, such as + - * / == > and or unless";

pub(super) fn check(text: &str, tokens: &[Token<'_>]) -> Result<(), Refused> {
    Walk { text, tokens, at: 0, open: Vec::new() }.walk()
}

struct Walk<'t> {
    text: &'t str,
    tokens: &'t [Token<'t>],
    at: usize,
    /// Parentheses that are open, and whether a comma may stand in them.
    open: Vec<(usize, bool)>,
}

impl<'t> Walk<'t> {
    fn walk(mut self) -> Result<(), Refused> {
        loop {
            self.operand()?;
            if self.after()? {
                return Ok(());
            }
        }
    }

    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied()
    }

    fn takes(&mut self, text: &str) -> bool {
        let there = self.peek().is_some_and(|token| token.is(text));
        self.at += usize::from(there);
        there
    }

    fn takes_one_of(&mut self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.takes(text))
    }

    fn takes_kind(&mut self, kind: Kind) -> bool {
        let there = self.peek().is_some_and(|token| token.kind == kind);
        self.at += usize::from(there);
        there
    }

    fn expected(&self, what: &str) -> Refused {
        match self.peek() {
            Some(token) if token.kind == Kind::Strange => Refused::at(
                token.offset,
                if token.text.len() > 1 { "this text is not closed" } else { "this means nothing in PromQL" },
            )
            .allowed(what),
            Some(token) => {
                Refused::at(token.offset, format!("`{}` does not fit here", token.text)).allowed(what)
            }
            None => Refused::at(self.text.len(), "the query ends too early").allowed(what),
        }
    }

    fn expect(&mut self, text: &str, what: &str) -> Result<(), Refused> {
        if self.takes(text) { Ok(()) } else { Err(self.expected(what)) }
    }

    /// One expression up to where an operator may follow; opens parentheses on its way.
    fn operand(&mut self) -> Result<(), Refused> {
        const EXPRESSION: &str = "a metric, a number, a function or `(`";
        loop {
            if self.takes("+") || self.takes("-") {
                continue;
            }
            let Some(token) = self.peek() else { return Err(self.expected(EXPRESSION)) };
            if self.takes("(") {
                self.open.push((token.offset, false));
                continue;
            }
            if token.is("{") {
                return self.matchers();
            }
            match token.kind {
                Kind::Number | Kind::Text => {
                    self.at += 1;
                    return Ok(());
                }
                Kind::Word => self.at += 1,
                _ => return Err(self.expected(EXPRESSION)),
            }
            let folds = functions::aggregation(&token.text.to_ascii_lowercase()).is_some();
            if folds && self.takes_one_of(&["by", "without"]) {
                self.names()?;
                let Some(open) = self.peek() else { return Err(self.expected("`(`")) };
                self.expect("(", "`(`")?;
                self.open.push((open.offset, true));
                continue;
            }
            let open = self.peek();
            if !self.takes("(") {
                return if self.peek().is_some_and(|token| token.is("{")) { self.matchers() } else { Ok(()) };
            }
            if self.takes(")") {
                return Ok(());
            }
            self.open.push((open.map_or(0, |open| open.offset), true));
        }
    }

    /// What may follow an expression, up to the next; true at the end.
    fn after(&mut self) -> Result<bool, Refused> {
        loop {
            if self.takes("[") {
                self.range()?;
            } else if self.takes("offset") {
                let _ = self.takes("-") || self.takes("+");
                if !self.takes_kind(Kind::Number) {
                    return Err(self.expected("a duration, such as 30s"));
                }
            } else if self.takes("@") {
                let _ = self.takes("-") || self.takes("+");
                if !self.takes_kind(Kind::Number) {
                    return Err(self.expected("seconds since the start of the run"));
                }
            } else if self.takes_one_of(&["by", "without"]) {
                self.names()?;
            } else if self.takes(")") {
                if self.open.pop().is_none() {
                    self.at -= 1;
                    return Err(self.expected(OPERATORS));
                }
            } else if self.peek().is_some_and(|token| token.is(",")) {
                if !self.open.last().is_some_and(|(_, call)| *call) {
                    return Err(self.expected(OPERATORS));
                }
                self.at += 1;
                return Ok(false);
            } else if self.takes_one_of(&["==", "!=", ">=", "<=", ">", "<"]) {
                let _ = self.takes("bool");
                return self.matching().map(|()| false);
            } else if self.takes_one_of(&["+", "-", "*", "/", "%", "^", "and", "or", "unless"]) {
                return self.matching().map(|()| false);
            } else {
                return match (self.peek(), self.open.last()) {
                    (None, None) => Ok(true),
                    (None, Some((offset, _))) => {
                        Err(Refused::at(*offset, "this `(` is not closed").allowed("`)`"))
                    }
                    (Some(_), Some((_, true))) => Err(self.expected(&format!("`,`, `)` or {OPERATORS}"))),
                    (Some(_), Some((_, false))) => Err(self.expected(&format!("`)` or {OPERATORS}"))),
                    (Some(_), None) => Err(self.expected(OPERATORS)),
                };
            }
        }
    }

    fn matching(&mut self) -> Result<(), Refused> {
        if self.takes_one_of(&["on", "ignoring"]) {
            self.names()?;
        }
        if self.takes_one_of(&["group_left", "group_right"]) && self.peek().is_some_and(|token| token.is("("))
        {
            self.names()?;
        }
        Ok(())
    }

    /// `(name, name)`.
    fn names(&mut self) -> Result<(), Refused> {
        self.expect("(", "`(` and label names")?;
        while !self.takes(")") {
            if !self.takes_kind(Kind::Word) && !self.takes_kind(Kind::Text) {
                return Err(self.expected("a label name or `)`"));
            }
            if !self.takes(",") && !self.peek().is_some_and(|token| token.is(")")) {
                return Err(self.expected("`,` or `)`"));
            }
        }
        Ok(())
    }

    /// `{label="text", ...}`.
    fn matchers(&mut self) -> Result<(), Refused> {
        self.expect("{", "`{`")?;
        while !self.takes("}") {
            let name = self.peek();
            if !self.takes_kind(Kind::Word) && !self.takes_kind(Kind::Text) {
                return Err(self.expected("a label name or `}`"));
            }
            if self.takes_one_of(&["=~", "!~", "!=", "="]) {
                if !self.takes_kind(Kind::Text) {
                    return Err(self.expected("a text in quotes"));
                }
            } else if name.is_none_or(|name| name.kind != Kind::Text) {
                return Err(self.expected("one of = != =~ !~"));
            }
            if !self.takes(",") && !self.peek().is_some_and(|token| token.is("}")) {
                return Err(self.expected("`,` or `}`"));
            }
        }
        Ok(())
    }

    /// `5m]` or `5m:1s]`.
    fn range(&mut self) -> Result<(), Refused> {
        const DURATION: &str = "a duration, such as 30s or 1m";
        if !self.takes_kind(Kind::Number) {
            return Err(self.expected(DURATION));
        }
        if self.takes(":") {
            let _ = self.takes_kind(Kind::Number);
        }
        self.expect("]", "`]`, or `:` and the step of a subquery")
    }
}
