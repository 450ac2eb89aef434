//! `firedrill healthcheck`: asks one URL once. An image without a shell has nothing else to ask with.

use std::time::Duration;

use clap::Args;
use hyper::Method;
use platform::http::Client;

use crate::exit::{Exit, Failure};

/// A process that is well answers from memory.
const PATIENCE: Duration = Duration::from_secs(2);

/// Flags of `healthcheck`.
#[derive(Debug, Args)]
pub(crate) struct Healthcheck {
    /// What to ask, such as http://127.0.0.1:9090/readyz
    url: String,
}

impl Healthcheck {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let (server, path) = parts(&self.url).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("`{}` is no URL that can be asked", self.url))
                .hint("write http://host:port/path")
        })?;
        let answer = Client::new(server, "").patient(PATIENCE).send(Method::GET, path, None).await;
        let answer = answer.map_err(|error| Failure::caused(&error))?;
        if answer.status.is_success() {
            return Ok(Exit::Pass);
        }
        let said = String::from_utf8_lossy(&answer.body);
        Err(Failure::unexpected(format!("{} answered {}: {}", self.url, answer.status, said.trim())))
    }
}

/// `http://host:port` and the path, which is `/` if none is there.
fn parts(url: &str) -> Option<(&str, &str)> {
    let host = url.strip_prefix("http://")?;
    let at = host.find('/').map_or(url.len(), |at| at + "http://".len());
    let (server, path) = url.split_at(at);
    server.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok())?;
    Some((server, if path.is_empty() { "/" } else { path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_server_and_a_path() {
        assert_eq!(parts("http://127.0.0.1:9090/readyz"), Some(("http://127.0.0.1:9090", "/readyz")));
        assert_eq!(parts("http://localhost:80"), Some(("http://localhost:80", "/")));
        for bad in ["127.0.0.1:9090/readyz", "https://a:1/", "http://a/readyz", "http://a:port/"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
