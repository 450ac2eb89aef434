//! What a process is told on its command line. Every process of the lab takes
//! the same flags, so that a platform needs one way to start any of them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Flags of every process of the lab.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Name of this instance; `<service>-0` if absent
    #[arg(long, env = "FIREDRILL_INSTANCE")]
    pub instance: Option<String>,
    /// Address to serve on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Address of the admin port: health, readiness, metrics
    #[arg(long, default_value = "127.0.0.1:0")]
    pub admin: SocketAddr,
    /// URL of the controller to join (a name without dots may be a service of the environment, as Kubernetes fills it);
    /// without one, --policy and --endpoints say the rest
    #[arg(long)]
    pub controller: Option<String>,
    /// Token that the lab knows its processes by
    #[arg(long, env = "FIREDRILL_TOKEN", hide_env_values = true, default_value = "")]
    pub token: String,
    /// Token that faults and ledgers are guarded with
    #[arg(long, env = "FIREDRILL_OPERATOR_TOKEN", hide_env_values = true, default_value = "")]
    pub operator_token: String,
    /// Policy document (JSON) for a process without a controller
    #[arg(long)]
    pub policy: Option<PathBuf>,
    /// Endpoints (JSON: target to list of addresses) for a process without a controller
    #[arg(long)]
    pub endpoints: Option<PathBuf>,
    /// Folder for what must survive a restart
    #[arg(long, default_value = ".")]
    pub data: PathBuf,
    /// Lowest level of the log: error, warn, info or debug
    #[arg(long, default_value = "info")]
    pub log: String,
}

/// Who a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Such as `payment`.
    pub service: String,
    /// Such as `payment-0`.
    pub instance: String,
}

impl Identity {
    /// The identity that the flags ask for.
    #[must_use]
    pub fn of(service: &str, options: &Options) -> Self {
        let instance = options.instance.clone().unwrap_or_else(|| format!("{service}-0"));
        Self { service: service.to_owned(), instance }
    }
}
