//! What stands before the queue: shedding by priority, rate limits. Whoever is refused here has cost no worker and no
//! place in the queue, and is told whether to come again.
//!
//! Only the traffic port has a door. Health, metrics and control are on the admin port, and pass no policy.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use opentelemetry::trace::TraceId;
use process::Membership;
use resilience::policy::ServerLayer;
use resilience::policy::topology::ANY;
use resilience::rate_limit::RateLimiter;
use resilience::shed::{Class, Seen, Shedder, Standing, cohort};
use resilience::{Server, Snapshot};
use tokio::time::Instant;
use tonic::Status;

use crate::headers;
use crate::metrics::{POOL, ServerMetrics};
use crate::policy::LivePolicy;
use crate::status;

/// The header that names the user, at the edge.
const USER: &str = "x-user";
/// The same users are not shed for longer than this.
const ROTATION: Duration = Duration::from_secs(3_600);

/// The door of a service.
pub(crate) struct Door {
    /// Whether anything stands here. While nothing does, a request costs one look at this.
    guarded: AtomicBool,
    /// Whether requests are to be stamped, where users come in.
    stamps: AtomicBool,
    /// The lab's seed: cohorts are dealt alike by every instance, and anew in another lab.
    seed: AtomicU64,
    state: Mutex<State>,
    epoch: Instant,
    metrics: ServerMetrics,
}

#[derive(Default)]
struct State {
    layers: Vec<ServerLayer>,
    shedder: Option<Shedder>,
    limiters: BTreeMap<String, RateLimiter>,
}

/// Why somebody does not come in.
#[derive(Debug)]
pub(crate) struct Refused {
    /// On the metric.
    pub(crate) reason: &'static str,
    pub(crate) status: Status,
}

/// A request at the door.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    /// Its method or route.
    pub(crate) class: &'static str,
    pub(crate) standing: Standing,
    pub(crate) trace: TraceId,
}

impl Door {
    /// A door that follows the policy in force.
    pub(crate) fn start(
        policy: &LivePolicy,
        membership: Option<Membership>,
        metrics: ServerMetrics,
    ) -> Arc<Self> {
        let door = Arc::new(Self {
            guarded: AtomicBool::new(false),
            stamps: AtomicBool::new(false),
            seed: AtomicU64::new(0),
            state: Mutex::default(),
            epoch: Instant::now(),
            metrics,
        });
        let configured = Arc::clone(&door);
        policy.on_change(move |policy| {
            let welcome = membership.as_ref().map(Membership::welcome);
            if let Some(welcome) = welcome.and_then(|welcome| welcome.borrow().clone()) {
                configured.seed.store(welcome.seed, Ordering::Relaxed);
            }
            configured.configure(policy);
        });
        door
    }

