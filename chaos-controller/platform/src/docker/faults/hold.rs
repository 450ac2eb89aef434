//! What `freeze`, `stop` and `disconnect` have in common: a state that a container is brought into and kept in until the
//! fault ends. The dose is the time that it was in it, of the time that it was to be.

use std::time::{Duration, Instant};

use fault::Measure;
use futures_util::future::{join_all, try_join_all};

use super::site::{Site, answers};
use crate::docker::container::Container;
use crate::docker::engine::Engine;
use crate::guard::faults::{Failed, millis};
use crate::guard::host::Boxed;

/// Between two looks: also how long somebody's undoing can last.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Between two questions to a process that is to be silent. Each one waits in its door until it can answer again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// A look can miss the moment in which somebody undid it, and take as long as an engine that has other work.
const MISSED: Duration = Duration::from_millis(250);

/// A state to be kept in.
pub(super) trait Hold: Send + Sync + 'static {
    /// What is measured, such as `time paused`.
    const OF: &'static str;

    /// Brings it about.
    fn strike<'a>(&'a self, engine: &'a Engine, container: &'a Container) -> Boxed<'a, Result<(), Failed>>;

    /// Whether the engine says that it is so.
    fn holds(&self, container: &Container) -> bool;

    /// Whether the one that is there now is meant, too: the one that was struck, perhaps started again since.
    fn means(&self, struck: &Container, now: &Container) -> bool;

    /// Whether nobody must answer at its address: the engine's word is not enough where there is an address to ask.
    fn silences(&self) -> bool;
}

/// Strikes those that live.
pub(super) async fn begin(hold: impl Hold, site: Site) -> Result<Boxed<'static, ()>, Failed> {
    let mut struck = site.containers().await?;
    struck.retain(Container::lives);
    try_join_all(struck.iter().map(|container| hold.strike(site.engine(), container))).await?;
    struck.iter().for_each(|_| site.tally.hit());
    Ok(Box::pin(keep(hold, site, struck)))
}

async fn keep(hold: impl Hold, site: Site, struck: Vec<Container>) {
    let (mut requested, mut delivered) = (Duration::ZERO, Duration::ZERO);
    let mut before = Instant::now();
    let mut asked: Option<Instant> = None;
    let mut answered = vec![false; struck.len()];
    loop {
        if hold.silences() && asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN) {
            asked = Some(Instant::now());
            answered = ask(&site, &struck).await;
            site.tally.note("answering", answered.iter().filter(|answered| **answered).count());
        }
        let looks = join_all(struck.iter().map(|container| site.engine().look(&container.id))).await;
        let passed = before.elapsed();
        before = Instant::now();
        for ((struck, now), answered) in struck.iter().zip(looks).zip(&answered) {
            let Ok(Some(now)) = now else { continue };
            if !hold.means(struck, &now) {
                continue;
            }
            requested += passed;
            if !hold.holds(&now) {
                if let Err(error) = hold.strike(site.engine(), &now).await {
                    site.tally.note("problem", error.0);
                }
            } else if !answered {
                delivered += passed;
            }
        }
        let tolerance = millis(MISSED) * struck.len() as f64 + millis(requested) * 0.05;
        site.tally.measured(Measure::new(of(&hold), "ms", millis(requested), millis(delivered), tolerance));
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Who of them answers. An address that is free may have been given to another container, whose answer is its own.
async fn ask(site: &Site, struck: &[Container]) -> Vec<bool> {
    let all = site.engine().containers().await.unwrap_or_default();
    let asks = struck.iter().map(|container| async {
        let Some(address) = &container.address else { return false };
        let another =
            all.iter().any(|other| other.id != container.id && other.address.as_ref() == Some(address));
        !another && answers(address).await
    });
    join_all(asks).await
}

fn of<H: Hold>(_: &H) -> &'static str {
    H::OF
}
