//! The program and the manifests: every command line and every variable is one that it knows, and what the pods are told
//! of the drill is what the drill says.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use tests::program;

use super::{items, overlays, text};

/// What a command line with `--help` behind it answers: flags that it does not know are refused before.
fn help(args: &[&str]) -> String {
    let output = Command::new(program::path()).args(args).arg("--help").output().expect("it can be run");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "firedrill {}: {said}", args.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_command_line_is_one_of_the_programs() {
    for overlay in overlays() {
        for (name, _, container) in overlay.ours() {
            let args: Vec<&str> = items(&container["args"]).map(text).collect();
            let help = help(&args);
            let given = items(&container["env"]).map(|variable| text(&variable["name"]));
            for variable in given {
                assert!(help.contains(&format!("env: {variable}")), "{}: {name}: {variable}", overlay.name);
            }
            // Probed and served are the same ports.
            let ports: BTreeSet<u64> =
                items(&container["ports"]).filter_map(|port| port["containerPort"].as_u64()).collect();
            let listens = args.iter().filter_map(|arg| arg.rsplit_once("0.0.0.0:")?.1.parse::<u64>().ok());
            let mut listens: BTreeSet<u64> = listens.collect();
            // The bank's second region is on the port after its first.
            listens.extend((name == "bank").then_some(8081));
            assert_eq!(ports, listens, "{}: {name}", overlay.name);
        }
    }
}

#[test]
fn the_settings_are_known_and_agree_with_the_drill_that_they_name() {
    for overlay in overlays() {
        let lab =
            overlay.of("ConfigMap").find(|map| text(&map["metadata"]["name"]).starts_with("firedrill-lab-"));
        let settings: BTreeMap<String, String> =
            serde_json::from_value(lab.expect("there is one")["data"].clone()).expect("texts");
        let known = [&["serve"][..], &["service", "bank"], &["service", "search"]].map(help).concat();
        for name in settings.keys() {
            assert!(known.contains(&format!("env: {name}")), "{}: {name}", overlay.name);
        }
        let of = |name: &str| settings[&format!("FIREDRILL_{name}")].as_str();
        let args =
            ["plan", of("DRILL"), "--variant", of("VARIANT"), "--scale", of("SCALE"), "--output", "json"];
        let output = Command::new(program::path())
            .args(args)
            .current_dir(tests::repo::root())
            .output()
            .expect("it can be run");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let plan: Value = serde_json::from_slice(&output.stdout).expect("a plan");
        let bank = &plan["bank"];
        let millis = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
        assert_eq!(of("BANK_LATENCY"), millis(&bank["latency"]), "{bank}");
        assert_eq!(of("BANK_LOOKUP_LATENCY"), millis(&bank["lookup_latency"]), "{bank}");
        assert_eq!(of("BANK_JITTER"), bank["jitter"].to_string(), "{bank}");
    }
}

#[test]
fn who_waits_for_the_guards_secret_asks_for_keys_that_it_makes() {
    let made = [
        "FIREDRILL_TOKEN",
        "FIREDRILL_OBSERVER_TOKEN",
        "FIREDRILL_CANDIDATE_TOKEN",
        "FIREDRILL_OPERATOR_TOKEN",
    ];
    for overlay in overlays() {
        for (name, _, container) in overlay.ours() {
            let keys: Vec<&str> = items(&container["env"])
                .filter(|variable| !variable["valueFrom"]["secretKeyRef"].is_null())
                .map(|variable| {
                    let of = &variable["valueFrom"]["secretKeyRef"];
                    assert_eq!(of["name"], "firedrill-tokens", "{}: {name}", overlay.name);
                    assert_eq!(of["key"], variable["name"], "{}: {name}", overlay.name);
                    text(&of["key"])
                })
                .collect();
            let wanted: &[&str] = match name {
                // It makes them.
                "guard" => &[],
                "controller" => &made,
                "bank" => &[made[0], made[3]],
                _ => &made[..1],
            };
            let (keys, wanted): (BTreeSet<_>, BTreeSet<_>) = (keys.iter().collect(), wanted.iter().collect());
            assert_eq!(keys, wanted, "{}: {name}", overlay.name);
        }
    }
}
