//! One process under guard: started, awaited, started again. What it is told
//! arrives over a channel; what it is doing stands in a [`ProcessState`] that
//! the API reads.
//!
//! ```text
//!            crash                    wait over, Restart
//!   up ----------------> waiting ----------------------------> up
//!   up --- Restart ----> stopping ---- ended ----------------> up
//!   up --- Stop -------> stopping ---- ended ----------------> (gone)
//!   up --- ended, not to be restarted ----> exited --- Restart --> up
//! ```

use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

use super::backoff::Backoff;
use super::{GUARD_MARK, INSTANCE_MARK, STATE_MARK};
use crate::proc::pid_of;
use crate::spec::{GuardSpec, ProcessSpec, ProcessState};

/// What a process under guard is told; each is answered when it is done.
pub(crate) enum Order {
    Restart { grace: Duration, done: oneshot::Sender<()> },
    Stop { grace: Duration, done: oneshot::Sender<()> },
}

/// The handle of a process under guard.
pub(crate) struct Ward {
    pub(crate) state: Arc<Mutex<ProcessState>>,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
}

impl Ward {
    /// Starts the process and the task that looks after it.
    pub(crate) fn start(guard: Arc<GuardSpec>, spec: ProcessSpec) -> Self {
        let state = Arc::new(Mutex::new(ProcessState {
            instance: spec.instance.clone(),
            service: spec.service.clone(),
            ..ProcessState::default()
        }));
        let (orders, inbox) = mpsc::unbounded_channel();
        let mut keeper = Keeper { guard, spec, state: Arc::clone(&state), backoff: Backoff::default() };
        // Started here and not in the task: all are up before anything else runs.
        let first = keeper.spawn();
        tokio::spawn(keeper.look_after(first, inbox));
        Self { state, orders }
    }

    /// Signals the process, if there is one.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        let pid = self.state.lock().unwrap_or_else(PoisonError::into_inner).pid;
        pid_of(pid).is_some_and(|pid| kill_process(pid, signal).is_ok())
    }
}

struct Keeper {
    guard: Arc<GuardSpec>,
    spec: ProcessSpec,
    state: Arc<Mutex<ProcessState>>,
    backoff: Backoff,
}

impl Keeper {
    async fn look_after(mut self, mut child: Option<Child>, mut inbox: mpsc::UnboundedReceiver<Order>) {
        loop {
            let started = Instant::now();
            let order = match child.as_mut() {
                Some(running) => tokio::select! {
                    status = running.wait() => { self.ended(status); None }
                    order = inbox.recv() => Some(order),
                },
                None => None,
            };
            let order = match order {
                Some(Some(order)) => order,
                Some(None) => return,
                // It ended, or could not be started.
                None => match self.pause(started.elapsed(), &mut inbox).await {
                    Pause::Over => {
                        child = self.start_again();
                        continue;
                    }
                    Pause::Told(order) => {
                        child = None;
                        order
                    }
                    Pause::Forgotten => return,
                },
            };
            match order {
                Order::Restart { grace, done } => {
                    self.stop(child.take(), grace).await;
                    child = self.start_again();
                    // Whoever asked may have gone.
                    let _ = done.send(());
                }
                Order::Stop { grace, done } => {
                    self.stop(child.take(), grace).await;
                    self.set(|state| state.state = "stopped".into());
                    let _ = done.send(());
                    return;
                }
            }
        }
    }

    /// Waits until a process that ended is due again, or an order comes.
    async fn pause(&mut self, uptime: Duration, inbox: &mut mpsc::UnboundedReceiver<Order>) -> Pause {
        let order = if self.spec.restart {
            let wait = self.backoff.after(uptime);
            self.set(|state| state.state = "waiting".into());
            tokio::select! {
                () = tokio::time::sleep(wait) => return Pause::Over,
                order = inbox.recv() => order,
            }
        } else {
            self.set(|state| state.state = "exited".into());
            inbox.recv().await
        };
        order.map_or(Pause::Forgotten, Pause::Told)
    }

    fn start_again(&mut self) -> Option<Child> {
        self.set(|state| state.restarts += 1);
        self.spawn()
    }

    fn spawn(&mut self) -> Option<Child> {
        match self.command().and_then(|mut command| command.spawn()) {
            Ok(child) => {
                let pid = child.id().unwrap_or(0);
                self.set(|state| {
                    state.pid = pid;
                    state.state = "up".into()
                });
                Some(child)
            }
            Err(error) => {
                tracing::error!(instance = self.spec.instance, %error, "failed to start");
                self.set(|state| {
                    state.pid = 0;
                    state.last_exit = format!("failed to start: {error}")
                });
                None
            }
        }
    }

    fn command(&self) -> std::io::Result<Command> {
        let instance = &self.spec.instance;
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.guard.log_dir.join(format!("{instance}.log")))?;
        let mut command = Command::new(&self.guard.exe);
        command
            .args(self.spec.args.iter().map(|argument| argument.replace("{instance}", instance)))
            .envs(
                self.guard
                    .env
                    .iter()
                    .chain(&self.spec.env)
                    .map(|(key, value)| (key, value.replace("{instance}", instance))),
            )
            .env(STATE_MARK, &self.guard.state_dir)
            .env(INSTANCE_MARK, instance)
            .env(GUARD_MARK, std::process::id().to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Signals from a terminal are for the command line, not for the shop.
            .process_group(0);
        Ok(command)
    }

    /// SIGTERM (thawed first, or it would not hear it), SIGKILL after the grace.
    async fn stop(&mut self, child: Option<Child>, grace: Duration) {
        let Some(mut child) = child else { return };
        self.set(|state| state.state = "stopping".into());
        if let Some(pid) = child.id().and_then(pid_of) {
            // A process that has ended meanwhile is found by the wait below.
            let _ = kill_process(pid, Signal::CONT);
            let _ = kill_process(pid, Signal::TERM);
        }
        let status = match tokio::time::timeout(grace, child.wait()).await {
            Ok(status) => status,
            Err(_) => {
                tracing::warn!(instance = self.spec.instance, ?grace, "did not end in time, killed");
                let _ = child.start_kill();
                child.wait().await
            }
        };
        self.ended(status);
    }

    fn ended(&self, status: std::io::Result<ExitStatus>) {
        let how = status.map_or_else(|error| error.to_string(), describe);
        tracing::info!(instance = self.spec.instance, how, "ended");
        self.set(|state| {
            state.pid = 0;
            state.last_exit = how
        });
    }

    fn set(&self, change: impl FnOnce(&mut ProcessState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

enum Pause {
    Over,
    Told(Order),
    Forgotten,
}

/// How a process ended, for a person.
fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "ended by itself".into(),
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_process_is_told_in_words() {
        assert_eq!(describe(ExitStatus::from_raw(0)), "ended by itself");
        assert_eq!(describe(ExitStatus::from_raw(3 << 8)), "exit code 3");
        assert_eq!(describe(ExitStatus::from_raw(9)), "killed by signal 9");
    }
}
