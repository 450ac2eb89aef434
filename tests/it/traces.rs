//! Traces and logs of a lab that lives: exactly the spans that were designed, the first broken edge where it is, and
//! nothing that tells why.
//!
//! One checkout is five hops and a front door, so eleven spans: each hop has the caller's client span and the callee's
//! server span. Whoever adds a hop, or a second span to one, changes this table and says why.
//!
//! | service | server | client |
//! |---|---|---|
//! | frontend | `/api/checkout` | `cart.Checkout` |
//! | cart | `Checkout` | `order.Checkout` |
//! | order | `Checkout` | `inventory.Reserve`, `payment.Charge` |
//! | inventory | `Reserve` | |
//! | payment | `Charge` | `bank.charge` |
//! | bank | `POST /charges` | |

use std::time::Duration;

use serde_json::{Value, json};
use tests::http::Ask;
use tests::{Lab, Role, until};

const DESIGN: [(&str, &str, &str); 11] = [
    ("bank", "server", "POST /charges"),
    ("cart", "client", "order.Checkout"),
    ("cart", "server", "Checkout"),
    ("frontend", "client", "cart.Checkout"),
    ("frontend", "server", "/api/checkout"),
    ("inventory", "server", "Reserve"),
    ("order", "client", "inventory.Reserve"),
    ("order", "client", "payment.Charge"),
    ("order", "server", "Checkout"),
    ("payment", "client", "bank.charge"),
    ("payment", "server", "Charge"),
];
/// Spans are exported each half second.
const EXPORTED: Duration = Duration::from_secs(10);
/// What nobody but an operator may read; the last is the name of the fault.
const SECRETS: [&str; 8] = ["fault", "chaos", "inject", "dose", "lease", "probe", "replay", "zugzwang"];

fn buy(lab: &Lab, order: &str) -> u16 {
    let ask = Ask::post(&lab.frontend(), "/api/checkout").header("x-user", "u1").header("x-order-id", order);
    ask.patience(Duration::from_secs(40)).send().expect("the shop answers").status
}

/// The trace of an order, once so many of its spans are there.
fn trace_of(lab: &Lab, order: &str, spans: usize) -> Value {
    until(&format!("{spans} spans of {order} have arrived"), EXPORTED, || {
        let path = "/api/traces?operation=/api/checkout&limit=50";
        let list = lab.ask(Role::Observer, "GET", path, None).expect(200).json();
        let mut last = "no trace".to_owned();
        for found in list["traces"].as_array().into_iter().flatten() {
            let path = format!("/api/traces/{}", found["trace"].as_str().expect("an id"));
            let trace = lab.ask(Role::Observer, "GET", &path, None).expect(200).json();
            if trace["waterfall"]["order"] == order {
                let here = trace["spans"].as_array().map_or(0, Vec::len);
                if here >= spans {
                    return Ok(trace);
                }
                last = format!("{here} spans");
            }
        }
        Err(last)
    })
}

fn names(trace: &Value) -> Vec<(String, String, String)> {
    let text = |span: &Value, field: &str| span[field].as_str().unwrap_or_default().to_owned();
    let spans = trace["spans"].as_array().expect("a trace has spans").iter();
    let mut names: Vec<_> =
        spans.map(|span| (text(span, "service"), text(span, "kind"), text(span, "name"))).collect();
    names.sort();
    names
}

#[test]
fn a_clean_checkout_has_exactly_the_spans_of_the_design() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load", "--trace-ratio", "1"]);
    assert_eq!(buy(&lab, "traced-1"), 200);
    trace_of(&lab, "traced-1", DESIGN.len());
    // When a later checkout is whole, every process has exported all that it had of the one before.
    assert_eq!(buy(&lab, "traced-2"), 200);
    trace_of(&lab, "traced-2", DESIGN.len());
    let trace = trace_of(&lab, "traced-1", DESIGN.len());
    let design = DESIGN.map(|(service, kind, name)| (service.to_owned(), kind.to_owned(), name.to_owned()));
    assert_eq!(names(&trace), design);
    let fall = &trace["waterfall"];
    assert_eq!((&fall["error"], &fall["orphans"], &fall["broken"]), (&json!(false), &json!(0), &Value::Null));
    assert_eq!(fall["rows"].as_array().map(Vec::len), Some(6), "a row a hop: {}", fall["rows"]);
    assert_eq!(fall["critical"][0][0], "bank", "a checkout waits for the bank: {}", fall["critical"]);
    for span in trace["spans"].as_array().into_iter().flatten() {
        let attributes = &span["attributes"];
        assert_eq!(attributes["order.id"], "traced-1", "{span}");
        assert!(span["service"] == "bank" || attributes["policy.version"] == 1, "{span}");
    }
}

#[test]
fn the_first_broken_edge_of_the_outage_is_the_bank_and_nothing_tells_why() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load", "--trace-ratio", "0"]);
    let spec = json!({"effect": {"latency": {"fixed": {"value": "2s"}}}});
    let fault = json!({"target": "bank", "id": "zugzwang", "spec": spec});
    let _ = lab.ask(Role::Operator, "POST", "/api/faults", Some(fault)).expect(200);
    buy(&lab, "slow-1");
    // Sampled it is not: it is kept because it was slow, and slowness travels up to the root. Inventory was quick.
    let trace = trace_of(&lab, "slow-1", 9);
    let broken = &trace["waterfall"]["broken"];
    assert_eq!((&broken["caller"], &broken["callee"]), (&json!("payment"), &json!("bank")), "{broken}");
    assert_eq!(broken["how"], "slow");

    let id = trace["waterfall"]["trace"].as_str().expect("an id").to_owned();
    let list =
        lab.say(&["traces", "--service", "payment", "--min-duration", "1s", "--as", "candidate"]).expect(0);
    assert!(
        list.stdout.contains(&id[..8]) && list.stdout.contains("payment waits for bank"),
        "{}",
        list.stdout
    );
    let drawn = lab.say(&["traces", &id[..12], "--as", "candidate"]).expect(0);
    assert!(
        drawn.stdout.contains("first broken  payment waits for bank: charge took 2.0 s"),
        "{}",
        drawn.stdout
    );
    let otlp = lab.say(&["traces", &id, "--otlp"]).expect(0).json();
    assert!(otlp["resourceSpans"].as_array().is_some_and(|groups| groups.len() >= 5), "{otlp}");
    let nothing = lab.say(&["traces", "--service", "payment", "--min-duration", "1h"]).expect(0);
    assert!(nothing.stderr.contains("no trace of payment over 1h"), "{}", nothing.stderr);

    let logs = lab.say(&["logs", "--as", "candidate"]).expect(0);
    assert!(logs.stdout.contains("policy applied"), "{}", logs.stdout);
    let _ = lab.ask(Role::Candidate, "GET", "/api/logs?service=bank", None).expect(404);
    let own = lab.say(&["logs", "--service", "bank"]).expect(0);
    assert!(own.stdout.contains("bank-0"), "the operator reads the bank's: {}", own.stdout);
    let told = lab.ask(Role::Candidate, "GET", &format!("/api/traces/{id}"), None).expect(200).body;
    for (what, text) in [("the trace", told), ("the waterfall", drawn.stdout), ("the logs", logs.stdout)] {
        let text = text.to_lowercase();
        let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic());
        let told = words.find(|word| SECRETS.iter().any(|secret| word.starts_with(secret)));
        assert_eq!(told, None, "{what} tells");
    }
}
