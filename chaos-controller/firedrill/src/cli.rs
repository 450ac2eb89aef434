//! The command line: every verb, and the words of its help.

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::command::actions::Actions;
use crate::command::change::{DeclareRecovered, Halt, Restart, Resume, Scale};
use crate::command::check::Check;
use crate::command::compare::Compare;
use crate::command::diagnose::Diagnose;
use crate::command::doctor::Doctor;
use crate::command::down::Down;
use crate::command::explain::Explain;
use crate::command::fault::Fault;
use crate::command::healthcheck::Healthcheck;
use crate::command::hint::Hint;
use crate::command::incident::Incident;
use crate::command::journal::Journal;
use crate::command::logs::Logs;
use crate::command::plan::Plan;
use crate::command::policy::Policy;
use crate::command::postmortem::Postmortem;
use crate::command::process::{self, Guard, Serve, Service};
use crate::command::query::Query;
use crate::command::regrade::Regrade;
use crate::command::report::Report;
use crate::command::requests::Requests;
use crate::command::reveal::Reveal;
use crate::command::review::Review;
use crate::command::run::Run;
use crate::command::say::Say;
use crate::command::schema::Schema;
use crate::command::status::Status;
use crate::command::traces::Traces;
use crate::command::up::Up;
use crate::command::watch::Watch;
use crate::exit::{Exit, Failure};
use crate::output::write_data;

/// A chaos lab of live microservices: a shop, a bank that gets sick, and a verdict.
#[derive(Debug, Parser)]
#[command(name = "firedrill", version, max_term_width = 100, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 pass, 99 objectives failed, 98 void (the run proves nothing), 97 residue left,
104 invalid drill, policy or fault, 105 interrupted, 2 usage, 1 unexpected.

First steps:
  firedrill run bank-slowdown --variant smoke --candidate nothing     watch the outage
  firedrill run bank-slowdown --variant smoke --candidate layered     watch it survived
  firedrill run bank-slowdown                                         survive it yourself";

/// Every verb.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a drill and grade it
    Run(Box<Run>),
    /// Start a lab, or adopt one whose controller died
    Up(Up),
    /// End a lab
    Down(Down),
    /// How the lab is, or what happened to it
    Status(Status),
    /// Watch the lab, live
    Watch(Watch),
    /// Ask the lab's metrics, or those of a recorded run
    Query(Box<Query>),
    /// Check the machine and the lab
    Doctor(Doctor),
    /// What a word means: a policy's path, a metric, an exit code
    Explain(Explain),
    /// Find traces, or look at one: where its time went, and which call broke first
    Traces(Traces),
    /// What the processes wrote down
    Logs(Logs),
    /// The users' requests in a recorded run, and which of them were good
    Requests(Requests),
    /// What happened in a recorded run, line by line
    Journal(Journal),
    /// Read and change the resilience policy, live
    #[command(subcommand)]
    Policy(Policy),
    /// Restart services of the shop
    Restart(Restart),
    /// Change how many instances a service has
    Scale(Scale),
    /// Say something for the record
    Say(Say),
    /// Say what is broken, why, and how it climbed; or grade words against a run that is over
    Diagnose(Box<Diagnose>),
    /// What stands in the incident; severity, roles, hypotheses, decisions, tasks
    Incident(Box<Incident>),
    /// The next hint, the mildest first
    Hint(Hint),
    /// Show what happens behind the scenes
    Reveal(Reveal),
    /// Declare the shop recovered
    DeclareRecovered(DeclareRecovered),
    /// Make the bank or processes sick, or well again (operators)
    #[command(subcommand)]
    Fault(Fault),
    /// Stop all load and all faults
    Halt(Halt),
    /// Bring the load back after a halt
    Resume(Resume),
    /// Check drills and policies; start nothing
    Check(Check),
    /// Print what a run would do; start nothing
    Plan(Plan),
    /// Runs side by side, or one person's over time
    Compare(Compare),
    /// Grade recorded runs again, from their folders alone
    Regrade(Regrade),
    /// Write or print the report of a recorded run
    Report(Report),
    /// Marks, overrulings and own scores on a run
    #[command(subcommand)]
    Review(Review),
    /// Draft a run's postmortem, or check what people made of it
    Postmortem(Postmortem),
    /// What postmortems promised, and which rerun proves it
    Actions(Actions),
    /// Print a JSON Schema
    Schema(Schema),
    /// Print a shell's completion script
    Completion(Completion),
    /// Process: a service of the lab
    #[command(subcommand, hide = true)]
    Service(Box<Service>),
    /// Process: the load generator
    #[command(hide = true)]
    Traffic(Box<::process::Options>),
    /// Process: the controller
    #[command(hide = true)]
    Serve(Box<Serve>),
    /// Ask one URL once: exit 0 if it answers well
    #[command(hide = true)]
    Healthcheck(Healthcheck),
    /// Process: the parent of a lab's processes, or who may speak with whoever is
    #[command(hide = true)]
    Guard(Guard),
    /// Process: a worker of the guard
    #[command(hide = true)]
    Worker,
}

