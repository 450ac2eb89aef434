//! From a checked drill and the choices of a run to its plan: defaults filled in, scale applied.

use std::time::Duration;

use evidence::promql::Query;
use resilience::policy::{self, Span};
use serde::de::DeserializeOwned;

use crate::{
    aftermath::{After, Aftermath},
    check::{
        self, Report,
        candidate::{Ground, steps},
        policy::unknown,
        query::{check_condition_text, scaled},
    },
    condition::{Condition, Guardrail, OwnCriterion, Steady},
    diagnostic::{Finding, Problems},
    file::{
        candidate::{Service, StepFile, Verb},
        condition::GuardrailFile,
        drill::{DrillFile, FaultFile, JourneysFile},
    },
    journey::Journey,
    plan::{
        Action, AgendaItem, Bank, Baseline, CandidatePlan, Fault, Hint, JourneyLoad, Load, Plan, Replay,
        Search, SecondRegion, Step, Thresholds, Windows,
    },
    reading::Folder,
    scale::Scale,
    source::{Choice, Source, Sources},
    tree::{self, Kind, Node},
};

/// Plans one run. Checks the chosen variant and candidate, not the others.
///
/// # Errors
/// Everything that is wrong with the drill, the candidate or the choice.
pub fn plan(sources: &Sources, choice: &Choice) -> Result<Plan, Problems> {
    let mut problems = Problems::default();
    let Some(folder) = Folder::read(&sources.drill, &mut problems) else { return Err(problems) };
    let Some(node) = folder.variant(&choice.variant) else {
        let finding = unknown("variant", &choice.variant, &folder.names());
        problems.add(&sources.drill, 0..0, finding);
        return Err(problems);
    };
    check::drill::check(&mut Report { source: &sources.drill, problems: &mut problems }, &node);
    let drill: Option<DrillFile> = typed(&sources.drill, &node, &mut problems);
    let candidate = match &choice.candidate {
        Some(name) => read_candidate(sources, choice, name, &folder, &node, &mut problems),
        None => None,
    };
    match (drill, problems.is_empty()) {
        (Some(drill), true) => Ok(build(drill, choice, candidate)),
        _ => Err(problems),
    }
}

fn read_candidate(
    sources: &Sources,
    choice: &Choice,
    name: &str,
    folder: &Folder,
    drill: &Node,
    problems: &mut Problems,
) -> Option<CandidatePlan> {
    let Some(source) = sources.candidates.get(name) else {
        let known: Vec<String> = sources.candidates.keys().cloned().collect();
        problems.add(&sources.drill, 0..0, unknown("candidate", name, &known));
        return None;
    };
    let node = tree::parse(source, problems)?;
    let ground = Ground { variant: &choice.variant, drill };
    let sound = problems.is_empty();
    let mut report = Report { source, problems };
    let grounds = if sound { std::slice::from_ref(&ground) } else { &[] };
    check::candidate::check(&mut report, &node, &folder.names(), grounds);
    let mut planned = Vec::new();
    for step in steps(&node, &choice.variant) {
        let step: StepFile = typed(source, step, problems)?;
        let when = match &step.when {
            Some(when) => {
                Some(Condition { promql: query(&when.promql, choice.scale)?, length: when.length.get() })
            }
            None => None,
        };
        let at = step.at.map(Span::get).or(when.is_some().then_some(Duration::ZERO))?;
        planned.push(Step { at, when, action: action(step, choice.scale)? });
    }
    planned.sort_by_key(|step| step.at);
    Some(CandidatePlan { name: name.to_owned(), steps: planned })
}

/// `None` only for a query that the check has refused.
fn query(text: &str, scale: Scale) -> Option<Query> {
    Query::parse(&scaled(text, scale)).ok()
}

/// `None` only for a step that the check has refused.
fn action(step: StepFile, scale: Scale) -> Option<Action> {
    Some(match step.verb {
        Verb::Policy => {
            Action::Policy { patch: policy::scale(&step.patch?, scale.as_f64()), reason: step.reason? }
        }
        Verb::Restart => Action::Restart {
            services: step.services?.into_iter().map(Service::name).map(str::to_owned).collect(),
        },
        Verb::Scale => Action::Scale { service: step.service?.name().to_owned(), instances: step.instances? },
        Verb::DeclareRecovered => Action::DeclareRecovered,
        _ => Action::Said(step.said()?),
    })
}

/// A guardrail that was written beside the drill and not in it, on the command line.
///
/// # Errors
/// Everything that is wrong with the query; its places count within the text.
pub fn guardrail(name: &str, promql: &Source, length: Duration, scale: Scale) -> Result<Guardrail, Problems> {
    let mut problems = Problems::default();
    let node = Node { span: 0..promql.text.len(), kind: Kind::Text(promql.text.clone()) };
    check_condition_text(&mut Report { source: promql, problems: &mut problems }, &node);
    match query(&promql.text, scale) {
        Some(promql) => problems.into_result(Guardrail::Condition { name: name.to_owned(), promql, length }),
        None => Err(problems),
    }
}

/// A checked tree as its type. What serde still refuses is a gap of our schema, and is told so.
fn typed<T: DeserializeOwned>(source: &Source, node: &Node, problems: &mut Problems) -> Option<T> {
    match serde_json::from_value(node.to_value()) {
        Ok(value) => Some(value),
        Err(error) => {
            if problems.is_empty() {
                let at = node.span.start;
                problems.add(source, at..at, Finding::new(error.to_string()));
            }
            None
        }
    }
}

