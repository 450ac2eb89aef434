//! Drill folders: found by name or path, read, and handed to the drill crate,
//! whose diagnostics are shown as they are.

use std::path::{Path, PathBuf};

use drill::{Choice, Plan, Problems, Source, Sources};

use crate::exit::{Exit, Failure};
use crate::paint::Paint;

/// Where drills are looked up by name.
const DRILLS: &str = "drills";
/// The file that makes a folder a drill's.
pub(crate) const DRILL_FILE: &str = "drill.yaml";

/// The folder of a drill: a path, or a name under `./drills`.
pub(crate) fn find(drill: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(drill);
    let path =
        if path.ends_with(DRILL_FILE) { path.parent().map(Path::to_owned).unwrap_or_default() } else { path };
    for folder in [path, Path::new(DRILLS).join(drill)] {
        if folder.join(DRILL_FILE).is_file() {
            return Ok(folder);
        }
    }
    let known = known();
    let failure = Failure::new(
        Exit::Invalid,
        format!(
            "no drill `{drill}`: neither `{drill}/{DRILL_FILE}` nor `{DRILLS}/{drill}/{DRILL_FILE}` exists"
        ),
    );
    Err(if known.is_empty() {
        failure.hint("name the drill's folder, or go to the folder that holds `drills`")
    } else {
        failure.hint(format!("there is {}", known.join(", ")))
    })
}

/// The names of the drills under `./drills`.
pub(crate) fn known() -> Vec<String> {
    names(Path::new(DRILLS))
}

/// Reads the texts of a drill's folder.
pub(crate) fn read(folder: &Path) -> Result<Sources, Failure> {
    let mut sources = Sources { drill: source(&folder.join(DRILL_FILE))?, ..Sources::default() };
    for path in yaml_files(&folder.join("candidates")) {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        sources.candidates.insert(name, source(&path)?);
    }
    let answer = folder.join("answer.yaml");
    if answer.is_file() {
        sources.answer = Some(source(&answer)?);
    }
    Ok(sources)
}

/// The plan of one run of a drill.
pub(crate) fn plan(drill: &str, choice: &Choice) -> Result<Plan, Failure> {
    let folder = find(drill)?;
    drill::plan(&read(&folder)?, choice).map_err(|problems| invalid(&problems, &folder))
}

/// One file as the drill crate reads it.
pub(crate) fn source(path: &Path) -> Result<Source, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Invalid, format!("failed to read `{}`: {error}", path.display()))
    })?;
    Ok(Source::new(path.display().to_string(), text))
}

/// Every problem with its place, and the command that checks again.
pub(crate) fn invalid(problems: &Problems, checked: &Path) -> Failure {
    let count = problems.list().len();
    let plural = if count == 1 { "" } else { "s" };
    let places: Vec<String> = problems
        .list()
        .iter()
        .map(|problem| format!("{}:{}:{}: {}", problem.source, problem.line, problem.column, problem.message))
        .collect();
    Failure::new(Exit::Invalid, "")
        .detail(problems.render(Paint::for_stderr().is_on()))
        .detail(places.join("\n"))
        .hint(format!(
            "{count} problem{plural}; nothing was started; `firedrill check {}` checks again",
            checked.display()
        ))
}

/// The names of the drills in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join(DRILL_FILE).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"))
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_that_is_not_there_says_where_it_was_looked_for() {
        let failure = find("no-such-drill").unwrap_err();
        assert_eq!(failure.exit, Exit::Invalid);
        assert!(failure.message.contains("drills/no-such-drill/drill.yaml"), "{}", failure.message);
    }

    #[test]
    fn a_folder_is_read_with_its_candidates_by_name() {
        let folder = std::env::temp_dir().join(format!("firedrill-drills-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("candidates")).unwrap();
        for (file, text) in
            [("drill.yaml", "a: 1\n"), ("candidates/nothing.yaml", "steps: []\n"), ("candidates/x.txt", "")]
        {
            std::fs::write(folder.join(file), text).unwrap();
        }
        let sources = read(&folder).unwrap();
        assert_eq!(sources.drill.text, "a: 1\n");
        assert_eq!(sources.candidates.keys().collect::<Vec<_>>(), ["nothing"]);
        assert_eq!(find(&folder.join("drill.yaml").display().to_string()).unwrap(), folder);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
