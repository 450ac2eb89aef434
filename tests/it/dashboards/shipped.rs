//! Every question that the repository ships: of the panels and annotations of dashboards, of alerts and recording rules, and
//! those that a runbook tells somebody to type. Each with its place, and with the labels that the words around it use.

use serde_json::Value;
use tests::repo::{read, relative, root, walk};

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Panel,
    Annotation,
    Rule,
    Runbook,
}

/// A question.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) from: From,
    /// File, and panel or rule.
    pub(super) place: String,
    /// Its PromQL, the variables of the dashboard filled in.
    pub(super) text: String,
    /// Labels that its legend or annotations show.
    pub(super) shown: Vec<String>,
}

/// All of them.
pub(super) fn all() -> Vec<Asked> {
    let folders = ["dashboards", "deploy/prometheus", "deploy/runbooks"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| walk(folder));
    files.flat_map(|path| of_file(&relative(&path), &read(&path))).collect()
}

/// Those of one file, by its name.
pub(super) fn of_file(file: &str, text: &str) -> Vec<Asked> {
    let name = file.rsplit('/').next().unwrap_or_default();
    if name.ends_with(".json") {
        let dashboard = serde_json::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        return of_dashboard(file, &dashboard);
    }
    if name.ends_with(".rules.yml") {
        return rules_of(file, text).iter().map(|rule| rule.asked(file)).collect();
    }
    let lines = text.lines().enumerate().filter(|_| file.starts_with("deploy/runbooks/"));
    lines.filter_map(|(at, line)| of_line(file, at + 1, line)).collect()
}

fn of_dashboard(file: &str, dashboard: &Value) -> Vec<Asked> {
    let mut asked = Vec::new();
    for annotation in list(&dashboard["annotations"]["list"]) {
        let words = ["titleFormat", "textFormat"].map(|field| word(annotation, field)).join(" ");
        let keys = word(annotation, "tagKeys").split(',').filter(|key| !key.is_empty());
        asked.push(Asked {
            from: From::Annotation,
            place: format!("{file}: annotation `{}`", word(annotation, "name")),
            text: filled(dashboard, word(annotation, "expr")),
            shown: in_braces(&words, "").into_iter().chain(keys.map(str::to_owned)).collect(),
        });
    }
    for panel in list(&dashboard["panels"]) {
        let links = panel["fieldConfig"]["defaults"]["links"].to_string();
        for target in list(&panel["targets"]) {
            asked.push(Asked {
                from: From::Panel,
                place: format!("{file}: panel {} `{}`", panel["id"], word(panel, "title")),
                text: filled(dashboard, word(target, "expr")),
                shown: [in_braces(word(target, "legendFormat"), ""), in_links(&links)].concat(),
            });
        }
    }
    asked
}

/// With all values of each variable, as Grafana fills in "All".
fn filled(dashboard: &Value, expr: &str) -> String {
    let mut text = expr.to_owned();
    for variable in list(&dashboard["templating"]["list"]) {
        let values: Vec<&str> =
            list(&variable["options"]).iter().map(|option| word(option, "value")).collect();
        text = text.replace(&format!("${}", word(variable, "name")), &values.join("|"));
    }
    text
}

/// An alert or a recording rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) expr: String,
    /// The name of the series that it makes, and labels that it adds.
    pub(super) records: bool,
    pub(super) labels: Vec<String>,
    pub(super) annotations: Value,
}

impl Rule {
    fn asked(&self, file: &str) -> Asked {
        let kind = if self.records { "record" } else { "alert" };
        let words: Vec<&str> = self
            .annotations
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, words)| words.as_str())
            .collect();
        Asked {
            from: From::Rule,
            place: format!("{file}: {kind} {}", self.name),
            text: self.expr.clone(),
            shown: in_braces(&words.join(" "), "$labels."),
        }
    }
}

/// Those of all rule files.
pub(super) fn rules() -> Vec<Rule> {
    let files = walk(&root().join("deploy/prometheus"));
    let files = files.iter().filter(|path| path.to_string_lossy().ends_with(".rules.yml"));
    files.flat_map(|path| rules_of(&relative(path), &read(path))).collect()
}

fn rules_of(file: &str, text: &str) -> Vec<Rule> {
    let file: Value = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let rules = list(&file["groups"]).iter().flat_map(|group| list(&group["rules"]));
    let one = |rule: &Value| Rule {
        name: format!("{}{}", word(rule, "alert"), word(rule, "record")),
        expr: word(rule, "expr").to_owned(),
        records: rule["record"].is_string(),
        labels: rule["labels"].as_object().into_iter().flatten().map(|(label, _)| label.clone()).collect(),
        annotations: rule["annotations"].clone(),
    };
    rules.map(one).collect()
}

/// `firedrill query '..'` on a line of its own.
fn of_line(file: &str, number: usize, line: &str) -> Option<Asked> {
    let (text, _) = line.trim().strip_prefix("firedrill query '")?.rsplit_once('\'')?;
    let place = format!("{file}:{number}");
    Some(Asked { from: From::Runbook, place, text: text.to_owned(), shown: Vec::new() })
}

/// The labels that a template shows: `{{service}}`, or `{{ $labels.service }}`.
fn in_braces(template: &str, prefix: &str) -> Vec<String> {
    let openings = template.split("{{").skip(1);
    let inside = openings.filter_map(|rest| rest.split_once("}}").map(|(inside, _)| inside.trim()));
    inside.filter_map(|inside| inside.strip_prefix(prefix)).map(str::to_owned).collect()
}

/// The labels of a series that links to somewhere else carry along: `${__field.labels.service}`.
fn in_links(links: &str) -> Vec<String> {
    let names = links.split("${__field.labels.").skip(1);
    names.filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned())).collect()
}

/// The elements of a list; none if it is not one.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text; empty if it is none.
pub(super) fn word<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
