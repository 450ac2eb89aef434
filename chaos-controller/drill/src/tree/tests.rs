//! A tree keeps the place of everything it read.

use serde_json::json;

use super::*;

fn tree(text: &str) -> Node {
    let mut problems = Problems::default();
    let node = parse(&Source::new("t.yaml", text), &mut problems);
    assert!(problems.is_empty(), "{problems}");
    node.unwrap()
}

fn broken(text: &str) -> String {
    let mut problems = Problems::default();
    let _ = parse(&Source::new("t.yaml", text), &mut problems);
    problems.to_string()
}

#[test]
fn on_and_off_are_words() {
    let node = tree("a: on\nb: off\nc: yes\nd: true\ne: 1\nf: 0.5\ng: '1'\nh:\ni: 400ms\n");
    assert_eq!(
        node.to_value(),
        json!({"a": "on", "b": "off", "c": "yes", "d": true, "e": 1, "f": 0.5, "g": "1",
               "h": null, "i": "400ms"})
    );
}

#[test]
fn every_node_knows_its_place() {
    let text = "name: x\nlist:\n  - {at: 1s, do: policy}\n  - at: 2s\n";
    let node = tree(text);
    let second = &node.get("list").unwrap().items()[1];
    assert_eq!(&text[second.get("at").unwrap().span.clone()], "2s");
    assert_eq!(&text[node.place(&["list", "0", "do"])], "policy");
    assert_eq!(&text[node.place(&["list", "0", "nothing"])], "{at: 1s, do: policy}");
    assert_eq!(&text[node.place(&["list"])], "list");
}

#[test]
fn a_key_with_a_dot_is_one_key() {
    let text = "calls:\n  bank.charge:\n    attempt_timeout: fast\n";
    let node = tree(text);
    assert_eq!(&text[node.place(&["calls", "bank.charge", "attempt_timeout"])], "fast");
    assert_eq!(&text[node.place(&["calls", "bank.charge", "retry", "on"])], "bank.charge");
}

#[test]
fn an_overlay_keeps_its_places_and_null_removes() {
    let text = "base: {a: 1, b: {c: 2, d: 3}}\nover: {a: null, b: {c: 9}}\n";
    let node = tree(text);
    let merged = node.get("base").unwrap().merged(node.get("over").unwrap());
    assert_eq!(merged.to_value(), json!({"b": {"c": 9, "d": 3}}));
    assert_eq!(&text[merged.place(&["b", "c"])], "9");
}

#[test]
fn an_alias_is_a_copy() {
    assert_eq!(tree("a: &x {k: [1]}\nb: *x\n").to_value(), json!({"a": {"k": [1]}, "b": {"k": [1]}}));
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    assert_eq!(broken("a: 1\nb: 2\na: 3\n"), "t.yaml:3:1: `a` is written twice");
    assert_eq!(broken(""), "t.yaml:1:1: the file is empty");
    assert!(broken("a: [1\nb: 2\n").starts_with("t.yaml:2:"), "{}", broken("a: [1\nb: 2\n"));
    assert!(broken("a: 1\n---\nb: 1\n").contains("second document"));
    assert!(broken("? [a]\n: 1\n").contains("plain text"));
    assert!(broken("a: *nowhere\n").starts_with("t.yaml:1:4: this is not YAML"));
}

#[test]
fn a_few_lines_cannot_grow_without_bound() {
    let mut text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for n in 1..9 {
        let list = vec![format!("*a{}", n - 1); 10].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{list}]\n"));
    }
    assert!(broken(&text).contains("too large"));
}
