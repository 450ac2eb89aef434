//! One line per entry of the journal, in words. An entry that says nothing to
//! a watcher has no line; a kind that this program does not know is shown raw,
//! for it may matter.

use serde_json::Value;

use super::told;
use crate::paint::Tone;
use evidence::kind;

/// A line and how it sounds.
pub(crate) type Line = (Tone, String);

/// The line for an entry.
pub(crate) fn line(entry_kind: &str, actor: &str, body: &Value) -> Option<Line> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let said = match entry_kind {
        kind::RUN_STARTED => (Tone::Strong, started(body)),
        kind::PHASE => (Tone::Strong, phase(text("name"))),
        kind::PROOF => proof(body),
        kind::FAULT_INTENT => (Tone::Warn, fault(body)),
        kind::FAULT_CLEARED => {
            (Tone::Good, format!("fault {} is gone{}", text("id"), because(text("reason"))))
        }
        kind::DOSE => (Tone::Faint, dose(body)),
        kind::POLICY => (Tone::Strong, policy(body)),
        kind::POLICY_APPLIED => (Tone::Faint, policy_applied(body)),
        kind::ACTION => (Tone::Strong, action(actor, body)),
        kind::PROCESS => process(body)?,
        kind::REFUSED => (Tone::Warn, format!("refused: {}{}", text("what"), because(text("why")))),
        kind::ALERT => alert(body),
        kind::GUARDRAIL => (Tone::Bad, guardrail(body)),
        kind::BANK_LOG => bank_log(body)?,
        kind::RESIDUE => residue(body),
        // The intent was told already; the others are for the recording.
        kind::FAULT_APPLIED | kind::CLOCK | kind::FOOTPRINT | kind::SEALED => return None,
        other => (Tone::Faint, format!("{other} {body}")),
    };
    Some(said)
}

fn alert(body: &Value) -> Line {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = text("name");
    if text("state") == "resolved" {
        return (Tone::Good, format!("alert resolved: {name}: {}", text("summary")));
    }
    let tone = if text("severity") == "page" { Tone::Bad } else { Tone::Warn };
    (tone, format!("ALERT {}: {name}: {} ({})", text("state"), text("summary"), text("runbook")))
}

fn guardrail(body: &Value) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let why = match body.get("spent").and_then(Value::as_f64) {
        Some(spent) => format!("{:.0} % of the error budget of {} is spent", spent * 100.0, text("journey")),
        None => format!("{} for {}", text("promql"), text("for")),
    };
    format!("guardrail {} stops the run: {why}", text("name"))
}

fn started(body: &Value) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let player = body
        .get("candidate")
        .and_then(Value::as_str)
        .map_or("played by a person".to_owned(), |name| format!("played by the script `{name}`"));
    let seed =
        body.get("seed").and_then(Value::as_u64).map_or(String::new(), |seed| format!(", seed {seed}"));
    format!("{} ({}), {player}{seed}", text("drill"), text("variant"))
}

/// What happens in a phase, in words.
pub(crate) fn phase(name: &str) -> String {
    let words = match name {
        kind::phase::BASELINE => "the shop must prove that it is healthy",
        kind::phase::INJECT => "the bank gets sick",
        kind::phase::HANDOVER => "it is yours",
        kind::phase::RECOVER => "the shop must recover",
        kind::phase::HOLD => "recovered; now it must hold",
        kind::phase::CLEAR => "the trigger is gone; quiet before it comes again",
        kind::phase::REPLAY => "the trigger fires again",
        kind::phase::SETTLE => "open orders are settled",
        kind::phase::RECONCILE => "the ledgers are compared",
        kind::phase::PROVE_CLEAN => "nothing may be left behind",
        "verify" => "what was done is put to the test",
        kind::phase::DONE => "the run is over",
        _ => return name.to_owned(),
    };
    format!("{name}: {words}")
}

fn proof(body: &Value) -> Line {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let ok = body.get("ok").and_then(Value::as_bool).unwrap_or(false);
    let (tone, word) = if ok { (Tone::Good, "proven") } else { (Tone::Bad, "NOT proven") };
    let detail = detail(body.get("detail"));
    (tone, format!("{word}: {}{detail}", text("name").replace('_', " ")))
}

fn fault(body: &Value) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let spec = body.get("spec").map(describe_fault).unwrap_or_default();
    format!("fault {} on {}: {spec}{}", text("id"), text("target"), because(text("why")))
}

