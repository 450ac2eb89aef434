//! How processes end: every one of them drains when it is asked to stop, and the controller takes its lab along.

use std::time::Duration;

use serde_json::Value;
use tests::http::Ask;
use tests::site::{DRILL, SOON};
use tests::{Lab, Role, Site, Turn, processes, program, repo, until};

#[test]
fn every_process_drains_and_ends_well_on_sigterm() {
    let lab = Lab::up(&["--scale", "1/10"]);
    lab.sell(5.0);
    let (guard, operator) = (lab.text("/guard/url"), lab.token(Role::Operator));
    let kept = |instance: &str| {
        let processes =
            Ask::get(&guard, "/processes").token(&operator).send().expect("the guard answers").json();
        let list = processes.as_array().expect("a list of processes").clone();
        list.into_iter().find(|process| process["instance"] == instance).unwrap_or(Value::Null)
    };
    // Under load, so that there is something to drain.
    for member in lab.members().into_iter().filter(|member| member.service != "guard") {
        processes::terminate(member.pid);
        let ended = until(&format!("{} has ended and was started again", member.instance), SOON, || {
            let process = kept(&member.instance);
            let again = process["restarts"].as_u64() >= Some(1) && process["state"] == "up";
            if again { Ok(process) } else { Err(process.to_string()) }
        });
        assert_eq!(ended["last_exit"], "ended by itself", "{} did not end with 0: {ended}", member.instance);
    }
    lab.sell(5.0);
}

#[test]
fn the_controller_takes_its_lab_along_on_sigterm() {
    let _turn = Turn::take();
    let site = Site::new();
    let drill = repo::drill(DRILL).display().to_string();
    let line = ["plan", &drill, "--scale", "1/10", "--output", "json"];
    let plan = program::say(&site.scratch, &line).expect(0).stdout;
    let plan = site.scratch.write("plan.json", &plan);
    let controller = site.start(&["serve", "--plan", &plan.display().to_string()]);
    until("the controller says that the lab is ready", Duration::from_secs(30), || {
        let (stdout, stderr) = controller.so_far();
        if stdout.contains("ready_ms") { Ok(()) } else { Err(stderr) }
    });
    assert!(processes::of(&site.scratch).len() >= 11, "controller, guard, eight services, traffic");
    processes::terminate(controller.pid());
    controller.finish(Duration::from_secs(20)).expect(0);
    assert_eq!(site.file(), None, "the lab's file is left");
    until("every process of the lab is gone", SOON, || match processes::of(&site.scratch) {
        left if left.is_empty() => Ok(()),
        left => Err(format!("{left:?}")),
    });
}
