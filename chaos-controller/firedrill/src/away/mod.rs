//! Labs that run elsewhere: as a Compose project, or in a namespace of a cluster. The same commands, the same API; only
//! how a lab is started, reached and ended differs, and that the folder of a run has to be fetched.

pub(crate) mod docker;
pub(crate) mod engine;
pub(crate) mod fetch;
pub(crate) mod kubernetes;
mod program;
pub(crate) mod tunnel;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum as _};
use controller::PlatformName;
use drill::Plan;
use platform::{Away, LabFile};

use crate::exit::Failure;

/// A controller that lives answers at once.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Where a lab is started, and with what.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PlatformFlags {
    /// Where the lab runs: as processes here, as a Compose project, or in a namespace of a cluster
    #[arg(long, value_enum, env = "FIREDRILL_PLATFORM", default_value_t)]
    pub(crate) platform: PlatformName,
    /// Docker: the image [default: `firedrill`, with the version of this program]
    #[arg(long, env = "FIREDRILL_IMAGE", value_name = "NAME:TAG")]
    pub(crate) image: Option<String>,
    /// Docker: with Prometheus, Alertmanager, Grafana, Jaeger and a collector, whose files are in this folder
    #[arg(long, env = "FIREDRILL_OBSERVABILITY", value_name = "FOLDER", num_args = 0..=1, require_equals = true,
        default_missing_value = "deploy")]
    pub(crate) observability: Option<PathBuf>,
    /// Kubernetes: the namespace [default: firedrill]
    #[arg(long, env = "FIREDRILL_NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Kubernetes: the context [default: the current one]
    #[arg(long, env = "FIREDRILL_CONTEXT")]
    pub(crate) context: Option<String>,
    /// Kubernetes: the controller as it is reached from here [default: through `kubectl port-forward`]
    #[arg(long, env = "FIREDRILL_CONTROLLER_URL", value_name = "URL")]
    pub(crate) controller_url: Option<String>,
}

impl PlatformFlags {
    /// Those that a lab was started with.
    pub(crate) fn of(file: &LabFile) -> Self {
        match &file.away {
            None => Self::default(),
            Some(Away::Docker { .. }) => Self { platform: PlatformName::Docker, ..Self::default() },
            Some(Away::Kubernetes { context, namespace }) => Self {
                platform: PlatformName::Kubernetes,
                namespace: Some(namespace.clone()),
                context: context.clone(),
                controller_url: Some(file.controller.url.clone()).filter(|url| !url.is_empty()),
                ..Self::default()
            },
        }
    }

    /// The namespace that is meant.
    pub(crate) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or(NAMESPACE)
    }

    /// Refuses a lab of this name in another cluster or namespace than asked.
    fn fits_in(&self, known: &Self, lab: &str) -> Result<(), Failure> {
        for (what, asked, there) in [
            ("context", self.context.as_deref(), known.context.as_deref()),
            ("namespace", self.namespace.as_deref(), known.namespace.as_deref()),
        ] {
            if asked.is_some() && asked != there {
                let (asked, there) = (asked.unwrap_or_default(), there.unwrap_or("the current one"));
                return Err(Failure::unexpected(format!(
                    "lab `{lab}` is in the {what} {there}, not {asked}"
                ))
                .hint("`--lab` names another one"));
            }
        }
        Ok(())
    }

    /// Refuses a lab of this name that runs somewhere else than asked.
    pub(crate) fn fits(&self, file: &LabFile) -> Result<(), Failure> {
        let known = Self::of(file);
        let there = known.platform;
        if self.platform == PlatformName::Local || self.platform == there {
            return self.fits_in(&known, &file.lab);
        }
        let name = |platform: PlatformName| {
            platform.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
        };
        Err(Failure::unexpected(format!(
            "lab `{}` is on platform {}, not {}",
            file.lab,
            name(there),
            name(self.platform)
        ))
        .hint(format!("`firedrill down --lab {0}` ends it, or `--lab` names another one", file.lab)))
    }
}

/// Where a lab is if nobody names a namespace.
const NAMESPACE: &str = "firedrill";

