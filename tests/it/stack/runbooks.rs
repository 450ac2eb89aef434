//! Every alert has a page, every page an alert, and every page has the four parts that somebody who was asleep a minute ago
//! looks for, and the panel and the commands for wherever the lab is.

use std::collections::{BTreeMap, BTreeSet};

use tests::repo::{read, root, walk};

use super::yaml;

/// In this order on each page.
const PARTS: [&str; 4] = ["**Symptom.**", "**Look.**", "**Change.**", "**Verify.**"];

/// The pages by the alerts that point to them.
fn pages() -> BTreeMap<String, BTreeSet<String>> {
    let mut pages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in ["prometheus/firedrill.rules.yml", "prometheus/drill-windows.rules.yml"] {
        let groups = yaml(file)["groups"].as_array().cloned().unwrap_or_default();
        for rule in groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default()) {
            let Some(alert) = rule["alert"].as_str() else { continue };
            let page = rule["annotations"]["runbook_url"].as_str().unwrap_or_default();
            pages.entry(page.to_owned()).or_default().insert(alert.to_owned());
        }
    }
    pages
}

#[test]
fn every_alert_has_a_page_and_every_page_an_alert() {
    let named: BTreeSet<String> = pages().into_keys().collect();
    let files = walk(&root().join("deploy/runbooks"));
    let there: BTreeSet<String> = files
        .iter()
        .map(|path| format!("deploy/runbooks/{}", path.file_name().unwrap_or_default().to_string_lossy()))
        .filter(|name| !name.ends_with("README.md"))
        .collect();
    assert_eq!(named, there, "runbook_url of the alerts, and the pages");
    let overview = read(&root().join("deploy/runbooks/README.md"));
    for (page, alerts) in pages() {
        let page = page.trim_start_matches("deploy/runbooks/");
        let row = overview.lines().find(|line| line.contains(&format!("]({page})"))).unwrap_or_default();
        for alert in alerts {
            // "BudgetBurnsAt14, At6" names two.
            let short = alert.trim_start_matches("BudgetBurns");
            assert!(
                row.contains(&alert) || row.contains(short),
                "{alert} is not in the row of {page}: {row}"
            );
        }
    }
}

#[test]
fn every_page_has_its_four_parts_its_panel_and_its_commands() {
    for page in pages().into_keys() {
        let text = read(&root().join(&page));
        let places: Vec<Option<usize>> = PARTS.iter().map(|part| text.find(part)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{page}: {PARTS:?} at {places:?}");
        for wanted in ["firedrill query '", "/d/firedrill-", "docker compose ", "kubectl "] {
            assert!(text.contains(wanted), "{page} has no `{wanted}`");
        }
    }
}

#[test]
fn pages_name_dashboards_and_panels_that_there_are() {
    for page in pages().into_keys() {
        let text = read(&root().join(&page));
        for (number, line) in text.lines().enumerate() {
            for rest in line.split("/d/").skip(1) {
                let (uid, rest) = rest.split_once([')', '?']).unwrap_or((rest, ""));
                let place = format!("{page}:{}: {uid}", number + 1);
                let board = root().join("dashboards").join(format!("{uid}.json"));
                assert!(board.is_file(), "{place} is no dashboard");
                let board: serde_json::Value =
                    serde_json::from_str(&read(&board)).expect("a dashboard is JSON");
                let panels = board["panels"].as_array().expect("panels are a list");
                let Some(id) = rest.split_once("viewPanel=panel-").map(|(_, id)| id) else { continue };
                let id: String = id.chars().take_while(char::is_ascii_digit).collect();
                let panel = panels.iter().find(|panel| panel["id"].as_u64() == id.parse().ok());
                let title = panel.and_then(|panel| panel["title"].as_str());
                // `[Cascade: Workers busy](.../d/firedrill-cascade?viewPanel=panel-203)`
                assert!(title.is_some_and(|title| line.contains(title)), "{place}: panel {id} is {title:?}");
            }
        }
    }
}
