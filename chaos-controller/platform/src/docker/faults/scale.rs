//! `scale`: the service has so many instances and no more, whoever else scales it meanwhile, and as many as before at the
//! end.

use std::time::Duration;

use fault::{Measure, Scale};

use super::site::Site;
use crate::docker::container::{Condition, Container};
use crate::docker::host::Platform;
use crate::guard::faults::Failed;
use crate::guard::host::Boxed;

/// Time to drain for those that go.
const GRACE: Duration = Duration::from_secs(5);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub(super) async fn begin(of: Scale, site: Site) -> Result<Boxed<'static, ()>, Failed> {
    let service = service_of(&site.instances);
    bring(&site.platform, &service, of.to).await?;
    site.tally.hit();
    Ok(Box::pin(watch(of, site, service)))
}

async fn watch(of: Scale, site: Site, service: String) {
    loop {
        let all = site.engine().containers().await.unwrap_or_default();
        let up =
            |container: &&Container| container.service == service && container.condition == Condition::Up;
        let there = all.iter().filter(up).count();
        site.tally.measured(Measure::new("instances", "", f64::from(of.to), there as f64, 0.0));
        if there != of.to as usize
            && let Err(error) = bring(&site.platform, &service, of.to).await
        {
            site.tally.note("problem", error.0);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Brings a service to so many instances.
pub(in crate::docker) async fn bring(platform: &Platform, service: &str, count: u32) -> Result<(), Failed> {
    let brought = platform.bring(service, count, GRACE).await;
    brought.map(drop).map_err(|error| Failed(error.to_string()))
}

/// The service that all of these belong to.
pub(in crate::docker) fn service_of(instances: &[String]) -> String {
    let first = instances.first().map(String::as_str).unwrap_or_default();
    first.rsplit_once('-').map_or(first, |(service, _)| service).to_owned()
}
