//! A worker of the guard: a process that does nothing but use up what its neighbours need, for as
//! long as the guard wants it to. It is told what over its standard input, never on its command
//! line, and ends when that closes: with the guard, whatever became of it.

use std::io::{BufRead as _, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fault::{CpuBurn, MemoryGrowth};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::affinity;

/// What a worker is told, as one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Work {
    /// Burn a share of these processors.
    Burn { of: CpuBurn, processors: Vec<usize> },
    /// Hold memory that grows.
    Hold { of: MemoryGrowth },
}

/// Between two looks at the clocks while burning. Short against a scheduler's turn.
const SPIN: Duration = Duration::from_micros(500);
/// What is owed is made up for within this; a debt from before is forgiven, or a worker that was
/// starved itself would take everything afterwards.
const WINDOW: Duration = Duration::from_secs(1);
/// Memory grows in steps of a page's multiple, so often.
const STEP: Duration = Duration::from_millis(20);

/// Says that it is there, takes its one order, and works until its input closes.
///
/// # Errors
/// When the order cannot be read or what it needs cannot be had.
pub fn run() -> std::io::Result<()> {
    std::io::stdout().lock().write_all(b"\n")?;
    std::io::stdout().flush()?;
    let mut order = String::new();
    std::io::stdin().lock().read_line(&mut order)?;
    if order.is_empty() {
        return Ok(());
    }
    match serde_json::from_str(&order)? {
        Work::Burn { of, processors } => {
            affinity::confine(std::process::id(), &processors)?;
            let start = Instant::now();
            let window = std::sync::Arc::new(Mutex::new((Duration::ZERO, burned())));
            for _ in 0..of.threads_per_core() * of.cores {
                let window = std::sync::Arc::clone(&window);
                std::thread::spawn(move || burn(of, start, &window));
            }
        }
        Work::Hold { of } => {
            std::thread::spawn(move || hold(of));
        }
    }
    // Until nobody holds the other end.
    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
    Ok(())
}

/// Burns while less was burned, by all threads together, than is due.
fn burn(of: CpuBurn, start: Instant, window: &Mutex<(Duration, Duration)>) {
    loop {
        let (now, spent) = (start.elapsed(), burned());
        let due = {
            let mut window = window.lock().expect("no code panics while it holds the window");
            if now >= window.0 + WINDOW {
                *window = (now, spent);
            }
            window.1 + of.goal(now.saturating_sub(window.0))
        };
        if spent >= due && of.share < 1.0 {
            std::thread::sleep(SPIN);
            continue;
        }
        let begun = Instant::now();
        while begun.elapsed() < SPIN {
            std::hint::spin_loop();
        }
    }
}

/// Processor time of this process so far.
fn burned() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn hold(of: MemoryGrowth) {
    let start = Instant::now();
    let mut held: Vec<Vec<u8>> = Vec::new();
    let mut bytes = 0;
    while bytes < of.to.0 {
        let missing = of.goal(start.elapsed()).0.saturating_sub(bytes);
        if missing > 0 {
            // Written to, or the kernel would only promise it.
            held.push(vec![1; usize::try_from(missing).unwrap_or(usize::MAX)]);
            bytes += missing;
        }
        std::thread::sleep(STEP);
    }
    loop {
        std::hint::black_box(&held);
        std::thread::park();
    }
}
