//! From flags to a running process: ports, log, metrics, spans, membership,
//! and the one signal that ends it all.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use prometheus::{IntCounter, IntGauge, Registry};
use proto::control::Hello;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::admin::Admin;
use crate::clock::monotonic_us;
use crate::listen::{ACCEPT_BACKLOG, listen};
use crate::membership::{Instance, Membership, PolicyRevision};
use crate::options::{Identity, Options};
use crate::route::service_url;
use crate::serve::{MAX_CONCURRENT_STREAMS, serve};
use crate::spans::{self, Export, Sampling, Tracer};
use crate::telemetry;
use crate::timer::Timer;

/// The admin port has nothing worth waiting for.
const ADMIN_DRAIN: Duration = Duration::from_millis(100);
/// How long the end of a process may wait for its last spans to be taken.
const LAST_EXPORT: Duration = Duration::from_millis(500);

/// A process of the lab between its start and its end.
///
/// ```text
/// start() -> [add admin routes, take the listener] -> ready() -> ... -> stop
/// ```
pub struct Process {
    /// Who it is.
    pub identity: Identity,
    /// What it was told.
    pub options: Options,
    /// Where its metrics are registered.
    pub registry: Registry,
    /// Cancelled when the process must end; every wait listens to it.
    pub stop: CancellationToken,
    /// Its precise timer.
    pub timer: Timer,
    /// The lab.
    pub membership: Membership,
    /// What it records spans with.
    pub tracer: Tracer,
    /// Which of them leave it.
    pub sampling: Sampling,
    listener: Option<TcpListener>,
    traffic_address: String,
    second_address: String,
    admin_listener: Option<TcpListener>,
    admin_routes: Router,
    export: Option<Export>,
    exporting: Option<JoinHandle<()>>,
}

/// Starts a process of `service`: binds its two ports, starts log, timer and
/// tracer, and listens for SIGTERM and SIGINT. It serves nobody yet.
///
/// # Errors
/// When a port cannot be bound, or a file named on the command line cannot be
/// read or is not what it should be.
pub async fn start(service: &str, mut options: Options) -> anyhow::Result<Process> {
    telemetry::start_log(&options.log);
    options.controller = options.controller.as_deref().map(service_url);
    let identity = Identity::of(service, &options);
    std::fs::create_dir_all(&options.data)
        .with_context(|| format!("failed to create the folder `{}`", options.data.display()))?;
    let registry = Registry::new();
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone())?;
    let listener = listen(options.listen).with_context(|| format!("failed to bind {}", options.listen))?;
    let admin_listener =
        listen(options.admin).with_context(|| format!("failed to bind {}", options.admin))?;
    let membership = Membership::new();
    read_files(&options, &membership)?;
    export_hidden_queues(&registry)?;
    let dropped =
        IntCounter::new("lab_spans_dropped_total", "Spans that the keep rule or a full queue gave up")?;
    registry.register(Box::new(dropped.clone()))?;
    let (tracer, sampling, export) = spans::tracer(&identity, dropped);
    let traffic_address = listener.local_addr()?.to_string();
    Ok(Process {
        identity,
        options,
        registry,
        stop,
        timer: Timer::new().context("failed to start the timer")?,
        membership,
        tracer,
        sampling,
        listener: Some(listener),
        traffic_address,
        second_address: String::new(),
        admin_listener: Some(admin_listener),
        admin_routes: Router::new(),
        export: Some(export),
        exporting: None,
    })
}

impl Process {
    /// The traffic port. Taken once, by whoever serves.
    ///
    /// # Panics
    /// When taken twice.
    pub fn listener(&mut self) -> TcpListener {
        self.listener.take().expect("the traffic port is taken once")
    }

    /// Says that this process serves nobody: its traffic port is given back.
    pub fn serves_nobody(&mut self) {
        self.listener = None;
        self.traffic_address.clear();
    }

    /// Binds a port for a second region of this process, the one after the traffic port if that was chosen, and says
    /// where it is when it joins.
    ///
    /// # Errors
    /// When the port cannot be bound.
    pub fn second_listener(&mut self) -> anyhow::Result<TcpListener> {
        let chosen = self.options.listen.port();
        let beside = SocketAddr::new(self.options.listen.ip(), if chosen == 0 { 0 } else { chosen + 1 });
        let listener = listen(beside).with_context(|| format!("failed to bind {beside}"))?;
        self.second_address = listener.local_addr()?.to_string();
        Ok(listener)
    }

