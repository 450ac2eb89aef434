//! The generator's state: the load being offered, the requests in flight, and
//! what has ended. It sends what is due when told to look; *when* to look is
//! the pace's business.
//!
//! Open loop: nothing that the shop does or fails to do holds a request back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use process::Endpoints;
use prometheus::Registry;
use proto::control::{Load, LoadStatus, Outcome, RequestBatch, RequestRecord};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::answer::answer;
use crate::connections::Connections;
use crate::course::Course;
use crate::flights::{Flight, FlightKey, Flights};
use crate::journey::Journey;
use crate::log::RequestLog;
use crate::meters::Meters;
use crate::schedule::{Arrival, Schedule};
use crate::summary::{Interval, Summary};

/// How much later than their patience users may leave, so that most leave in
/// the wake-up of another's arrival.
const PATIENCE_SLACK: Duration = Duration::from_millis(1);

/// The generator. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    connections: Connections,
    meters: Meters,
    // Everything runs on one thread; the lock is for the compiler and is never
    // waited for.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What was last asked; asked again (by a controller that has come back),
    /// it is not begun again.
    obeyed: Load,
    course: Option<Course>,
    /// The last word about loads that are over, not yet told.
    over: Vec<LoadStatus>,
    flights: Flights,
    log: RequestLog,
    interval: Interval,
    summary: Summary,
}

impl Engine {
    /// A generator that offers nothing yet.
    ///
    /// # Errors
    /// When its metrics are registered twice.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let shared = Shared {
            connections: Connections::default(),
            meters: Meters::new(registry)?,
            state: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Keeps connections to the frontends that `endpoints` names, until `over`.
    pub fn connect(&self, endpoints: watch::Receiver<Arc<Endpoints>>, over: CancellationToken) {
        tokio::spawn(self.shared.connections.clone().keep(endpoints, over));
    }

    /// Offers this load from now on, and nothing of the one before. Requests in
    /// flight end in their own time. Generation 0 is no load. Under the generation
    /// that is being offered it goes on, with the surges and the share that it has
    /// now.
    pub fn obey(&self, load: &Load) {
        let mut state = self.lock();
        if state.obeyed == *load {
            return;
        }
        if let Some(course) = state.course.as_mut().filter(|course| course.generation == load.generation) {
            match course.change(load) {
                Ok(()) => state.obeyed = load.clone(),
                Err(error) => tracing::error!(generation = load.generation, %error, "surges refused"),
            }
            return;
        }
        state.end_course();
        state.obeyed = load.clone();
        if load.generation == 0 {
            return;
        }
        match Schedule::new(load) {
            Ok(schedule) => state.begin_course(load, schedule),
            Err(error) => tracing::error!(generation = load.generation, error = %error, "load refused"),
        }
    }

    /// Sends every request that is due, lets users go whose patience has ended,
    /// and says when to look again: not before, and never later than needed.
    /// `None` if nothing will happen by itself.
    pub fn advance(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.lock();
        while let Some(flight) = state.flights.take_expired(now) {
            self.give_up(&mut state, flight);
        }
        while let Some(due) = state.course.as_mut().and_then(|course| course.take_due(now)) {
            self.send(&mut state, due);
        }
        let arrival = state.course.as_ref().and_then(Course::next_arrival);
        let departure = state.flights.next_expiry().map(|gives_up| gives_up + PATIENCE_SLACK);
        arrival.into_iter().chain(departure).min()
    }

    /// Stops offering. Requests in flight go on.
    pub fn halt(&self) {
        self.lock().end_course();
    }

    /// Lets go of everybody who is still waiting, as if they had given up: for
    /// the end of the process.
    pub fn abandon(&self) {
        let mut state = self.lock();
        while let Some(flight) = state.flights.take_any() {
            self.give_up(&mut state, flight);
        }
    }