/// The lab of a file, with a way to its controller.
pub(crate) fn reach(mut file: LabFile) -> Result<LabFile, Failure> {
    if let Some(Away::Kubernetes { context, namespace }) = &file.away
        && file.controller.url.is_empty()
    {
        file.controller.url = tunnel::open(&kubernetes::Cluster::new(context.clone(), namespace))?;
    }
    Ok(file)
}

/// Gives a lab in a cluster the bank and the search that a plan asks for, if it has others: nobody else could start it
/// anew. A lab of any other kind is left as it is, and says so when the run is started.
pub(crate) async fn fit(file: LabFile, plan: &Plan) -> Result<LabFile, Failure> {
    match file.away.clone() {
        Some(Away::Kubernetes { context, namespace }) => {
            kubernetes::fit(file, &kubernetes::Cluster::new(context, &namespace), plan).await
        }
        _ => Ok(file),
    }
}

/// Whether the controller of a lab that runs elsewhere answers.
pub(crate) fn answers(file: &LabFile) -> bool {
    let Ok(address) = file.controller.url.trim_start_matches("http://").parse::<SocketAddr>() else {
        return false;
    };
    let asked = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, ANSWERS_WITHIN)?;
        stream.set_read_timeout(Some(ANSWERS_WITHIN))?;
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut head = [0_u8; 12];
        stream.read_exact(&mut head)?;
        Ok(head.ends_with(b"200"))
    };
    asked().unwrap_or(false)
}

/// Ends a lab that runs elsewhere.
pub(crate) async fn take_down(dir: &Path, file: &LabFile) -> Result<&'static str, Failure> {
    let how = match &file.away {
        Some(Away::Docker { project }) => {
            docker::down(dir, &file.lab, project).await?;
            "its containers, networks and volumes are removed"
        }
        Some(Away::Kubernetes { context, namespace }) => {
            kubernetes::down(&kubernetes::Cluster::new(context.clone(), namespace)).await?;
            "its objects are deleted; the namespace is left"
        }
        None => "nothing to do",
    };
    LabFile::remove(dir, &file.lab)?;
    Ok(how)
}

/// The command that reads the logs of a service, or of all.
pub(crate) fn logs_of(away: &Away, service: Option<&str>) -> String {
    match (away, service) {
        (Away::Docker { project }, service) => {
            format!("docker compose -p {project} logs --timestamps {}", service.unwrap_or_default())
        }
        (Away::Kubernetes { namespace, .. }, Some(service)) => {
            format!("kubectl -n {namespace} logs --prefix --selector app.kubernetes.io/name={service}")
        }
        (Away::Kubernetes { namespace, .. }, None) => {
            format!("kubectl -n {namespace} logs --prefix --selector app.kubernetes.io/part-of=firedrill --max-log-requests 20")
        }
    }
    .trim_end()
    .to_owned()
}

/// How people get into a lab that runs elsewhere.
pub(crate) struct Doors {
    pub(crate) shop: String,
    pub(crate) controller: String,
}

/// Addresses on this machine, or the commands that make some; `None` for a lab of this machine.
pub(crate) fn doors(dir: &Path, file: &LabFile) -> Option<Doors> {
    let forward = |what: &str, port: u16, cluster: &kubernetes::Cluster| {
        format!("kubectl {} port-forward {what} {port}", cluster.arguments().join(" "))
    };
    Some(match file.away.as_ref()? {
        Away::Docker { .. } => {
            Doors { shop: docker::shop(dir, &file.lab), controller: file.controller.url.clone() }
        }
        Away::Kubernetes { context, namespace } => {
            let cluster = kubernetes::Cluster::new(context.clone(), namespace);
            Doors {
                shop: forward("service/frontend", 8080, &cluster),
                controller: forward("deployment/controller", 7070, &cluster),
            }
        }
    })
}

/// What to look at when a lab's controller does not answer.
pub(crate) fn look_at(away: &Away) -> String {
    match away {
        Away::Docker { project } => format!("docker compose -p {project} ps --all"),
        Away::Kubernetes { context, namespace } => {
            let context = context.as_ref().map_or_else(String::new, |name| format!(" --context {name}"));
            format!("kubectl{context} -n {namespace} get pods,events")
        }
    }
}
