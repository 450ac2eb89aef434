//! How processes find each other where each has an address of its own: in containers and in pods. On one machine
//! everybody is on loopback, and nothing here changes anything.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::{UdpSocket, lookup_host};

/// `url` with its host looked up in the environment first, as Kubernetes fills it: a Service `controller` is
/// `CONTROLLER_SERVICE_HOST` to every pod that starts after it. So a lab needs no DNS. A host that the environment does
/// not know, an address or a name with dots stays as it is.
#[must_use]
pub fn service_url(url: &str) -> String {
    looked_up(url, |name| std::env::var(name).ok())
}

fn looked_up(url: &str, env: impl Fn(&str) -> Option<String>) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host = rest.split([':', '/']).next().unwrap_or_default();
    if host.is_empty() || host.contains('.') {
        return url.to_owned();
    }
    let name = format!("{}_SERVICE_HOST", host.to_uppercase().replace('-', "_"));
    match env(&name).filter(|address| !address.is_empty()) {
        Some(address) if address.contains(':') => format!("{scheme}://[{address}]{}", &rest[host.len()..]),
        Some(address) => format!("{scheme}://{address}{}", &rest[host.len()..]),
        None => url.to_owned(),
    }
}

/// The address that this process has on its way to `url`: what others reach it at. The kernel picks it from its routes;
/// nothing is sent.
pub(crate) async fn own_address(url: &str) -> io::Result<IpAddr> {
    let authority = url.split("://").last().unwrap_or(url).trim_end_matches('/');
    let there = lookup_host(authority).await?.next();
    let there = there.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no address"))?;
    let any: SocketAddr = match there {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(there).await?;
    Ok(socket.local_addr()?.ip())
}

/// An address that was bound on all interfaces, as others reach it; any other one as it is.
pub(crate) fn reachable(bound: &str, own: IpAddr) -> String {
    match bound.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => SocketAddr::new(own, address.port()).to_string(),
        _ => bound.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_of_the_environment_needs_no_name_server() {
        let env = |name: &str| (name == "CONTROLLER_SERVICE_HOST").then(|| "10.96.0.7".to_owned());
        assert_eq!(looked_up("http://controller:7070", env), "http://10.96.0.7:7070");
        for same in ["http://guard:7071", "http://127.0.0.1:7070", "http://controller.lab.svc:7070", "x"] {
            assert_eq!(looked_up(same, env), same);
        }
        let six = |_: &str| Some("fd00::7".to_owned());
        assert_eq!(looked_up("http://controller:7070/a", six), "http://[fd00::7]:7070/a");
    }

    #[tokio::test]
    async fn what_is_bound_everywhere_is_told_with_the_address_that_others_reach() {
        let own = own_address("http://127.0.0.1:9").await.unwrap();
        assert_eq!(reachable("0.0.0.0:8080", own), "127.0.0.1:8080");
        assert_eq!(reachable("127.0.0.1:41234", IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))), "127.0.0.1:41234");
        assert_eq!(reachable("", own), "", "a process that serves nobody");
    }
}
