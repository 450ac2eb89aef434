//! What spans cost: the same saturated load on labs that keep no traces, a tenth, and all.

use std::time::Duration;

use crate::bench::Bench;
use crate::figure::Figure;
use crate::section::saturated::{CONNECTIONS, checkouts};
use crate::shop::{Shop, of_lab};

const FLAG: &str = "--trace-ratio";
const RATIOS: [&str; 3] = ["0", "0.1", "1"];
const WARM: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(3);

pub(super) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let help = std::process::Command::new(harness::program::path()).args(["up", "--help"]).output()?;
    if !String::from_utf8_lossy(&help.stdout).contains(FLAG) {
        bench.note(format!("not measured: `up` has no {FLAG}"));
        return Ok(());
    }
    let mut lab: [Vec<f64>; 3] = Default::default();
    let mut controller: [Vec<f64>; 3] = Default::default();
    let mut rate: [Vec<f64>; 3] = Default::default();
    for _ in 0..bench.rounds {
        for (place, ratio) in RATIOS.into_iter().enumerate() {
            let shop = Shop::up(Some(0), &["--no-load", FLAG, ratio])?;
            let warm = checkouts(bench, &shop, CONNECTIONS, WARM, 0)?;
            let round = checkouts(bench, &shop, CONNECTIONS, TIME, warm.done.next)?;
            let receiver = round.split.get("controller").copied().unwrap_or_default();
            lab[place].push(of_lab(&round.split) - receiver);
            controller[place].push(receiver);
            rate[place].push(round.done.per_second());
            drop(shop);
            bench.floor()?;
        }
    }
    let over: Vec<Vec<f64>> = lab
        .iter()
        .map(|with| with.iter().zip(&lab[0]).map(|(with, without)| with / without).collect())
        .collect();
    for (place, ratio) in RATIOS.into_iter().enumerate() {
        bench.figure(
            Figure::new(format!("CPU of a checkout, {ratio} of traces kept"), "us CPU", lab[place].clone())
                .design(["126 at 0", "132", "158-184"][place]),
        );
        bench.figure(
            Figure::new(
                format!("the same, over none kept in the same round, {ratio}"),
                "x",
                over[place].clone(),
            )
            .design(["1", "1.0-1.05", "1.2-1.46"][place]),
        );
        bench.figure(Figure::new(
            format!("controller, which takes them, {ratio}"),
            "us CPU",
            controller[place].clone(),
        ));
        bench.figure(Figure::new(format!("checkouts, {ratio}"), "/s", rate[place].clone()));
    }
    bench.note("spans are made whatever is kept: what failed or was slow is kept besides, and that is known at the end");
    Ok(())
}
