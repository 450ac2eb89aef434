//! The Docker Engine, as far as a guard needs it: one method a deed, and every answer of the engine that means "it is so
//! already" or "it is gone" told apart from a failure. Which lab it is about, the guard reads from its own container.

use std::collections::HashMap;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerStatsResponse, ContainerSummary,
    ContainerUpdateBody, EndpointIpamConfig, EndpointSettings, NetworkConnectRequest,
    NetworkDisconnectRequest,
};
use bollard::query_parameters as query;
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::StreamExt as _;
use futures_util::future::join_all;

use super::container::{Container, INSTANCE, Name, PROJECT};
use crate::guard::faults::Failed;

/// Where Compose mounts it.
const SOCKET: &str = "/var/run/docker.sock";
/// Where an engine writes it for a container.
const HOST_NAME: &str = "/etc/hostname";
/// For one answer: the longest is a stop with its grace.
const PATIENCE_SECONDS: u64 = 60;

/// The engine, and the lab in it.
pub(super) struct Engine {
    docker: Docker,
    /// Name of the Compose project.
    project: String,
    /// Name of the network that the lab's containers share.
    network: String,
}

impl Engine {
    /// Connects, and finds out which lab this container belongs to.
    pub(super) async fn connect() -> Result<Self, Failed> {
        let docker = Docker::connect_with_unix(SOCKET, PATIENCE_SECONDS, API_DEFAULT_VERSION)
            .map_err(|error| Failed::of(&error))?;
        let docker = docker.negotiate_version().await.map_err(|error| {
            Failed(format!("the engine does not answer on {SOCKET} ({}): may this user write to it? FIREDRILL_DOCKER_GID is its group", Failed::of(&error)))
        })?;
        // The engine names a container's host after it.
        let own = std::fs::read_to_string(HOST_NAME).unwrap_or_default();
        let inspected = docker.inspect_container(own.trim(), None).await;
        let inspected = inspected.map_err(|error| {
            Failed(format!(
                "this guard is not in a container of the engine that it speaks with: {}",
                Failed::of(&error)
            ))
        })?;
        let labels = inspected.config.and_then(|config| config.labels).unwrap_or_default();
        let networks = inspected.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        let (Some(project), Some(network)) = (labels.get(PROJECT), networks.into_keys().next()) else {
            return Err(Failed(
                "this guard is in no Compose project: start it with deploy/compose.yaml".to_owned(),
            ));
        };
        Ok(Self { docker, project: project.clone(), network })
    }

    /// Every container of the lab that is an instance of a service, in the order of their names.
    pub(super) async fn containers(&self) -> Result<Vec<Container>, Failed> {
        self.find(&[format!("{PROJECT}={}", self.project), INSTANCE.to_owned()]).await
    }

    /// The container of an instance; `None` if there is none.
    pub(super) async fn of(&self, instance: &str) -> Result<Option<Container>, Failed> {
        let labels = [format!("{PROJECT}={}", self.project), format!("{INSTANCE}={instance}")];
        Ok(self.find(&labels).await?.into_iter().next())
    }

    /// The same without a closer look: an engine that starts or stops a container answers nothing else about that one,
    /// but it always knows their names.
    pub(super) async fn names(&self) -> Result<Vec<Name>, Failed> {
        let listed = self.list(&[format!("{PROJECT}={}", self.project), INSTANCE.to_owned()]).await?;
        let mut names: Vec<Name> = listed.into_iter().filter_map(Name::read).collect();
        names.sort_by(|a, b| a.instance.cmp(&b.instance));
        Ok(names)
    }

    async fn list(&self, labels: &[String]) -> Result<Vec<ContainerSummary>, Failed> {
        let filters = HashMap::from([("label".to_owned(), labels.to_vec())]);
        let options =
            query::ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
        self.docker.list_containers(Some(options)).await.map_err(|error| Failed::of(&error))
    }

    async fn find(&self, labels: &[String]) -> Result<Vec<Container>, Failed> {
        let listed = self.list(labels).await?;
        let ids: Vec<String> = listed.into_iter().filter_map(|summary| summary.id).collect();
        let looks = join_all(ids.iter().map(|id| self.look(id))).await;
        let mut found = Vec::new();
        for look in looks {
            // One that went in between is not there.
            found.extend(look?);
        }
        found.sort_by(|a: &Container, b| a.instance.cmp(&b.instance));
        Ok(found)
    }

    /// A container as it is now; `None` if it is gone.
    pub(super) async fn look(&self, id: &str) -> Result<Option<Container>, Failed> {
        let inspected = self.inspect(id).await?;
        Ok(inspected.and_then(|inspected| Container::read(&inspected, &self.network)))
    }

