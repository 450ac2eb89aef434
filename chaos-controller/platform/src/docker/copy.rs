//! How one more instance is made: the container of the first one again, under the next number, with a volume of its own.
//! It keeps the labels of Compose, so that `down` takes it away with the others.

use std::collections::HashMap;

use bollard::models::{
    ContainerConfig, ContainerCreateBody, ContainerInspectResponse, EndpointSettings, MountType,
    NetworkingConfig,
};

use super::container::{INSTANCE, NUMBER, PROJECT};
use super::limits::Limits;
use crate::guard::INSTANCE_MARK;
use crate::guard::faults::Failed;

/// A name for the copy, and what the engine makes it of. `limits` are those of the first one when it is well.
pub(super) fn copy(
    of: ContainerInspectResponse,
    service: &str,
    number: u32,
    limits: Limits,
    network: &str,
) -> Result<(String, ContainerCreateBody), Failed> {
    let (Some(config), Some(mut host)) = (of.config, of.host_config) else {
        return Err(Failed(format!("the engine does not tell what {service}-0 is made of")));
    };
    limits.write(&mut host);
    // A port of this machine is there once.
    host.port_bindings = None;
    for mount in host.mounts.iter_mut().flatten() {
        if mount.typ == Some(MountType::VOLUME) {
            mount.source = None;
        }
    }
    let instance = format!("{service}-{number}");
    let mut labels = config.labels.unwrap_or_default();
    let project = labels.get(PROJECT).cloned().unwrap_or_default();
    // Compose counts from 1.
    let compose = number + 1;
    labels.insert(NUMBER.to_owned(), compose.to_string());
    labels.insert(INSTANCE.to_owned(), instance.clone());
    let own = format!("{INSTANCE_MARK}=");
    let mut env = config.env.unwrap_or_default();
    env.retain(|pair| !pair.starts_with(&own));
    env.push(format!("{own}{instance}"));
    let endpoint = EndpointSettings { aliases: Some(vec![service.to_owned()]), ..Default::default() };
    let endpoints_config = Some(HashMap::from([(network.to_owned(), endpoint)]));
    let ContainerConfig {
        image,
        cmd,
        entrypoint,
        user,
        healthcheck,
        exposed_ports,
        stop_signal,
        stop_timeout,
        working_dir,
        ..
    } = config;
    let body = ContainerCreateBody {
        image,
        cmd,
        entrypoint,
        user,
        healthcheck,
        exposed_ports,
        stop_signal,
        stop_timeout,
        working_dir,
        env: Some(env),
        labels: Some(labels),
        host_config: Some(host),
        networking_config: Some(NetworkingConfig { endpoints_config }),
        ..Default::default()
    };
    Ok((format!("{project}-{service}-{compose}"), body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::container::tests::inspected;

    #[test]
    fn a_copy_has_a_name_a_number_and_a_volume_of_its_own_and_nothing_else_is_different() {
        let of = inspected();
        let limits = Limits::read(of.host_config.as_ref().unwrap());
        let (name, body) = copy(of, "payment", 2, limits, "firedrill-default_lab").unwrap();
        assert_eq!(name, "firedrill-default-payment-3");
        assert_eq!(body.env.unwrap(), ["FIREDRILL_LAB=default", "FIREDRILL_INSTANCE=payment-2"]);
        let labels = body.labels.unwrap();
        assert_eq!((labels[NUMBER].as_str(), labels[INSTANCE].as_str()), ("3", "payment-2"));
        assert_eq!(labels[PROJECT], "firedrill-default");
        assert_eq!(body.hostname, None);
        let host = body.host_config.unwrap();
        assert_eq!(
            (host.memory, host.readonly_rootfs, host.port_bindings),
            (Some(256 << 20), Some(true), None)
        );
        assert_eq!(host.mounts.unwrap()[0].source, None);
        let endpoints = body.networking_config.unwrap().endpoints_config.unwrap();
        assert_eq!(endpoints["firedrill-default_lab"].aliases.as_deref(), Some(&["payment".to_owned()][..]));
    }
}
