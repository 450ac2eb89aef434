//! The lab's own generator, offered a load by a controller that is just enough of one: it tells the generator whom to
//! call and how often, and takes its request log. So every request is known with its intended time, its lateness and its
//! latency, which no metric tells that finely, and a load may be aimed at whatever speaks HTTP/2.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use harness::Scratch;
use proto::control::control_server::{Control, ControlServer};
use proto::control::from_process::Body as Said;
use proto::control::to_process::Body as Told;
use proto::control::{
    Endpoints, FromProcess, Instance, JourneyRate, Load, LoadStatus, Outcome, RecordReceipt, RequestBatch,
    RequestRecord, Tick, ToProcess, Welcome,
};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};

use crate::proc;
use crate::program::Program;
use harness::stop::Stop;

/// A user waits no longer.
const PATIENCE_MS: u64 = 10_000;
/// Until the generator has joined.
const JOIN: Duration = Duration::from_secs(10);
/// Before figures are taken: connections are opened, code is warm.
const WARM: Duration = Duration::from_secs(1);
/// After a load, for the last records.
const AFTER: Duration = Duration::from_millis(400);

/// The generator process with its controller.
pub(crate) struct Generator {
    process: Program,
    state: Arc<Mutex<State>>,
    /// Dropped, it ends the controller.
    _serving: oneshot::Sender<()>,
}

#[derive(Default)]
struct State {
    orders: Option<mpsc::Sender<Result<ToProcess, Status>>>,
    frontend: String,
    generation: u64,
    records: Vec<RequestRecord>,
    status: LoadStatus,
}

#[derive(Clone)]
struct Controller {
    state: Arc<Mutex<State>>,
    clock: Instant,
}

/// What is offered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) journey: &'static str,
    pub(crate) rate: f64,
    pub(crate) time: Duration,
}

/// What became of a load, its first second left out.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) records: Vec<RequestRecord>,
    /// Of the generator, microseconds a request.
    pub(crate) cpu_us: f64,
}

impl Generator {
    /// Starts the program's generator, aimed at this address.
    pub(crate) fn start(scratch: &Scratch, frontend: &str) -> anyhow::Result<Self> {
        let clock = Instant::now();
        let state = Arc::new(Mutex::new(State { frontend: frontend.to_owned(), ..State::default() }));
        let controller = Controller { state: Arc::clone(&state), clock };
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (serving, over) = oneshot::channel();
        std::thread::spawn(move || serve(controller, listener, over));
        let url = format!("http://{address}");
        let process =
            Program::start(scratch, "generator", &["traffic", "--controller", &url, "--log", "warn"])?;
        let generator = Self { process, state, _serving: serving };
        let start = Instant::now();
        while generator.state().orders.is_none() {
            if start.elapsed() > JOIN {
                bail!("the generator did not join");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(generator)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Offers a load for so long after a second of warming up; readings are taken at both ends of what counts.
    pub(crate) fn offer<T>(
        &self,
        offer: Offer,
        stop: &Stop,
        reading: impl Fn() -> T,
    ) -> anyhow::Result<(Offered, T, T)> {
        let patience_ms = PATIENCE_MS;
        self.load(
            vec![JourneyRate { journey: offer.journey.to_owned(), rate_per_second: offer.rate }],
            patience_ms,
        )?;
        let measured = self.measured(offer, stop, reading);
        self.load(Vec::new(), patience_ms)?;
        let (used, before, after) = measured?;
        // Whoever is still waiting is let finish, so that the next load begins with nothing under way.
        let drained = Instant::now();
        while self.state().status.in_flight > 0 && drained.elapsed() < Duration::from_millis(patience_ms) {
            stop.pause(Duration::from_millis(50))?;
        }
        stop.pause(AFTER)?;
        let counts = |record: &RequestRecord| {
            let at = Duration::from_micros(record.intended_us);
            at >= WARM && at < WARM + offer.time
        };
        let records: Vec<RequestRecord> =
            self.state().records.iter().filter(|r| counts(r)).copied().collect();
        if records.is_empty() {
            bail!("the generator sent nothing");
        }
        Ok((Offered { cpu_us: used / records.len() as f64, records }, before, after))
    }

    fn measured<T>(&self, offer: Offer, stop: &Stop, reading: impl Fn() -> T) -> anyhow::Result<(f64, T, T)> {
        stop.pause(WARM)?;
        let (before, used) = (reading(), proc::cpu_us(self.pid()));
        stop.pause(offer.time)?;
        let used = proc::cpu_us(self.pid()) - used;
        Ok((used, before, reading()))
    }

    /// Replaces the load; none at all if there are no journeys.
    fn load(&self, journeys: Vec<JourneyRate>, patience_ms: u64) -> anyhow::Result<()> {
        let mut state = self.state();
        let generation = if journeys.is_empty() {
            0
        } else {
            state.records.clear();
            state.generation += 1;
            state.generation
        };
        // The seed is part of an order's id: loads of two generators at one lab must not meet in the book.
        let seed = u64::from(self.process.pid());
        let load = Load { generation, seed, journeys, users: 50_000, patience_ms, ..Load::default() };
        let orders = state.orders.as_ref().context("the generator has left")?;
        orders
            .try_send(Ok(ToProcess { body: Some(Told::Load(load)) }))
            .context("the generator does not listen")?;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        held(&self.state)
    }
}

/// Is the controller, until `over`. Nobody asks how it ended: a generator that loses it says so.
fn serve(
    controller: Controller,
    listener: std::net::TcpListener,
    over: oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        let serving = tonic::transport::Server::builder()
            .tcp_nodelay(true)
            .add_service(ControlServer::new(controller))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::select! {
            served = serving => Ok(served?),
            _ = over => Ok(()),
        }
    })
}

fn held(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tonic::async_trait]
impl Control for Controller {
    type JoinStream = ReceiverStream<Result<ToProcess, Status>>;

