//! What is wrong with a file, all of it at once: each problem with its place, what is allowed
//! there, and a hint. Leaves out finding the problems.

use std::{collections::BTreeMap, fmt, ops::Range};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode};
use serde::Serialize;

use crate::source::Source;

/// One problem at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The name of the source.
    pub source: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// In bytes of the source.
    pub span: Range<usize>,
    pub message: String,
    /// What may be written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.source, self.line, self.column, self.message)?;
        if let Some(allowed) = &self.allowed {
            write!(f, "; allowed: {allowed}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; hint: {hint}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong, in reading order, without repetitions. Never empty as an error.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    list: Vec<Diagnostic>,
    texts: BTreeMap<String, String>,
}

impl Problems {
    #[must_use]
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The stable machine form: an array of [`Diagnostic`].
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!(self.list)
    }

    /// For people: every problem with its line of the file and an arrow under it.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_links(false);
        let mut out = String::new();
        for diagnostic in &self.list {
            let text = self.texts.get(&diagnostic.source).map_or("", String::as_str);
            let report = Report {
                diagnostic,
                code: NamedSource::new(&diagnostic.source, text.to_owned()).with_language("yaml"),
            };
            if handler.render_report(&mut out, &report).is_err() {
                out.push_str(&diagnostic.to_string());
            }
            out.push('\n');
        }
        out
    }

    pub(crate) fn add(&mut self, source: &Source, span: Range<usize>, finding: Finding) {
        let before = source.text.get(..span.start).unwrap_or(&source.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let diagnostic = Diagnostic {
            source: source.name.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            span,
            message: finding.message,
            allowed: finding.allowed,
            hint: finding.hint,
        };
        // The variants of a drill share most of their text, and so most of their problems.
        if !self.list.contains(&diagnostic) {
            self.texts.entry(source.name.clone()).or_insert_with(|| source.text.clone());
            let place = |d: &Diagnostic| (d.source.clone(), d.span.start);
            let at = self.list.partition_point(|other| place(other) <= place(&diagnostic));
            self.list.insert(at, diagnostic);
        }
    }

    pub(crate) fn absorb(&mut self, other: Problems) {
        for diagnostic in other.list {
            let text = other.texts.get(&diagnostic.source).cloned().unwrap_or_default();
            let source = Source::new(diagnostic.source, text);
            let finding =
                Finding { message: diagnostic.message, allowed: diagnostic.allowed, hint: diagnostic.hint };
            self.add(&source, diagnostic.span, finding);
        }
    }

    pub(crate) fn into_result<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A problem before it has a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) message: String,
    pub(crate) allowed: Option<String>,
    pub(crate) hint: Option<String>,
}

impl Finding {
    pub(crate) fn new(message: impl Into<String>) -> Finding {
        Finding { message: message.into(), ..Finding::default() }
    }

    pub(crate) fn allowed(mut self, allowed: impl Into<String>) -> Finding {
        self.allowed = Some(allowed.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Finding {
        self.hint = hint.or(self.hint);
        self
    }
}

/// The miette view of a diagnostic.
#[derive(Debug)]
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    code: NamedSource<String>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let hint = self.diagnostic.hint.as_ref()?;
        Some(Box::new(hint))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.diagnostic.allowed.as_ref().map(|allowed| format!("allowed: {allowed}"));
        let label = label.unwrap_or_else(|| "here".to_owned());
        let span = self.diagnostic.span.clone();
        Some(Box::new(std::iter::once(LabeledSpan::at(span, label))))
    }
}
