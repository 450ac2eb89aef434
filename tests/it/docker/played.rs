//! The drill on containers: nobody and the remedy, each in a lab of its own on one engine. What they come to is what they
//! come to on this machine.

use tests::{Engine, Playing, Site, Turn, in_lanes, repo};

/// Whose verdicts are held against those of a local lab.
const PLAYED: [&str; 2] = ["nothing", "layered"];

#[test]
fn a_drill_has_the_same_verdicts_in_containers() {
    let _turn = Turn::take();
    let Some(engine) = Engine::start() else { return };
    let image = engine.image();
    let environment = engine.environment();
    let differences = in_lanes(PLAYED.len(), PLAYED, |candidate| {
        let site = Site::with(environment.clone());
        let flags = ["--platform", "docker", "--image", &image];
        let run = Playing::start_at(site, &repo::drill(tests::site::DRILL), candidate, "1/10", &flags)
            .finish(false);
        // Those of a local lab: tests/it/drills.rs holds it against the same.
        let expected = drill::expectation(&repo::sources(tests::site::DRILL), candidate, "smoke");
        let mut differences = run.differences(&expected.expect("a planted candidate says what it must get"));
        if run.card["residue"].as_array().map(Vec::len) != Some(0) {
            differences.push(format!("residue: {}", run.card["residue"]));
        }
        println!("{candidate}: exit {}, footprint {}", run.card["exit"], run.card["footprint"]);
        (candidate, differences)
    });
    for (candidate, differences) in differences {
        assert!(differences.is_empty(), "{candidate}: {}", differences.join("; "));
    }
    // A run that brought its lab takes it away again.
    assert_eq!(engine.labelled("com.docker.compose.project"), Vec::<String>::new());
}
