//! All processes of the lab: picks them by service or instance, restarts,
//! scales and ends them, and watches for the controller's heartbeat.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::child::{Order, Ward};
use super::heard::Heard;
use super::host::{Boxed, Host, HostError, Unknown};
use crate::lab::{Ended, LabFile};
use crate::proc;
use crate::spec::{GuardSpec, ProcessSpec, ProcessState, SignalName};

/// When the lab goes down, callers have this long before those they call go too.
const STAGE: Duration = Duration::from_millis(250);

/// The lab's processes, under guard.
pub(crate) struct Fleet {
    spec: Arc<GuardSpec>,
    wards: Mutex<BTreeMap<String, Ward>>,
    /// Processes whose memory counts as an instance's own, by process id.
    beside: Mutex<BTreeMap<u32, String>>,
    heard: Heard,
    down: mpsc::Sender<oneshot::Sender<()>>,
}

impl Fleet {
    /// Starts every process; the receiver gets whoever asks to go down.
    pub(crate) fn start(spec: GuardSpec) -> (Self, mpsc::Receiver<oneshot::Sender<()>>) {
        let spec = Arc::new(spec);
        let wards = spec
            .processes
            .iter()
            .map(|process| (process.instance.clone(), Ward::start(Arc::clone(&spec), process.clone())))
            .collect();
        let (down, asked) = mpsc::channel(1);
        let heard = Heard::new(Duration::from_millis(spec.controller_grace_ms));
        (Self { spec, wards: Mutex::new(wards), beside: Mutex::default(), heard, down }, asked)
    }

    pub(crate) fn spec(&self) -> &GuardSpec {
        &self.spec
    }

    /// Asks the guard to go down; the receiver hears when everything is ended.
    pub(crate) async fn ask_down(&self) -> oneshot::Receiver<()> {
        let (done, hears) = oneshot::channel();
        // Refused only while it goes down already: the dropped sender says so.
        let _ = self.down.send(done).await;
        hears
    }

    /// Every process, and the guard itself last.
    pub(crate) fn states(&self, pss: bool) -> Vec<ProcessState> {
        let mut states: Vec<ProcessState> = self.with_wards(|wards| {
            wards
                .values()
                .map(|ward| ward.state.lock().unwrap_or_else(PoisonError::into_inner).clone())
                .collect()
        });
        states.push(ProcessState {
            instance: "guard".into(),
            service: "guard".into(),
            pid: std::process::id(),
            state: "up".into(),
            ..ProcessState::default()
        });
        let beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for state in &mut states {
            state.rss_kib = proc::rss_kib(state.pid).unwrap_or(0);
            state.cpu_us = proc::cpu_us(state.pid).unwrap_or(0);
            state.pss_kib = if pss { proc::pss_kib(state.pid).unwrap_or(0) } else { 0 };
            for (pid, _) in beside.iter().filter(|(_, instance)| **instance == state.instance) {
                state.rss_kib += proc::rss_kib(*pid).unwrap_or(0);
                state.pss_kib += if pss { proc::pss_kib(*pid).unwrap_or(0) } else { 0 };
            }
        }
        states
    }

    /// Restarts them all side by side.
    pub(crate) async fn restart(&self, targets: &[String], grace: Duration) -> Result<Vec<String>, Unknown> {
        let picked = self.pick(targets)?;
        let told = self.tell(&picked, |done| Order::Restart { grace, done });
        wait_for(told).await;
        Ok(picked)
    }

    /// Brings a service to so many instances: the lowest free numbers come, the
    /// highest go.
    pub(crate) async fn scale(
        &self,
        service: &str,
        count: u32,
        grace: Duration,
    ) -> Result<Vec<String>, Unknown> {
        let template = self.spec.processes.iter().find(|process| process.service == service);
        let template = template.ok_or_else(|| self.unknown(service))?;
        let (leaving, told) = self.with_wards(|wards| {
            let mut numbers = numbers_of(service, wards.keys());
            let mut next = 0;
            while numbers.len() < count as usize {
                while numbers.contains(&next) {
                    next += 1;
                }
                let instance = format!("{service}-{next}");
                let spec = ProcessSpec { instance: instance.clone(), ..template.clone() };
                wards.insert(instance, Ward::start(Arc::clone(&self.spec), spec));
                numbers.push(next);
            }
            numbers.sort_unstable();
            let leaving: Vec<String> =
                numbers.drain(count as usize..).map(|number| format!("{service}-{number}")).collect();
            let told = tell(wards, &leaving, |done| Order::Stop { grace, done });
            (leaving, told)
        });
        wait_for(told).await;
        self.with_wards(|wards| leaving.iter().for_each(|instance| drop(wards.remove(instance))));
        Ok(self.with_wards(|wards| {
            let mut numbers = numbers_of(service, wards.keys());
            numbers.sort_unstable();
            numbers.iter().map(|number| format!("{service}-{number}")).collect()
        }))
    }