    async fn join(
        &self,
        request: Request<Streaming<FromProcess>>,
    ) -> Result<Response<Self::JoinStream>, Status> {
        let mut said = request.into_inner();
        let (orders, told) = mpsc::channel(64);
        let clock = self.clock;
        let now = move || u64::try_from(clock.elapsed().as_micros()).unwrap_or(u64::MAX);
        let frontend =
            Instance { name: "frontend-0".to_owned(), address: held(&self.state).frontend.clone() };
        let first = [
            Told::Welcome(Welcome { seed: 1, clock_us: now(), ..Welcome::default() }),
            Told::Endpoints(Endpoints { target: "frontend".to_owned(), instances: vec![frontend] }),
        ];
        for told in first {
            let _ = orders.try_send(Ok(ToProcess { body: Some(told) }));
        }
        held(&self.state).orders = Some(orders.clone());
        let state = Arc::clone(&self.state);
        tokio::spawn(async move {
            while let Ok(Some(message)) = said.message().await {
                match message.body {
                    Some(Said::Heartbeat(beat)) => {
                        let tick = Tick { echo_us: beat.sent_us, clock_us: now() };
                        let _ = orders.try_send(Ok(ToProcess { body: Some(Told::Tick(tick)) }));
                    }
                    Some(Said::Load(status)) => held(&state).status = status,
                    _ => {}
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(told)))
    }

    async fn record_requests(
        &self,
        request: Request<Streaming<RequestBatch>>,
    ) -> Result<Response<RecordReceipt>, Status> {
        let mut batches = request.into_inner();
        let mut taken = 0;
        while let Some(batch) = batches.message().await? {
            let mut state = held(&self.state);
            taken += batch.records.len() as u64;
            if batch.generation == state.generation {
                state.records.extend(batch.records);
            }
        }
        Ok(Response::new(RecordReceipt { records: taken }))
    }
}

impl Offered {
    /// Of the requests that ended well, what is asked for in microseconds; and how many ended otherwise.
    pub(crate) fn good(&self, field: impl Fn(&RequestRecord) -> u32) -> (Vec<f64>, usize) {
        let good = self.records.iter().filter(|record| record.outcome() == Outcome::Ok);
        let values: Vec<f64> = good.map(|record| f64::from(field(record))).collect();
        let bad = self.records.len() - values.len();
        (values, bad)
    }
}