    /// Requests in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.lock().flights.len()
    }

    /// Connections that are up.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.shared.connections.count()
    }

    /// Where the load stands, after the last words of those that are over.
    /// `started_us` is on this process's clock. "Sent" counts attempts: a
    /// frontend that refuses connections is the shop's failure, not ours.
    pub fn statuses(&self) -> Vec<LoadStatus> {
        let mut state = self.lock();
        let mut statuses = std::mem::take(&mut state.over);
        statuses.push(state.status());
        statuses
    }

    /// Ends a metrics interval of so many seconds.
    pub fn close_interval(&self, seconds: f64) {
        let mut state = self.lock();
        let status = state.status();
        let health = state.interval.close(status.offered, seconds);
        self.shared.meters.second(health, status.in_flight, state.log.lost());
    }

    /// Takes the request log's batches. `started_us` is on this process's clock.
    pub fn take_batches(&self) -> Vec<RequestBatch> {
        self.lock().log.take()
    }

    /// So many records have arrived where they belong.
    pub(crate) fn settle(&self, records: usize) {
        self.lock().log.settle(records);
    }

    /// Records that found no room, since the beginning.
    #[must_use]
    pub fn lost_records(&self) -> u64 {
        self.lock().log.lost()
    }

    /// A request has been answered, or its connection has broken.
    pub(crate) fn ended(&self, key: FlightKey, outcome: Outcome) {
        let mut state = self.lock();
        if let Some(flight) = state.flights.take(key) {
            self.record(&mut state, &flight, outcome);
        }
    }

    fn send(&self, state: &mut State, arrival: Arrival) {
        let course = state.course.as_mut().expect("an arrival belongs to the course");
        let intended = course.intended(&arrival);
        let req = course.requests.request(arrival.journey, arrival.index, arrival.user);
        let answered = self.shared.connections.send(req);
        let lateness_us = micros(Instant::now().saturating_duration_since(intended));
        course.sent += 1;
        let flight = Flight {
            arrival,
            lateness_us,
            generation: course.generation,
            started_us: course.started_us,
            intended,
            task: None,
        };
        let gives_up = intended + course.patience;
        state.interval.sent(u64::from(lateness_us));
        let Some(answered) = answered else {
            return self.record(state, &flight, Outcome::Connection);
        };
        let key = state.flights.insert(flight, gives_up);
        // The state is locked until the task is known, so it cannot end before.
        let task = tokio::spawn(answer(self.clone(), key, arrival.journey, answered));
        state.flights.attach(key, task.abort_handle());
    }

    fn give_up(&self, state: &mut State, flight: Flight) {
        if let Some(task) = &flight.task {
            task.abort();
        }
        self.record(state, &flight, Outcome::GaveUp);
    }

    fn record(&self, state: &mut State, flight: &Flight, outcome: Outcome) {
        let latency_us = micros(Instant::now().saturating_duration_since(flight.intended));
        let arrival = flight.arrival;
        self.shared.meters.ended(arrival.journey, outcome, u64::from(latency_us));
        state.summary.ended(arrival.journey, outcome, u64::from(latency_us));
        let record = RequestRecord {
            journey: arrival.journey.index() as u32,
            index: arrival.index,
            intended_us: arrival.intended_us,
            lateness_us: flight.lateness_us,
            latency_us,
            user: arrival.user,
            outcome: outcome.into(),
        };
        state.log.push(flight.generation, flight.started_us, record);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin_course(&mut self, load: &Load, schedule: Schedule) {
        tracing::info!(generation = load.generation, seed = load.seed, "load begins");
        self.summary = Summary::default();
        self.course = Some(Course::begin(load, schedule));
    }

    fn end_course(&mut self) {
        if self.course.is_none() {
            return;
        }
        let status = self.status();
        self.course = None;
        tracing::info!(
            generation = status.generation,
            offered = status.offered,
            sent = status.sent,
            "load ends"
        );
        for journey in Journey::ALL {
            let latencies = self.summary.of(journey);
            tracing::info!(
                generation = status.generation,
                journey = journey.name(),
                ended = latencies.ended(),
                correct = latencies.correct(),
                p50_ms = latencies.quantile_ms(0.5),
                p99_ms = latencies.quantile_ms(0.99),
                "journey"
            );
        }
        self.over.push(status);
    }

    fn status(&self) -> LoadStatus {
        let in_flight = self.flights.len() as u64;
        let status = self.course.as_ref().map(|course| course.status(Instant::now())).unwrap_or_default();
        LoadStatus { in_flight, ..status }
    }
}

/// Whole microseconds; over 71 minutes counts as 71 minutes.
fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