/// Flags of `completion`.
#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// Of which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Command {
    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Run(run) => run.run().await,
            Self::Up(up) => up.run().await,
            Self::Down(down) => down.run().await,
            Self::Status(status) => status.run().await,
            Self::Watch(watch) => watch.run().await,
            Self::Query(query) => query.run().await,
            Self::Doctor(doctor) => doctor.run().await,
            Self::Explain(explain) => explain.run().await,
            Self::Traces(traces) => traces.run().await,
            Self::Logs(logs) => logs.run().await,
            Self::Requests(requests) => requests.run(),
            Self::Journal(journal) => journal.run(),
            Self::Policy(policy) => policy.run().await,
            Self::Restart(restart) => restart.run().await,
            Self::Scale(scale) => scale.run().await,
            Self::Say(say) => say.run().await,
            Self::Incident(incident) => incident.run().await,
            Self::Hint(hint) => hint.run().await,
            Self::Reveal(reveal) => reveal.run().await,
            Self::Diagnose(diagnose) => diagnose.run().await,
            Self::DeclareRecovered(declared) => declared.run().await,
            Self::Fault(fault) => fault.run().await,
            Self::Halt(halt) => halt.run().await,
            Self::Resume(resume) => resume.run().await,
            Self::Check(check) => check.run(),
            Self::Plan(plan) => plan.run(),
            Self::Compare(compare) => compare.run(),
            Self::Regrade(regrade) => regrade.run(),
            Self::Report(report) => report.run(),
            Self::Review(review) => review.run().await,
            Self::Postmortem(postmortem) => postmortem.run(),
            Self::Actions(actions) => actions.run(),
            Self::Schema(schema) => schema.run(),
            Self::Completion(completion) => Ok(completion.run()),
            Self::Service(service) => ended(service.run().await),
            Self::Traffic(options) => ended(process::traffic(*options).await),
            Self::Serve(serve) => ended(serve.run().await),
            Self::Healthcheck(check) => check.run().await,
            Self::Guard(guard) => ended(guard.run().await),
            Self::Worker => ended(process::worker()),
        }
    }
}

impl Completion {
    fn run(&self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "firedrill", &mut script);
        write_data(&String::from_utf8_lossy(&script));
        Exit::Pass
    }
}

