//! The report in a real browser: it opens from the disk and asks nobody for anything, the browser has nothing to complain
//! of, everybody can read it, in the dark and without scripts too, and it says what happened. What it looks like is in
//! `target/screenshots/`, for a person to judge.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::played::{Played, full};
use tests::{Axe, Browser, Eyes, Scratch, repo};

const DARK: Eyes = Eyes { dark: true, ..Eyes::PLAIN };
const SCRIPTLESS: Eyes = Eyes { scripts: false, ..Eyes::PLAIN };
/// A telephone.
const NARROW: Eyes = Eyes { width: 400, ..Eyes::PLAIN };

/// Of each page: the rest is tables.
const PICTURES: u32 = 4;

/// What is wrong with a page, and all that it says.
struct Seen {
    wrong: Vec<String>,
    text: String,
}

/// Opens a page, folded and unfolded, and leaves pictures of it.
fn look(browser: &Browser, axe: &Axe, page: &Path, name: &str) -> Seen {
    browser.requests();
    browser.open(page);
    let eyes = browser.eyes();
    let mut wrong = Vec::new();
    let mut folded = Vec::new();
    if eyes.scripts {
        folded = axe.violations(browser);
    }
    browser.pictures(&repo::target().join("screenshots"), name, PICTURES);
    browser.unfold();
    let text = browser.text();
    if eyes.scripts {
        wrong.extend(axe.violations(browser).into_iter().filter(|rule| !folded.contains(rule)));
    }
    wrong.extend(folded);
    wrong.extend(browser.complaints());
    let own = format!("file://{}", page.display());
    let foreign =
        browser.requests().into_iter().filter(|address| *address != own && !address.starts_with("data:"));
    wrong.extend(foreign.map(|address| format!("the page asks for {address}")));
    let wider =
        browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    if wider.as_i64() > Some(0) {
        wrong.push(format!("the page is {wider} px wider than a window of {} px", eyes.width));
    }
    Seen { wrong, text }
}

/// Every way to look at a page.
fn looks(page: &Path, name: &str, says: &[String]) {
    let Some(axe) = Axe::find() else { return };
    for (how, eyes) in
        [("light", Eyes::PLAIN), ("dark", DARK), ("narrow", NARROW), ("scriptless", SCRIPTLESS)]
    {
        let Some(browser) = Browser::start(eyes) else { return };
        let seen = look(&browser, &axe, page, &format!("{name}-{how}"));
        assert!(seen.wrong.is_empty(), "{name}, {how}:\n{}", seen.wrong.join("\n"));
        // Headings may be set in capitals.
        let text = seen.text.to_lowercase();
        for fact in says {
            assert!(text.contains(&fact.to_lowercase()), "{name}, {how}: `{fact}` is not in\n{}", seen.text);
        }
        let printed = browser.print();
        assert!(printed.starts_with(b"%PDF-"), "{name}, {how}: {} bytes that are no PDF", printed.len());
    }
}

/// What whoever opens the report of a run must find in it.
fn facts(card: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut facts = vec![text(&card["verdict"]), text(&card["drill"]), text(&card["head"])];
    for list in ["criteria", "proofs"] {
        facts.extend(card[list].as_array().into_iter().flatten().map(|criterion| text(&criterion["reason"])));
    }
    facts.extend(card["cascade"].as_array().into_iter().flatten().map(|broken| text(&broken["symptom"])));
    facts
}

fn report(run: &Played) -> PathBuf {
    let dir = run.dir.as_ref().unwrap_or_else(|| panic!("there is no run: {}", run.said.stderr));
    dir.join("report.html")
}

#[test]
fn a_report_opens_anywhere_asks_for_nothing_and_everybody_can_read_it() {
    for candidate in ["nothing", "layered"] {
        let run = full(candidate);
        looks(&report(&run), candidate, &facts(&run.card));
    }
}

#[test]
fn the_verdict_for_ci_is_xml_with_a_case_for_each_criterion() {
    let Some(browser) = Browser::start(Eyes::PLAIN) else { return };
    // The page that a browser begins with is its own, and lets nobody parse anything.
    browser.open(&Scratch::new().write("empty.html", "<!doctype html><title>empty</title>"));
    for candidate in ["nothing", "layered"] {
        let run = full(candidate);
        let document = repo::read(&report(&run).with_file_name("junit.xml"));
        let read = browser.run(&format!(
            "const read = new DOMParser().parseFromString({}, 'application/xml');
             const count = what => read.querySelectorAll(what).length;
             return [count('parsererror'), count('testcase'), count('failure') + count('error')];",
            Value::from(document)
        ));
        let list = |name: &str| run.card[name].as_array().map_or(0, Vec::len);
        assert_eq!(
            (read[0].as_u64(), read[1].as_u64()),
            (Some(0), Some((list("criteria") + list("proofs")) as u64))
        );
        assert_eq!(read[2].as_u64() > Some(0), run.card["verdict"] != "pass", "{candidate}: {read}");
    }
}

#[test]
fn a_page_that_is_not_as_it_should_be_is_found_out() {
    let (Some(axe), Some(browser)) = (Axe::find(), Browser::start(Eyes::PLAIN)) else { return };
    let scratch = Scratch::new();
    let bad = "<!doctype html><title>bad</title><img src=\"http://127.0.0.1:9/a.png\"><p style=\"color: #eee; width: 3000px\">pale</p>\
               <details><summary>more</summary>folded<input></details><script>console.warn('beware')</script>";
    let seen = look(&browser, &axe, &scratch.write("bad.html", bad), "bad");
    assert!(seen.text.contains("pale") && seen.text.contains("folded"), "{}", seen.text);
    for fault in [
        "WARNING: ",
        "the page asks for http://127.0.0.1:9/a.png",
        "image-alt: ",
        "color-contrast: ",
        "html-has-lang: ",
        "label: ",
        "px wider than a window",
    ] {
        assert!(
            seen.wrong.iter().any(|wrong| wrong.starts_with(fault) || wrong.contains(fault)),
            "no `{fault}` in {:#?}",
            seen.wrong
        );
    }
    let good = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>good</title><main><h1>Good</h1>\
                <noscript>no scripts</noscript><p id=\"ran\"></p>\
                <script>document.getElementById('ran').textContent = 'a script ran'</script><details><summary>more</summary>folded</details></main>";
    let good = scratch.write("good.html", good);
    let seen = look(&browser, &axe, &good, "good");
    assert!(seen.wrong.is_empty() && seen.text.contains("a script ran"), "{:#?}\n{}", seen.wrong, seen.text);
    let Some(scriptless) = Browser::start(SCRIPTLESS) else { return };
    let seen = look(&scriptless, &axe, &good, "good-scriptless");
    assert!(seen.wrong.is_empty(), "{:#?}", seen.wrong);
    let [ran, folded] = ["a script ran", "folded"].map(|text| seen.text.contains(text));
    assert!(seen.text.contains("no scripts") && folded && !ran, "{}", seen.text);
}