    /// Everything that the engine knows of a container.
    pub(super) async fn inspect(&self, id: &str) -> Result<Option<ContainerInspectResponse>, Failed> {
        unless_gone(self.docker.inspect_container(id, None).await)
    }

    /// What a container uses at this moment. Asks for no difference, which would take the engine a second.
    pub(super) async fn stats(&self, id: &str) -> Result<Option<ContainerStatsResponse>, Failed> {
        let options = query::StatsOptions { stream: false, one_shot: true };
        let mut stats = std::pin::pin!(self.docker.stats(id, Some(options)));
        match stats.next().await {
            Some(stats) => unless_gone(stats),
            None => Ok(None),
        }
    }

    pub(super) async fn start(&self, id: &str) -> Result<(), Failed> {
        done(self.docker.start_container(id, None).await)
    }

    pub(super) async fn stop(&self, id: &str, grace: Duration) -> Result<(), Failed> {
        let options = query::StopContainerOptions { t: Some(seconds(grace)), ..Default::default() };
        done(self.docker.stop_container(id, Some(options)).await)
    }

    pub(super) async fn restart(&self, id: &str, grace: Duration) -> Result<(), Failed> {
        let options = query::RestartContainerOptions { t: Some(seconds(grace)), ..Default::default() };
        done(self.docker.restart_container(id, Some(options)).await)
    }

    pub(super) async fn kill(&self, id: &str, signal: &str) -> Result<(), Failed> {
        let options = query::KillContainerOptions { signal: signal.to_owned() };
        done(self.docker.kill_container(id, Some(options)).await)
    }

    pub(super) async fn pause(&self, id: &str) -> Result<(), Failed> {
        done(self.docker.pause_container(id).await)
    }

    pub(super) async fn unpause(&self, id: &str) -> Result<(), Failed> {
        done(self.docker.unpause_container(id).await)
    }

    pub(super) async fn update(&self, id: &str, limits: ContainerUpdateBody) -> Result<(), Failed> {
        done(self.docker.update_container(id, limits).await)
    }

    pub(super) async fn disconnect(&self, id: &str) -> Result<(), Failed> {
        let request = NetworkDisconnectRequest { container: id.to_owned(), force: Some(true) };
        done(self.docker.disconnect_network(&self.network, request).await)
    }

    /// Connects a container to the lab's network again, under its names, and with the address if one is given.
    pub(super) async fn connect_again(
        &self,
        id: &str,
        aliases: &[String],
        address: Option<&str>,
    ) -> Result<(), Failed> {
        let ipam_config = address.map(|address| EndpointIpamConfig {
            ipv4_address: Some(address.to_owned()),
            ..Default::default()
        });
        let settings =
            EndpointSettings { aliases: Some(aliases.to_vec()), ipam_config, ..Default::default() };
        let request = NetworkConnectRequest { container: id.to_owned(), endpoint_config: Some(settings) };
        done(self.docker.connect_network(&self.network, request).await)
    }

    /// Makes a container and starts it; gives its id.
    pub(super) async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<String, Failed> {
        let options = query::CreateContainerOptions { name: Some(name.to_owned()), ..Default::default() };
        let made =
            self.docker.create_container(Some(options), body).await.map_err(|error| Failed::of(&error))?;
        self.start(&made.id).await?;
        Ok(made.id)
    }

    /// Removes a container that is stopped, and the volumes that are its own.
    pub(super) async fn remove(&self, id: &str) -> Result<(), Failed> {
        let options = query::RemoveContainerOptions { v: true, force: true, ..Default::default() };
        done(self.docker.remove_container(id, Some(options)).await)
    }

    pub(super) fn network(&self) -> &str {
        &self.network
    }
}

/// `None` for what is gone.
fn unless_gone<T>(result: Result<T, Error>) -> Result<Option<T>, Failed> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(Failed::of(&error)),
    }
}

/// Whether the engine did it; whether it had to is for those who look before and after.
fn done(result: Result<(), Error>) -> Result<(), Failed> {
    result.map_err(|error| Failed::of(&error))
}

/// The engine counts in whole seconds; a grace is never shortened to nothing.
fn seconds(grace: Duration) -> i32 {
    i32::try_from(grace.as_millis().div_ceil(1000)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_is_rounded_up_to_the_engines_seconds() {
        assert_eq!([0, 1, 1000, 1001].map(|ms| seconds(Duration::from_millis(ms))), [0, 1, 1, 2]);
    }

    #[test]
    fn what_is_gone_is_no_failure() {
        let answer = |status_code| Error::DockerResponseServerError {
            status_code,
            message: "no such container".to_owned(),
        };
        assert!(matches!(unless_gone::<()>(Err(answer(404))), Ok(None)));
        assert!(unless_gone::<()>(Err(answer(500))).is_err());
    }
}
