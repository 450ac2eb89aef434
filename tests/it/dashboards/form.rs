//! How dashboards are written: alike, so that whoever has read one can read the next, and with nothing that Grafana would
//! have to guess.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::repo::{read, relative, root, walk};

use super::shipped::{list, word};

/// The four, by what they are found under.
const UIDS: [&str; 4] = ["firedrill-cascade", "firedrill-overview", "firedrill-policies", "firedrill-run"];

/// The keys that Grafana knows, of those that are used here: it drops any other without a word.
const DASHBOARD: &[&str] = &[
    "uid",
    "title",
    "description",
    "tags",
    "schemaVersion",
    "version",
    "editable",
    "graphTooltip",
    "refresh",
    "time",
    "timepicker",
    "links",
    "annotations",
    "templating",
    "panels",
];
const PANEL: &[&str] = &[
    "id",
    "type",
    "title",
    "description",
    "datasource",
    "gridPos",
    "interval",
    "targets",
    "fieldConfig",
    "options",
    "transformations",
    "repeat",
    "repeatDirection",
    "maxPerRow",
    "collapsed",
    "panels",
];
const TARGET: &[&str] = &["refId", "expr", "legendFormat", "instant", "range", "format"];
const FIELD: &[&str] = &["unit", "decimals", "min", "max", "thresholds", "mappings", "custom", "links"];
const VARIABLE: &[&str] =
    &["name", "label", "type", "description", "query", "multi", "includeAll", "current", "options"];
const ANNOTATION: &[&str] =
    &["name", "datasource", "enable", "iconColor", "expr", "step", "titleFormat", "textFormat", "tagKeys"];
const TYPES: &[&str] = &["row", "timeseries", "stat", "bargauge", "state-timeline", "table"];
/// Of Grafana's ids of units.
const UNITS: &[&str] = &["short", "reqps", "ops", "s", "percentunit"];

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

fn unknown_keys(place: &str, value: &Value, allowed: &[&str]) -> Vec<String> {
    let keys = value.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    keys.filter(|key| !allowed.contains(key)).map(|key| format!("{place}: `{key}`")).collect()
}

#[test]
fn grafana_knows_every_key_type_and_unit() {
    let mut wrong = Vec::new();
    for (file, board) in dashboards() {
        wrong.extend(unknown_keys(&file, &board, DASHBOARD));
        for variable in list(&board["templating"]["list"]) {
            wrong.extend(unknown_keys(&file, variable, VARIABLE));
            let options: Vec<&str> =
                list(&variable["options"]).iter().map(|option| word(option, "value")).collect();
            assert_eq!(options.join(","), word(variable, "query"), "{file}: {}", variable["name"]);
        }
        for annotation in list(&board["annotations"]["list"]) {
            wrong.extend(unknown_keys(&file, annotation, ANNOTATION));
            assert_eq!(annotation["datasource"]["uid"], "prometheus", "{file}: {}", annotation["name"]);
        }
        for panel in list(&board["panels"]) {
            let place = format!("{file}: panel {} `{}`", panel["id"], word(panel, "title"));
            let defaults = &panel["fieldConfig"]["defaults"];
            wrong.extend(unknown_keys(&place, panel, PANEL));
            wrong.extend(unknown_keys(&place, defaults, FIELD));
            wrong.extend(
                list(&panel["targets"]).iter().flat_map(|target| unknown_keys(&place, target, TARGET)),
            );
            assert!(TYPES.contains(&word(panel, "type")), "{place}: {}", panel["type"]);
            assert!(
                defaults.is_null() || UNITS.contains(&word(defaults, "unit")),
                "{place}: {}",
                defaults["unit"]
            );
        }
    }
    assert!(wrong.is_empty(), "Grafana knows no\n{}", wrong.join("\n"));
}

/// Panels are drawn on a grid of 24 columns; two on one place would hide each other.
#[test]
fn no_panel_covers_another() {
    for (file, board) in dashboards() {
        let mut taken = BTreeSet::new();
        for panel in list(&board["panels"]) {
            let at = |side: &str| panel["gridPos"][side].as_u64().expect("a panel has a place");
            assert!(at("x") + at("w") <= 24, "{file}: panel {} is out of the page", panel["id"]);
            let cells =
                (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)));
            for cell in cells {
                assert!(taken.insert(cell), "{file}: panel {} covers another at {cell:?}", panel["id"]);
            }
        }
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
