//! A second generator comes to a run, takes half of the users, and is killed. The users do not notice that it came; who
//! grades does notice how it went.

use std::time::Duration;

use evidence::kind;
use evidence::requests::{Request, decode};
use tests::site::SOON;
use tests::{Playing, Role, Turn, processes, program, until};

/// From the joining on: the lab's own lead, and what a busy machine may add.
const SHARING: Duration = Duration::from_secs(15);
/// What the killed one should have sent before the others knew, and the users whom it had not yet served, in
/// milliseconds of the schedule: half a second until all are told, 2 s of patience, and a reserve.
const UNTOLD_MS: u64 = 1_000;
const PATIENCE_MS: u64 = 2_000;

/// The numbers of a journey's arrivals that are in nobody's log, and when they should have come: between which two others.
fn missing(requests: &[Request], journey: u8) -> Vec<(u64, u64)> {
    let mut own: Vec<&Request> = requests.iter().filter(|request| request.journey == journey).collect();
    own.sort_by_key(|request| request.index);
    let twice = own.windows(2).find(|pair| pair[0].index == pair[1].index);
    assert!(twice.is_none(), "sent twice: {twice:?}");
    let gaps = own.windows(2).filter(|pair| pair[1].index > pair[0].index + 1);
    gaps.flat_map(|pair| (pair[0].index + 1..pair[1].index).map(|index| (index, pair[0].intended_ms())))
        .collect()
}

#[test]
fn a_second_generator_takes_its_share_unnoticed_and_what_dies_with_it_is_missed() {
    let _turn = Turn::take();
    let run = Playing::start("nothing", "1/10", &[]);
    run.journaled("that the baseline began", Duration::from_secs(40), |entry| {
        entry.text("name") == "baseline"
    });
    let (url, token) = (run.site.text("/controller/url"), run.site.token(Role::Process));
    let flags = ["--instance", "traffic-1", "--controller", &url, "--token", &token];
    let second = program::start(&run.site.scratch, &[&["traffic"], &flags[..]].concat());
    let sent = |instance: &str| {
        let member = run.site.members().into_iter().find(|member| member.instance == instance);
        let admin = member.ok_or_else(|| format!("{instance} has not joined"))?.admin;
        run.site.metric(&admin, "lab_achieved_rate", &[])
    };
    // 90/s in all; what is left to chance is some percent of it.
    until("both send half of it", SHARING, || match (sent("traffic-0")?, sent("traffic-1")?) {
        (first, second) if (first / (first + second) - 0.5).abs() < 0.2 => Ok(()),
        rates => Err(format!("{rates:?}")),
    });
    let fault = |entry: &evidence::Entry| entry.kind == kind::FAULT_APPLIED;
    run.journaled("that the fault is on", Duration::from_secs(40), fault);
    processes::kill(second.pid());
    let exited =
        |entry: &evidence::Entry| entry.text("instance") == "traffic-1" && entry.text("event") == "exited";
    let killed_ms = run.journaled("that it is gone", SOON, exited).t_ms;

    let run = run.finish(false);
    let log = std::fs::read(run.dir.as_ref().expect("the run has a folder").join("requests.bin"));
    let requests = decode(&log.expect("it was recorded")).expect("the log is sound");
    let missing: Vec<(u64, u64)> = (0..5).flat_map(|journey| missing(&requests, journey)).collect();
    assert!(!missing.is_empty(), "what died with it was sent by somebody: the log cannot be right");
    let untold = |at_ms: u64| at_ms + PATIENCE_MS >= killed_ms && at_ms <= killed_ms + UNTOLD_MS;
    for (index, at_ms) in &missing {
        assert_eq!(index % 2, 1, "the first one's, at {at_ms} ms; the second was killed at {killed_ms} ms");
        assert!(untold(*at_ms), "number {index} at {at_ms} ms; the second was killed at {killed_ms} ms");
    }
    let last_ms = requests.iter().map(Request::intended_ms).max().expect("somebody came");
    assert!(last_ms > killed_ms + 20_000, "nobody came after {last_ms} ms");
    // Whether so few void the run is for the length of the phase to say.
    let proof = run.criterion("generator");
    assert!(
        proof["value"].as_f64() < Some(1.0),
        "{} are missing, and nobody noticed: {proof}",
        missing.len()
    );
}
