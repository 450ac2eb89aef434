//! Where one fault acts, and how it looks there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hyper::Method;

use crate::docker::container::Container;
use crate::docker::engine::Engine;
use crate::docker::host::Platform;
use crate::guard::faults::{Failed, Tally};
use crate::http::Client;

/// Every process's admin port, in its container.
const ADMIN: u16 = 9090;
/// On the network of one machine nothing is as slow as this.
const SILENT_AFTER: Duration = Duration::from_millis(100);

/// The place of one fault.
pub(in crate::docker) struct Site {
    pub(in crate::docker) platform: Arc<Platform>,
    /// Those that there were when it was applied.
    pub(in crate::docker) instances: Vec<String>,
    pub(in crate::docker) applied: Instant,
    pub(in crate::docker) tally: Tally,
}

impl Site {
    pub(super) fn engine(&self) -> &Engine {
        &self.platform.engine
    }

    /// Its containers as they are now.
    pub(super) async fn containers(&self) -> Result<Vec<Container>, Failed> {
        let looks = join_all(self.instances.iter().map(|instance| self.engine().of(instance))).await;
        let found: Result<Vec<Option<Container>>, Failed> = looks.into_iter().collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// The same, where a look that fails is told and tried again later.
    pub(super) async fn look(&self) -> Vec<Container> {
        self.containers().await.unwrap_or_else(|error| {
            self.tally.note("problem", error.0);
            Vec::new()
        })
    }
}

/// Whether a process answers on its admin port.
pub(super) async fn answers(address: &str) -> bool {
    let client = Client::new(&format!("http://{address}:{ADMIN}"), "").patient(SILENT_AFTER);
    client.send(Method::GET, "/healthz", None).await.is_ok()
}
