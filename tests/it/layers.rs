//! Which crate may know which: the direction of dependencies, asked of `cargo metadata` and compared with the one
//! picture of the house.
//!
//! ```text
//! resilience, fault, evidence <- drill <- grader
//! proto <- process;  resilience, process <- mesh <- shop;  fault, process <- bank, traffic
//! all <- controller <- firedrill <- tests
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use tests::repo::{read, root};

/// The shop's services.
const SHOP: [&str; 7] = ["frontend", "cart", "search", "account", "order", "payment", "inventory"];
/// No I/O, no clock, no randomness.
const PURE: [&str; 5] = ["resilience", "fault", "drill", "evidence", "grader"];
/// What a PURE crate must not even be able to reach.
const IMPURE: [&str; 12] = [
    "tokio",
    "tokio-util",
    "hyper",
    "hyper-util",
    "axum",
    "tonic",
    "tower",
    "rusqlite",
    "rand",
    "rustix",
    "process",
    "platform",
];

/// A crate, and the crates of the house that it may use.
fn allowed(name: &str) -> Vec<&'static str> {
    match name {
        "proto" | "resilience" | "fault" | "evidence" => vec![],
        // Outside of all layers: it starts processes, makes them sick, and knows nothing about them.
        "platform" => vec!["fault"],
        "drill" => vec!["resilience", "fault", "evidence"],
        "grader" => vec!["drill", "resilience", "fault", "evidence"],
        "process" => vec!["proto"],
        "mesh" => vec!["resilience", "process", "proto"],
        shop if SHOP.contains(&shop) => vec!["mesh", "resilience", "process", "proto"],
        "bank" | "traffic" => vec!["fault", "process", "proto"],
        "controller" => {
            vec![
                "drill",
                "evidence",
                "fault",
                "grader",
                "platform",
                "process",
                "proto",
                "resilience",
                "traffic",
            ]
        }
        "firedrill" => SHOP
            .into_iter()
            .chain(["bank", "controller", "drill", "evidence", "fault", "grader", "mesh"])
            .chain(["platform", "process", "proto", "resilience", "traffic"])
            .collect(),
        "tests" => vec!["drill", "evidence"],
        // Plays the program from outside; what must come out is in the drills' own files.
        "drills" => vec!["tests", "drill"],
        // Measures the program from outside, plays a controller for its generator, and calls as a service does.
        "bench" => vec!["tests", "evidence", "mesh", "process", "proto", "resilience"],
        name => panic!("`{name}` has no place in the picture: give it one here and in ARCHITECTURE.md"),
    }
}

/// Every crate of the workspace with its dependencies, those of its build script included and those of its tests not.
fn crates() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo is there: it runs this test");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let name = |value: &Value| value["name"].as_str().expect("it has a name").to_owned();
    let packages = metadata["packages"].as_array().expect("a workspace has packages");
    let of = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("a package lists its dependencies");
        dependencies.iter().filter(|dependency| dependency["kind"] != "dev").map(name).collect()
    };
    packages.iter().map(|package| (name(package), of(package))).collect()
}

#[test]
fn dependencies_point_one_way() {
    let crates = crates();
    let mut wrong = Vec::new();
    for (name, uses) in &crates {
        let allowed = allowed(name);
        let inside = uses.iter().filter(|used| crates.contains_key(*used));
        wrong.extend(
            inside.filter(|used| !allowed.contains(&used.as_str())).map(|used| format!("{name} -> {used}")),
        );
    }
    assert!(wrong.is_empty(), "against the direction of the house: {}", wrong.join(", "));
}

#[test]
fn the_pure_crates_can_reach_no_input_no_clock_and_no_randomness() {
    let crates = crates();
    for pure in PURE {
        let impure: Vec<&String> =
            crates[pure].iter().filter(|used| IMPURE.contains(&used.as_str())).collect();
        assert!(impure.is_empty(), "{pure} is pure, and depends on {impure:?}");
    }
}

#[test]
fn the_shop_contains_no_fault_code() {
    let crates = crates();
    for shop in SHOP.into_iter().chain(["mesh", "process", "proto", "resilience"]) {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![shop.to_owned()];
        while let Some(name) = waiting.pop() {
            let uses = crates.get(&name).into_iter().flatten();
            waiting.extend(
                uses.filter(|used| crates.contains_key(*used) && reached.insert((*used).clone())).cloned(),
            );
        }
        for forbidden in ["fault", "drill", "grader", "bank", "controller"] {
            assert!(!reached.contains(forbidden), "{shop} can reach {forbidden}: {reached:?}");
        }
    }
}

#[test]
fn every_crate_of_the_architecture_is_there() {
    let crates = crates();
    let others =
        ["proto", "process", "mesh", "bank", "platform", "traffic", "controller", "firedrill", "tests"];
    for name in SHOP.into_iter().chain(PURE).chain(others) {
        assert!(crates.contains_key(name), "no crate `{name}`");
    }
}

#[test]
fn one_cryptography_is_linked_and_it_is_ring() {
    let lock = read(&root().join("Cargo.lock"));
    for unwanted in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{unwanted}\"")), "`{unwanted}` is in Cargo.lock");
    }
}