/// A fault's spec in a few words: `latency 30s, ramp from 100ms over 60s, half of charge`.
pub(crate) fn describe_fault(spec: &Value) -> String {
    let mut words = Vec::new();
    match spec.get("effect").and_then(Value::as_object).and_then(|effect| effect.iter().next()) {
        Some((name, of)) if name == "latency" => words.push(format!("latency {}", latency(of))),
        Some((name, of)) => words.push(name.replace('_', " ") + &settings(of)),
        None => words.push(spec.get("surge").and_then(surge).unwrap_or_else(|| "unknown effect".into())),
    }
    if let Some(ramp) = spec.get("ramp").filter(|ramp| ramp.is_object()) {
        words.push(format!("ramp from {} over {}", word(ramp.get("from")), word(ramp.get("over"))));
    }
    if let Some(share) = spec.get("share").and_then(Value::as_f64).filter(|share| *share < 1.0) {
        words.push(format!("{:.0} % of calls", share * 100.0));
    }
    if let Some(path) = spec.get("path").and_then(Value::as_str) {
        words.push(format!("path {path}"));
    }
    words.join(", ")
}

/// `5 times as many users, over 30s, for 2m`; `None` for what is no surge.
fn surge(of: &Value) -> Option<String> {
    let factor = of.get("factor")?.as_f64()?;
    let (over, length) = (word(of.get("over")), word(of.get("for")));
    Some(format!("{factor} times as many users, over {over}, for {length}"))
}

/// ` 503`, ` to 200MiB over 30s`, ` after commit`: what an effect says beside its name.
fn settings(of: &Value) -> String {
    let fields = of.as_object().into_iter().flatten();
    let words = fields.filter_map(|(name, value)| match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(format!(" {}", name.replace('_', " "))),
        value if name == "status" => Some(format!(" {value}")),
        value => Some(format!(" {} {}", name.replace('_', " "), word(Some(value)))),
    });
    words.collect()
}

fn latency(of: &Value) -> String {
    let Some((shape, of)) = of.as_object().and_then(|shapes| shapes.iter().next()) else {
        return of.to_string();
    };
    let value = |name: &str| word(of.get(name));
    match shape.as_str() {
        "fixed" => value("value"),
        "uniform" => format!("{} to {}", value("min"), value("max")),
        "normal" => format!("{} ± {}", value("mean"), value("stddev")),
        other => format!("p50 {} p99 {} ({other})", value("p50"), value("p99")),
    }
}

fn dose(body: &Value) -> String {
    let number = |name: &str| body.get(name).and_then(Value::as_f64);
    let pair = |name: &str| {
        let requested = number(&format!("requested_{name}_ms"))?;
        let delivered = number(&format!("delivered_{name}_ms"))?;
        Some(format!("{name} {delivered:.0} ms of {requested:.0} ms"))
    };
    let fault = word(body.get("fault"));
    let count = number("n").map_or(String::new(), |n| format!(", {n:.0} calls"));
    let other = || {
        let (of, unit) = (body.get("of")?.as_str()?, body.get("unit")?.as_str()?);
        Some(format!("{of} {:.2}{unit} of {:.2}{unit}", number("delivered")?, number("requested")?))
    };
    let told = pair("p50").or_else(other).unwrap_or_else(|| "not measured".into());
    format!("dose of {fault}: {told}{count}")
}

fn policy(body: &Value) -> String {
    let version = body.get("version").and_then(Value::as_u64).unwrap_or_default();
    let author = body.get("author").and_then(Value::as_str).unwrap_or("somebody");
    let reason = body.get("reason").and_then(Value::as_str).unwrap_or_default();
    format!("policy v{version} by {author}{}", because(reason))
}

fn policy_applied(body: &Value) -> String {
    let number = |name: &str| body.get(name).and_then(Value::as_f64).unwrap_or_default();
    format!(
        "policy v{:.0} applied on {:.0}/{:.0} instances in {:.0} ms",
        number("version"),
        number("instances"),
        number("of"),
        number("elapsed_ms")
    )
}

fn action(actor: &str, body: &Value) -> String {
    if let Ok(said) = serde_json::from_value(body.clone()) {
        return told::sentence(actor, &said);
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let targets =
        ["targets", "services"].iter().find_map(|name| body.get(*name)).map(list).unwrap_or_default();
    let reason = because(text("reason"));
    match text("verb") {
        "restart" => format!("{actor} restarts {targets}{reason}"),
        "scale" => {
            let count = body.get("instances").and_then(Value::as_u64).unwrap_or_default();
            format!("{actor} scales {} to {count}{reason}", text("service"))
        }
        "declare_recovered" => format!("{actor} declares: recovered{reason}"),
        "interrupt" => "the run is stopped by hand".to_owned(),
        "halt" => format!("{actor} HALTS: no load, no faults{reason}"),
        other => format!("{actor}: {other}{reason}"),
    }
}

fn process(body: &Value) -> Option<Line> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let tone = match text("event") {
        // The usual beginning of a lab; its ready line says it for all.
        "joined" => return None,
        "lost" | "exited" => Tone::Bad,
        _ => Tone::Warn,
    };
    Some((
        tone,
        format!("{} {}{}", text("instance"), text("event").replace('_', " "), detail(body.get("detail"))),
    ))
}

