//! A lab whose processes somebody else starts: containers of a Compose project, pods of a namespace. The controller is
//! one of them. It starts nobody and waits for whoever comes; it is asked on an address of its own, with tokens that
//! it was given; and when it is started again, it goes on where it was.

use std::sync::Arc;

use anyhow::Context as _;
use platform::{Guard, LabError, LabFile, Tokens};
use process::service_url;
use tokio::net::TcpListener;

use crate::lab::Lab;
use crate::serve::{self, ServeFlags};

/// Where a lab's processes run, as the controller is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PlatformName {
    /// Children of a guard on this machine
    #[default]
    Local,
    /// Containers of a Compose project
    Docker,
    /// Pods of a namespace
    Kubernetes,
}

/// Flags of a controller whose lab somebody else starts.
#[derive(Debug, Clone, clap::Args)]
pub struct AwayFlags {
    /// Who starts the processes
    #[arg(long, value_enum, default_value_t)]
    pub platform: PlatformName,
    /// The guard's API
    #[arg(long, default_value = "http://guard:7071")]
    pub guard: String,
    /// This controller, as the processes reach it
    #[arg(long, default_value = "http://controller:7070")]
    pub url: String,
    /// Folder of the runs [default: `runs` in the folder of the lab's files]
    #[arg(long)]
    pub runs: Option<std::path::PathBuf>,
    /// Where processes send their spans [default: to this controller]
    #[arg(long, env = "FIREDRILL_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Token of the lab's processes
    #[arg(long, env = "FIREDRILL_TOKEN", hide_env_values = true, default_value = "")]
    pub token: String,
    /// Token of observers
    #[arg(long, env = "FIREDRILL_OBSERVER_TOKEN", hide_env_values = true, default_value = "")]
    pub observer_token: String,
    /// Token of candidates
    #[arg(long, env = "FIREDRILL_CANDIDATE_TOKEN", hide_env_values = true, default_value = "")]
    pub candidate_token: String,
    /// Token of operators
    #[arg(long, env = "FIREDRILL_OPERATOR_TOKEN", hide_env_values = true, default_value = "")]
    pub operator_token: String,
}

impl AwayFlags {
    /// Whether somebody else starts the processes.
    pub(crate) fn is_away(&self) -> bool {
        self.platform != PlatformName::Local
    }

    /// All four, which must be there and differ: one that is empty opens nothing, and two that are the same would be
    /// one role.
    fn tokens(&self) -> anyhow::Result<Tokens> {
        let named = [
            ("FIREDRILL_TOKEN", &self.token),
            ("FIREDRILL_OBSERVER_TOKEN", &self.observer_token),
            ("FIREDRILL_CANDIDATE_TOKEN", &self.candidate_token),
            ("FIREDRILL_OPERATOR_TOKEN", &self.operator_token),
        ];
        let missing: Vec<&str> =
            named.iter().filter(|(_, token)| token.is_empty()).map(|(name, _)| *name).collect();
        anyhow::ensure!(missing.is_empty(), "no {} in the environment", missing.join(", no "));
        for (at, (name, token)) in named.iter().enumerate() {
            let same = named[..at].iter().find(|(_, other)| other == token);
            anyhow::ensure!(same.is_none(), "{name} is the same as {}", same.map_or("", |(other, _)| other));
        }
        Ok(Tokens {
            lab: self.token.clone(),
            observer: self.observer_token.clone(),
            candidate: self.candidate_token.clone(),
            operator: self.operator_token.clone(),
        })
    }
}

/// The lab, its port and its guard; and whether it was there before, under a controller that is gone.
pub(crate) fn found(
    flags: &ServeFlags,
    root: std::path::PathBuf,
    start_us: u64,
) -> anyhow::Result<(Arc<Lab>, TcpListener, Guard, bool)> {
    let tokens = flags.away.tokens()?;
    let plan = flags.plan()?;
    let state_dir = serve::state_dir(&root, &flags.lab)?;
    let listener =
        process::listen(flags.listen).with_context(|| format!("failed to bind {}", flags.listen))?;
    let mut file = LabFile::new(&flags.lab, &format!("http://{}", loopback(&listener)?), tokens.clone());
    let before = match LabFile::load(&root, &flags.lab) {
        Ok(before) => Some(before),
        Err(LabError::Missing { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let was_there = before.is_some();
    file.run_dir = before.and_then(|before| before.run_dir);
    file.save(&root)?;
    let guard = Guard::attach(0, &service_url(&flags.away.guard), &tokens.operator);
    let lab = serve::lab(flags, root, state_dir, file, flags.away.url.clone(), plan, start_us)?;
    Ok((lab, listener, guard, was_there))
}

/// How whoever is in the same container reaches it.
fn loopback(listener: &TcpListener) -> anyhow::Result<std::net::SocketAddr> {
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(tokens: [&str; 4]) -> AwayFlags {
        let [token, observer_token, candidate_token, operator_token] = tokens.map(str::to_owned);
        AwayFlags {
            platform: PlatformName::Docker,
            guard: String::new(),
            url: String::new(),
            runs: None,
            otlp_endpoint: None,
            token,
            observer_token,
            candidate_token,
            operator_token,
        }
    }

    #[test]
    fn a_role_without_a_token_of_its_own_is_refused() {
        assert_eq!(flags(["a", "b", "c", "d"]).tokens().unwrap().operator, "d");
        let missing = flags(["a", "", "c", ""]).tokens().unwrap_err().to_string();
        assert_eq!(missing, "no FIREDRILL_OBSERVER_TOKEN, no FIREDRILL_OPERATOR_TOKEN in the environment");
        let same = flags(["a", "b", "c", "c"]).tokens().unwrap_err().to_string();
        assert_eq!(same, "FIREDRILL_OPERATOR_TOKEN is the same as FIREDRILL_CANDIDATE_TOKEN");
    }
}
