//! How the repository reads: short files that say what they are for, and no trace of anybody's machine. There is no
//! list of exceptions.

use tests::repo::{read, relative, root, walk};

/// No file is longer.
const HARD_LIMIT: usize = 500;
/// Half of the files are at most this long.
const MEDIAN: usize = 150;
/// Kinds of files that people write as text.
const TEXT: [&str; 9] = ["rs", "toml", "md", "yaml", "yml", "json", "proto", "sh", "html"];

fn rust_files() -> Vec<(String, String)> {
    let files =
        walk(&root()).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.map(|path| (relative(&path), read(&path))).collect()
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<String> = rust_files()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > HARD_LIMIT)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "split them:\n{}", long.join("\n"));
}

#[test]
fn half_of_the_files_have_at_most_150_lines() {
    let mut lengths: Vec<usize> = rust_files().iter().map(|(_, text)| text.lines().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= MEDIAN, "the median of {} files is {median} lines", lengths.len());
}

#[test]
fn every_file_opens_by_saying_why_it_exists() {
    let silent: Vec<String> = rust_files()
        .into_iter()
        .filter(|(_, text)| {
            !text.starts_with("//! ") || text.lines().next().is_none_or(|line| line.len() < 12)
        })
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top of\n{}", silent.join("\n"));
}

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    // Split, so that this file is no exception.
    let mut homes = vec![
        concat!("/ho", "me/").to_owned(),
        concat!("/Us", "ers/").to_owned(),
        concat!("/ro", "ot/").to_owned(),
    ];
    let root = root();
    // A checkout at the root of a disk would match everything.
    if root.components().count() > 2 {
        homes.push(root.display().to_string());
    }
    let is_text = |path: &std::path::PathBuf| {
        path.extension().is_none_or(|extension| TEXT.iter().any(|text| extension == *text))
    };
    let mut found = Vec::new();
    for path in walk(&root).into_iter().filter(is_text) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            if let Some(home) = homes.iter().find(|home| line.contains(home.as_str())) {
                found.push(format!("{}:{}: `{home}`", relative(&path), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
