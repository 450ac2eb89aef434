//! What is changed of a base recording, in the words of a `case.yaml`. Times are seconds since the start of the run; the
//! picture in `testbed.rs` says what is when.

use std::collections::BTreeMap;

use evidence::{Outcome, Request, Said, kind, requests};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::testbed::{Bed, charge, order};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Change {
    /// All requests fail, and the samples show it.
    Sick { from: f64, to: f64 },
    /// The good answers of a journey become another outcome.
    Answers {
        journey: String,
        from: f64,
        to: f64,
        #[serde(rename = "become")]
        become_: String,
    },
    /// The answers of a journey take so long.
    Slow { journey: String, from: f64, to: f64, ms: u64 },
    /// Requests leave late.
    Late { from: f64, to: f64, ms: u64 },
    /// Of `every` requests one is not sent.
    Unsent { from: f64, to: f64, every: u64 },
    /// Payment has so many workers from now on.
    Workers { at: f64, by: String, workers: u32, reason: String },
    /// Any line of the journal.
    Entry { at: f64, kind: String, by: String, body: Value },
    /// Something said.
    Said { at: f64, by: String, said: Said },
    /// `joined`, `exited`, `scaled_down` of the first instance of a service.
    Process { at: f64, service: String, event: String },
    /// p99 of a service's queue wait.
    Wait { service: String, ms: u64 },
    /// Attempts per call from order to payment.
    Attempts(u64),
    /// A service that was never scraped.
    Unscraped(String),
    /// The p50 that the bank delivered; none at all if not given.
    Delivered(Option<f64>),
    /// The trigger was not fired again.
    NoReplay,
    /// Nobody looked whether the trigger was gone.
    RemovalNotNoted,
    /// What was left; none at all if not given: nobody looked.
    Residue(Option<Vec<String>>),
    /// An order that ends in another state.
    Order { id: String, state: String },
    /// The same for all orders of these numbers.
    Orders { from: u64, to: u64, state: String },
    /// One more charge for an order, known or not.
    Charge { order: String, cents: i64 },
    /// The charge of an order is missing.
    Uncharged { order: String },
    /// A confirmed order was charged another amount.
    Amount { order: String, cents: i64 },
    /// The journal has no list of the services at the start.
    NoServices,
    /// The run has no phases.
    NoPhases,
    /// The journal does not end in a seal.
    Unsealed,
    /// A byte of a file is another one after the sealing.
    Tampered(String),
    /// A file is gone after the sealing.
    Missing(String),
}

fn ms(seconds: f64) -> u64 {
    (seconds * 1e3).round() as u64
}

fn leaked(text: &str) -> &'static str {
    // A test's few words; the bed keeps them as literals.
    Box::leak(text.to_owned().into_boxed_str())
}

fn journey(name: &str) -> u8 {
    let known = requests::JOURNEYS.iter().position(|known| *known == name);
    known.unwrap_or_else(|| panic!("no journey `{name}`")) as u8
}

fn outcome(name: &str) -> Outcome {
    let known = Outcome::ALL.into_iter().find(|outcome| outcome.name() == name);
    known.unwrap_or_else(|| panic!("no outcome `{name}`"))
}

