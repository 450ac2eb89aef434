//! Ready time: labs started and ended one after the other, with the load of the drill.

use std::time::Instant;

use crate::bench::Bench;
use crate::figure::Figure;
use crate::shop::Shop;

/// Starts for each round; one is nothing.
const STARTS: usize = 4;

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let (mut ready, mut command, mut end) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds * STARTS {
        let begun = Instant::now();
        let shop = Shop::up(None, &[])?;
        command.push(begun.elapsed().as_secs_f64() * 1e3);
        ready.extend(shop.up["ready_ms"].as_f64());
        let begun = Instant::now();
        drop(shop);
        end.push(begun.elapsed().as_secs_f64() * 1e3);
        bench.floor()?;
    }
    bench.figure(
        Figure::new("ready, as the controller counts it", "ms", ready)
            .design("7-12 for 8 processes without books, policy, journal; target 100, safe 1,000")
            .note("eleven processes, and a checkout, a search and an account answered"),
    );
    bench.figure(Figure::new("`up`, from the shell and back", "ms", command));
    bench.figure(Figure::new("`down`", "ms", end));
    Ok(())
}