    /// The standing of a request that comes in where users do: by what it is for and who asks. None while no service
    /// looks at it.
    pub(crate) fn stamp(&self, class: Class, headers: &HeaderMap) -> Option<Standing> {
        if !self.stamps.load(Ordering::Relaxed) {
            return None;
        }
        let user = headers.get(USER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let turn = since.as_secs() / ROTATION.as_secs();
        Some(Standing::new(class, cohort(user, self.seed.load(Ordering::Relaxed).wrapping_add(turn))))
    }

    /// Lets a request pass all that stands here, in the order of the policy.
    ///
    /// # Errors
    /// The first refusal.
    pub(crate) fn admit(&self, arrival: Arrival) -> Result<(), Refused> {
        if !self.guarded.load(Ordering::Relaxed) {
            return Ok(());
        }
        let now = self.epoch.elapsed();
        let state = &mut *self.state();
        state.layers.iter().try_for_each(|layer| match layer {
            ServerLayer::Shed => self.shed(state.shedder.as_mut(), now, arrival),
            ServerLayer::RateLimit => self.limit(&mut state.limiters, now, arrival.class),
        })
    }

    fn shed(&self, shedder: Option<&mut Shedder>, now: Duration, arrival: Arrival) -> Result<(), Refused> {
        let Some(shedder) = shedder else { return Ok(()) };
        // All calls of a request share its trace, so none is let in here whose sister was refused there.
        let draw = arrival.trace.to_bytes()[15];
        let before = shedder.level();
        let admitted = shedder.admits(now, arrival.standing, draw, || self.seen());
        if shedder.level() != before {
            self.metrics.shed_level.with_label_values(&[POOL]).set(shedder.level());
        }
        if admitted {
            return Ok(());
        }
        let status = Status::resource_exhausted("shed: the service is overloaded");
        // A retry would stand where this one stood.
        Err(Refused { reason: "priority", status: status::do_not_retry(status::not_done(status)) })
    }

    /// The pool, as its own metrics have it.
    fn seen(&self) -> Seen {
        Seen {
            started: self.metrics.queue_wait.get_sample_count(),
            waited: self.metrics.queue_wait.get_sample_sum(),
            queued: usize::try_from(self.metrics.depth.get()).unwrap_or(0),
            busy: self.metrics.busy_seconds.get(),
            slots: self.metrics.slots.load(Ordering::Relaxed),
        }
    }

    fn limit(
        &self,
        limiters: &mut BTreeMap<String, RateLimiter>,
        now: Duration,
        class: &'static str,
    ) -> Result<(), Refused> {
        // A request that one of its limits refuses must not have cost the other a token: so first both are asked.
        let mut meets = None;
        for name in [class, ANY] {
            let Some(limiter) = limiters.get_mut(name) else { continue };
            if let Err(wait) = limiter.look(now) {
                self.count_limited(name, "refused");
                return Err(Refused { reason: "rate_limit", status: status::rate_limited(wait) });
            }
            meets = meets.or(Some(name));
        }
        for name in [class, ANY] {
            if let Some(limiter) = limiters.get_mut(name) {
                let taken = limiter.admit(now);
                debug_assert!(taken.is_ok(), "the token that was seen is gone");
            }
        }
        if let Some(name) = meets {
            self.count_limited(name, "admitted");
        }
        Ok(())
    }

    /// Each request once: under the limit that refuses it, else under its method's own, if there is one.
    fn count_limited(&self, name: &str, word: &str) {
        self.metrics.rate_limit.with_label_values(&[POOL, name, word]).inc();
    }

    fn configure(&self, policy: &Snapshot) {
        let server = &policy.server;
        let guarded = server.shed.is_some() || !server.rate_limits.is_empty();
        let now = self.epoch.elapsed();
        let seen = self.seen();
        self.state().configure(server, now, seen);
        if let Some(shedder) = &self.state().shedder {
            self.metrics.shed_level.with_label_values(&[POOL]).set(shedder.level());
        } else {
            let _ = self.metrics.shed_level.remove_label_values(&[POOL]);
        }
        self.guarded.store(guarded, Ordering::Relaxed);
        self.stamps.store(policy.stamps, Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic at the door")
    }
}

impl State {
    fn configure(&mut self, server: &Server, now: Duration, seen: Seen) {
        self.layers.clone_from(&server.layers);
        match (&mut self.shedder, server.shed) {
            (Some(shedder), Some(rules)) => shedder.reconfigure(rules),
            (shedder, rules) => *shedder = rules.map(|rules| Shedder::new(rules, now, seen)),
        }
        self.limiters.retain(|method, _| server.rate_limits.contains_key(method));
        for (method, limit) in &server.rate_limits {
            match self.limiters.get_mut(method) {
                Some(limiter) => limiter.reconfigure(*limit, now),
                None => {
                    self.limiters.insert(method.clone(), RateLimiter::new(*limit, now));
                }
            }
        }
    }
}

/// The standing that a caller gave a request.
pub(crate) fn standing_of(headers: &HeaderMap) -> Option<Standing> {
    headers.get(headers::PRIORITY)?.to_str().ok().and_then(Standing::parse)
}

#[cfg(test)]
mod tests;
