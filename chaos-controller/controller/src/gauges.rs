//! The few figures of a scrape that are looked at while the lab runs: pools, breakers, open orders, and the counters
//! whose growth over a second is a rate. Everything else is only recorded.

use std::collections::BTreeMap;

use evidence::exposition;

use crate::api::{PoolPulse, Pulse};
use crate::lab::Lab;

/// What this process exposes itself: of a fault nothing before everybody may know it.
pub(crate) fn own_metrics(lab: &Lab) -> String {
    let weighed = lab.footprint.now();
    format!(
        "# HELP lab_processes Processes that are joined.\n# TYPE lab_processes gauge\nlab_processes {}\n\
         # HELP lab_resident_memory_bytes Resident memory of the whole lab.\n\
         # TYPE lab_resident_memory_bytes gauge\nlab_resident_memory_bytes {}\n\
         # HELP lab_policy_version Version of the policy in force.\n# TYPE lab_policy_version gauge\n\
         lab_policy_version {}\n\
         # HELP lab_samples_bytes What the live samples weigh.\n# TYPE lab_samples_bytes gauge\nlab_samples_bytes {}\n{}{}",
        lab.directory.counts().values().sum::<u32>(),
        weighed.rss_kib * 1024,
        lab.policy.version(),
        lab.samples.bytes(),
        lab.traces.exposition(),
        lab.open_book.exposition(lab),
    )
}

/// What one instance said in one scrape.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) busy: f64,
    pub(crate) workers: f64,
    pub(crate) queued: f64,
    pub(crate) capacity: f64,
    pub(crate) breakers: Vec<String>,
    /// Orders by the state they are in now.
    pub(crate) open_orders: BTreeMap<String, f64>,
    /// What the generator says it offers, requests per second.
    pub(crate) offered_rate: Option<f64>,
    /// Spans that the process gave up, since its start.
    pub(crate) spans_given_up: f64,
    /// Answers to (Prepare)Checkout, of these 503, of these 504, and answers to Charge: counters.
    pub(crate) answers: Answers,
}

/// Counters since the start of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Answers {
    pub(crate) checkouts: f64,
    pub(crate) unavailable: f64,
    pub(crate) timed_out: f64,
    pub(crate) charges: f64,
}

impl Reading {
    /// Picks the figures out of an exposition.
    pub(crate) fn of(text: &str) -> Self {
        let mut reading = Self::default();
        for (series, value) in exposition::lines(text) {
            // Most lines are histogram buckets; their names end elsewhere.
            if !series.starts_with("lab_") && !series.starts_with("rpc_server_call_duration_seconds_count") {
                continue;
            }
            if let Some((name, labels)) = exposition::parse_series(series) {
                let label =
                    |key: &str| labels.iter().find(|(k, _)| *k == key).map_or("", |(_, v)| v.as_ref());
                reading.take(name, &label, value);
            }
        }
        reading
    }

    fn take<'a>(&mut self, name: &str, label: &impl Fn(&str) -> &'a str, value: f64) {
        match name {
            "lab_workers_busy" => self.busy += value,
            "lab_workers_limit" => self.workers += value,
            "lab_queue_depth" => self.queued += value,
            "lab_spans_dropped_total" => self.spans_given_up += value,
            "lab_queue_capacity" => self.capacity += value,
            "lab_breaker_state" if value > 0.0 && !label("state").eq_ignore_ascii_case("closed") => {
                let method = label("method");
                let dot = if method.is_empty() { "" } else { "." };
                self.breakers.push(format!("{}{dot}{method} {}", label("target"), label("state")));
            }
            "lab_orders_open" => {
                self.open_orders.insert(label("state").to_owned(), value);
            }
            "lab_offered_rate" => self.offered_rate = Some(self.offered_rate.unwrap_or_default() + value),
            "rpc_server_call_duration_seconds_count" => {
                self.answers.take(label("rpc_method"), label("rpc_response_status_code"), value);
            }
            _ => {}
        }
    }
}

impl Answers {
    fn take(&mut self, method: &str, status: &str, value: f64) {
        if method.ends_with("Checkout") {
            self.checkouts += value;
            match status {
                "UNAVAILABLE" | "RESOURCE_EXHAUSTED" | "503" => self.unavailable += value,
                "DEADLINE_EXCEEDED" | "CANCELLED" | "504" => self.timed_out += value,
                _ => {}
            }
        } else if method.ends_with("Charge") && !method.ends_with("GetCharge") {
            self.charges += value;
        }
    }

    /// Growth since `before`; a process that started anew counts from zero.
    fn since(self, before: Self) -> Self {
        let before = if self.checkouts < before.checkouts || self.charges < before.charges {
            Self::default()
        } else {
            before
        };
        Self {
            checkouts: self.checkouts - before.checkouts,
            unavailable: (self.unavailable - before.unavailable).max(0.0),
            timed_out: (self.timed_out - before.timed_out).max(0.0),
            charges: self.charges - before.charges,
        }
    }
}

/// The newest readings of all instances, and the ones before.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    instances: BTreeMap<String, (String, Reading, Answers)>,
    open_orders: BTreeMap<String, u64>,
    /// The orders were told since they were last asked for.
    fresh_orders: bool,
}