fn build(drill: DrillFile, choice: &Choice, candidate: Option<CandidatePlan>) -> Plan {
    let scale = choice.scale;
    let mut faults: Vec<Fault> = drill
        .timeline
        .into_iter()
        .map(|(id, FaultFile { target, at, length, repeat, spec })| Fault {
            id,
            target,
            at: at.get(),
            length: length.get(),
            repeat,
            spec,
        })
        .collect();
    faults.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
    let recovered = drill.recovered;
    let aftermath = (recovered.after == After::TriggerRemoved).then(|| Aftermath {
        within: recovered.within.unwrap_or(Span::seconds(60)).get(),
        metastable: drill.metastable,
    });
    let plan = Plan {
        drill: drill.name,
        variant: choice.variant.clone(),
        seed: choice.seed.unwrap_or(drill.seed),
        scale,
        mode: choice.mode,
        title: drill.title,
        story: drill.story,
        alert: drill.alert,
        hypothesis: drill.hypothesis,
        blast_radius: drill.blast_radius,
        candidate,
        instances: drill.lab.instances,
        load: Load {
            users: drill.load.users,
            patience: drill.load.patience.get(),
            arrivals: drill.load.arrivals,
            journeys: journeys(drill.load.journeys, scale),
            surge: drill.load.surge,
        },
        bank: Bank {
            latency: drill.bank.latency.get(),
            jitter: drill.bank.jitter,
            lookup_latency: drill.bank.lookup_latency.get(),
            second_region: drill.bank.second_region.map(|second| SecondRegion {
                latency: second.latency.get(),
                lookup_latency: second.lookup_latency.get(),
                fee_cents: second.fee_cents,
            }),
        },
        search: Search { index_latency: drill.search.index_latency.get() },
        policy: policy::scale(&drill.policy, scale.as_f64()),
        safe_bounds: drill.safe_bounds.iter().map(|bound| bound.scaled(scale.as_f64())).collect(),
        baseline: Baseline {
            length: drill.baseline.length.get(),
            proven_for: drill.baseline.proven_for.min(drill.baseline.length).get(),
            goodput: drill.baseline.goodput,
        },
        steady_state: drill
            .steady_state
            .into_iter()
            .filter_map(|steady| Some(Steady { promql: query(&steady.promql, scale)?, name: steady.name }))
            .collect(),
        guardrails: drill
            .guardrails
            .into_iter()
            .filter_map(|guardrail| guardrail_of(guardrail, scale))
            .collect(),
        criteria: drill
            .criteria
            .into_iter()
            .filter_map(|own| {
                let promql = query(&own.promql, scale)?;
                Some(OwnCriterion { promql, name: own.name, during: own.during, required: own.required })
            })
            .collect(),
        faults,
        clear: drill.clear.get(),
        replay: Replay {
            target: drill.replay.target,
            length: drill.replay.length.get(),
            spec: drill.replay.spec,
        },
        settle_limit: drill.settle_limit.get(),
        windows: Windows { count: recovered.windows.count, length: recovered.windows.length.get() },
        hold: recovered.hold.get(),
        aftermath,
        thresholds: Thresholds {
            goodput: recovered.goodput,
            journeys: recovered.journeys,
            doubles_from: recovered.doubles_from,
            queue_wait_p99: recovered.queue_wait_p99.get(),
            amplification: recovered.amplification,
            pending_share: recovered.pending_share,
            pending_grace: recovered.pending_grace.get(),
            dose_share: drill.proof.dose_share,
            dose_abs: drill.proof.dose_abs.get(),
            achieved: drill.proof.achieved,
            lateness_p99: drill.proof.lateness_p99.get(),
        },
        handover: drill.handover.map(Span::get),
        budget: drill.budget.get(),
        required: drill.required.into_iter().map(|criterion| criterion.name().to_owned()).collect(),
        agenda: drill
            .agenda
            .into_iter()
            .map(|item| AgendaItem { name: item.name, length: item.length.get(), prompts: item.prompts })
            .collect(),
        hints: drill.hints.map(|hints| hints.levels().into_iter().map(hint).collect()).unwrap_or_default(),
        rubric: drill.rubric,
        debrief: drill.debrief,
    };
    plan.held_for_a_person()
}

/// `None` only for what the check has refused.
fn guardrail_of(file: GuardrailFile, scale: Scale) -> Option<Guardrail> {
    let GuardrailFile { name, promql, length, error_budget } = file;
    Some(match error_budget {
        Some(error_budget) => Guardrail::Budget { name, error_budget },
        None => Guardrail::Condition { name, promql: query(&promql?, scale)?, length: length.get() },
    })
}

fn hint((level, text): (&str, String)) -> Hint {
    Hint { level: level.to_owned(), text }
}

fn journeys(file: JourneysFile, scale: Scale) -> Vec<JourneyLoad> {
    let listed = [file.home, file.search, file.account, file.prepare_checkout, file.checkout];
    let played = Journey::ALL.into_iter().zip(listed);
    played
        .filter_map(|(journey, played)| Some((journey, played?)))
        .map(|(journey, played)| JourneyLoad {
            journey,
            rate: scale.rate(played.rate),
            slo_latency: played.slo.latency.get(),
            slo_share: played.slo.share,
        })
        .collect()
}
