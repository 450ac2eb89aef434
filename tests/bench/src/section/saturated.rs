//! How many checkouts go through, and what each costs, when nothing but the shop itself holds them back. The client is
//! this process, on the same cores. Afterwards the books must hold every order that was answered as paid.

use std::time::Duration;

use serde_json::json;

use crate::bench::Bench;
use crate::closed::{Done, Drive, drive};
use crate::figure::{Figure, quantile};
use crate::proc::Split;
use crate::shop::{Shop, of_lab, told};
use crate::{http1, machine};

/// As the prototype was measured.
pub(super) const CONNECTIONS: usize = 64;
/// With few connections the requests move in step, and one process is waited for by all.
const MANY: usize = 256;
const WARM: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(5);
/// Users who come again and again; the drill's number.
const USERS: u64 = 50_000;
/// Hops of a checkout: frontend, cart, order, inventory, payment, bank.
pub(super) const HOPS: f64 = 6.0;

/// One round.
pub(super) struct Round {
    pub(super) done: Done,
    /// Microseconds a checkout.
    pub(super) split: Split,
    /// Cores that neither the lab nor the client used.
    pub(super) others: f64,
}

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let shop = Shop::up(Some(0), &["--no-load"])?;
    let mut paid = checkouts(bench, &shop, CONNECTIONS, WARM, 0)?.done.next;
    for connections in [CONNECTIONS, MANY] {
        let mut rounds = Vec::new();
        for _ in 0..bench.rounds {
            let round = checkouts(bench, &shop, connections, TIME, paid)?;
            paid = round.done.next;
            let rate = round.done.per_second();
            bench.say(&format!("  {connections}: {rate:.0}/s; {}", told(&round.split, 1.0)));
            rounds.push(round);
            bench.floor()?;
        }
        tell(bench, connections, &rounds);
    }
    let books = shop.audit(paid)?;
    bench.note(format!("books: {books}"));
    Ok(())
}

fn tell(bench: &mut Bench, connections: usize, rounds: &[Round]) {
    let of = |value: fn(&Round) -> f64| rounds.iter().map(value).collect::<Vec<_>>();
    let named = |what: &str| format!("{connections} connections: {what}");
    bench.figure(
        Figure::new(named("checkouts"), "/s", of(|round| round.done.per_second()))
            .design("4,000 asked; prototype without books, policy, log 9,200-11,100")
            .note("client on the same cores"),
    );
    bench.figure(
        Figure::new(named("CPU of a checkout, lab"), "us CPU", of(|round| of_lab(&round.split)))
            .design("132 (prototype, 64)"),
    );
    bench.figure(
        Figure::new(named("CPU of a hop"), "us CPU", of(|round| of_lab(&round.split) / HOPS))
            .design("15-16 (prototype); safe 40"),
    );
    bench.figure(Figure::new(
        named("CPU of a checkout, client"),
        "us CPU",
        of(|round| round.done.cpu_us / round.done.answers()),
    ));
    for (name, share) in [("latency p50", 0.5), ("latency p99", 0.99)] {
        let values = rounds.iter().map(|round| quantile(&round.done.latencies_us, share) / 1e3).collect();
        bench.figure(Figure::new(named(name), "ms", values));
    }
    bench.figure(Figure::new(named("used by others meanwhile"), "cores", of(|round| round.others)));
    let splits: Vec<&Split> = rounds.iter().map(|round| &round.split).collect();
    bench.split(named("us CPU a checkout, by process, each round"), json!(splits));
    if let Some(last) = splits.last() {
        bench.note(named(&format!("by process, us a checkout, last round: {}", told(last, 0.5))));
    }
}

/// Checks out as often as goes through; every one must be answered as paid.
pub(super) fn checkouts(
    bench: &Bench,
    shop: &Shop,
    connections: usize,
    time: Duration,
    first: u64,
) -> anyhow::Result<Round> {
    let frontend = shop.frontend();
    let lab = shop.site.lab.clone();
    let (before, busy) = (shop.cpu(), machine::busy_us());
    let done = drive(
        Drive { address: &frontend, connections, time, spread: Duration::ZERO, first },
        &bench.stop,
        move |number| {
            let headers = format!("x-user: u{}\r\nx-order-id: s-{lab}-{number}\r\n", number % USERS);
            http1::post("/api/checkout", &headers, "{}")
        },
    )?;
    let split = shop.cpu().since(&before, done.answers());
    let used = of_lab(&split) * done.answers() + done.cpu_us;
    let others = (machine::busy_us() - busy - used) / 1e6 / done.seconds;
    anyhow::ensure!(
        done.statuses.keys().all(|status| *status == 200),
        "not every checkout was paid: {:?}",
        done.statuses
    );
    Ok(Round { split, others, done })
}
