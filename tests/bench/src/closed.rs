//! A closed loop: so many connections, each of which sends its next request when the last one is answered. It finds how
//! much goes through, and says nothing about latency under a load that people bring; that is the open loop's.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::http1::Connection;
use crate::proc;
use harness::stop::Stop;

/// No loop sends more, however fast the other side is.
const MOST: u64 = 200_000;
/// An answer that takes this much longer than the loop is given up.
const GRACE: Duration = Duration::from_secs(5);

/// How a loop is driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drive<'a> {
    pub(crate) address: &'a str,
    pub(crate) connections: usize,
    pub(crate) time: Duration,
    /// The connections begin one after the other over this time, so that they do not go on in step.
    pub(crate) spread: Duration,
    /// The number of the first request.
    pub(crate) first: u64,
}

/// What a loop did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Answers by status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Of each answer, microseconds.
    pub(crate) latencies_us: Vec<f64>,
    pub(crate) seconds: f64,
    /// Of this side, microseconds.
    pub(crate) cpu_us: f64,
    /// The number of the next request.
    pub(crate) next: u64,
}

impl Done {
    pub(crate) fn answers(&self) -> f64 {
        self.latencies_us.len() as f64
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.answers() / self.seconds
    }
}

/// Drives the loop on this thread. Every request that was sent is waited for.
///
/// # Errors
/// When a connection breaks, an answer does not come, or somebody wants this to end.
pub(crate) fn drive(
    drive: Drive<'_>,
    stop: &Stop,
    request: impl Fn(u64) -> Vec<u8> + 'static,
) -> anyhow::Result<Done> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let done = Rc::new(RefCell::new(Done::default()));
    let number = Rc::new(Cell::new(drive.first));
    let request = Rc::new(request);
    let used = proc::own_thread_us();
    let start = Instant::now();
    let end = start + drive.time;
    let all = async {
        let mut tasks = Vec::new();
        for place in 0..drive.connections {
            let (done, number, request) = (Rc::clone(&done), Rc::clone(&number), Rc::clone(&request));
            let (address, stop) = (drive.address.to_owned(), stop.clone());
            let wait = drive.spread.mul_f64(place as f64 / drive.connections as f64);
            tasks.push(tokio::task::spawn_local(async move {
                let mut connection = Connection::open(&address).await?;
                tokio::time::sleep(wait).await;
                while Instant::now() < end && number.get() < drive.first + MOST && !stop.is_asked() {
                    let next = number.replace(number.get() + 1);
                    let (status, took) = connection.exchange(&request(next)).await?;
                    let mut done = done.borrow_mut();
                    *done.statuses.entry(status).or_default() += 1;
                    done.latencies_us.push(took.as_secs_f64() * 1e6);
                }
                Ok::<_, std::io::Error>(())
            }));
        }
        for task in tasks {
            task.await??;
        }
        Ok::<_, anyhow::Error>(())
    };
    let limited = async { tokio::time::timeout(drive.time + GRACE, all).await };
    runtime.block_on(local.run_until(limited))??;
    stop.check()?;
    let mut done = done.take();
    done.seconds = start.elapsed().as_secs_f64();
    done.cpu_us = proc::own_thread_us() - used;
    done.next = number.get();
    Ok(done)
}
