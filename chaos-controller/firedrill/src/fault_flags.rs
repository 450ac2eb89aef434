//! A fault in flags: `--latency 30s --ramp-from 100ms --over 60s --share 0.5`.
//! Only spells out the document; what it may say is checked by the fault crate.

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::{Map, Value, json};

/// The flags of one fault.
#[derive(Debug, Default, Args)]
#[command(group(ArgGroup::new("effect").required(true).multiple(false)
    .args(["latency", "error", "hang", "commit_then_fail", "file"])))]
pub(crate) struct FaultFlags {
    /// Answers take this long: 30s, or a distribution: uniform:MIN/MAX, normal:MEAN/STDDEV,
    /// lognormal:P50/P99, pareto:P50/P99
    #[arg(long)]
    latency: Option<String>,
    /// Answers are this status; nothing is charged
    #[arg(long, value_name = "STATUS")]
    error: Option<u16>,
    /// No answer ever comes; what was asked for is done all the same
    #[arg(long)]
    hang: bool,
    /// What was asked for is done, and the answer is this status
    #[arg(long, value_name = "STATUS", num_args = 0..=1, default_missing_value = "502")]
    commit_then_fail: Option<u16>,
    /// The fault as a file (YAML or JSON)
    #[arg(long, short = 'f', conflicts_with_all = ["share", "path", "ramp_from", "over", "shape", "lease"])]
    pub(crate) file: Option<std::path::PathBuf>,
    /// Share of the calls that are hit, 0 to 1
    #[arg(long)]
    share: Option<f64>,
    /// Calls that can be hit [default: charge]
    #[arg(long, value_enum)]
    path: Option<Path>,
    /// The latency grows from this ..
    #[arg(long, requires = "over")]
    ramp_from: Option<String>,
    /// .. for so long
    #[arg(long, requires = "ramp_from")]
    over: Option<String>,
    /// .. in this way
    #[arg(long, value_enum, requires = "ramp_from")]
    shape: Option<Shape>,
    /// How long the fault outlives the controller [default: 10s]
    #[arg(long)]
    lease: Option<String>,
}

/// Which calls of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Path {
    All,
    Charge,
    Lookup,
}

/// How a ramp grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    Geometric,
    Linear,
}

impl FaultFlags {
    /// The document that these flags spell; the file is somebody else's.
    pub(crate) fn document(&self) -> Result<Value, String> {
        let mut document = Map::new();
        document.insert("effect".into(), self.effect()?);
        if let Some(share) = self.share {
            document.insert("share".into(), json!(share));
        }
        if let Some(path) = self.path {
            document.insert("path".into(), word(path));
        }
        if let (Some(from), Some(over)) = (&self.ramp_from, &self.over) {
            let mut ramp =
                Map::from_iter([("from".to_owned(), json!(from)), ("over".to_owned(), json!(over))]);
            if let Some(shape) = self.shape {
                ramp.insert("shape".into(), word(shape));
            }
            document.insert("ramp".into(), Value::Object(ramp));
        }
        if let Some(lease) = &self.lease {
            document.insert("lease".into(), json!(lease));
        }
        Ok(Value::Object(document))
    }

    fn effect(&self) -> Result<Value, String> {
        if let Some(latency) = &self.latency {
            return Ok(json!({ "latency": distribution(latency)? }));
        }
        if let Some(status) = self.error {
            return Ok(json!({ "error": { "status": status } }));
        }
        if let Some(status) = self.commit_then_fail {
            return Ok(json!({ "commit_then_fail": { "status": status } }));
        }
        Ok(json!({ "hang": {} }))
    }
}

fn distribution(text: &str) -> Result<Value, String> {
    let Some((shape, values)) = text.split_once(':') else {
        return Ok(json!({ "fixed": { "value": text } }));
    };
    let names = match shape {
        "uniform" => ["min", "max"],
        "normal" => ["mean", "stddev"],
        "lognormal" | "pareto" => ["p50", "p99"],
        _ => return Err(format!("no distribution `{shape}`; there is uniform, normal, lognormal, pareto")),
    };
    let (first, second) = values
        .split_once('/')
        .ok_or_else(|| format!("write {shape}:<{}>/<{}>, such as {shape}:100ms/900ms", names[0], names[1]))?;
    Ok(json!({ shape: { names[0]: first, names[1]: second } }))
}

fn word(value: impl ValueEnum) -> Value {
    let word = value.to_possible_value().expect("no value of a flag is hidden");
    Value::String(word.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        fault: FaultFlags,
    }

    fn document(line: &str) -> Value {
        Line::try_parse_from(line.split(' ')).unwrap().fault.document().unwrap()
    }

    #[test]
    fn flags_spell_what_the_fault_crate_accepts() {
        for (line, wanted) in [
            (
                "x --latency 30s --ramp-from 100ms --over 60s --share 0.5 --lease 10s",
                json!({"effect": {"latency": {"fixed": {"value": "30s"}}}, "share": 0.5,
                    "ramp": {"from": "100ms", "over": "60s"}, "lease": "10s"}),
            ),
            ("x --error 503", json!({"effect": {"error": {"status": 503}}})),
            ("x --hang --path all", json!({"effect": {"hang": {}}, "path": "all"})),
            ("x --commit-then-fail", json!({"effect": {"commit_then_fail": {"status": 502}}})),
            (
                "x --latency pareto:100ms/2s",
                json!({"effect": {"latency": {"pareto": {"p50": "100ms", "p99": "2s"}}}}),
            ),
            (
                "x --latency 3s --ramp-from 1s --over 5s --shape linear",
                json!({"effect": {"latency": {"fixed": {"value": "3s"}}},
                    "ramp": {"from": "1s", "over": "5s", "shape": "linear"}}),
            ),
        ] {
            let document = document(line);
            assert_eq!(document, wanted, "{line}");
            assert!(fault::parse(&document).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_fault_has_exactly_one_effect_and_a_ramp_is_whole() {
        for bad in ["x", "x --hang --error 503", "x --latency 3s --ramp-from 1s", "x -f a --share 1"] {
            assert!(Line::try_parse_from(bad.split(' ')).is_err(), "{bad}");
        }
        assert!(fault::parse(&document("x --hang --ramp-from 1s --over 2s")).is_err());
        assert!(distribution("cauchy:1s/2s").is_err());
        assert!(distribution("uniform:1s").is_err());
    }
}
