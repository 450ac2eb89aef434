//! Programs of others that tests measure ours against. `deploy/scripts/test-tools` installs them.

use std::io::Write as _;
use std::path::PathBuf;

/// Where a program is; `None`, with a word about it, where it is not installed.
///
/// # Panics
/// When it is not there and `CI` is set: what a CI run leaves out nobody will miss.
pub fn need(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    if found.is_none() {
        let message =
            format!("`{program}` is not installed, so this cannot be tested: run deploy/scripts/test-tools");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty() || ci == "false"), "{message}");
        let _ = writeln!(std::io::stderr(), "{message}");
    }
    found
}
