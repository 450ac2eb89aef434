//! `firedrill up`: a lab that runs until `down`. Starts one, adopts one whose
//! controller died, or says that it runs already.

use std::path::PathBuf;

use clap::Args;
use controller::PrometheusAddress;
use controller::api::{Role, Status};
use drill::{Choice, Scale};
use platform::LabFile;
use serde::Serialize;

use crate::api::Api;
use crate::away::{self, PlatformFlags};
use crate::drills;
use crate::exit::{Exit, Failure};
use crate::lab::LabFlags;
use crate::launch::{Launch, Presence, launch, presence, take_down};
use crate::output::{Output, narrate};

/// The drill whose shop a lab gets when nobody names one.
pub(crate) const DEFAULT_DRILL: &str = "bank-slowdown";

/// Flags of `up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Drill whose policy, load and bank the lab starts with
    #[arg(long, default_value = DEFAULT_DRILL)]
    drill: String,
    /// Variant of the drill
    #[arg(long, default_value = "default")]
    variant: String,
    /// Part of the full load, such as 1/10
    #[arg(long, default_value = "1")]
    scale: Scale,
    /// Start without load
    #[arg(long)]
    no_load: bool,
    /// Share of traces that is kept whatever happens in them, 0 to 1
    #[arg(long, default_value = "0.1", env = "FIREDRILL_TRACE_RATIO", value_parser = controller::traces::ratio)]
    trace_ratio: f64,
    /// Alerting rules (a rule file of Prometheus) instead of the shipped ones
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Metrics tell everybody of faults while they are on; no run in mode assessed is started then
    #[arg(long)]
    open_book: bool,
    /// Prometheus that scrapes the lab in the controller's place, such as http://127.0.0.1:9090
    #[arg(long, value_name = "URL", env = "FIREDRILL_PROMETHEUS")]
    prometheus: Option<PrometheusAddress>,
    #[command(flatten)]
    platform: PlatformFlags,
    #[command(flatten)]
    lab: LabFlags,
    #[command(flatten)]
    output: Output,
}

/// What a person, or a script, needs to go on.
#[derive(Debug, Serialize)]
struct Lab {
    lab: String,
    ready_ms: Option<u64>,
    frontend: String,
    controller: String,
    bank_admin: String,
    lab_file: PathBuf,
    processes: usize,
    rss_mib: f64,
}

impl Up {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let name = self.lab.name();
        let rules = self.rules.as_deref();
        if let Some(path) = rules {
            drill::rules(&drills::source(path)?).map_err(|problems| drills::invalid(&problems, path))?;
        }
        let (file, took) = match self.lab.known(&self.platform)? {
            Some(file) => match presence(&file) {
                Presence::Runs => {
                    if self.open_book {
                        must_be_open(&file).await?;
                    }
                    narrate(&format!("lab `{name}` runs already"));
                    (file, None)
                }
                Presence::Orphaned => {
                    let adopt = Launch {
                        load: !self.no_load,
                        rules,
                        open_book: self.open_book,
                        prometheus: self.prometheus.as_ref(),
                        ..Launch::adopting(&self.lab.dir, &file)
                    };
                    let (file, took) = launch(&adopt).await?;
                    narrate(&format!(
                        "lab `{name}` is adopted: its controller had died, its processes had not"
                    ));
                    (file, Some(took))
                }
                Presence::Dead => {
                    take_down(&self.lab.dir, &file).await?;
                    narrate(&format!("an earlier lab `{name}` was dead; a new one starts"));
                    self.start(name).await?
                }
            },
            None => self.start(name).await?,
        };
        // Who plays in a cluster may have no operator's token.
        let role = if file.tokens.operator.is_empty() { Role::Candidate } else { Role::Operator };
        let status: Status = Api::of(&file, role).get("/api/status").await?;
        let address = |service: &str, admin: bool| {
            let process = status.processes.iter().find(|process| process.service == service);
            process.map_or_else(String::new, |process| {
                format!("http://{}", if admin { &process.admin } else { &process.traffic })
            })
        };
        let doors = away::doors(&self.lab.dir, &file);
        let lab = Lab {
            lab: name.to_owned(),
            ready_ms: took.map(|took| took.as_millis() as u64),
            bank_admin: if doors.is_none() { address("bank", true) } else { String::new() },
            frontend: doors.as_ref().map_or_else(|| address("frontend", false), |doors| doors.shop.clone()),
            controller: doors.map_or_else(|| file.controller.url.clone(), |doors| doors.controller),
            lab_file: LabFile::path(&self.lab.dir, name),
            processes: status.processes.len(),
            rss_mib: status.rss_mib,
        };
        self.output.write(&lab, render);
        Ok(Exit::Pass)
    }

    async fn start(&self, name: &str) -> Result<(LabFile, Option<std::time::Duration>), Failure> {
        let rules = self.rules.as_deref();
        let choice = Choice { variant: self.variant.clone(), scale: self.scale, ..Choice::default() };
        let plan = drills::plan(&self.drill, &choice)?;
        let new = Launch {
            plan: Some(&plan),
            load: !self.no_load,
            trace_ratio: Some(self.trace_ratio),
            rules,
            open_book: self.open_book,
            prometheus: self.prometheus.as_ref(),
            platform: self.platform.clone(),
            ..Launch::new(&self.lab.dir, name)
        };
        let (file, took) = launch(&new).await?;
        Ok((file, Some(took)))
    }
}

