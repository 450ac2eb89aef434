//! How dashboards are written: alike, so that whoever has read one can read the next, and with nothing that Grafana would
//! have to guess.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::repo::{read, relative, root, walk};

use super::shipped::{list, word};

/// The four, by what they are found under.
const UIDS: [&str; 4] = ["firedrill-cascade", "firedrill-overview", "firedrill-policies", "firedrill-run"];

fn dashboards() -> Vec<(String, Value)> {
    let files = walk(&root().join("dashboards"));
    let files = files.iter().filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    files
        .map(|path| (relative(path), serde_json::from_str(&read(path)).expect("a dashboard is JSON")))
        .collect()
}

#[test]
fn the_four_dashboards_are_found_by_their_names() {
    let uids: Vec<String> = dashboards().iter().map(|(_, board)| word(board, "uid").to_owned()).collect();
    assert_eq!(uids, UIDS);
    for (file, board) in dashboards() {
        assert_eq!(file, format!("dashboards/{}.json", word(&board, "uid")));
        assert!(list(&board["tags"]).contains(&"firedrill".into()), "{file} is not linked from the others");
    }
}

#[test]
fn every_panel_says_how_it_is_read_and_in_which_unit() {
    for (file, board) in dashboards() {
        let mut ids = BTreeSet::new();
        for panel in list(&board["panels"]) {
            let place = format!("{file}: panel {} `{}`", panel["id"], word(panel, "title"));
            assert!(panel["id"].is_u64() && ids.insert(panel["id"].as_u64()), "{place}: its id is taken");
            assert!(!word(panel, "title").is_empty(), "{place} has no title");
            if word(panel, "type") == "row" {
                continue;
            }
            assert!(word(panel, "description").len() > 40, "{place} does not say how to read it");
            assert_eq!(panel["datasource"]["uid"], "prometheus", "{place}");
            assert!(!word(&panel["fieldConfig"]["defaults"], "unit").is_empty(), "{place} has no unit");
            assert!(!list(&panel["targets"]).is_empty(), "{place} asks for nothing");
        }
    }
}

#[test]
fn windows_are_written_out_and_links_lead_somewhere() {
    for (file, board) in dashboards() {
        let text = board.to_string();
        assert!(
            !text.contains("$__rate_interval\"") && !text.contains("[$__"),
            "{file}: a window that Grafana chooses is longer than a drill's outage"
        );
        for target in text.split("/d/").skip(1) {
            let uid: String =
                target.chars().take_while(|letter| *letter == '-' || letter.is_alphanumeric()).collect();
            assert!(UIDS.contains(&uid.as_str()), "{file} links to `{uid}`, which is not there");
        }
    }
}
