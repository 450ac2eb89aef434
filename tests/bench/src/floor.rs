//! The reference: one message to another process and back over TCP, one at a time. It is the least that a hop can cost on
//! this machine now, and it is measured around every round of everything else.
//!
//! Twice: with both processes on one core, which is the work itself, and each on its own, where every message wakes a
//! core that has gone to sleep. On a virtual machine that wake-up costs many times the work, and a lab at low rates pays
//! it at every hop; a busy machine is spared it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::child::{Child, Kind};
use crate::proc;

/// Long enough for thousands of round trips.
const TIME: Duration = Duration::from_millis(200);
/// Bytes of a message: about a header block and a small body.
const MESSAGE: usize = 256;

/// The peer, kept for all readings; asleep in between.
#[derive(Debug)]
pub(crate) struct Floor {
    peer: Child,
    stream: TcpStream,
}

/// A round trip, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoundTrip {
    pub(crate) wall: f64,
    /// Of both ends together.
    pub(crate) cpu: f64,
}

/// The two floors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) one_core: RoundTrip,
    pub(crate) two_cores: RoundTrip,
}

impl Floor {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let peer = Child::start(Kind::Echo)?;
        let stream = TcpStream::connect(&peer.address)?;
        stream.set_nodelay(true)?;
        Ok(Self { peer, stream })
    }

    /// Reads both. This thread may run anywhere again afterwards.
    pub(crate) fn read(&mut self) -> anyhow::Result<Reading> {
        let anywhere = sched_getaffinity(None)?;
        let reading = self.pinned();
        sched_setaffinity(None, &anywhere)?;
        reading
    }

    fn pinned(&mut self) -> anyhow::Result<Reading> {
        let peer = i32::try_from(self.peer.pid()).ok().and_then(Pid::from_raw);
        let anywhere = sched_getaffinity(None)?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| anywhere.is_set(*core)).collect();
        let (first, last) =
            (cores.first().copied().unwrap_or_default(), cores.last().copied().unwrap_or_default());
        sched_setaffinity(None, &only(first))?;
        sched_setaffinity(peer, &only(first))?;
        let one_core = self.trips()?;
        sched_setaffinity(peer, &only(last))?;
        let two_cores = self.trips()?;
        Ok(Reading { one_core, two_cores })
    }

    fn trips(&mut self) -> anyhow::Result<RoundTrip> {
        let (own, peer) = (proc::own_thread_us(), proc::cpu_us(self.peer.pid()));
        let start = Instant::now();
        let mut message = [7; MESSAGE];
        let mut trips = 0_u32;
        while start.elapsed() < TIME {
            self.stream.write_all(&message)?;
            self.stream.read_exact(&mut message)?;
            trips += 1;
        }
        let trips = f64::from(trips);
        let wall = start.elapsed().as_secs_f64() * 1e6 / trips;
        let used = proc::own_thread_us() - own + proc::cpu_us(self.peer.pid()) - peer;
        Ok(RoundTrip { wall, cpu: used / trips })
    }
}

fn only(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}