impl Gauges {
    /// Spans that the processes gave up since each of them started.
    pub(crate) fn spans_given_up(&self) -> u64 {
        self.instances.values().map(|(_, reading, _)| reading.spans_given_up as u64).sum()
    }

    /// Takes the reading of an instance; `None` when it did not answer.
    pub(crate) fn take(&mut self, service: &str, instance: &str, reading: Option<Reading>) {
        let Some(reading) = reading else {
            self.instances.remove(instance);
            return;
        };
        if service == "order" {
            self.open_orders =
                reading.open_orders.iter().map(|(state, n)| (state.clone(), *n as u64)).collect();
            self.fresh_orders = true;
        }
        let growth = match self.instances.get(instance) {
            Some((_, before, _)) => reading.answers.since(before.answers),
            None => Answers::default(),
        };
        self.instances.insert(instance.to_owned(), (service.to_owned(), reading, growth));
    }

    /// Orders by state, if the order service has told them since this was last asked; terminal states are not among them.
    /// What was told before is no second witness.
    pub(crate) fn fresh_orders(&mut self) -> Option<BTreeMap<String, u64>> {
        std::mem::take(&mut self.fresh_orders).then(|| self.open_orders.clone())
    }

    /// Fills in what the readings say of the last second.
    pub(crate) fn fill(&self, pulse: &mut Pulse) {
        let mut pools: BTreeMap<&str, PoolPulse> = BTreeMap::new();
        let mut growth: BTreeMap<&str, Answers> = BTreeMap::new();
        for (service, reading, grown) in self.instances.values() {
            if reading.workers > 0.0 {
                let pool = pools
                    .entry(service)
                    .or_insert_with(|| PoolPulse { service: service.clone(), ..PoolPulse::default() });
                pool.busy += reading.busy as u64;
                pool.workers += reading.workers as u64;
                pool.queued += reading.queued as u64;
                pool.capacity += reading.capacity as u64;
            }
            pulse.breakers.extend(reading.breakers.iter().map(|breaker| format!("{service}->{breaker}")));
            if let Some(rate) = reading.offered_rate {
                pulse.users.offered += rate.round() as u64;
            }
            let sum = growth.entry(service).or_default();
            sum.checkouts += grown.checkouts;
            sum.unavailable += grown.unavailable;
            sum.timed_out += grown.timed_out;
            sum.charges += grown.charges;
        }
        let of = |service: &str| growth.get(service).copied().unwrap_or_default();
        pulse.order_503 = share(of("order").unavailable, of("order").checkouts);
        pulse.cart_504 = share(of("cart").timed_out, of("cart").checkouts);
        pulse.charges_per_s = of("payment").charges;
        pulse.pools = pools.into_values().collect();
        pulse.unsettled =
            ["pending", "unknown"].iter().filter_map(|state| self.open_orders.get(*state)).sum();
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "lab_workers_busy{pool=\"main\"} 7\nlab_workers_limit{pool=\"main\"} 10\n\
        lab_queue_depth{pool=\"main\"} 3\nlab_queue_capacity{pool=\"main\"} 100\n\
        lab_orders_open{state=\"pending\"} 4\nlab_orders_open{state=\"charging\"} 2\n\
        lab_breaker_state{target=\"payment\",state=\"Open\"} 1\nlab_breaker_state{target=\"payment\",state=\"Closed\"} 0\n";

    fn answers(ok: u32, unavailable: u32) -> String {
        format!(
            "rpc_server_call_duration_seconds_count{{rpc_method=\"Checkout\",rpc_response_status_code=\"OK\"}} {ok}\n\
             rpc_server_call_duration_seconds_count{{rpc_method=\"Checkout\",rpc_response_status_code=\"UNAVAILABLE\"}} {unavailable}\n"
        )
    }

    #[test]
    fn a_pulse_shows_pools_open_orders_and_open_breakers() {
        let mut gauges = Gauges::default();
        gauges.take("order", "order-0", Some(Reading::of(ORDER)));
        let mut pulse = Pulse::default();
        gauges.fill(&mut pulse);
        let pool = &pulse.pools[0];
        assert_eq!((pool.busy, pool.workers, pool.queued, pool.capacity), (7, 10, 3, 100));
        assert_eq!(pulse.unsettled, 4);
        assert_eq!(gauges.fresh_orders().unwrap()["charging"], 2);
        assert_eq!(gauges.fresh_orders(), None, "nothing was told since");
        assert_eq!(pulse.breakers, ["order->payment Open"]);
    }

    #[test]
    fn shares_are_of_the_last_second_and_survive_a_restart() {
        let mut gauges = Gauges::default();
        let mut share = |ok, unavailable| {
            gauges.take("order", "order-0", Some(Reading::of(&answers(ok, unavailable))));
            let mut pulse = Pulse::default();
            gauges.fill(&mut pulse);
            pulse.order_503
        };
        assert_eq!(share(100, 0), 0.0);
        assert_eq!(share(101, 3), 0.75);
        assert_eq!(share(1, 1), 0.5, "a new process counts from zero");
    }
}