fn bank_log(body: &Value) -> Option<Line> {
    let unexplained = body.get("unexplained").and_then(Value::as_array).map_or(0, Vec::len);
    let line = format!("the bank's log has {unexplained} changes that the journal does not explain");
    (unexplained > 0).then_some((Tone::Bad, line))
}

fn residue(body: &Value) -> Line {
    match body.get("items").and_then(Value::as_array) {
        Some(items) if !items.is_empty() => {
            (Tone::Bad, format!("left behind: {}", list(&Value::from(items.clone()))))
        }
        _ => (Tone::Good, "nothing is left behind".into()),
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

fn detail(detail: Option<&Value>) -> String {
    match detail {
        Some(Value::String(text)) if !text.is_empty() => format!(" ({text})"),
        Some(Value::Object(fields)) if !fields.is_empty() => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name} {}", word(Some(value)))).collect();
            format!(" ({})", fields.join(", "))
        }
        _ => String::new(),
    }
}

fn list(values: &Value) -> String {
    let words: Vec<String> = values.as_array().into_iter().flatten().map(|value| word(Some(value))).collect();
    words.join(", ")
}

fn word(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "?".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(kind: &str, body: Value) -> String {
        line(kind, "layered", &body).unwrap().1
    }

    #[test]
    fn a_fault_is_told_with_its_ramp_and_reason() {
        let body = json!({"id": "slow", "target": "bank", "why": "timeline", "spec": {
            "effect": {"latency": {"fixed": {"value": "30s"}}}, "ramp": {"from": "100ms", "over": "60s"}, "share": 0.5}});
        assert_eq!(
            said("fault_intent", body),
            "fault slow on bank: latency 30s, ramp from 100ms over 60s, 50 % of calls (timeline)"
        );
        assert_eq!(
            describe_fault(&json!({"effect": {"commit_then_fail": {"status": 502}}})),
            "commit then fail 502"
        );
        assert_eq!(describe_fault(&json!({"effect": {"hang": {}}, "path": "all"})), "hang, path all");
        let surge = json!({"surge": {"factor": 5.0, "over": "2s", "for": "20s"}});
        assert_eq!(describe_fault(&surge), "5 times as many users, over 2s, for 20s");
        assert_eq!(describe_fault(&json!({"surge": null})), "unknown effect");
    }

    #[test]
    fn an_alert_is_told_when_it_fires_and_when_it_is_over() {
        let body = |state: &str| {
            json!({"name": "WorkersFull", "state": state, "severity": "page",
                "summary": "all workers of cart are busy", "runbook": "deploy/runbooks/workers-full.md"})
        };
        assert_eq!(
            said("alert", body("firing")),
            "ALERT firing: WorkersFull: all workers of cart are busy (deploy/runbooks/workers-full.md)"
        );
        assert_eq!(
            said("alert", body("resolved")),
            "alert resolved: WorkersFull: all workers of cart are busy"
        );
    }

    #[test]
    fn a_policy_change_is_told_with_its_author_and_reason() {
        let body = json!({"version": 3, "author": "layered", "reason": "stop waiting for the bank"});
        assert_eq!(said("policy", body), "policy v3 by layered (stop waiting for the bank)");
        let body = json!({"version": 3, "instances": 9, "of": 9, "elapsed_ms": 41.3});
        assert_eq!(said("policy_applied", body), "policy v3 applied on 9/9 instances in 41 ms");
    }

    #[test]
    fn a_failed_proof_sounds_bad() {
        let (tone, text) = line(
            "proof",
            "controller",
            &json!({"name": "trigger_removed", "ok": false, "detail": "p50 2 s"}),
        )
        .unwrap();
        assert_eq!((tone, text.as_str()), (Tone::Bad, "NOT proven: trigger removed (p50 2 s)"));
    }

    #[test]
    fn what_people_do_reads_as_sentences() {
        assert_eq!(
            said("action", json!({"verb": "restart", "targets": ["cart", "order"], "reason": "flush"})),
            "layered restarts cart, order (flush)"
        );
        assert_eq!(
            said("action", json!({"verb": "scale", "service": "payment", "instances": 0})),
            "layered scales payment to 0"
        );
    }

    #[test]
    fn joins_and_clocks_are_not_told_and_unknown_kinds_are() {
        assert!(line("process", "controller", &json!({"event": "joined"})).is_none());
        assert!(line("clock", "controller", &json!({})).is_none());
        assert!(line("bank_log", "controller", &json!({"unexplained": []})).is_none());
        assert_eq!(said("novelty", json!({"a": 1})), "novelty {\"a\":1}");
    }
}
