//! Who plays what: the planted candidates of the drills, each with the verdict that it must get, and the answer of each
//! drill in every other one, of which nobody knows beforehand what it will get.
//!
//! An answer is the policy that the candidate named by `answer.yaml` ends up with. Elsewhere the outage comes at another
//! time, so it is put in force at that drill's own handover.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use drill::{Action, Choice, Expect, Plan, Scale, Sources};
use harness::repo;
use serde_json::{Value, json};

/// What to play.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) drills: Vec<String>,
    pub(crate) candidates: Vec<String>,
    pub(crate) variant: String,
    pub(crate) planted: bool,
    pub(crate) matrix: bool,
}

/// All runs, and the names of the drills in the order of rows and columns.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) drills: Vec<String>,
    pub(crate) plays: Vec<Play>,
    /// The candidate that plays each drill's answer.
    pub(crate) answers: BTreeMap<String, String>,
    /// Whether the answers are played in all drills.
    pub(crate) matrix: bool,
}

/// One run to be played.
#[derive(Debug, Clone)]
pub(crate) struct Play {
    pub(crate) drill: String,
    pub(crate) variant: String,
    pub(crate) candidate: String,
    /// The drill whose answer is played; the planted ones are nobody's.
    pub(crate) answer_of: Option<String>,
    pub(crate) expect: Option<Expect>,
    /// The candidate's file, if it is none of the drill's own.
    pub(crate) script: Option<Value>,
    /// Why it cannot be played in this drill.
    pub(crate) impossible: Option<String>,
}

/// A drill as it is shipped.
struct Shipped {
    name: String,
    variant: String,
    sources: Sources,
    /// The candidate that plays its answer.
    answer: Option<String>,
}

pub(crate) fn cast(wanted: &Wanted) -> anyhow::Result<Cast> {
    let all = names()?;
    if let Some(unknown) = wanted.drills.iter().find(|name| !all.contains(name)) {
        bail!("there is no drill `{unknown}`; there is {}", all.join(", "));
    }
    let names: Vec<String> =
        all.into_iter().filter(|name| wanted.drills.is_empty() || wanted.drills.contains(name)).collect();
    let drills: Vec<Shipped> =
        names.iter().map(|name| shipped(name, &wanted.variant)).collect::<Result<_, _>>()?;
    let mut plays = Vec::new();
    if wanted.planted {
        for drill in &drills {
            plays.extend(planted(drill, &wanted.candidates));
        }
        if let Some(unknown) =
            wanted.candidates.iter().find(|name| plays.iter().all(|play: &Play| play.candidate != **name))
        {
            bail!("no drill that is played has a candidate `{unknown}`");
        }
    }
    if wanted.matrix {
        plays.extend(elsewhere(&drills, &plays)?);
    }
    let answers = drills.into_iter().filter_map(|drill| Some((drill.name, drill.answer?))).collect();
    Ok(Cast { drills: names, plays, answers, matrix: wanted.matrix })
}

fn names() -> anyhow::Result<Vec<String>> {
    let folder = repo::root().join("drills");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("failed to list {}", folder.display()))?;
    let folders = entries.flatten().filter(|entry| entry.path().join("drill.yaml").is_file());
    let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    if names.is_empty() {
        bail!("there is no drill in {}", folder.display());
    }
    Ok(names)
}

fn shipped(name: &str, variant: &str) -> anyhow::Result<Shipped> {
    let mut sources = repo::sources(name);
    let path = repo::drill(name).join("answer.yaml");
    if let Ok(text) = std::fs::read_to_string(&path) {
        sources.answer = Some(drill::Source::new(path.display().to_string(), text));
    }
    drill::check(&sources)
        .map_err(|problems| anyhow::anyhow!("{problems}"))
        .context("a drill is not sound")?;
    let known = drill::variants(&sources);
    let variant = if known.iter().any(|known| known == variant) { variant } else { "default" }.to_owned();
    let answer = drill::answer(&sources, &variant, Scale::ONE)
        .map_err(|problems| anyhow::anyhow!("{problems}"))?
        .and_then(|answer| answer.candidate);
    Ok(Shipped { name: name.to_owned(), variant, sources, answer })
}

fn planted(drill: &Shipped, chosen: &[String]) -> Vec<Play> {
    let candidates =
        drill.sources.candidates.keys().filter(|name| chosen.is_empty() || chosen.contains(name));
    candidates
        .map(|candidate| Play {
            drill: drill.name.clone(),
            variant: drill.variant.clone(),
            candidate: candidate.clone(),
            answer_of: None,
            expect: drill::expectation(&drill.sources, candidate, &drill.variant),
            script: None,
            impossible: None,
        })
        .collect()
}

