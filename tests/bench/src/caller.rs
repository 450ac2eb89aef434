//! A service of the shop that does nothing but call: what the layers around a call cost, measured through the public door
//! of `mesh` against a page that does nothing. One process holds one caller for each policy and takes them in turn, so
//! that all see the same minute of the machine.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use hyper::Request;
use mesh::{Caller, Ctx, Mesh};
use serde_json::{Value, json};

use crate::proc;

/// What it is told: where the page is, a folder to use, and how often to go round.
pub(crate) const PAGE: &str = "BENCH_CALLER_PAGE";
pub(crate) const FOLDER: &str = "BENCH_CALLER_FOLDER";
pub(crate) const ROUNDS: &str = "BENCH_CALLER_ROUNDS";

/// The name of the row without any policy, and of the one with all.
pub(crate) const NONE: &str = "none";
pub(crate) const ALL: &str = "all of these";
/// Calls open at once.
const OPEN: usize = 64;
/// A round is so many slices of each policy in turn; the least of them is free of what else the machine did.
const SLICES: usize = 6;
const CALLS: usize = 1_280;
const WARM: Duration = Duration::from_secs(10);

/// A policy per layer, each so wide that it refuses nothing.
pub(crate) fn policies() -> Vec<(&'static str, Value)> {
    let mut policies = vec![
        (NONE, json!({})),
        ("attempt_timeout", json!({"attempt_timeout": "10s"})),
        ("total_timeout", json!({"total_timeout": "20s"})),
        ("retry", json!({"retry": {"max_retries": 2, "budget": {}}})),
        ("throttle", json!({"throttle": {}})),
        ("breaker", json!({"breaker": {}})),
        ("concurrency", json!({"concurrency": {"initial": 1_000}})),
        ("bulkhead", json!({"bulkhead": 1_000})),
        ("balance", json!({"balance": {"choice": "p2c"}})),
        ("outlier", json!({"outlier": {}})),
        // Not so soon that there is ever a second attempt.
        ("hedge, with its balance", json!({"hedge": {"after": "10s"}})),
    ];
    let mut all = json!({});
    for (_, policy) in &policies {
        for (field, value) in policy.as_object().into_iter().flatten() {
            all[field] = value.clone();
        }
    }
    policies.push((ALL, all));
    policies
}

/// Measures, and tells `{"round": n, "<policy>": CPU of a call in ns, ...}` on a line each.
pub(crate) fn run() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure()).map_err(std::io::Error::other)
}

async fn measure() -> anyhow::Result<()> {
    let told = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
    let (page, folder) = (told(PAGE)?, told(FOLDER)?);
    let rounds: usize = told(ROUNDS)?.parse()?;
    let mut callers = Vec::new();
    for (name, policy) in policies() {
        callers.push((name, Calling::start(Path::new(&folder), &page, &policy).await?));
    }
    for (_, calling) in &callers {
        calling.slice().await?;
    }
    let mut stdout = std::io::stdout();
    for round in 0..rounds {
        let mut least = BTreeMap::new();
        for _ in 0..SLICES {
            for (name, calling) in &callers {
                let cost = calling.slice().await?;
                let known = least.entry(*name).or_insert(cost);
                *known = cost.min(*known);
            }
        }
        let mut line = json!(least);
        line["round"] = json!(round);
        writeln!(stdout, "{line}")?;
        stdout.flush()?;
    }
    Ok(())
}

/// A caller under one policy.
struct Calling {
    caller: Caller,
    ctx: Ctx,
    _process: process::Process,
}

impl Calling {
    async fn start(folder: &Path, page: &str, policy: &Value) -> anyhow::Result<Self> {
        let (policy_file, endpoints) = (folder.join("policy.json"), folder.join("endpoints.json"));
        let services = json!({"payment": {"calls": {"bank.lookup": policy}}});
        std::fs::write(&policy_file, json!({"version": 1, "services": services}).to_string())?;
        std::fs::write(&endpoints, json!({"bank": [page]}).to_string())?;
        let options = process::Options {
            instance: None,
            listen: "127.0.0.1:0".parse()?,
            admin: "127.0.0.1:0".parse()?,
            controller: None,
            token: String::new(),
            operator_token: String::new(),
            policy: Some(policy_file),
            endpoints: Some(endpoints),
            data: folder.to_owned(),
            log: "error".to_owned(),
        };
        let process = process::start("payment", options).await?;
        let mesh = Mesh::start(&process)?;
        let caller = mesh.http("bank", &["lookup"]);
        let begun = Instant::now();
        while mesh.policy().load().version == 0 {
            anyhow::ensure!(begun.elapsed() < WARM, "the policy was refused");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let ctx = Ctx::background(mesh.policy().load());
        Ok(Self { caller, ctx, _process: process })
    }

    /// CPU of this thread for one call, in nanoseconds.
    async fn slice(&self) -> anyhow::Result<f64> {
        let before = proc::own_thread_us();
        let done: Vec<_> = (0..OPEN)
            .map(|_| {
                let (caller, ctx) = (self.caller.clone(), self.ctx.clone());
                tokio::spawn(async move {
                    for _ in 0..CALLS / OPEN {
                        let request = Request::get("/lookup").body(Bytes::new())?;
                        let answer = caller.send("lookup", request, &ctx).await;
                        let answer = answer.map_err(|failure| anyhow::anyhow!("{:?}", failure.status))?;
                        anyhow::ensure!(answer.head.status.is_success(), "{}", answer.head.status);
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        for task in done {
            task.await??;
        }
        Ok((proc::own_thread_us() - before) * 1e3 / CALLS as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_of_the_bench_is_right_and_puts_its_layers_into_the_stack() {
        for (name, policy) in policies() {
            let document = json!({"version": 1, "services": {"payment": {"calls": {"bank.lookup": policy}}}});
            let document = resilience::policy::parse(&document).unwrap_or_else(|wrong| panic!("{wrong:?}"));
            let call = resilience::Snapshot::of(&document, 1, "payment").call("bank", "lookup");
            let layers = call.stack.outer.len() + call.stack.inner.len();
            match name {
                NONE => assert_eq!(layers, 0),
                // Every layer there is, but for the fallback: there is nothing to fall back from.
                ALL => assert_eq!(layers, resilience::layers::ORDER.len() - 1),
                _ => assert!(layers > 0, "{name}"),
            }
        }
    }
}
