//! A fault in flags: `--latency 30s --ramp-from 100ms --over 60s --share 0.5`.
//! Only spells out the document; what it may say is checked by the fault crate.

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::{Map, Value, json};

/// The flags of one fault.
#[derive(Debug, Default, Args)]
#[command(group(ArgGroup::new("effect").required(true).multiple(false).args(EFFECTS)))]
#[command(group(ArgGroup::new("refusing").args(["error", "rate_limit"])))]
#[command(group(ArgGroup::new("growing").args(["ramp_from", "memory_growth"])))]
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
    /// The exchange breaks off without an answer; nothing is charged
    #[arg(long)]
    reset: bool,
    /// .. and what was asked for is done all the same
    #[arg(long, requires = "reset")]
    after_commit: bool,
    /// The head of the answer comes at once, its body over so long
    #[arg(long, value_name = "OVER")]
    slow_body: Option<String>,
    /// Half of the body comes: no JSON any more; what was asked for is done
    #[arg(long)]
    malformed_body: bool,
    /// Another amount is charged: a factor such as 1.5, or so many more or less, such as -250cents
    #[arg(long, allow_hyphen_values = true)]
    wrong_amount: Option<String>,
    /// So many calls a second are taken, the others are told 429
    #[arg(long, value_name = "PER_SECOND")]
    rate_limit: Option<f64>,
    /// Header Retry-After of a refusal [default: 1s with --rate-limit]
    #[arg(long, requires = "refusing")]
    retry_after: Option<String>,
    /// Processes: SIGKILL; the guard starts them again
    #[arg(long)]
    kill: bool,
    /// .. again each time this is over
    #[arg(long, requires = "kill")]
    every: Option<String>,
    /// Processes: SIGSTOP, until the fault ends
    #[arg(long)]
    freeze: bool,
    /// Processes: a neighbour takes this share of their processor time, above 0 to 1
    #[arg(long, value_name = "SHARE")]
    cpu_burn: Option<f64>,
    /// .. on so many processors, the only ones they may run on [default: 1]
    #[arg(long, requires = "cpu_burn")]
    cores: Option<u32>,
    /// Processes: they take more and more memory, up to so much more
    #[arg(long, value_name = "TO", requires = "over")]
    memory_growth: Option<String>,
    /// Processes: SIGKILL so long after each start
    #[arg(long, value_name = "EVERY")]
    restart_loop: Option<String>,
    /// Stopped until the fault ends, then started again (containers, pods)
    #[arg(long)]
    stop: bool,
    /// Cut off from the network (containers, pods)
    #[arg(long)]
    disconnect: bool,
    /// May use so many processors and no more, such as 0.1 (containers)
    #[arg(long, value_name = "CORES")]
    cpu_squeeze: Option<f64>,
    /// May hold so much memory and no more, such as 64MiB (containers)
    #[arg(long, value_name = "SIZE")]
    memory_squeeze: Option<String>,
    /// Has so many instances and no more (containers, pods)
    #[arg(long, value_name = "COUNT")]
    scale: Option<u32>,
    /// The fault as a file (YAML or JSON)
    #[arg(long, short = 'f', conflicts_with_all = ["share", "path", "region", "ramp_from", "over", "shape", "lease"])]
    pub(crate) file: Option<std::path::PathBuf>,
    /// Share of the calls that are hit, 0 to 1
    #[arg(long)]
    share: Option<f64>,
    /// Calls that can be hit [default: charge]
    #[arg(long, value_enum)]
    path: Option<Path>,
    /// Calls of which region of the bank [default: main]
    #[arg(long, value_enum)]
    region: Option<Region>,
    /// The latency grows from this ..
    #[arg(long, requires = "over")]
    ramp_from: Option<String>,
    /// The latency, or the memory, has grown after so long
    #[arg(long, requires = "growing")]
    over: Option<String>,
    /// .. in this way
    #[arg(long, value_enum, requires = "ramp_from")]
    shape: Option<Shape>,
    /// How long the fault outlives the controller [default: 10s]
    #[arg(long)]
    lease: Option<String>,
}