/// Refuses a lab that runs and keeps its faults to itself: that is decided at its start.
pub(crate) async fn must_be_open(file: &LabFile) -> Result<(), Failure> {
    let status: Status = Api::of(file, Role::Operator).get("/api/status").await?;
    if status.open_book {
        return Ok(());
    }
    let name = &file.lab;
    Err(Failure::new(Exit::Usage, format!("lab `{name}` was not started with --open-book"))
        .hint(format!("`firedrill down --lab {name}` ends it; then start it with --open-book")))
}

fn render(lab: &Lab) -> String {
    let ready = lab.ready_ms.map_or_else(String::new, |ms| format!(", ready in {ms} ms"));
    let flag = if lab.lab == crate::lab::DEFAULT_LAB { String::new() } else { format!(" --lab {}", lab.lab) };
    let by_hand = if lab.bank_admin.is_empty() { String::new() } else { by_hand(lab) };
    format!(
        "lab {}: {} processes, {:.0} MiB{ready}\n\
         \n\
         shop        {}\n\
         controller  {}\n\
         {by_hand}\
         \n\
         next\n\
         \x20 firedrill status{flag}\n\
         \x20 firedrill run {DEFAULT_DRILL} --variant smoke --candidate layered{flag}\n\
         \x20 firedrill fault add bank --latency 3s --for 30s{flag}\n\
         \x20 firedrill policy set services.payment.server.workers=100 --reason 'to see what happens'{flag}\n\
         \x20 firedrill down{flag}\n",
        lab.lab, lab.processes, lab.rss_mib, lab.frontend, lab.controller,
    )
}

/// The bank's own door, which is open on this machine only.
fn by_hand(lab: &Lab) -> String {
    format!(
        "bank        {bank}/faults   (operators only)\n\
         \n\
         make the bank slow by hand, with the token of {file}:\n\
         \x20 TOKEN=$(sed -n 's/.*\"operator\": \"\\(.*\\)\".*/\\1/p' {file})\n\
         \x20 curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' {bank}/faults \\\n\
         \x20   -d '{{\"id\": \"slow\", \"effect\": {{\"latency\": {{\"fixed\": {{\"value\": \"3s\"}}}}}}, \"lease\": \"10s\"}}'\n",
        bank = lab.bank_admin,
        file = lab.lab_file.display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_the_shop_the_token_and_the_next_commands() {
        let lab = Lab {
            lab: "red".into(),
            ready_ms: Some(112),
            frontend: "http://127.0.0.1:1".into(),
            controller: "http://127.0.0.1:2".into(),
            bank_admin: "http://127.0.0.1:3".into(),
            lab_file: ".firedrill/red.json".into(),
            processes: 9,
            rss_mib: 101.2,
        };
        let text = render(&lab);
        for wanted in [
            "lab red: 9 processes, 101 MiB, ready in 112 ms",
            "shop        http://127.0.0.1:1",
            "http://127.0.0.1:3/faults",
            ".firedrill/red.json",
            "firedrill down --lab red",
        ] {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
    }
}