fn ended(result: anyhow::Result<()>) -> Result<Exit, Failure> {
    result.map(|()| Exit::Pass).map_err(Failure::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_verbs_of_the_documentation_parse() {
        for line in [
            "run bank-slowdown --variant smoke --candidate nothing --output json",
            "run drills/bank-slowdown --scale 1/4 --seed 7 --mode gate --runs-dir out --lab red --keep -q",
            "run bank-slowdown --gate --candidate layered --junit junit.xml --threshold goodput=0.99 --threshold amplification=1.02",
            "up --drill bank-slowdown --scale 1/10 --no-load --lab red",
            "down --all",
            "status --as observer -o json",
            "watch",
            "watch --once -o json --as observer",
            "watch --every 2s --lab red",
            "watch --queries --once",
            "query up",
            "query up --at 30s-ago",
            "query up --at 02:14 --range 5m --step 5s -o csv",
            "query up --run runs/x -o json",
            "query --metrics",
            "query --metrics queue --as candidate",
            "explain payment.server.workers",
            "explain exit 99 -o json",
            "doctor",
            "doctor -o json --as observer --lab red",
            "traces --service payment --operation Charge --min-duration 1s --error --limit 5 --as candidate",
            "traces 4bf92f35 --otlp",
            "traces 4bf9 --run runs/a -o json",
            "logs --service order --level warn --trace 4bf9 --limit 20 --follow -o json",
            "requests runs/a --journey checkout --from 12.3s --to 1m30s --bad --limit 5 -o csv",
            "requests runs/a --from -10s --to +0.5 --user u7 -o json",
            "journal runs/a --seq 41",
            "journal runs/a --kind policy --actor ada -o json",
            "up --trace-ratio 1",
            "up --platform docker --observability",
            "up --platform docker --observability=deploy --image firedrill:0.1.0 --lab red",
            "run bank-slowdown --platform kubernetes --namespace team-a --context kind",
            "policy get --version 3",
            "policy set payment.server.workers=100 flags.checkout=off --reason x --as candidate",
            "policy set -f layered.yaml -m x --dry-run --base 4",
            "policy diff 1 3",
            "policy revert 2 --reason worse",
            "restart all -m flush",
            "scale payment=3",
            "say looking at payment --author ada",
            "say --to users paying is slow --as candidate -o json",
            "incident",
            "incident -o json --as observer",
            "incident severity sev1 blank-page --author ada",
            "incident role commander ada --as candidate",
            "incident hypothesis slow -p busy -r idle --id h7 -o json",
            "incident conclude h1 held seen",
            "incident decide bound --reason full --expect back --undo revert",
            "incident task watch --owner bob",
            "incident done t1",
            "incident acknowledge WorkersFull --text looking",
            "incident hand-over bob bounded",
            "hint --level full --author ada",
            "reveal --as candidate -o json",
            "run bank-slowdown --variant full --mode assessed",
            "diagnose the bank is slow --root-cause bank --mechanism pool --mechanism retries --propagation payment,order",
            "diagnose --run runs/a -o json the bank",
            "declare-recovered",
            "fault add bank --latency 30s --ramp-from 100ms --over 60s --share 0.5 --lease 10s --for 60s",
            "fault add bank --commit-then-fail 502 --id lost-answers",
            "fault add bank --rate-limit 100 --retry-after 2s --path all",
            "fault add payment-0 --cpu-burn 0.8 --for 30s",
            "fault add payment --memory-growth 200MiB --over 30s --lease 5s",
            "fault clear --all",
            "check drills/bank-slowdown policy.yaml",
            "plan bank-slowdown --candidate layered",
            "schema fault",
            "regrade runs/a runs/b --unsealed -o json",
            "report runs/a",
            "report runs/a --format junit --out junit.xml",
            "review mark system-thinking expert -m drew-it --author eve --run runs/a",
            "review overrule mitigation_speed novice -m late --runs-dir out",
            "review self-score framing 4 -m early",
            "review self-score",
            "review show -o json",
            "compare runs/a runs/b runs/c --all -o json",
            "compare --progress --author ada --drill bank-slowdown out",
            "compare runs/a runs/b",
            "run bank-slowdown --abort-when up==0 --abort-when up>5 --abort-for 10s",
            "postmortem runs/a --out a.md --force",
            "postmortem",
            "postmortem --check runs/a/postmortem.md --run runs/a -o json",
            "actions",
            "actions runs --prove runs/b --item A1 --author ada -o json",
            "completion bash",
            "service payment --instance payment-1 --controller http://127.0.0.1:1 --token t",
            "service bank --latency 100ms",
            "traffic --controller http://127.0.0.1:1",
            "serve --lab red --dir .firedrill --plan x.json --detach",
            "serve --platform docker --listen 0.0.0.0:7070 --dir /state --guard http://guard:7071 --drill bank-slowdown",
            "guard --spec x.json",
            "guard --platform kubernetes --listen 0.0.0.0:7071",
            "healthcheck http://127.0.0.1:9090/readyz",
            "worker",
        ] {
            let parsed = Cli::try_parse_from(std::iter::once("firedrill").chain(line.split(' ')));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn half_a_command_is_refused() {
        for line in [
            "",
            "policy set --reason x",
            "policy set a=1",
            "fault add --hang",
            "fault add payment-0 --freeze --kill",
            "down --all --lab x",
            "query",
            "query up --metrics queue",
            "requests",
            "requests runs/a --journey chekout",
            "requests runs/a --from soon",
            "journal",
            "query up --at tomorrow",
            "query up --step 5s",
            "watch --queries --every 2s",
            "explain",
            "run x --scale 0",
            "run x --gate --mode practice",
            "run x --threshold goodput",
            "run x --mode exam",
            "incident severity sev0",
            "hint --level most",
            "say x --to everybody",
            "compare",
            "compare a b --author ada",
            "traces 4bf9 --service payment",
            "traces --otlp",
            "review overrule mitigation_speed novice",
            "review self-score framing",
            "review self-score framing 6",
            "postmortem --check --force",
            "postmortem --run runs/a",
            "run x --abort-for 5s",
            "actions --item A1",
            "up --trace-ratio 2",
        ] {
            let words = line.split(' ').filter(|word| !word.is_empty());
            assert!(Cli::try_parse_from(std::iter::once("firedrill").chain(words)).is_err(), "{line}");
        }
    }
}
