//! The repository under test: where it is, what it ships, and every file of it that a person wrote.

use std::path::{Path, PathBuf};

use drill::{Source, Sources};

/// Folders that hold what was made, not what was written.
const MADE: [&str; 5] = ["target", ".git", "runs", ".firedrill", "node_modules"];

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    // A crate of ours, or one below it.
    let above = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    above.expect("this crate is a folder of the workspace").to_owned()
}

/// Where cargo builds, and where what tests leave to be looked at is kept.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |named| root().join(named))
}

/// The folder of a shipped drill.
pub fn drill(name: &str) -> PathBuf {
    root().join("drills").join(name)
}

/// The texts of a shipped drill.
pub fn sources(name: &str) -> Sources {
    let folder = drill(name);
    let mut sources = Sources { drill: source(&folder.join("drill.yaml")), ..Sources::default() };
    for path in walk(&folder.join("candidates")) {
        let name = path.file_stem().expect("a walk gives files").to_string_lossy().into_owned();
        sources.candidates.insert(name, source(&path));
    }
    sources
}

fn source(path: &Path) -> Source {
    Source::new(path.display().to_string(), read(path))
}

/// A file of the repository as text.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("failed to read `{}`: {error}", path.display()))
}

/// Every file below a folder that a person wrote, sorted.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("failed to list `{}`: {error}", folder.display()));
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !MADE.iter().any(|made| name == *made) => folders.push(path),
                Ok(kind) if kind.is_file() => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// A path as a person of the project names it.
pub fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
