//! A small recording in memory, for tests: a run of forty seconds whose every part a test can change.
//!
//! ```text
//!  0      5          10         11      16     19      25       28     32        39
//!  |base  |fault     |action    |windows|hold  |       |heal    |replay|settle   |books closed
//!  well    well 1 s, then sick . . well  (recovered)           (never_recovered: sick until the heal, and in the replay)
//! ```

mod rows;

use std::collections::BTreeMap;

use drill::{Journey, Plan};
use evidence::review::{self, Note};
use evidence::traces::Trace;
use evidence::{
    Chain, Entry, Ledgers, Outcome, Recording, Request, RequestWriter, Said, SampleWriter, Samples, Seal,
    kind,
};
use evidence::{journal, recording};
use serde_json::{Value, json};

use crate::case::{Case, SHOP};
use crate::finding::Finding;

pub(crate) use rows::{charge, order, span};

const FAULT: u64 = 5_000;
const HEAL: u64 = 25_000;
const REPLAY: u64 = 28_000;
/// Requests per second of each journey.
const RATE: u64 = 20;

pub(crate) struct Bed {
    pub(crate) requests: Vec<Request>,
    pub(crate) ledgers: Ledgers,
    /// p99 of the queue wait by service; 1 ms if not said.
    pub(crate) wait_ms: BTreeMap<&'static str, u64>,
    pub(crate) unscraped: Vec<&'static str>,
    pub(crate) attempts_per_call: u64,
    pub(crate) replay: bool,
    pub(crate) traces: Vec<Trace>,
    /// What was added after the seal, by whom.
    pub(crate) notes: Vec<(&'static str, Note)>,
    pub(crate) postmortem: Option<String>,
    pub(crate) residue: Option<Value>,
    pub(crate) removal_noted: bool,
    pub(crate) delivered_ms: Option<f64>,
    pub(crate) phases: Vec<(&'static str, u64)>,
    pub(crate) services: Value,
    pub(crate) seal: Seal,
    pub(crate) end: u64,
    pub(crate) heal: u64,
    /// Attempts of each call while the shop is sick, of work that nobody waits for.
    pub(crate) storm: Option<u64>,
    /// Charges that payment answers in a second while the shop is sick; 60 in one that is well.
    pub(crate) charges_when_sick: u64,
    /// Attempts of order at payment that are given up in such a second.
    pub(crate) timeouts_when_sick: u64,
    /// Of payment's calls to the bank, once the shop was sick: so many seconds each.
    pub(crate) bank_seconds: u64,
    /// Worker-seconds of payment after the user's deadline in such a second, where they are counted.
    pub(crate) wasted_when_sick: Option<u64>,
    candidate: &'static str,
    action: Option<u64>,
    ramp_ms: u64,
    plan: Value,
    sick: Vec<(u64, u64)>,
    extra: Vec<(u64, &'static str, &'static str, Value)>,
}

impl Bed {
    /// Sick for five seconds, then well while the bank is slow, and through the replay.
    pub(crate) fn recovered() -> Bed {
        Bed::well("layered", Some(10_000)).sick(6_000, 11_000)
    }

    /// Nobody acts; sick until the bank heals, and again in the replay.
    pub(crate) fn never_recovered() -> Bed {
        Bed::well("nothing", None).sick(6_000, HEAL).sick(28_500, 32_000)
    }

    /// The fault is over after two seconds, the shop is down by itself until three seconds after somebody acts, and again
    /// for a second after the replay.
    pub(crate) fn stormy() -> Bed {
        let mut bed = Bed::well("budget", Some(14_000)).sick(6_000, 17_000).sick(28_500, 33_000);
        (bed.heal, bed.storm) = (7_000, Some(4));
        bed.aftermath(json!({}))
    }

    /// With recovery judged after the trigger, and more of the plan.
    pub(crate) fn aftermath(mut self, more: Value) -> Bed {
        let mut plan = json!({
            "aftermath": {"within": "2s", "metastable": {
                "from": "2s", "to": "7s",
                "goodput": {"journey": "checkout", "below": 0.05},
                "amplification": {"edge": "order->payment", "above": 3.5},
                "busy": {"service": "payment", "above": 0.99},
                "waste": {"service": "payment", "above": 0.9}
            }},
            "faults": [{"id": "slow", "at": "0s", "for": "2s", "spec": {"effect": {"latency": {"fixed": {"value": "3s"}}}}}],
            "windows": {"count": 1, "length": "1s"}, "hold": "1s", "handover": "10s"
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            plan[name] = value.clone();
        }
        for (name, at) in &mut self.phases {
            match *name {
                "handover" => *at = 15_000,
                "recover" => *at = 15_500,
                _ => {}
            }
        }
        self.with_plan(plan)
    }

    /// Well all the time.
    pub(crate) fn well(candidate: &'static str, action: Option<u64>) -> Bed {
        let mut requests = Vec::new();
        for index in 0..RATE * 36 {
            for journey in Journey::ALL {
                requests.push(Request {
                    intended_us: index * 1_000_000 / RATE,
                    journey: journey.index(),
                    index,
                    user: (index * 5 + u64::from(journey.index())) as u32 % 50_000 + 1,
                    lateness_us: 100,
                    latency_us: 20_000,
                    outcome: Outcome::Ok,
                });
            }
        }
        let ids = (0..RATE * 36).map(|index| format!("o1-{index}"));
        let (orders, charges) = ids.map(|id| (order(&id, "confirmed"), charge(&id))).unzip();
        Bed {
            requests,
            ledgers: Ledgers { charges: Some(charges), orders: Some(orders) },
            wait_ms: BTreeMap::new(),
            unscraped: Vec::new(),
            attempts_per_call: 1,
            replay: true,
            traces: Vec::new(),
            notes: Vec::new(),
            postmortem: None,
            residue: Some(json!({"items": []})),
            removal_noted: true,
            delivered_ms: Some(3_000.2),
            phases: vec![
                ("baseline", 0),
                ("inject", FAULT),
                ("handover", 8_000),
                ("recover", 10_000),
                ("clear", HEAL),
                ("replay", REPLAY),
                ("settle", 32_000),
            ],
            services: SHOP
                .iter()
                .map(|service| ((*service).to_owned(), json!(1)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            seal: Seal { present: true, problems: Vec::new() },
            end: 39_000,
            heal: HEAL,
            storm: None,
            charges_when_sick: 20,
            timeouts_when_sick: 0,
            bank_seconds: 0,
            wasted_when_sick: None,
            candidate,
            action,
            ramp_ms: 0,
            plan: Value::Null,
            sick: Vec::new(),
            extra: Vec::new(),
        }
    }

    /// Every request intended in the span is answered 503, and the samples show it.
    pub(crate) fn sick(mut self, from: u64, to: u64) -> Bed {
        self.sick.push((from, to));
        for request in self.requests.iter_mut().filter(|request| (from..to).contains(&request.intended_ms()))
        {
            request.outcome = Outcome::Unavailable;
        }
        self
    }

    /// Sick on, and well from `at` only.
    pub(crate) fn recovering_at(self, at: u64) -> Bed {
        self.sick(11_000, at)
    }

    /// Good answers of a journey become another outcome.
    pub(crate) fn outcome(mut self, journey: u8, outcome: Outcome, from: u64, to: u64) -> Bed {
        let matching = |request: &&mut Request| {
            request.journey == journey
                && request.outcome == Outcome::Ok
                && (from..to).contains(&request.intended_ms())
        };
        self.requests.iter_mut().filter(matching).for_each(|request| request.outcome = outcome);
        self
    }

    /// Fields of the plan besides, or instead of, the usual ones.
    pub(crate) fn with_plan(mut self, fields: Value) -> Bed {
        self.plan = fields;
        self
    }

    /// The same, besides those that were given before.
    pub(crate) fn with_more_plan(mut self, fields: serde_json::Map<String, Value>) -> Bed {
        let mut plan = self.plan.as_object().cloned().unwrap_or_default();
        plan.extend(fields);
        self.plan = plan.into();
        self
    }

    pub(crate) fn with_ramp_ms(mut self, ramp_ms: u64) -> Bed {
        self.ramp_ms = ramp_ms;
        self
    }

    pub(crate) fn entry(mut self, t_ms: u64, kind: &'static str, actor: &'static str, body: Value) -> Bed {
        self.extra.push((t_ms, kind, actor, body));
        self
    }

    /// Somebody puts something on record.
    pub(crate) fn said(self, t_ms: u64, actor: &'static str, said: &Said) -> Bed {
        self.entry(t_ms, kind::ACTION, actor, said.body())
    }

    pub(crate) fn plan(&self) -> Plan {
        let mut spec = json!({"effect": {"latency": {"fixed": {"value": "3s"}}}});
        if self.ramp_ms > 0 {
            spec["ramp"] = json!({"from": "100ms", "over": format!("{}ms", self.ramp_ms)});
        }
        let journeys: Vec<Value> = Journey::ALL
            .iter()
            .map(|journey| json!({"journey": journey.name(), "rate": RATE as f64, "slo_latency": "500ms", "slo_share": 0.99}))
            .collect();
        let mut plan = json!({
            "drill": "bank-slowdown", "variant": "smoke", "seed": 1, "scale": "1", "mode": "gate",
            "title": "", "story": "", "alert": "", "hypothesis": "", "blast_radius": [],
            "candidate": {"name": self.candidate, "steps": []},
            "load": {"users": 50_000, "patience": "2s", "arrivals": "constant", "journeys": journeys},
            "bank": {"latency": "100ms", "jitter": 0.05, "lookup_latency": "10ms"},
            "policy": {"version": 1, "services": {"payment": {"server": {"workers": 20}}}},
            "safe_bounds": [{"path": "services.payment.server.workers", "min": 1.0, "max": 400.0}],
            "baseline": {"for": "5s", "proven_for": "4s", "goodput": 0.99},
            "faults": [{"id": "slow", "at": "0s", "for": "20s", "spec": spec.clone()}],
            "clear": "3s",
            "replay": {"for": "4s", "spec": spec},
            "settle_limit": "10s",
            "windows": {"count": 5, "length": "1s"},
            "hold": "3s",
            "thresholds": {
                "goodput": 0.95, "queue_wait_p99": "100ms", "amplification": 1.05, "pending_share": 0.01,
                "pending_grace": "10s", "dose_share": 0.05, "dose_abs": "2ms", "achieved": 0.99, "lateness_p99": "50ms"
            },
            "handover": null, "budget": "15m",
            "required": ["goodput", "queue_wait", "amplification", "hold", "replay", "safe_bounds", "services", "money", "residue"],
            "agenda": [], "hints": [], "rubric": {}, "debrief": []
        });
        for (name, value) in self.plan.as_object().into_iter().flatten() {
            plan[name] = value.clone();
        }
        serde_json::from_value(plan).unwrap()
    }

    pub(crate) fn recording(&self) -> Recording {
        let journal = self.journal();
        Recording {
            plan_text: serde_json::to_string(&self.plan()).unwrap(),
            head: journal.last().unwrap().hash.clone(),
            review: self.review(journal.last().unwrap()),
            postmortem: self.postmortem.clone(),
            journal,
            samples: self.samples(),
            requests: self.requests.clone(),
            ledgers: self.ledgers.clone(),
            traces: self.traces.clone(),
            seal: self.seal.clone(),
        }
    }

    /// The same as the files of a run's folder, sealed.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::from([
            (recording::PLAN.to_owned(), serde_json::to_vec(&self.plan()).unwrap()),
            (recording::SAMPLES.to_owned(), self.sample_bytes()),
            (recording::REQUESTS.to_owned(), RequestWriter::new().batch(&self.requests)),
            (recording::SPANS.to_owned(), Vec::new()),
        ]);
        if let Some(charges) = &self.ledgers.charges {
            files.insert(recording::CHARGES.to_owned(), lines(charges));
        }
        if let Some(orders) = &self.ledgers.orders {
            files.insert(recording::ORDERS.to_owned(), lines(orders));
        }
        let hashes: BTreeMap<&str, String> =
            files.iter().map(|(name, bytes)| (name.as_str(), journal::digest(bytes))).collect();
        let mut entries = self.journal();
        let mut chain = Chain::resume(entries.last().unwrap());
        if self.seal.present {
            entries.push(chain.append(self.end, kind::SEALED, "controller", json!({"files": hashes})));
        }
        let text: String = entries.iter().map(|entry| entry.line() + "\n").collect();
        files.insert(recording::JOURNAL.to_owned(), text.into_bytes());
        files
    }

    fn review(&self, seal: &Entry) -> Vec<Entry> {
        let mut lines: Vec<Entry> = Vec::new();
        for (actor, note) in &self.notes {
            lines.push(review::next(lines.last().unwrap_or(seal), 60_000, actor, note));
        }
        lines
    }

    fn journal(&self) -> Vec<Entry> {
        let mut lines = vec![(
            0,
            kind::RUN_STARTED,
            "controller",
            json!({"run": "r1", "services": self.services, "wall_unix_ms": 0}),
        )];
        let mut phases = self.phases.clone();
        if !phases.is_empty() {
            phases.push(("reconcile", self.end));
        }
        lines.extend(
            phases.into_iter().map(|(name, t)| (t, kind::PHASE, "controller", json!({"name": name}))),
        );
        let spec = json!({"effect": {"latency": {"fixed": {"value": "3s"}}}, "path": "charge"});
        let mut fault = |id: &str, why: &str, from: u64, to: u64, source: &str| {
            let body = json!({"id": id, "why": why, "target": "bank", "spec": spec});
            lines.push((from, kind::FAULT_INTENT, "controller", body));
            lines.push((from, kind::FAULT_APPLIED, "controller", json!({"id": id})));
            if let Some(delivered) = self.delivered_ms {
                let body = json!({"fault": id, "source": source, "n": 25, "requested_p50_ms": 3_000.0, "delivered_p50_ms": delivered});
                lines.push((from + 3_000, kind::DOSE, "controller", body));
            }
            lines.push((to, kind::FAULT_CLEARED, "controller", json!({"id": id, "reason": "timeline"})));
        };
        fault("slow", "timeline", FAULT, self.heal, "shop");
        if self.replay {
            fault("again", "replay", REPLAY, 32_000, "probe");
        }
        if let Some(t_ms) = self.action {
            let document = json!({"version": 1, "services": {"payment": {"server": {"workers": 20, "queue": {"limit": 10}}}}});
            lines.push((
                t_ms,
                kind::POLICY,
                "script",
                json!({"version": 2, "base": 1, "reason": "survive", "document": document}),
            ));
        }
        if self.removal_noted {
            lines.push((
                33_000,
                kind::PROOF,
                "controller",
                json!({"name": "trigger_removed", "ok": true, "detail": "probes are fast"}),
            ));
        }
        if let Some(residue) = &self.residue {
            lines.push((39_100, kind::RESIDUE, "controller", residue.clone()));
        }
        lines.extend(self.extra.iter().map(|(t, kind, actor, body)| (*t, *kind, *actor, body.clone())));
        lines.sort_by_key(|(t_ms, ..)| *t_ms);
        let mut chain = Chain::new();
        lines.into_iter().map(|(t_ms, kind, actor, body)| chain.append(t_ms, kind, actor, body)).collect()
    }

    fn is_sick(&self, t_ms: u64) -> bool {
        self.sick.iter().any(|(from, to)| (*from..*to).contains(&t_ms))
    }

    fn samples(&self) -> Samples {
        Samples::decode(&self.sample_bytes()).unwrap()
    }

    fn sample_bytes(&self) -> Vec<u8> {
        let mut writer = SampleWriter::new();
        let mut bytes = Vec::new();
        let (mut well, mut sick) = (0u64, 0u64);
        for second in 0..=36u64 {
            let t_ms = second * 1_000;
            if second > 0 {
                *(if self.is_sick(t_ms - 1_000) { &mut sick } else { &mut well }) += 1;
            }
            for service in SHOP.iter().filter(|service| !self.unscraped.contains(service)) {
                let text = self.exposed(service, second, well, sick, self.is_sick(t_ms));
                bytes.extend(writer.scrape(t_ms, service, &format!("{service}-0"), &text));
            }
        }
        bytes
    }

    fn exposed(&self, service: &str, second: u64, well: u64, sick: u64, now_sick: bool) -> String {
        let mut text = String::new();
        let wait = self.wait_ms.get(service).copied().unwrap_or(1);
        for (bound, ms) in [("0.005", 5), ("0.1", 100), ("0.5", 500), ("+Inf", u64::MAX)] {
            let count = if wait <= ms { second * 50 } else { 0 };
            text += &format!("lab_queue_wait_seconds_bucket{{pool=\"main\",le=\"{bound}\"}} {count}\n");
        }
        let mut replies = |method: &str, code: &str, count: u64| {
            let labels = format!("rpc_method=\"{method}\",rpc_response_status_code=\"{code}\"");
            text += &format!("rpc_server_call_duration_seconds_count{{{labels}}} {count}\n");
            text += &format!("rpc_server_call_duration_seconds_sum{{{labels}}} {}\n", count as f64 * 0.1);
        };
        match service {
            "payment" => replies("Charge", "OK", well * 60 + sick * self.charges_when_sick),
            "order" => {
                replies("Checkout", "OK", well * 20);
                replies("Checkout", "RESOURCE_EXHAUSTED", sick * 20);
            }
            "cart" => {
                replies("Checkout", "OK", well * 20);
                replies("Checkout", "DEADLINE_EXCEEDED", sick * 20);
            }
            _ => {}
        }
        if service == "payment" {
            let (busy, queued) = if now_sick { (20, 80) } else { (6, 0) };
            text +=
                &format!("lab_workers_busy{{pool=\"main\"}} {busy}\nlab_workers_limit{{pool=\"main\"}} 20\n");
            text += &format!("lab_queue_depth{{pool=\"main\"}} {queued}\n");
            for (bound, seconds) in [("0.5", 1), ("5", 5), ("60", 60)] {
                let count = well * 60 + if self.bank_seconds < seconds { sick * 20 } else { 0 };
                text += &format!(
                    "lab_client_call_duration_seconds_bucket{{target=\"bank\",method=\"charge\",outcome=\"ok\",le=\"{bound}\"}} {count}\n"
                );
            }
            if let Some(wasted) = self.wasted_when_sick {
                text += &format!("lab_wasted_work_seconds_total{{pool=\"main\"}} {}\n", sick * wasted);
            }
            if self.storm.is_some() {
                let busy = well * 6 + sick * 20;
                text += &format!("lab_workers_busy_seconds_total{{pool=\"main\"}} {busy}\n");
                text += &format!("lab_abandoned_total{{pool=\"main\"}} {}\n", sick * 20);
            }
        }
        if service == "order" {
            let calls = second * 50;
            let attempts =
                well * 50 * self.attempts_per_call + sick * 50 * self.storm.unwrap_or(self.attempts_per_call);
            let edge = "target=\"payment\",method=\"Charge\",outcome=\"ok\"";
            text += &format!("lab_client_calls_total{{{edge}}} {calls}\n");
            text += &format!("lab_client_attempts_total{{{edge}}} {attempts}\n");
            if self.timeouts_when_sick > 0 {
                let edge = "target=\"payment\",method=\"Charge\",outcome=\"timeout\"";
                text += &format!("lab_client_attempts_total{{{edge}}} {}\n", sick * self.timeouts_when_sick);
            }
        }
        text
    }
}

fn lines<T: serde::Serialize>(rows: &[T]) -> Vec<u8> {
    let text: String = rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect();
    text.into_bytes()
}

/// Judges one criterion or proof of a bed.
pub(crate) fn judge(bed: &Bed, judge: fn(&Case<'_>) -> Finding) -> Finding {
    let recording = bed.recording();
    judge(&Case::new(&recording, bed.plan()))
}