    /// Signals them; gives those that were there to be hit.
    pub(crate) fn signal(&self, targets: &[String], signal: SignalName) -> Result<Vec<String>, Unknown> {
        let signal = match signal {
            SignalName::Kill => Signal::KILL,
            SignalName::Terminate => Signal::TERM,
            SignalName::Freeze => Signal::STOP,
            SignalName::Thaw => Signal::CONT,
        };
        let mut picked = self.pick(targets)?;
        self.with_wards(|wards| {
            picked.retain(|instance| wards.get(instance).is_some_and(|ward| ward.signal(signal)))
        });
        Ok(picked)
    }

    /// Ends every process within the grace, callers before those they call (the
    /// reverse of the spec's order): a service whose peers are gone would spend
    /// its drain on retries. A stage that does not drain soon is not waited for.
    pub(crate) async fn end(&self, grace: Duration) {
        let deadline = Instant::now() + grace;
        let mut stages: Vec<&str> = Vec::new();
        for process in self.spec.processes.iter().rev() {
            if !stages.contains(&process.service.as_str()) {
                stages.push(&process.service);
            }
        }
        let mut ending = Vec::new();
        for service in stages {
            let instances = self.with_wards(|wards| instances_of(service, wards));
            let grace = deadline.saturating_duration_since(Instant::now());
            let mut told = Box::pin(wait_for(self.tell(&instances, |done| Order::Stop { grace, done })));
            if tokio::time::timeout(STAGE, &mut told).await.is_err() {
                ending.push(told);
            }
        }
        for told in ending {
            told.await;
        }
    }

    /// Removes the lab's file and leaves a note why the lab ended.
    pub(crate) fn forget_lab(&self, reason: &str) {
        let state_dir = &self.spec.state_dir;
        let run_dir = LabFile::read(&self.spec.lab_file, &self.spec.lab).ok().and_then(|file| file.run_dir);
        for (act, result) in [
            ("remove the lab's file", std::fs::remove_file(&self.spec.lab_file)),
            ("leave a note", Ended::leave(state_dir, reason, run_dir)),
            ("remove the guard's mark", std::fs::remove_file(state_dir.join("guard.pid"))),
            // It holds the lab's tokens, which are worth nothing now.
            ("remove the guard's spec", std::fs::remove_file(state_dir.join("guard.json"))),
        ] {
            if let Err(error) = result {
                tracing::debug!(act, %error, "left behind");
            }
        }
    }

    /// Instances of these that are up, each with its process.
    pub(crate) fn up(&self, instances: &[String]) -> Vec<(String, u32)> {
        self.with_wards(|wards| {
            let up = instances.iter().filter_map(|instance| {
                let state = wards.get(instance)?.state.lock().unwrap_or_else(PoisonError::into_inner);
                (state.state == "up" && state.pid != 0).then(|| (instance.clone(), state.pid))
            });
            up.collect()
        })
    }

