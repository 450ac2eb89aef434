//! From the texts of a folder to checked trees, and the questions that need no plan.

use serde_json::Value;

use crate::{
    check::{
        Report,
        candidate::{self, Ground},
        drill,
        policy::{Shape, check_document, unknown},
    },
    diagnostic::{Finding, Problems},
    file::{answer::Answer, candidate::Expect},
    scale::Scale,
    schema::{answer_schema, walk},
    source::{Source, Sources},
    tree::{self, Kind, Node},
};

/// The variant that a drill always has: the file as it stands, unless it overlays that too.
const DEFAULT: &str = "default";

/// A file with its variants taken apart.
pub(crate) struct Folder {
    base: Node,
    overlays: Vec<(String, Node)>,
}

impl Folder {
    pub(crate) fn read(source: &Source, problems: &mut Problems) -> Option<Folder> {
        let mut base = tree::parse(source, problems)?;
        let mut overlays = Vec::new();
        if let Kind::Map(entries) = &mut base.kind
            && let Some(at) = entries.iter().position(|(key, _)| key.name == "variants")
        {
            let (key, variants) = entries.remove(at);
            if !matches!(variants.kind, Kind::Map(_)) {
                let finding = Finding::new("`variants` must be a map of overlays by name");
                problems.add(source, key.span, finding);
            }
            for (key, overlay) in variants.entries() {
                match overlay.kind {
                    Kind::Map(_) => overlays.push((key.name.clone(), overlay.clone())),
                    Kind::Null => overlays.push((key.name.clone(), empty(overlay))),
                    _ => {
                        let message = format!("the variant `{}` must be a map", key.name);
                        problems.add(source, key.span.clone(), Finding::new(message));
                    }
                }
            }
        }
        if !overlays.iter().any(|(name, _)| name == DEFAULT) {
            let overlay = empty(&base);
            overlays.insert(0, (DEFAULT.to_owned(), overlay));
        }
        Some(Folder { base, overlays })
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.overlays.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn variant(&self, name: &str) -> Option<Node> {
        let (_, overlay) = self.overlays.iter().find(|(other, _)| other == name)?;
        Some(self.base.merged(overlay))
    }
}

fn empty(like: &Node) -> Node {
    Node { span: like.span.clone(), kind: Kind::Map(Vec::new()) }
}

/// Checks every variant, every candidate on every variant, and the answer.
///
/// # Errors
/// Everything that is wrong, in reading order.
pub fn check(sources: &Sources) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let mut variants = Vec::new();
    let mut sound: Vec<(String, Node)> = Vec::new();
    if let Some(folder) = Folder::read(&sources.drill, &mut problems) {
        variants = folder.names();
        for name in &variants {
            if let Some(node) = folder.variant(name) {
                let mut own = Problems::default();
                drill::check(&mut Report { source: &sources.drill, problems: &mut own }, &node);
                if own.is_empty() {
                    sound.push((name.clone(), node));
                }
                problems.absorb(own);
            }
        }
    }
    let grounds: Vec<Ground<'_>> = sound.iter().map(|(variant, drill)| Ground { variant, drill }).collect();
    for source in sources.candidates.values() {
        if let Some(node) = tree::parse(source, &mut problems) {
            let mut report = Report { source, problems: &mut problems };
            candidate::check(&mut report, &node, &variants, &grounds);
        }
    }
    if let Some(source) = &sources.answer {
        for variant in &variants {
            if let Err(found) = read_answer(source, variant) {
                problems.absorb(found);
            }
        }
        check_named_answer(sources, source, &mut problems);
    }
    problems.into_result(())
}

/// The candidate that plays the answer is one of the folder's.
fn check_named_answer(sources: &Sources, source: &Source, problems: &mut Problems) {
    let Some(node) = tree::parse(source, &mut Problems::default()) else { return };
    let Some(Node { kind: Kind::Text(name), span }) = node.get("candidate") else { return };
    if !sources.candidates.contains_key(name) {
        let known: Vec<String> = sources.candidates.keys().cloned().collect();
        problems.add(source, span.clone(), unknown("candidate", name, &known));
    }
}

/// Checks a policy file: a document if it says its `version`, a merge patch otherwise.
///
/// # Errors
/// Everything that is wrong, in reading order.
pub fn check_policy(source: &Source) -> Result<Value, Problems> {
    let mut problems = Problems::default();
    let Some(node) = tree::parse(source, &mut problems) else { return Err(problems) };
    let mut report = Report { source, problems: &mut problems };
    if node.get("version").is_some() {
        check_document(&mut report, &node, Shape::Untold);
    } else {
        candidate::check_patch(&mut report, &node);
    }
    problems.into_result(node.to_value())
}

/// The names of the variants, in the order of the file. Empty if the file cannot be read.
#[must_use]
pub fn variants(sources: &Sources) -> Vec<String> {
    let folder = Folder::read(&sources.drill, &mut Problems::default());
    folder.map(|folder| folder.names()).unwrap_or_default()
}

/// The verdict that a planted candidate must get in a variant; only tests may ask.
#[must_use]
pub fn expectation(sources: &Sources, candidate: &str, variant: &str) -> Option<Expect> {
    let source = sources.candidates.get(candidate)?;
    let node = tree::parse(source, &mut Problems::default())?;
    let own = node.get("variants").and_then(|all| all.get(variant)?.get("expect"));
    serde_json::from_value(own.or_else(|| node.get("expect"))?.to_value()).ok()
}

/// The answer for a variant, scaled; `None` if the folder has none. Operators only.
///
/// # Errors
/// Everything that is wrong with the answer's file.
pub fn answer(sources: &Sources, variant: &str, scale: Scale) -> Result<Option<Answer>, Problems> {
    let Some(source) = &sources.answer else { return Ok(None) };
    Ok(Some(read_answer(source, variant)?.scaled(scale)))
}

fn read_answer(source: &Source, variant: &str) -> Result<Answer, Problems> {
    let mut problems = Problems::default();
    let Some(folder) = Folder::read(source, &mut problems) else { return Err(problems) };
    // A variant that says nothing of its own is answered like the default.
    let node = folder.variant(variant).or_else(|| folder.variant(DEFAULT));
    let Some(node) = node else {
        problems.add(source, 0..0, unknown("variant", variant, &folder.names()));
        return Err(problems);
    };
    for (span, finding) in walk(answer_schema(), &node) {
        problems.add(source, span, finding);
    }
    match serde_json::from_value(node.to_value()) {
        Ok(answer) => problems.into_result(answer),
        Err(error) => {
            if problems.is_empty() {
                problems.add(source, 0..0, Finding::new(error.to_string()));
            }
            Err(problems)
        }
    }
}
