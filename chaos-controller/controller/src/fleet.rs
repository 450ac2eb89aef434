//! The lab's processes as the guard is told to start them: the shop, the bank and the generator, one of each unless the
//! plan says more.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fault::Span;
use platform::{GuardSpec, LabFile, ProcessSpec, Tokens};

use crate::bank::BANK;
use crate::directory::SHOP;
use crate::load::TRAFFIC;

/// Its index may take its time.
const SEARCH: &str = "search";

/// How long the lab waits for a controller that is gone.
const CONTROLLER_GRACE_MS: u64 = 60_000;

/// What a lab is made of.
pub(crate) struct Fleet<'a> {
    pub(crate) lab: &'a str,
    /// Folder of the lab's files, absolute.
    pub(crate) root: &'a Path,
    /// The lab's own folder, absolute.
    pub(crate) state_dir: &'a Path,
    /// Where the controller serves.
    pub(crate) url: &'a str,
    pub(crate) tokens: &'a Tokens,
    pub(crate) bank: &'a drill::Bank,
    /// How many a service has, if not one.
    pub(crate) instances: &'a BTreeMap<String, u32>,
    /// How long the index of search takes.
    pub(crate) index_latency: Duration,
}

impl Fleet<'_> {
    /// Names of all instances of a lab that starts with a plan.
    pub(crate) fn instances(counts: &BTreeMap<String, u32>) -> Vec<String> {
        let services = SHOP.iter().copied().chain([BANK, TRAFFIC]);
        services.flat_map(|service| names(counts, service)).collect()
    }

    /// The guard's spec.
    pub(crate) fn spec(&self) -> std::io::Result<GuardSpec> {
        let env = BTreeMap::from([("FIREDRILL_TOKEN".to_owned(), self.tokens.lab.clone())]);
        // Callees first: by the time a caller looks for them they are likely to be there.
        let services = [BANK].into_iter().chain(SHOP.iter().rev().copied()).chain([TRAFFIC]);
        Ok(GuardSpec {
            lab: self.lab.to_owned(),
            exe: std::env::current_exe()?,
            state_dir: self.state_dir.to_owned(),
            lab_file: LabFile::path(self.root, self.lab),
            log_dir: self.state_dir.join("logs"),
            operator_token: self.tokens.operator.clone(),
            controller_grace_ms: CONTROLLER_GRACE_MS,
            env,
            processes: services
                .flat_map(|service| {
                    let template = self.process(service);
                    names(self.instances, service)
                        .map(move |instance| ProcessSpec { instance, ..template.clone() })
                })
                .collect(),
        })
    }

    fn process(&self, service: &str) -> ProcessSpec {
        let verb: &[&str] = if service == TRAFFIC { &["traffic"] } else { &["service", service] };
        let mut args: Vec<String> = verb.iter().map(|word| (*word).to_owned()).collect();
        let data = self.state_dir.join("data").join("{instance}");
        for (flag, value) in [
            ("--instance", "{instance}".to_owned()),
            ("--controller", self.url.to_owned()),
            ("--data", data.display().to_string()),
        ] {
            args.extend([flag.to_owned(), value]);
        }
        let mut env = BTreeMap::new();
        if service == BANK {
            env.insert("FIREDRILL_OPERATOR_TOKEN".to_owned(), self.tokens.operator.clone());
            for (flag, value) in [
                ("--latency", Span(self.bank.latency).to_string()),
                ("--jitter", self.bank.jitter.to_string()),
                ("--lookup-latency", Span(self.bank.lookup_latency).to_string()),
            ] {
                args.extend([flag.to_owned(), value]);
            }
            if let Some(second) = &self.bank.second_region {
                for (flag, value) in
                    [("--second-latency", second.latency), ("--second-lookup-latency", second.lookup_latency)]
                {
                    args.extend([flag.to_owned(), Span(value).to_string()]);
                }
            }
        }
        if service == SEARCH {
            args.extend(["--index-latency".to_owned(), Span(self.index_latency).to_string()]);
        }
        ProcessSpec {
            instance: format!("{service}-0"),
            service: service.to_owned(),
            args,
            env,
            restart: true,
        }
    }
}

/// `payment-0`, `payment-1`, ...
fn names<'a>(counts: &BTreeMap<String, u32>, service: &'a str) -> impl Iterator<Item = String> + use<'a> {
    let count = counts.get(service).copied().unwrap_or(1);
    (0..count).map(move |number| format!("{service}-{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bank_holds_the_operator_s_token_and_a_plan_says_how_many_there_are() {
        let tokens = Tokens { operator: "secret".into(), ..Tokens::default() };
        let bank = drill::Bank {
            latency: Duration::from_millis(100),
            jitter: 0.05,
            lookup_latency: Duration::from_millis(10),
            second_region: None,
        };
        let fleet = Fleet {
            lab: "a",
            root: Path::new("/labs"),
            state_dir: Path::new("/labs/a"),
            url: "http://127.0.0.1:1",
            tokens: &tokens,
            bank: &bank,
            instances: &BTreeMap::from([("payment".to_owned(), 3)]),
            index_latency: Duration::from_millis(250),
        };
        let spec = fleet.spec().unwrap();
        for process in &spec.processes {
            let text = serde_json::to_string(process).unwrap();
            assert_eq!(text.contains("secret"), process.service == "bank", "{text}");
        }
        assert_eq!(spec.processes.len(), Fleet::instances(fleet.instances).len());
        let payments = spec.processes.iter().filter(|process| process.service == "payment");
        let payments: Vec<&str> = payments.map(|process| process.instance.as_str()).collect();
        assert_eq!(payments, ["payment-0", "payment-1", "payment-2"]);
        assert!(
            spec.processes[0].args.join(" ").contains("--latency 100ms --jitter 0.05 --lookup-latency 10ms")
        );
    }
}