/// Each answer in each drill. Its own is a planted candidate: played once, if it is played anyway.
fn elsewhere(drills: &[Shipped], planted: &[Play]) -> anyhow::Result<Vec<Play>> {
    let mut plays = Vec::new();
    for from in drills {
        // Told in the report: nobody can say what its row would be.
        let Some(answer) = &from.answer else { continue };
        let policy = policy(&plan(from, Some(answer))?);
        for to in drills {
            let own = |play: &Play| play.drill == to.name && play.candidate == *answer;
            if from.name == to.name && planted.iter().any(own) {
                continue;
            }
            let at = handover(&plan(to, None)?);
            let script = json!({
                "about": format!("the answer of {}", from.name),
                "steps": policy.iter().map(|step| put_at(step, &at)).collect::<Vec<_>>(),
            });
            let candidate = format!("answer-of-{}", from.name);
            let mut sources = to.sources.clone();
            sources
                .candidates
                .insert(candidate.clone(), drill::Source::new(candidate.clone(), script.to_string()));
            let choice = Choice {
                variant: to.variant.clone(),
                candidate: Some(candidate.clone()),
                scale: Scale::ONE,
                ..Choice::default()
            };
            // A policy may speak of something that only its own drill has.
            let impossible = drill::plan(&sources, &choice).err().map(|problems| problems.to_string());
            plays.push(Play {
                drill: to.name.clone(),
                variant: to.variant.clone(),
                candidate,
                answer_of: Some(from.name.clone()),
                expect: None,
                script: Some(script),
                impossible,
            });
        }
    }
    Ok(plays)
}

fn plan(drill: &Shipped, candidate: Option<&String>) -> anyhow::Result<Plan> {
    let choice = Choice {
        variant: drill.variant.clone(),
        candidate: candidate.cloned(),
        scale: Scale::ONE,
        ..Choice::default()
    };
    drill::plan(&drill.sources, &choice).map_err(|problems| anyhow::anyhow!("{problems}"))
}

/// The changes of policy that a plan's candidate makes, in order.
fn policy(plan: &Plan) -> Vec<(Value, String)> {
    let steps = plan.candidate.iter().flat_map(|candidate| &candidate.steps);
    steps
        .filter_map(|step| match &step.action {
            Action::Policy { patch, reason } => Some((patch.clone(), reason.clone())),
            _ => None,
        })
        .collect()
}

/// In milliseconds: a word that every drill file understands.
fn handover(plan: &Plan) -> String {
    format!("{}ms", plan.handover.unwrap_or_default().as_millis())
}

fn put_at((patch, reason): &(Value, String), at: &str) -> Value {
    json!({"at": at, "do": "policy", "patch": patch, "reason": reason})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(drills: &[&str], planted: bool, matrix: bool) -> Wanted {
        Wanted {
            drills: drills.iter().map(|name| (*name).to_owned()).collect(),
            variant: "smoke".to_owned(),
            planted,
            matrix,
            ..Wanted::default()
        }
    }

    #[test]
    fn every_shipped_candidate_is_cast_with_its_verdict() {
        let cast = cast(&wanted(&[], true, false)).unwrap();
        for drill in &cast.drills {
            let own: Vec<&Play> = cast.plays.iter().filter(|play| play.drill == *drill).collect();
            assert!(own.iter().any(|play| play.candidate == "nothing"), "{drill}");
            assert!(own.iter().all(|play| play.expect.is_some()), "{drill}: a candidate expects nothing");
        }
    }

    #[test]
    fn each_answer_is_played_once_in_each_drill_and_at_its_handover() {
        let drills = ["bank-slowdown", "commit-then-fail", "flapping-bank"];
        let cast = cast(&wanted(&drills, true, true)).unwrap();
        let elsewhere: Vec<&Play> = cast.plays.iter().filter(|play| play.answer_of.is_some()).collect();
        assert_eq!(elsewhere.len(), 6, "three answers, each in the two other drills");
        let played = elsewhere
            .iter()
            .find(|play| play.drill == "flapping-bank" && play.answer_of.as_deref() == Some("bank-slowdown"));
        let script = played.unwrap().script.as_ref().unwrap();
        assert_eq!(script["steps"][0]["at"], "16000ms");
        assert!(script["steps"][0]["patch"]["services"]["payment"].is_object());
    }

    #[test]
    fn the_answers_alone_include_those_of_their_own_drills() {
        let cast = cast(&wanted(&["bank-slowdown", "commit-then-fail"], false, true)).unwrap();
        assert_eq!(cast.plays.len(), 4);
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        assert!(cast(&wanted(&["no-such"], true, false)).is_err());
        let mut unknown = wanted(&["bank-slowdown"], true, false);
        unknown.candidates = vec!["nobody".to_owned()];
        assert!(cast(&unknown).is_err());
    }
}
