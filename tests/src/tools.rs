//! Programs of others that tests measure ours against. `deploy/scripts/test-tools` installs them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::repo;

/// The oldest kustomize that puts the manifests together. Debian's kubectl brings 2.
const KUSTOMIZE: u32 = 5;

/// Where a program is; `None`, with a word about it, where it is not installed.
///
/// # Panics
/// When it is not there and `CI` is set: what a CI run leaves out nobody will miss.
pub fn need(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.or_else(|| absent(program))
}

/// Compose v2, as a program of its own.
///
/// # Panics
/// As above, and so do the others.
pub fn compose() -> Option<PathBuf> {
    installed("docker-compose")
}

/// What looks a Dockerfile over.
pub fn hadolint() -> Option<PathBuf> {
    installed("hadolint")
}

/// What holds manifests against the schemas of Kubernetes.
pub fn kubernetes_validate() -> Option<PathBuf> {
    installed("kubernetes-validate")
}

/// What says how well Dockerfiles and manifests are closed off.
pub fn checkov() -> Option<PathBuf> {
    installed("checkov")
}

/// A kubectl whose kustomize is young enough for the manifests.
pub fn kubectl() -> Option<PathBuf> {
    let kubectl = need("kubectl")?;
    let said = Command::new(&kubectl).args(["version", "--client"]).output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let version = said.lines().find_map(|line| line.strip_prefix("Kustomize Version: v")).unwrap_or_default();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major >= Some(KUSTOMIZE) {
        Some(kubectl)
    } else {
        absent(&format!("kubectl with kustomize {KUSTOMIZE}"))
    }
}

/// What pip has put beside what is built.
fn installed(program: &str) -> Option<PathBuf> {
    present(repo::target().join("tools/bin").join(program), program)
}

/// A file that is neither ours nor a program; `None`, with a word about it, where it is not there.
///
/// # Panics
/// As above.
pub fn present(file: PathBuf, what: &str) -> Option<PathBuf> {
    if file.is_file() { Some(file) } else { absent(what) }
}

fn absent<T>(what: &str) -> Option<T> {
    without(&format!("`{what}` is not installed: run deploy/scripts/test-tools"))
}

/// Nothing, with a word about why something cannot be tested here.
///
/// # Panics
/// When `CI` is set: what a CI run leaves out nobody will miss.
pub fn without<T>(why: &str) -> Option<T> {
    let message = format!("this cannot be tested: {why}");
    assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty() || ci == "false"), "{message}");
    let _ = writeln!(std::io::stderr(), "{message}");
    None
}

/// What a program says about a text on its standard input; empty if it has no complaints.
///
/// # Panics
/// When it cannot be run.
pub fn complaints(program: &Path, args: &[&str], text: &str) -> String {
    let run = || {
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // Closed when this is over, so that the program sees the end.
        child.stdin.take().expect("it was asked for").write_all(text.as_bytes())?;
        child.wait_with_output()
    };
    let output = run().unwrap_or_else(|error| panic!("failed to run `{}`: {error}", program.display()));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    if said.is_empty() && !output.status.success() { output.status.to_string() } else { said }
}
