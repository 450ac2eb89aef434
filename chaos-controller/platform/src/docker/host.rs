//! The containers of a lab as a guard's host: who is there, restarted, scaled, signalled.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};

use super::book::Book;
use super::container::{Condition, Container, Name};
use super::copy::copy;
use super::engine::Engine;
use super::faults::revive;
use super::weigh::{Scales, Weight};
use crate::guard::faults::Failed;
use crate::guard::heard::Heard;
use crate::guard::host::{Boxed, Host, HostError, Unknown};
use crate::proc;
use crate::spec::{ProcessState, SignalName};

/// An engine tells nothing of a container that it is just starting or stopping.
const BUSY_AFTER: Duration = Duration::from_millis(500);

/// One lab on one engine.
pub(super) struct Platform {
    pub(super) engine: Arc<Engine>,
    pub(super) book: Arc<Book>,
    scales: Scales,
    starts: Mutex<BTreeMap<String, Starts>>,
    /// Held while a service is brought to another number: two at once would make the same instance twice.
    bringing: tokio::sync::Mutex<()>,
    seen: Mutex<BTreeMap<String, Container>>,
    heard: Heard,
}

/// The engine forgets how often it restarted a container as soon as somebody starts it by hand; this does not.
#[derive(Clone, Copy, Default)]
struct Starts {
    pid: i64,
    again: u32,
}

impl Platform {
    pub(super) fn new(engine: Engine, book: Book, silence: Duration) -> Self {
        Self {
            engine: Arc::new(engine),
            book: Arc::new(book),
            scales: Scales::default(),
            starts: Mutex::default(),
            bringing: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
            heard: Heard::new(silence),
        }
    }

    /// The containers of services and instances by name, also those that are down.
    pub(super) async fn find(&self, targets: &[String]) -> Result<Vec<Container>, HostError> {
        let names = self.names(targets).await?;
        let looks = join_all(names.iter().map(|name| self.engine.look(&name.id))).await;
        let found: Result<Vec<Option<Container>>, Failed> = looks.into_iter().collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// The same by their names alone.
    pub(super) async fn names(&self, targets: &[String]) -> Result<Vec<Name>, HostError> {
        let all = self.engine.names().await?;
        let is = |name: &Name, target: &String| name.instance == *target || name.service == *target;
        for target in targets {
            if !all.iter().any(|name| is(name, target)) {
                let known: Vec<&str> = all.iter().map(|name| name.instance.as_str()).collect();
                return Err(Unknown { name: target.clone(), known: known.join(", ") }.into());
            }
        }
        Ok(all.into_iter().filter(|name| targets.iter().any(|target| is(name, target))).collect())
    }

    /// Everybody as they are now; of one that the engine is busy with, as it was when it was last seen.
    async fn everybody(&self) -> Result<Vec<Container>, Failed> {
        let names = self.engine.names().await?;
        let looks = names.iter().map(|name| tokio::time::timeout(BUSY_AFTER, self.engine.look(&name.id)));
        let looks = join_all(looks).await;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|id, _| names.iter().any(|name| name.id == *id));
        for look in looks {
            if let Ok(Ok(Some(container))) = look {
                seen.insert(container.id.clone(), container);
            }
        }
        Ok(names.iter().filter_map(|name| seen.get(&name.id).cloned()).collect())
    }

    /// Those of a service that it is meant to have, and those that were scaled away and can come back.
    async fn shares(&self, service: &str) -> Result<(Vec<Container>, Vec<Container>), HostError> {
        let mut all = self.find(&[service.to_owned()]).await?;
        all.sort_by_key(Container::number);
        Ok(all.into_iter().partition(|container| !self.book.is_parked(&container.instance)))
    }

    /// How many instances a service is meant to have now.
    pub(super) async fn count(&self, service: &str) -> Result<u32, HostError> {
        let (there, _) = self.shares(service).await?;
        Ok(u32::try_from(there.len()).unwrap_or(u32::MAX))
    }

    /// The lowest free numbers come, the highest go. The first is Compose's and is only stopped; copies are removed.
    pub(super) async fn bring(
        &self,
        service: &str,
        count: u32,
        grace: Duration,
    ) -> Result<Vec<String>, HostError> {
        let _alone = self.bringing.lock().await;
        let (mut there, parked) = self.shares(service).await?;
        let first = there.iter().chain(&parked).find(|container| container.number() == Some(0)).cloned();
        let leaving = there.split_off(there.len().min(count as usize));
        try_join_all(leaving.iter().map(|container| self.send_away(container, grace))).await?;
        let mut names: Vec<String> = there.iter().map(|container| container.instance.clone()).collect();
        for number in 0.. {
            if names.len() >= count as usize {
                break;
            }
            let instance = format!("{service}-{number}");
            if names.contains(&instance) {
                continue;
            }
            match parked.iter().find(|container| container.instance == instance) {
                Some(container) => {
                    self.book.unpark(&instance)?;
                    self.engine.start(&container.id).await?;
                }
                None => self.add(first.as_ref(), service, number).await?,
            }
            names.push(instance);
        }
        Ok(names)
    }

