//! What every drill under `drills/` owes: that it is sound, has its parts, and that no planted candidate contradicts its
//! own verdict on paper. What it is about is its own business.

use resilience::policy::{merge, violations};

use super::*;

/// A drill without its answer is still being written; `make drills` tells of it.
fn names() -> Vec<String> {
    let folders = fs::read_dir(root().join("../../drills")).unwrap().map(|entry| entry.unwrap());
    let written = folders.filter(|entry| entry.path().join("answer.yaml").is_file());
    let mut names: Vec<String> = written.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(names.len() >= 4, "{names:?}");
    names.sort();
    names
}

/// Every drill, variant and candidate, at every scale that verdicts are promised for.
fn every_plan(mut look: impl FnMut(&Sources, &Plan)) {
    for name in names() {
        let sources = drill(&name);
        for variant in variants(&sources) {
            for candidate in sources.candidates.keys() {
                for scale in ["1", "1/4", "1/10"] {
                    let planned = plan(&sources, &choice(&variant, Some(candidate), scale));
                    look(
                        &sources,
                        &planned.unwrap_or_else(|problems| panic!("{name} {candidate}: {problems}")),
                    );
                }
            }
        }
    }
}

#[test]
fn it_is_sound_and_is_called_as_its_folder() {
    for name in names() {
        let sources = drill(&name);
        if let Err(problems) = check(&sources) {
            panic!("{name}: {}", problems.render(false));
        }
        let planned = plan(&sources, &choice("default", None, "1")).unwrap();
        assert_eq!(planned.drill, name);
    }
}

#[test]
fn it_has_a_brief_instructor_notes_and_four_hints() {
    for name in names() {
        let folder = root().join("../../drills").join(&name);
        for file in ["brief.md", "instructor.md"] {
            assert!(folder.join(file).is_file(), "{name} has no {file}");
        }
        let planned = plan(&drill(&name), &choice("default", None, "1")).unwrap();
        assert_eq!(planned.hints.len(), 4, "{name}");
        assert!(!planned.debrief.is_empty() && planned.rubric.len() == 4, "{name}");
    }
}

#[test]
fn its_smoke_variant_ends_within_ninety_seconds() {
    for name in names() {
        let planned = plan(&drill(&name), &choice("smoke", Some("nothing"), "1")).unwrap();
        assert!(planned.longest() <= 90 * SECOND, "{name}: {:?}", planned.longest());
    }
}

/// What comes and goes goes on for as long as a person may need; where recovery is judged afterwards, it must end.
#[test]
fn its_trigger_lasts_as_long_as_a_person_has_time() {
    for name in names() {
        for variant in variants(&drill(&name)) {
            let planned = plan(&drill(&name), &choice(&variant, None, "1")).unwrap();
            let needed = planned.handover.unwrap() + planned.budget + planned.hold;
            assert!(planned.recovery_end() >= needed, "{name} {variant}");
            assert!(planned.longest() > needed, "{name} {variant}");
            let held = planned.faults.iter().filter(|fault| fault.repeat.is_some()).map(Fault::ends_at);
            let held: Vec<_> = held.chain(planned.load.surge.map(|surge| surge.length)).collect();
            assert!(planned.aftermath.is_some() || held.iter().all(|end| *end >= needed), "{name} {held:?}");
        }
    }
}

#[test]
fn every_plan_of_it_survives_being_saved_and_holds_no_verdict() {
    every_plan(|_, plan| {
        let saved = serde_json::to_string(plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&saved).unwrap(), *plan);
        // Every verdict has an exit code; a decision may say what it is expected to do.
        assert!(!saved.contains("\"exit\""), "the verdict must not enter a run");
    });
}

#[test]
fn nothing_fails_the_answer_passes_and_every_candidate_says_why() {
    for name in names() {
        let sources = drill(&name);
        let expected = |candidate: &str| {
            expectation(&sources, candidate, "smoke")
                .unwrap_or_else(|| panic!("{name}: {candidate} expects nothing"))
        };
        assert_eq!(expected("nothing").exit, 99, "{name}");
        let answer = answer(&sources, "default", Scale::ONE).unwrap().unwrap().candidate;
        let answer = answer.unwrap_or_else(|| panic!("{name}: the answer names no candidate"));
        assert_eq!(expected(&answer).exit, 0, "{name}");
        for candidate in sources.candidates.keys() {
            let expect = expected(candidate);
            assert!(!expect.criteria.is_empty(), "{name}: {candidate}");
            assert!([0, 99].contains(&expect.exit), "{name}: {candidate}");
        }
    }
}

#[test]
fn a_candidate_leaves_the_safe_bounds_only_where_that_is_its_verdict() {
    every_plan(|sources, plan| {
        let candidate = plan.candidate.as_ref().unwrap();
        let mut document = plan.policy.clone();
        for step in &candidate.steps {
            if let Action::Policy { patch, .. } = &step.action {
                document = merge(&document, patch);
            }
        }
        let expect = expectation(sources, &candidate.name, "default").unwrap();
        let told = expect.criteria.get("safe_bounds").is_some_and(|status| status == "fail");
        let out = violations(&document, &plan.safe_bounds);
        assert_eq!(!out.is_empty(), told, "{} {} {}: {out:?}", plan.drill, plan.variant, candidate.name);
    });
}