    /// Adds routes to the admin port.
    pub fn admin_routes(&mut self, routes: Router) {
        let own = std::mem::take(&mut self.admin_routes);
        self.admin_routes = own.merge(routes);
    }

    /// Opens the admin port and joins the controller. The process is ready once
    /// it has a policy; without a controller, at once.
    ///
    /// # Errors
    /// When the admin port has gone bad.
    ///
    /// # Panics
    /// When called twice.
    pub fn ready(&mut self) -> anyhow::Result<()> {
        let listener = self.admin_listener.take().expect("a process gets ready once");
        let admin_address = listener.local_addr()?.to_string();
        tracing::info!(
            instance = self.identity.instance,
            traffic = self.traffic_address,
            admin = admin_address,
            "started"
        );
        let admin = Admin { registry: self.registry.clone(), ready: self.readiness() };
        let routes = admin.router(std::mem::take(&mut self.admin_routes));
        tokio::spawn(serve(listener, routes, self.stop.clone(), ADMIN_DRAIN));
        if let Some(export) = self.export.take() {
            let exporting = export.run(self.membership.clone(), self.stop.clone());
            self.exporting = Some(tokio::spawn(exporting));
        }
        self.join(admin_address);
        Ok(())
    }

    fn join(&self, admin_address: String) {
        let Some(url) = self.options.controller.clone() else {
            return;
        };
        let hello = Hello {
            service: self.identity.service.clone(),
            instance: self.identity.instance.clone(),
            traffic_address: self.traffic_address.clone(),
            second_address: self.second_address.clone(),
            admin_address,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started_us: monotonic_us(),
        };
        let membership = self.membership.clone();
        tokio::spawn(membership.keep_joined(url, self.options.token.clone(), hello, self.stop.clone()));
    }

    /// True from the first policy on; from the start without a controller.
    fn readiness(&self) -> Arc<AtomicBool> {
        let ready = Arc::new(AtomicBool::new(self.options.controller.is_none()));
        let told = Arc::clone(&ready);
        let mut policy = self.membership.policy();
        tokio::spawn(async move {
            if policy.wait_for(|policy| policy.version > 0).await.is_ok() {
                told.store(true, Ordering::Relaxed);
            }
        });
        ready
    }

    /// The end: exports the last spans, if anybody still takes them.
    pub async fn finish(mut self) {
        self.stop.cancel();
        if let Some(exporting) = self.exporting.take() {
            let _ = tokio::time::timeout(LAST_EXPORT, exporting).await;
        }
        tracing::info!(instance = self.identity.instance, "stopped");
    }
}

/// SIGTERM is how a platform ends a process, SIGINT how a person does.
fn stop_on_signals(stop: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = stop.cancelled() => {}
        }
        stop.cancel();
    });
    Ok(())
}

/// What a process without a controller is told by files.
fn read_files(options: &Options, membership: &Membership) -> anyhow::Result<()> {
    if let Some(path) = &options.policy {
        let text =
            std::fs::read(path).with_context(|| format!("failed to read the policy `{}`", path.display()))?;
        let document = serde_json::from_slice(&text)
            .with_context(|| format!("the policy `{}` is not JSON", path.display()))?;
        membership.set_policy(PolicyRevision { version: 1, document });
    }
    if let Some(path) = &options.endpoints {
        let text = std::fs::read(path)
            .with_context(|| format!("failed to read the endpoints `{}`", path.display()))?;
        let addresses: BTreeMap<String, Vec<String>> = serde_json::from_slice(&text)
            .with_context(|| format!("the endpoints `{}` are not `{{target: [address]}}`", path.display()))?;
        membership.set_endpoints(addresses.into_iter().map(numbered).collect());
    }
    Ok(())
}

fn numbered((target, addresses): (String, Vec<String>)) -> (String, Vec<Instance>) {
    let instances = addresses
        .into_iter()
        .enumerate()
        .map(|(number, address)| Instance { name: format!("{target}-{number}"), address })
        .collect();
    (target, instances)
}

/// The transport's own queues, for whoever looks for a queue that no pool shows.
fn export_hidden_queues(registry: &Registry) -> anyhow::Result<()> {
    let backlog =
        IntGauge::new("lab_accept_backlog", "Connections the kernel may hold before they are accepted")?;
    backlog.set(i64::from(ACCEPT_BACKLOG));
    registry.register(Box::new(backlog))?;
    let streams =
        IntGauge::new("lab_http2_streams_limit", "Requests that may be open on one HTTP/2 connection")?;
    streams.set(i64::from(MAX_CONCURRENT_STREAMS));
    registry.register(Box::new(streams))?;
    Ok(())
}
