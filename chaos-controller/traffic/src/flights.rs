//! The requests in flight, and whose patience ends next.
//!
//! All users of a load are equally patient, so the order in which they will
//! give up is the order in which they were meant to come: one queue serves
//! thousands of them, where a timer each would cost memory and wake-ups. An
//! entry of a request that has ended stays in the queue until its turn; 24 bytes.

use std::collections::VecDeque;
use std::time::Instant;

use tokio::task::AbortHandle;

use crate::schedule::Arrival;

/// A request in flight.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) arrival: Arrival,
    /// How late it was sent.
    pub(crate) lateness_us: u32,
    /// The load it belongs to; that load may be over.
    pub(crate) generation: u64,
    /// That load's zero, on this process's clock.
    pub(crate) started_us: u64,
    /// When it was meant to be sent.
    pub(crate) intended: Instant,
    /// Ends the task that waits for its answer.
    pub(crate) task: Option<AbortHandle>,
}

/// Names a flight, and never another one in the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlightKey {
    place: u32,
    serial: u32,
}

/// All flights.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    places: Vec<Place>,
    free: Vec<u32>,
    /// By time, earliest first.
    patience: VecDeque<(Instant, FlightKey)>,
}

#[derive(Debug)]
struct Place {
    serial: u32,
    flight: Option<Flight>,
}

impl Flights {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Adds a flight whose user leaves at `gives_up`.
    pub(crate) fn insert(&mut self, flight: Flight, gives_up: Instant) -> FlightKey {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { serial: 0, flight: None });
            u32::try_from(self.places.len() - 1).expect("fewer than four billion requests are in flight")
        });
        let seat = &mut self.places[place as usize];
        seat.serial = seat.serial.wrapping_add(1);
        seat.flight = Some(flight);
        let key = FlightKey { place, serial: seat.serial };
        self.queue(gives_up, key);
        key
    }

    /// Remembers what ends the flight's task.
    pub(crate) fn attach(&mut self, key: FlightKey, task: AbortHandle) {
        if let Some(flight) = self.get_mut(key) {
            flight.task = Some(task);
        }
    }

    /// Takes a flight that has ended; `None` if it has been taken before.
    pub(crate) fn take(&mut self, key: FlightKey) -> Option<Flight> {
        let seat = self.places.get_mut(key.place as usize)?;
        if seat.serial != key.serial {
            return None;
        }
        let flight = seat.flight.take()?;
        self.free.push(key.place);
        Some(flight)
    }

    /// Takes a flight whose user has given up by `now`, the most patient last.
    pub(crate) fn take_expired(&mut self, now: Instant) -> Option<Flight> {
        loop {
            let (gives_up, key) = *self.patience.front()?;
            if gives_up > now {
                return None;
            }
            self.patience.pop_front();
            if let Some(flight) = self.take(key) {
                return Some(flight);
            }
        }
    }

    /// Takes any flight that is left.
    pub(crate) fn take_any(&mut self) -> Option<Flight> {
        loop {
            let (_, key) = self.patience.pop_front()?;
            if let Some(flight) = self.take(key) {
                return Some(flight);
            }
        }
    }

    /// When the next user gives up, if any request is in flight.
    pub(crate) fn next_expiry(&mut self) -> Option<Instant> {
        loop {
            let (gives_up, key) = *self.patience.front()?;
            if self.get_mut(key).is_some() {
                return Some(gives_up);
            }
            self.patience.pop_front();
        }
    }

    fn get_mut(&mut self, key: FlightKey) -> Option<&mut Flight> {
        let seat = self.places.get_mut(key.place as usize)?;
        if seat.serial == key.serial { seat.flight.as_mut() } else { None }
    }

    /// Nearly always the last place; only a new load with shorter patience
    /// overtakes what is still queued of the one before.
    fn queue(&mut self, gives_up: Instant, key: FlightKey) {
        let at = match self.patience.back() {
            Some((last, _)) if *last > gives_up => {
                self.patience.partition_point(|(queued, _)| *queued <= gives_up)
            }
            _ => self.patience.len(),
        };
        self.patience.insert(at, (gives_up, key));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::journey::Journey;

    fn flight(index: u64, intended: Instant) -> Flight {
        let arrival = Arrival { journey: Journey::Home, index, intended_us: 0, user: 1 };
        Flight { arrival, lateness_us: 0, generation: 1, started_us: 0, intended, task: None }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn users_give_up_in_the_order_they_came_and_never_early() {
        let zero = Instant::now();
        let mut flights = Flights::default();
        flights.insert(flight(0, zero), zero + SECOND);
        flights.insert(flight(1, zero), zero + SECOND * 2);
        assert!(flights.take_expired(zero + SECOND / 2).is_none());
        assert_eq!(flights.take_expired(zero + SECOND * 3).unwrap().arrival.index, 0);
        assert_eq!(flights.take_expired(zero + SECOND * 3).unwrap().arrival.index, 1);
        assert_eq!(flights.len(), 0);
    }

    #[test]
    fn who_was_answered_does_not_give_up() {
        let zero = Instant::now();
        let mut flights = Flights::default();
        let answered = flights.insert(flight(0, zero), zero + SECOND);
        flights.insert(flight(1, zero), zero + SECOND * 2);
        assert!(flights.take(answered).is_some());
        assert!(flights.take(answered).is_none());
        assert_eq!(flights.next_expiry(), Some(zero + SECOND * 2));
        assert!(flights.take_expired(zero + SECOND).is_none());
    }

    #[test]
    fn a_key_never_names_who_sits_there_next() {
        let zero = Instant::now();
        let mut flights = Flights::default();
        let first = flights.insert(flight(0, zero), zero + SECOND);
        flights.take(first);
        let second = flights.insert(flight(1, zero), zero + SECOND);
        assert!(flights.take(first).is_none());
        assert_eq!(flights.take(second).unwrap().arrival.index, 1);
    }

    #[test]
    fn a_less_patient_load_overtakes_the_one_before() {
        let zero = Instant::now();
        let mut flights = Flights::default();
        flights.insert(flight(0, zero), zero + SECOND * 10);
        flights.insert(flight(1, zero), zero + SECOND * 11);
        flights.insert(flight(2, zero), zero + SECOND * 2);
        assert_eq!(flights.next_expiry(), Some(zero + SECOND * 2));
        assert_eq!(flights.take_expired(zero + SECOND * 10).unwrap().arrival.index, 2);
        assert_eq!(flights.take_expired(zero + SECOND * 10).unwrap().arrival.index, 0);
        assert!(flights.take_any().is_some());
        assert!(flights.take_any().is_none());
    }
}