impl Change {
    pub(super) fn apply(&self, mut bed: Bed) -> Bed {
        match self {
            Change::Sick { from, to } => return bed.sick(ms(*from), ms(*to)),
            Change::Answers { journey: name, from, to, become_ } => {
                return bed.outcome(journey(name), outcome(become_), ms(*from), ms(*to));
            }
            Change::Slow { journey: name, from, to, ms: latency } => {
                let number = journey(name);
                each(&mut bed, (*from, *to), |request| {
                    if request.journey == number {
                        request.latency_us = latency * 1_000;
                    }
                });
            }
            Change::Late { from, to, ms: late } => {
                each(&mut bed, (*from, *to), |request| request.lateness_us = late * 1_000);
            }
            Change::Unsent { from, to, every } => bed.requests.retain(|request| {
                !(ms(*from)..ms(*to)).contains(&request.intended_ms())
                    || !request.index.is_multiple_of(*every)
            }),
            Change::Workers { at, by, workers, reason } => {
                let document =
                    json!({"version": 1, "services": {"payment": {"server": {"workers": workers}}}});
                let version = 10 + ms(*at) / 100;
                let body = json!({"version": version, "base": 1, "reason": reason, "document": document});
                return bed.entry(ms(*at), kind::POLICY, leaked(by), body);
            }
            Change::Entry { at, kind, by, body } => {
                return bed.entry(ms(*at), leaked(kind), leaked(by), body.clone());
            }
            Change::Said { at, by, said } => return bed.said(ms(*at), leaked(by), said),
            Change::Process { at, service, event } => {
                let instance = format!("{service}-0");
                let body = json!({"service": service, "instance": instance, "event": event});
                return bed.entry(ms(*at), kind::PROCESS, "controller", body);
            }
            Change::Wait { service, ms } => {
                bed.wait_ms.insert(leaked(service), *ms);
            }
            Change::Attempts(attempts) => bed.attempts_per_call = *attempts,
            Change::Unscraped(service) => bed.unscraped.push(leaked(service)),
            Change::Delivered(ms) => bed.delivered_ms = *ms,
            Change::NoReplay => bed.replay = false,
            Change::RemovalNotNoted => bed.removal_noted = false,
            Change::Residue(items) => bed.residue = items.as_ref().map(|items| json!({ "items": items })),
            Change::Order { id, state } => {
                let orders = bed.ledgers.orders.as_mut().unwrap();
                orders.retain(|known| known.id.as_str() != id);
                orders.push(order(id, state));
            }
            Change::Orders { from, to, state } => {
                let orders = bed.ledgers.orders.as_mut().unwrap().iter_mut();
                let named = |id: &str| id.rsplit('-').next().and_then(|number| number.parse().ok());
                let open =
                    orders.filter(|order| named(&order.id).is_some_and(|n: u64| (*from..*to).contains(&n)));
                open.for_each(|order| order.state = state.as_str().into());
            }
            Change::Charge { order, cents } => {
                let more = evidence::Charge { amount_cents: *cents, ..charge(order) };
                bed.ledgers.charges.as_mut().unwrap().push(more);
            }
            Change::Uncharged { order } => {
                bed.ledgers.charges.as_mut().unwrap().retain(|charge| charge.reference.as_str() != order);
            }
            Change::Amount { order, cents } => {
                let charges = bed.ledgers.charges.as_mut().unwrap().iter_mut();
                charges
                    .filter(|charge| charge.reference.as_str() == order)
                    .for_each(|charge| charge.amount_cents = *cents);
            }
            Change::NoServices => bed.services = json!({}),
            Change::NoPhases => bed.phases.clear(),
            Change::Unsealed => bed.seal.present = false,
            Change::Tampered(_) | Change::Missing(_) => {}
        }
        bed
    }

    /// What is done to the files after they were sealed.
    pub(super) fn tamper(&self, files: &mut BTreeMap<String, Vec<u8>>) {
        match self {
            Change::Tampered(name) => {
                let bytes = files.get_mut(name).unwrap_or_else(|| panic!("no file `{name}`"));
                // White space at the end is read away by most of its readers, and is a change all the same.
                bytes.push(b'\n');
            }
            Change::Missing(name) => {
                files.remove(name).unwrap_or_else(|| panic!("no file `{name}`"));
            }
            _ => {}
        }
    }
}

fn each(bed: &mut Bed, (from, to): (f64, f64), change: impl FnMut(&mut Request)) {
    let span = ms(from)..ms(to);
    bed.requests.iter_mut().filter(|request| span.contains(&request.intended_ms())).for_each(change);
}
