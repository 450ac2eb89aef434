//! A lab to be measured: brought up as a person would, with the bank that a figure needs.

use anyhow::{Context as _, bail};
use harness::ledgers::Books;
use harness::{Role, Site};
use serde_json::Value;

use crate::drill;
use crate::proc::{Cpu, Processes, Split};

/// A lab, ended when dropped.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) site: Site,
    /// What `up` said.
    pub(crate) up: Value,
    processes: Processes,
}

impl Shop {
    /// Brings up the shipped drill's lab, with another bank if told so.
    pub(crate) fn up(bank_ms: Option<u32>, flags: &[&str]) -> anyhow::Result<Self> {
        let site = Site::new();
        let folder = match bank_ms {
            Some(latency) => drill::with_bank(&site.scratch, latency)?,
            None => harness::repo::drill(harness::site::DRILL),
        };
        let folder = folder.display().to_string();
        let args: Vec<&str> =
            ["up", "--drill", &folder, "--output", "json"].into_iter().chain(flags.iter().copied()).collect();
        let said = site.say(&args);
        if said.code != Some(0) {
            bail!("no lab: {}", said.stderr.trim());
        }
        let up = serde_json::from_str(&said.stdout).context("`up` said no JSON")?;
        let own = [("controller", site.pid("/controller/pid")), ("guard", site.pid("/guard/pid"))];
        let processes = Processes::new(&site.members(), &own);
        Ok(Self { site, up, processes })
    }

    pub(crate) fn processes(&self) -> &Processes {
        &self.processes
    }

    pub(crate) fn cpu(&self) -> Cpu {
        self.processes.cpu()
    }

    /// Where users are served, `host:port`.
    pub(crate) fn frontend(&self) -> String {
        self.site.member("frontend").traffic
    }

    /// Asks the controller as an operator.
    pub(crate) fn order(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let answer = self.site.ask(Role::Operator, method, path, body);
        if !(200..300).contains(&answer.status) {
            bail!("{method} {path} was refused with {}: {}", answer.status, answer.body);
        }
        Ok(serde_json::from_str(&answer.body).unwrap_or_default())
    }

    /// Holds the two books against what users were told: as many orders confirmed, and as many charged, as were
    /// answered with 200, none twice, none lost.
    pub(crate) fn audit(&self, paid: u64) -> anyhow::Result<String> {
        let books = Books::fetch(&self.site);
        let audit = books.audit();
        let confirmed = books.orders.iter().filter(|order| order["state"] == "confirmed").count() as u64;
        let charged = books.charges.len() as u64;
        let wrong = audit.lost.len() + audit.double.len() + audit.unsettled.len();
        if wrong > 0 || confirmed < paid || charged != confirmed {
            bail!(
                "the books are wrong: {paid} answered as paid, {confirmed} confirmed, {charged} charged, {} lost, {} double, {} unsettled",
                audit.lost.len(),
                audit.double.len(),
                audit.unsettled.len()
            );
        }
        Ok(format!("{paid} answered as paid; all confirmed in order's book and charged once in the bank's"))
    }
}

/// The processes of the lab that stand in the way of a checkout or beside it, without the generator.
pub(crate) fn of_lab(split: &Split) -> f64 {
    split.iter().filter(|(name, _)| name.as_str() != "traffic").map(|(_, value)| value).sum()
}

/// A split as text, the largest first.
pub(crate) fn told(split: &Split, least: f64) -> String {
    let mut parts: Vec<(&String, &f64)> = split.iter().filter(|(_, value)| **value >= least).collect();
    parts.sort_by(|a, b| b.1.total_cmp(a.1));
    let parts: Vec<String> = parts.into_iter().map(|(name, value)| format!("{name} {value:.1}")).collect();
    parts.join(", ")
}