    /// From now on the memory of `pid` is counted as the instance's, until [`Self::apart`].
    pub(crate) fn beside(&self, instance: &str, pid: u32) {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner).insert(pid, instance.to_owned());
    }

    pub(crate) fn apart(&self, pid: u32) {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner).remove(&pid);
    }

    pub(crate) fn pick(&self, targets: &[String]) -> Result<Vec<String>, Unknown> {
        let services: Vec<(String, String)> = self.with_wards(|wards| {
            wards
                .iter()
                .map(|(instance, ward)| {
                    (
                        instance.clone(),
                        ward.state.lock().unwrap_or_else(PoisonError::into_inner).service.clone(),
                    )
                })
                .collect()
        });
        let mut picked = Vec::new();
        for target in targets {
            let before = picked.len();
            for (instance, service) in &services {
                if (instance == target || service == target) && !picked.contains(instance) {
                    picked.push(instance.clone());
                }
            }
            let known = services.iter().any(|(instance, service)| instance == target || service == target);
            if picked.len() == before && !known {
                return Err(self.unknown(target));
            }
        }
        Ok(picked)
    }

    fn unknown(&self, name: &str) -> Unknown {
        let known: Vec<String> = self.with_wards(|wards| wards.keys().cloned().collect());
        Unknown { name: name.to_owned(), known: known.join(", ") }
    }

    fn tell(
        &self,
        instances: &[String],
        order: impl Fn(oneshot::Sender<()>) -> Order,
    ) -> Vec<oneshot::Receiver<()>> {
        self.with_wards(|wards| tell(wards, instances, order))
    }

    fn with_wards<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Ward>) -> T) -> T {
        act(&mut self.wards.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Host for Fleet {
    fn states(&self, pss: bool) -> Boxed<'_, Vec<ProcessState>> {
        Box::pin(async move { Self::states(self, pss) })
    }

    fn restart<'a>(
        &'a self,
        targets: &'a [String],
        grace: Duration,
    ) -> Boxed<'a, Result<Vec<String>, HostError>> {
        Box::pin(async move { Ok(Self::restart(self, targets, grace).await?) })
    }

    fn scale<'a>(
        &'a self,
        service: &'a str,
        count: u32,
        grace: Duration,
    ) -> Boxed<'a, Result<Vec<String>, HostError>> {
        Box::pin(async move { Ok(Self::scale(self, service, count, grace).await?) })
    }

    fn signal<'a>(
        &'a self,
        targets: &'a [String],
        signal: SignalName,
    ) -> Boxed<'a, Result<Vec<String>, HostError>> {
        Box::pin(async move { Ok(Self::signal(self, targets, signal)?) })
    }

    fn down(&self) -> Boxed<'_, Result<(), HostError>> {
        Box::pin(async move {
            // An error says that it goes down already.
            let _ = self.ask_down().await.await;
            Ok(())
        })
    }

    fn heard(&self) -> &Heard {
        &self.heard
    }
}

fn tell(
    wards: &BTreeMap<String, Ward>,
    instances: &[String],
    order: impl Fn(oneshot::Sender<()>) -> Order,
) -> Vec<oneshot::Receiver<()>> {
    let mut told = Vec::new();
    for ward in instances.iter().filter_map(|instance| wards.get(instance)) {
        let (done, hears) = oneshot::channel();
        // A ward that was stopped is done: its dropped sender says so.
        let _ = ward.orders.send(order(done));
        told.push(hears);
    }
    told
}

async fn wait_for(told: Vec<oneshot::Receiver<()>>) {
    for hears in told {
        // An error says that the ward is gone, which is an end as well.
        let _ = hears.await;
    }
}

fn instances_of(service: &str, wards: &BTreeMap<String, Ward>) -> Vec<String> {
    let of = |ward: &&Ward| ward.state.lock().unwrap_or_else(PoisonError::into_inner).service == service;
    wards.iter().filter(|(_, ward)| of(ward)).map(|(instance, _)| instance.clone()).collect()
}

/// The numbers of a service's instances, in the order of their names.
fn numbers_of<'a>(service: &str, instances: impl Iterator<Item = &'a String>) -> Vec<u32> {
    instances.filter_map(|instance| instance.strip_prefix(service)?.strip_prefix('-')?.parse().ok()).collect()
}

#[cfg(test)]
pub(in crate::guard) mod tests {
    use super::*;

    /// The fleet of a lab that has no process.
    pub(in crate::guard) fn no_processes() -> Fleet {
        let spec = GuardSpec {
            lab: "none".to_owned(),
            exe: "firedrill".into(),
            state_dir: "none".into(),
            lab_file: "none.json".into(),
            log_dir: "none".into(),
            operator_token: String::new(),
            controller_grace_ms: 60_000,
            env: BTreeMap::new(),
            processes: Vec::new(),
        };
        Fleet::start(spec).0
    }

    #[test]
    fn numbers_belong_to_the_service_of_that_very_name() {
        let names = ["cart-0", "cart-10", "cart-2", "cartel-1", "order-0"].map(String::from);
        assert_eq!(numbers_of("cart", names.iter()), [0, 10, 2]);
    }
}