    async fn send_away(&self, container: &Container, grace: Duration) -> Result<(), Failed> {
        // Noted first: who finds it stopped must know that it is meant to be.
        self.book.park(&container.instance)?;
        self.engine.stop(&container.id, grace).await?;
        if container.number() != Some(0) {
            self.engine.remove(&container.id).await?;
            self.book.unpark(&container.instance)?;
        }
        Ok(())
    }

    async fn add(&self, first: Option<&Container>, service: &str, number: u32) -> Result<(), HostError> {
        let first =
            first.ok_or_else(|| HostError::Failed(format!("there is no {service}-0 to make another of")))?;
        let gone = || Failed(format!("{} is gone", first.instance));
        let inspected = self.engine.inspect(&first.id).await?.ok_or_else(gone)?;
        // It may be squeezed just now; the copy is not.
        let limits = self.book.before(&first.id).map_or(first.limits, |was| was.limits);
        let (name, body) = copy(inspected, service, number, limits, self.engine.network())?;
        self.engine.create(&name, body).await?;
        Ok(())
    }

    fn starts(&self, container: &Container) -> u32 {
        let mut all = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let starts = all.entry(container.instance.clone()).or_default();
        if container.pid != 0 && container.pid != starts.pid {
            starts.again += u32::from(starts.pid != 0);
            starts.pid = container.pid;
        }
        starts.again
    }

    fn state(&self, container: &Container, weight: Weight) -> ProcessState {
        let state = match container.condition {
            // One that is paused lives, and answers nobody: who asks it sees that.
            Condition::Up | Condition::Paused => "up",
            Condition::Waiting => "waiting",
            Condition::Down => "exited",
        };
        ProcessState {
            instance: container.instance.clone(),
            service: container.service.clone(),
            // What it tells of itself: it is the first process of its container.
            pid: u32::from(container.lives()),
            state: state.to_owned(),
            restarts: self.starts(container),
            last_exit: container.last_exit.clone(),
            rss_kib: weight.rss_kib,
            pss_kib: weight.rss_kib,
            cpu_us: weight.cpu_us,
        }
    }
}

impl Host for Platform {
    fn states(&self, _pss: bool) -> Boxed<'_, Vec<ProcessState>> {
        Box::pin(async {
            let mut containers = self.everybody().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the engine does not tell who is there");
                Vec::new()
            });
            containers.retain(|container| !self.book.is_parked(&container.instance));
            let weights = self.scales.weigh(&self.engine, &containers).await;
            let mut states: Vec<ProcessState> = containers
                .iter()
                .zip(weights)
                .map(|(container, weight)| self.state(container, weight))
                .collect();
            let own = std::process::id();
            let rss_kib = proc::rss_kib(own).unwrap_or_default();
            states.push(ProcessState {
                instance: "guard".to_owned(),
                service: "guard".to_owned(),
                pid: own,
                state: "up".to_owned(),
                rss_kib,
                pss_kib: rss_kib,
                cpu_us: proc::cpu_us(own).unwrap_or_default(),
                ..ProcessState::default()
            });
            states
        })
    }

    fn restart<'a>(
        &'a self,
        targets: &'a [String],
        grace: Duration,
    ) -> Boxed<'a, Result<Vec<String>, HostError>> {
        Box::pin(async move {
            let containers = self.find(targets).await?;
            try_join_all(containers.iter().map(|container| self.engine.restart(&container.id, grace)))
                .await?;
            for container in &containers {
                self.book.unpark(&container.instance)?;
            }
            Ok(containers.into_iter().map(|container| container.instance).collect())
        })
    }

    fn scale<'a>(
        &'a self,
        service: &'a str,
        count: u32,
        grace: Duration,
    ) -> Boxed<'a, Result<Vec<String>, HostError>> {
        Box::pin(self.bring(service, count, grace))
    }

    fn signal<'a>(
        &'a self,
        targets: &'a [String],
        signal: SignalName,
    ) -> Boxed<'a, Result<Vec<String>, HostError>> {
        Box::pin(async move {
            let mut hit = Vec::new();
            for container in self.find(targets).await?.into_iter().filter(Container::lives) {
                let id = &container.id;
                match signal {
                    SignalName::Kill => self.engine.kill(id, "SIGKILL").await?,
                    SignalName::Terminate => self.engine.kill(id, "SIGTERM").await?,
                    SignalName::Freeze => self.engine.pause(id).await?,
                    SignalName::Thaw => self.engine.unpause(id).await?,
                }
                if matches!(signal, SignalName::Kill | SignalName::Terminate) {
                    // The engine believes that somebody wanted it down.
                    tokio::spawn(revive(Arc::clone(&self.engine), container.clone()));
                }
                hit.push(container.instance);
            }
            Ok(hit)
        })
    }

    fn down(&self) -> Boxed<'_, Result<(), HostError>> {
        Box::pin(async {
            Err(HostError::NotHere(
                "the lab is a Compose project: `firedrill down --platform docker` on its machine ends it",
            ))
        })
    }

    fn heard(&self) -> &Heard {
        &self.heard
    }
}
