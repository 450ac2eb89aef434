//! Membership of a lab: dial `Control.Join`, say who we are, and from then on
//! be told peers, policy and load whenever they change.
//!
//! When the controller goes away the process keeps what it has and dials on;
//! the lab outlives its controller.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proto::control::control_client::ControlClient;
use proto::control::from_process::Body as Said;
use proto::control::to_process::Body as Told;
use proto::control::{Applied, FromProcess, Heartbeat, Hello, Load, Policy, Tick, ToProcess, Welcome};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Endpoint;

use crate::clock::monotonic_us;
use crate::route::{own_address, reachable};

/// How long to wait before dialling a controller again.
const REDIAL: Duration = Duration::from_millis(250);
/// A name that leads nowhere for so long from the start on will not lead anywhere.
const NAMELESS_FOR: Duration = Duration::from_secs(60);
/// How often to say that we live.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// A start is a busy moment, and the clock offset is as good as its quietest
/// round trip: so many readings are taken at once, this far apart.
const CLOCK_READINGS: u32 = 8;
const FIRST_HEARTBEATS: Duration = Duration::from_millis(100);
/// No message takes so long on its way to a process that reads.
const ANOTHER_CLOCK_US: u64 = 1_000_000;
/// Messages to the controller that may wait. A full box drops a report; the
/// next one says the same more freshly.
const OUTBOX: usize = 64;

/// The instances of every target that this process may call.
pub type Endpoints = BTreeMap<String, Vec<Instance>>;

/// One instance of a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// Such as `payment-0`.
    pub name: String,
    /// `host:port` that it serves on.
    pub address: String,
}

/// A version of the policy document.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyRevision {
    /// Number of the version; 0 before the first.
    pub version: u64,
    /// The whole document.
    pub document: serde_json::Value,
}

/// The lab, as this process is told of it. Cheap to clone.
#[derive(Clone)]
pub struct Membership {
    shared: Arc<Shared>,
}

struct Shared {
    welcome: watch::Sender<Option<Welcome>>,
    endpoints: watch::Sender<Arc<Endpoints>>,
    policy: watch::Sender<Arc<PolicyRevision>>,
    load: watch::Sender<Option<Load>>,
    applied: AtomicU64,
    offset_us: AtomicI64,
    offset_error_us: AtomicU64,
    outbox: Mutex<Option<mpsc::Sender<FromProcess>>>,
}

impl Membership {
    pub(crate) fn new() -> Self {
        let nothing = PolicyRevision { version: 0, document: serde_json::json!({"version": 1}) };
        Self {
            shared: Arc::new(Shared {
                welcome: watch::Sender::new(None),
                endpoints: watch::Sender::new(Arc::default()),
                policy: watch::Sender::new(Arc::new(nothing)),
                load: watch::Sender::new(None),
                applied: AtomicU64::new(0),
                offset_us: AtomicI64::new(0),
                offset_error_us: AtomicU64::new(0),
                outbox: Mutex::new(None),
            }),
        }
    }

    /// Seed, clock and where spans go; `None` until a controller said so.
    #[must_use]
    pub fn welcome(&self) -> watch::Receiver<Option<Welcome>> {
        self.shared.welcome.subscribe()
    }

