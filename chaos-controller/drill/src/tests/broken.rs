//! `tests/broken/`: each file breaks the shipped drill in its own way (or is a policy by itself), and
//! the file beside it (`.out`) is exactly what a person must be told.

use super::*;

/// The report on one broken file, by what its name begins with.
fn report(name: &str, source: Source) -> String {
    let mut sources = drill("bank-slowdown");
    let result = if name.starts_with("policy") {
        check_policy(&source).map(drop)
    } else if name.starts_with("candidate") {
        sources.candidates = BTreeMap::from([("broken".to_owned(), source)]);
        // It names a candidate that is not there any more.
        sources.answer = None;
        check(&sources)
    } else {
        // A broken drill is written as an overlay, and checked as a variant of the shipped one.
        let indented: String = source.text.lines().map(|line| format!("    {line}\n")).collect();
        let at = sources.drill.text.find("\nvariants:\n").unwrap() + 1;
        sources.drill.text.truncate(at);
        let lines = sources.drill.text.lines().count();
        sources.drill.text.push_str("variants:\n  broken:\n");
        sources.drill.text.push_str(&indented);
        let result = plan(&sources, &choice("broken", None, "1")).map(drop);
        return told(result, lines + 2, 4);
    };
    told(result, 0, 0)
}

/// The problems with places counted from the start of the broken text.
fn told(result: Result<(), Problems>, line: usize, column: usize) -> String {
    let problems = result.expect_err("a broken file must not pass");
    let lines = problems.list().iter().map(|problem| {
        let mut problem = problem.clone();
        // A place in the shipped part of a drill is not stable; what counts is that it is not here.
        if problem.line <= line {
            return format!("shipped: {}\n", problem.message);
        }
        problem.line -= line;
        problem.column -= column;
        let text = problem.to_string();
        let (_, place) = text.split_once(':').unwrap();
        format!("{place}\n")
    });
    lines.collect()
}

#[test]
fn a_person_is_told_every_problem_with_its_place() {
    let folder = root().join("tests/broken");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".yaml")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() >= 10, "{names:?}");
    let mut wrong = String::new();
    for name in names {
        let told = report(&name, source(&folder, &format!("{name}.yaml")));
        let expected = fs::read_to_string(folder.join(format!("{name}.out"))).unwrap_or_default();
        if told != expected {
            wrong.push_str(&format!("=== {name}\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "told otherwise than the .out files say:\n{wrong}");
}

#[test]
fn a_rendered_problem_shows_the_line_and_what_is_allowed() {
    let text = "version: 1\nservices:\n  payment:\n    server: {wrokers: 5}\n";
    let problems = check_policy(&Source::new("p.yaml", text)).unwrap_err();
    let shown = problems.render(false);
    for part in ["unknown key `wrokers`", "p.yaml:4:14", "{wrokers: 5}", "workers, queue", "did you mean"] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "no colour was asked for");
    let json = problems.to_json();
    assert_eq!(json[0]["line"], 4);
    assert_eq!(json[0]["source"], "p.yaml");
}