/// Exactly one of them.
const EFFECTS: [&str; 20] = [
    "latency",
    "error",
    "hang",
    "commit_then_fail",
    "reset",
    "slow_body",
    "malformed_body",
    "wrong_amount",
    "rate_limit",
    "kill",
    "freeze",
    "cpu_burn",
    "memory_growth",
    "restart_loop",
    "stop",
    "disconnect",
    "cpu_squeeze",
    "memory_squeeze",
    "scale",
    "file",
];

/// Which calls of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Path {
    All,
    Charge,
    Lookup,
}

/// Which region of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Region {
    All,
    Main,
    Second,
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
        self.belong()?;
        let mut document = Map::new();
        document.insert("effect".into(), self.effect()?);
        if let Some(share) = self.share {
            document.insert("share".into(), json!(share));
        }
        if let Some(path) = self.path {
            document.insert("path".into(), word(path));
        }
        if let Some(region) = self.region {
            document.insert("region".into(), word(region));
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

    /// Whether every flag that is about an effect has its effect. The parser does not say so where that effect would
    /// contradict the one that is there.
    fn belong(&self) -> Result<(), String> {
        let refuses = self.error.is_some() || self.rate_limit.is_some();
        let grows = self.ramp_from.is_some() || self.memory_growth.is_some();
        for (flag, there, whose, effect) in [
            ("--after-commit", self.after_commit, self.reset, "--reset"),
            ("--retry-after", self.retry_after.is_some(), refuses, "--error or --rate-limit"),
            ("--every", self.every.is_some(), self.kill, "--kill"),
            ("--cores", self.cores.is_some(), self.cpu_burn.is_some(), "--cpu-burn"),
            ("--over", self.over.is_some(), grows, "--ramp-from or --memory-growth"),
        ] {
            if there && !whose {
                return Err(format!("{flag} belongs to {effect}"));
            }
        }
        Ok(())
    }

    fn effect(&self) -> Result<Value, String> {
        let (name, of) = if let Some(latency) = &self.latency {
            ("latency", distribution(latency)?)
        } else if let Some(status) = self.error {
            ("error", fields([("status", Some(json!(status))), ("retry_after", text(&self.retry_after))]))
        } else if let Some(status) = self.commit_then_fail {
            ("commit_then_fail", json!({ "status": status }))
        } else if self.reset {
            ("reset", fields([("after_commit", self.after_commit.then_some(json!(true)))]))
        } else if let Some(over) = &self.slow_body {
            ("slow_body", json!({ "over": over }))
        } else if self.malformed_body {
            ("malformed_body", json!({}))
        } else if let Some(amount) = &self.wrong_amount {
            ("wrong_amount", wrong_amount(amount)?)
        } else if let Some(rate) = self.rate_limit {
            ("rate_limit", fields([("rate", Some(json!(rate))), ("retry_after", text(&self.retry_after))]))
        } else if self.kill {
            ("kill", fields([("every", text(&self.every))]))
        } else if self.freeze {
            ("freeze", json!({}))
        } else if let Some(share) = self.cpu_burn {
            let cores = self.cores.map(|cores| json!(cores));
            ("cpu_burn", fields([("share", Some(json!(share))), ("cores", cores)]))
        } else if let Some(to) = &self.memory_growth {
            ("memory_growth", fields([("to", Some(json!(to))), ("over", text(&self.over))]))
        } else if let Some(every) = &self.restart_loop {
            ("restart_loop", json!({ "every": every }))
        } else if self.stop {
            ("stop", json!({}))
        } else if self.disconnect {
            ("disconnect", json!({}))
        } else if let Some(cores) = self.cpu_squeeze {
            ("cpu_squeeze", json!({ "cores": cores }))
        } else if let Some(to) = &self.memory_squeeze {
            ("memory_squeeze", json!({ "to": to }))
        } else if let Some(to) = self.scale {
            ("scale", json!({ "to": to }))
        } else {
            ("hang", json!({}))
        };
        Ok(json!({ name: of }))
    }
}