    /// The peers.
    #[must_use]
    pub fn endpoints(&self) -> watch::Receiver<Arc<Endpoints>> {
        self.shared.endpoints.subscribe()
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> watch::Receiver<Arc<PolicyRevision>> {
        self.shared.policy.subscribe()
    }

    /// The load to offer (only `traffic` listens). Its zero is on our own clock.
    #[must_use]
    pub fn load(&self) -> watch::Receiver<Option<Load>> {
        self.shared.load.subscribe()
    }

    /// Tells the controller which version of the policy now decides here.
    pub fn applied(&self, policy_version: u64) {
        self.shared.applied.store(policy_version, Ordering::Relaxed);
        self.report(Said::Applied(Applied { policy_version }));
    }

    /// Tells the controller something; lost if there is none right now.
    pub fn report(&self, said: Said) {
        let outbox = self.shared.outbox.lock().expect("no panic while the outbox is held");
        if let Some(outbox) = outbox.as_ref() {
            let _ = outbox.try_send(FromProcess { body: Some(said) });
        }
    }

    /// The controller's clock at our own clock's `now_us`, in microseconds.
    #[must_use]
    pub fn controller_clock_us(&self, now_us: u64) -> u64 {
        now_us.saturating_add_signed(self.shared.offset_us.load(Ordering::Relaxed))
    }

    /// Our own clock at the controller's clock's `then_us`, in microseconds.
    fn own_clock_us(&self, then_us: u64) -> u64 {
        then_us.saturating_add_signed(self.shared.offset_us.load(Ordering::Relaxed).saturating_neg())
    }

    pub(crate) fn set_policy(&self, revision: PolicyRevision) {
        self.shared.policy.send_replace(Arc::new(revision));
    }

    pub(crate) fn set_endpoints(&self, endpoints: Endpoints) {
        self.shared.endpoints.send_replace(Arc::new(endpoints));
    }

    /// Joins, and joins again whenever the stream breaks, until `stop`; which it calls if there is no such controller.
    pub(crate) async fn keep_joined(self, url: String, token: String, hello: Hello, stop: CancellationToken) {
        // Until any way to it was found.
        let mut nameless_since = Some(Instant::now());
        loop {
            let joined = self.join_once(&url, &token, hello.clone());
            tokio::select! {
                result = joined => {
                    let nameless = matches!(&result, Err(error) if error.is::<NoSuchHost>());
                    nameless_since = nameless_since.filter(|_| nameless);
                    match result {
                        Ok(()) => tracing::info!("controller closed the stream"),
                        Err(error) => tracing::debug!(error = %error, "not joined"),
                    }
                }
                () = stop.cancelled() => return,
            }
            // A name that never led anywhere: the environment of this process was made before the name was known (a
            // pod that is older than its Service). Whoever starts this process anew gives it another one.
            if nameless_since.is_some_and(|since| since.elapsed() > NAMELESS_FOR) {
                tracing::error!(url, "the controller's name leads nowhere; ending, to be started again");
                stop.cancel();
                return;
            }
            *self.shared.outbox.lock().expect("no panic while the outbox is held") = None;
            tokio::select! {
                () = tokio::time::sleep(REDIAL) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn join_once(&self, url: &str, token: &str, hello: Hello) -> anyhow::Result<()> {
        let hello = reachable_at(hello, url).await?;
        let channel = Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect().await?;
        let (outbox, said) = mpsc::channel(OUTBOX);
        outbox.try_send(FromProcess { body: Some(Said::Hello(hello)) })?;
        outbox.try_send(FromProcess { body: Some(self.heartbeat()) })?;
        let mut request = tonic::Request::new(ReceiverStream::new(said));
        let bearer: MetadataValue<Ascii> = format!("Bearer {token}").parse()?;
        request.metadata_mut().insert("authorization", bearer);
        *self.shared.outbox.lock().expect("no panic while the outbox is held") = Some(outbox.clone());
        let mut told = ControlClient::new(channel).join(request).await?.into_inner();

        let mut beats = 0;
        let mut beat = Instant::now() + FIRST_HEARTBEATS;
        loop {
            tokio::select! {
                message = told.message() => match message? {
                    Some(ToProcess { body: Some(told) }) => self.hear(told),
                    Some(ToProcess { body: None }) => {}
                    None => return Ok(()),
                },
                () = tokio::time::sleep_until(beat) => {
                    self.report(self.heartbeat());
                    beats += 1;
                    beat = Instant::now() + if beats < CLOCK_READINGS { FIRST_HEARTBEATS } else { HEARTBEAT };
                }
            }
        }
    }

    fn heartbeat(&self) -> Said {
        Said::Heartbeat(Heartbeat {
            sent_us: monotonic_us(),
            offset_us: self.shared.offset_us.load(Ordering::Relaxed),
            offset_error_us: self.shared.offset_error_us.load(Ordering::Relaxed),
        })
    }

    fn hear(&self, told: Told) {
        match told {
            Told::Welcome(welcome) => {
                self.hear_clock(welcome.clock_us);
                self.shared.welcome.send_replace(Some(welcome));
                // A new controller does not know what the old one was told.
                let applied = self.shared.applied.load(Ordering::Relaxed);
                if applied > 0 {
                    self.applied(applied);
                }
            }
            Told::Endpoints(endpoints) => self.hear_endpoints(endpoints),
            Told::Policy(policy) => self.hear_policy(&policy),
            Told::Load(mut load) => {
                if load.started_us > 0 {
                    load.started_us = self.own_clock_us(load.started_us);
                }
                self.shared.load.send_replace(Some(load));
            }
            Told::Tick(tick) => self.hear_tick(&tick),
        }
    }

    fn hear_endpoints(&self, endpoints: proto::control::Endpoints) {
        let instances = endpoints
            .instances
            .into_iter()
            .map(|instance| Instance { name: instance.name, address: instance.address })
            .collect();
        self.shared.endpoints.send_modify(|known| {
            Arc::make_mut(known).insert(endpoints.target, instances);
        });
    }

    fn hear_policy(&self, policy: &Policy) {
        match serde_json::from_slice(&policy.document) {
            Ok(document) => self.set_policy(PolicyRevision { version: policy.version, document }),
            Err(error) => {
                tracing::error!(version = policy.version, %error, "the controller sent a policy that is not JSON");
            }
        }
    }

    /// The welcome's clock is off by the way that it took; it serves until the first reading that says by how much. A
    /// controller that has moved to another machine has another clock, and what was read of the old one is worth nothing.
    fn hear_clock(&self, clock_us: u64) {
        let offset = i128::from(clock_us) - i128::from(monotonic_us());
        let offset = i64::try_from(offset).unwrap_or_default();
        let known = self.shared.offset_us.load(Ordering::Relaxed);
        let unread = self.shared.offset_error_us.load(Ordering::Relaxed) == 0;
        if unread || offset.abs_diff(known) > ANOTHER_CLOCK_US {
            self.shared.offset_us.store(offset, Ordering::Relaxed);
            self.shared.offset_error_us.store(0, Ordering::Relaxed);
        }
    }

    /// Cristian's algorithm: the controller's clock was read half a round trip
    /// ago, give or take that half. The best reading (the shortest trip) stays.
    fn hear_tick(&self, tick: &Tick) {
        let now = monotonic_us();
        let half_trip = now.saturating_sub(tick.echo_us) / 2;
        let known = self.shared.offset_error_us.load(Ordering::Relaxed);
        if known != 0 && half_trip > known {
            return;
        }
        let midpoint = tick.echo_us + half_trip;
        let offset = i128::from(tick.clock_us) - i128::from(midpoint);
        let offset = i64::try_from(offset).unwrap_or_default();
        self.shared.offset_us.store(offset, Ordering::Relaxed);
        self.shared.offset_error_us.store(half_trip.max(1), Ordering::Relaxed);
    }
}

/// The controller's host has no address, or there is no way to it.
#[derive(Debug, thiserror::Error)]
#[error("no way to the controller: {0}")]
struct NoSuchHost(#[source] std::io::Error);

/// The addresses of a hello as the others reach them, found anew at each try: they may change, and a name may not be
/// known yet.
async fn reachable_at(hello: Hello, controller: &str) -> anyhow::Result<Hello> {
    let own = own_address(controller).await.map_err(NoSuchHost)?;
    Ok(Hello {
        traffic_address: reachable(&hello.traffic_address, own),
        second_address: reachable(&hello.second_address, own),
        admin_address: reachable(&hello.admin_address, own),
        ..hello
    })
}
