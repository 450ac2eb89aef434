//! Every fault, measured from outside: what its callers and the kernel see while it is on, what the place where it acts
//! says that it delivered, and that nothing is left of it. One lab for all faults of a kind; each test prints its doses.

mod bank;
mod processes;

use serde_json::{Value, json};
use tests::site::SOON;
use tests::{Site, until};

/// `firedrill fault add`, under a name.
pub(crate) fn add(lab: &Site, id: &str, flags: &str) {
    let line: Vec<&str> = ["fault", "add"].into_iter().chain(flags.split(' ')).chain(["--id", id]).collect();
    lab.say(&line).expect(0);
}

/// Ends a fault, and gives what it was in the end.
pub(crate) fn clear(lab: &Site, id: &str) -> Value {
    lab.say(&["fault", "clear", id]).expect(0);
    let list = list(lab);
    assert_eq!(list["faults"], json!([]), "something is still on");
    ended(&list, id).unwrap_or_else(|| panic!("{id} is not among the ended: {list}"))
}

pub(crate) fn list(lab: &Site) -> Value {
    lab.say(&["fault", "list", "--output", "json"]).expect(0).json()
}

fn ended(list: &Value, id: &str) -> Option<Value> {
    list["ended"].as_array()?.iter().find(|fault| fault["id"] == id).cloned()
}

/// Waits for a fault that ends by itself.
pub(crate) fn until_over(lab: &Site, id: &str) -> Value {
    until(&format!("{id} is over"), SOON, || {
        let list = list(lab);
        ended(&list, id).ok_or_else(|| list.to_string())
    })
}

/// A line of the dose table.
pub(crate) fn row(fault: &Value) -> String {
    let dose = &fault["dose"];
    let number = |name: &str| {
        let value = dose[name].as_f64().unwrap_or_else(|| panic!("no dose of {fault}"));
        format!("{value:.3}{}", dose["unit"].as_str().unwrap_or_default())
    };
    let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
    [text(&fault["id"]), text(&dose["of"]), number("requested"), number("delivered"), number("error")]
        .join(" | ")
}

#[expect(clippy::print_stdout, reason = "the table is what a reader of the test wants to see")]
pub(crate) fn print(rows: &[String]) {
    println!("fault | dose | requested | delivered | error\n{}", rows.join("\n"));
}
