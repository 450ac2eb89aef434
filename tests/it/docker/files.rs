//! The files that an image and a project are made of, looked over by the tools that know them.

use std::process::Command;

use tests::{repo, tools};

#[test]
fn the_compose_file_is_read_by_compose_without_a_word() {
    let Some(compose) = tools::compose() else { return };
    let file = repo::root().join("deploy/compose.yaml");
    let tokens = ["TOKEN", "OPERATOR_TOKEN", "CANDIDATE_TOKEN", "OBSERVER_TOKEN"];
    let read = |given: &[&str]| {
        let environment = given.iter().map(|name| (format!("FIREDRILL_{name}"), "secret"));
        let output = Command::new(&compose)
            .arg("--file")
            .arg(&file)
            .args(["config", "--quiet"])
            .envs(environment)
            .output();
        let output = output.unwrap_or_else(|error| panic!("failed to run `{}`: {error}", compose.display()));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert_eq!(read(&tokens), "");
    // A lab without tokens would obey everybody.
    assert!(read(&tokens[1..]).contains("firedrill up --platform docker"), "{}", read(&tokens[1..]));
}

#[test]
fn hadolint_has_nothing_to_say_about_the_dockerfile() {
    let Some(hadolint) = tools::hadolint() else { return };
    let text = repo::read(&repo::root().join("deploy/Dockerfile"));
    assert_eq!(tools::complaints(&hadolint, &["--no-color", "-"], &text), "");
}

#[test]
fn what_the_program_carries_along_is_among_the_sources_of_the_image() {
    let ignored = repo::read(&repo::root().join(".dockerignore"));
    let kept: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let folders = ["services", "chaos-controller"].map(|folder| repo::walk(&repo::root().join(folder)));
    for path in folders.iter().flatten().filter(|path| path.extension().is_some_and(|end| end == "rs")) {
        for carried in
            repo::read(path).split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next())
        {
            let folder = path.parent().expect("a file is in a folder");
            let file = folder.join(carried).canonicalize().unwrap_or_else(|error| {
                panic!("`{}` carries `{carried}` along: {error}", repo::relative(path))
            });
            let named = repo::relative(&file);
            assert!(
                kept.iter().any(|kept| named.starts_with(kept)),
                "`{named}` is not in .dockerignore's list"
            );
        }
    }
}