/// The fields that are there.
fn fields<const N: usize>(of: [(&str, Option<Value>); N]) -> Value {
    of.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn text(flag: &Option<String>) -> Option<Value> {
    flag.as_ref().map(|text| json!(text))
}

fn wrong_amount(text: &str) -> Result<Value, String> {
    let refuse =
        || format!("`{text}` is no wrong amount: write a factor, like 1.5, or cents, like -250cents");
    match text.strip_suffix("cents") {
        Some(cents) => Ok(json!({ "by_cents": cents.parse::<i64>().map_err(|_| refuse())? })),
        None => Ok(json!({ "factor": text.parse::<f64>().map_err(|_| refuse())? })),
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
                "x --error 429 --retry-after 2s",
                json!({"effect": {"error": {"status": 429, "retry_after": "2s"}}}),
            ),
            ("x --reset --after-commit", json!({"effect": {"reset": {"after_commit": true}}})),
            ("x --reset --path lookup", json!({"effect": {"reset": {}}, "path": "lookup"})),
            ("x --slow-body 5s", json!({"effect": {"slow_body": {"over": "5s"}}})),
            ("x --malformed-body", json!({"effect": {"malformed_body": {}}})),
            ("x --wrong-amount 1.5", json!({"effect": {"wrong_amount": {"factor": 1.5}}})),
            ("x --wrong-amount -250cents", json!({"effect": {"wrong_amount": {"by_cents": -250}}})),
            (
                "x --rate-limit 100 --retry-after 2s",
                json!({"effect": {"rate_limit": {"rate": 100.0, "retry_after": "2s"}}}),
            ),
            ("x --kill", json!({"effect": {"kill": {}}})),
            ("x --kill --every 5s", json!({"effect": {"kill": {"every": "5s"}}})),
            ("x --freeze", json!({"effect": {"freeze": {}}})),
            ("x --cpu-burn 0.8 --cores 2", json!({"effect": {"cpu_burn": {"share": 0.8, "cores": 2}}})),
            (
                "x --memory-growth 200MiB --over 30s",
                json!({"effect": {"memory_growth": {"to": "200MiB", "over": "30s"}}}),
            ),
            ("x --restart-loop 5s", json!({"effect": {"restart_loop": {"every": "5s"}}})),
            ("x --stop", json!({"effect": {"stop": {}}})),
            ("x --disconnect", json!({"effect": {"disconnect": {}}})),
            ("x --cpu-squeeze 0.1", json!({"effect": {"cpu_squeeze": {"cores": 0.1}}})),
            ("x --memory-squeeze 64MiB", json!({"effect": {"memory_squeeze": {"to": "64MiB"}}})),
            ("x --scale 0", json!({"effect": {"scale": {"to": 0}}})),
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
        for bad in [
            "x",
            "x --hang --error 503",
            "x --latency 3s --ramp-from 1s",
            "x -f a --share 1",
            "x --memory-growth 200MiB",
        ] {
            assert!(Line::try_parse_from(bad.split(' ')).is_err(), "{bad}");
        }
        for lost in ["--retry-after 2s", "--every 1s", "--after-commit", "--over 2s", "--cores 2"] {
            let line = format!("x --hang {lost}");
            let taken = Line::try_parse_from(line.split(' ')).is_ok_and(|line| line.fault.document().is_ok());
            assert!(!taken, "{line}");
        }
        assert!(fault::parse(&document("x --hang --ramp-from 1s --over 2s")).is_err());
        assert!(distribution("cauchy:1s/2s").is_err());
        assert!(distribution("uniform:1s").is_err());
        assert!(wrong_amount("half").is_err() && wrong_amount("1.5cents").is_err());
    }
}
