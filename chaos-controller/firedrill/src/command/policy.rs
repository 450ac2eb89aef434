//! `firedrill policy`: read, change, compare and revert the policy in force.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use controller::api::{ChangePolicy, PolicyVersion, RevertPolicy, RunStatus};
use drill::Mode;
use serde_json::Value;

use crate::api::Api;
use crate::drills;
use crate::exit::{Exit, Failure};
use crate::explain::lesson;
use crate::lab::Access;
use crate::output::{Format, Output, narrate, table, write_data, write_json};
use crate::patch;

/// How long a change may take to be applied everywhere before it is only told.
const APPLIED_PATIENCE: Duration = Duration::from_secs(3);

/// The verbs of `policy`.
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Print the policy in force, or another version
    Get(Get),
    /// Change the policy on the running services
    Set(Set),
    /// What differs between two versions
    Diff(Diff),
    /// Every version: who made it, and why
    Versions(Versions),
    /// Make the document of an older version the next one
    Revert(Revert),
}

/// Flags of `policy get`.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Version [default: the one in force]
    #[arg(long)]
    version: Option<u64>,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

/// Flags of `policy set`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(false).args(["assignments", "file", "patch"])))]
pub(crate) struct Set {
    /// PATH=VALUE, such as payment.server.workers=100; `null` removes
    assignments: Vec<String>,
    /// File (YAML or JSON): a whole document if it says `version`, a merge patch otherwise
    #[arg(long, short = 'f')]
    file: Option<PathBuf>,
    /// Merge patch as JSON
    #[arg(long)]
    patch: Option<String>,
    /// Why; it is part of the record
    #[arg(long, short = 'm')]
    reason: String,
    /// Who [default: the role]
    #[arg(long, default_value = "")]
    author: String,
    /// Refuse unless this version is in force
    #[arg(long)]
    base: Option<u64>,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

/// Flags of `policy diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// From this version [default: the one before `to`]
    from: Option<u64>,
    /// To this version [default: the one in force]
    to: Option<u64>,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

/// Flags of `policy versions`.
#[derive(Debug, Args)]
pub(crate) struct Versions {
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

/// Flags of `policy revert`.
#[derive(Debug, Args)]
pub(crate) struct Revert {
    /// The version to go back to
    to: u64,
    /// Why
    #[arg(long, short = 'm')]
    reason: String,
    /// Who [default: the role]
    #[arg(long, default_value = "")]
    author: String,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

impl Policy {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        match self {
            Self::Get(get) => get.run().await,
            Self::Set(set) => set.run().await,
            Self::Diff(diff) => diff.run().await,
            Self::Versions(versions) => versions.run().await,
            Self::Revert(revert) => revert.run().await,
        }?;
        Ok(Exit::Pass)
    }
}

impl Get {
    async fn run(&self) -> Result<(), Failure> {
        let path = self
            .version
            .map_or("/api/policy".to_owned(), |version| format!("/api/policy/versions/{version}"));
        let version: PolicyVersion = self.access.api()?.get(&path).await?;
        match self.output.output {
            Format::Json => write_json(&version),
            Format::Text => {
                narrate(&headline(&version));
                let yaml = serde_saphyr::to_string(&version.document);
                write_data(&yaml.unwrap_or_else(|_| version.document.to_string()));
            }
        }
        Ok(())
    }
}

impl Set {
    async fn run(&self) -> Result<(), Failure> {
        let api = self.access.api()?;
        let (patch, base) = self.patch(&api).await?;
        let change = ChangePolicy {
            patch,
            reason: self.reason.clone(),
            base,
            author: self.author.clone(),
            dry_run: self.dry_run,
        };
        let version: PolicyVersion = api.patch("/api/policy", &change).await?;
        let version = if self.dry_run { version } else { applied(&api, version).await? };
        self.output.write(&version, |version| render(version, self.dry_run));
        if learns(&api).await {
            for line in lesson(&version.changes) {
                narrate(&line);
            }
        }
        Ok(())
    }

    /// The patch, and the version that it was made against if that matters.
    async fn patch(&self, api: &Api) -> Result<(Value, Option<u64>), Failure> {
        if let Some(file) = &self.file {
            let wanted = drill::check_policy(&drills::source(file)?)
                .map_err(|problems| drills::invalid(&problems, file))?;
            if wanted.get("version").is_none() {
                return Ok((wanted, self.base));
            }
            let current: PolicyVersion = api.get("/api/policy").await?;
            // A whole document is a patch on the very version it was compared with.
            return Ok((patch::between(&current.document, &wanted), self.base.or(Some(current.version))));
        }
        let patch = match &self.patch {
            Some(json) => serde_json::from_str(json).map_err(|error| format!("--patch is not JSON: {error}")),
            None => patch::of_assignments(&self.assignments),
        };
        patch.map(|patch| (patch, self.base)).map_err(|message| Failure::new(Exit::Invalid, message))
    }
}

impl Diff {
    async fn run(&self) -> Result<(), Failure> {
        let api = self.access.api()?;
        let to = match self.to {
            Some(to) => to,
            None => api.get::<PolicyVersion>("/api/policy").await?.version,
        };
        let from = self.from.unwrap_or_else(|| to.saturating_sub(1).max(1));
        let diff: Value = api.get(&format!("/api/policy/diff?from={from}&to={to}")).await?;
        self.output.write(&diff, |diff| {
            let list = diff.as_array().or_else(|| diff.get("changes").and_then(Value::as_array));
            let lines: Vec<String> = list.into_iter().flatten().map(change).collect();
            if lines.is_empty() { format!("v{from} and v{to} are the same\n") } else { lines.join("\n") }
        });
        Ok(())
    }
}

impl Versions {
    async fn run(&self) -> Result<(), Failure> {
        let versions: Vec<PolicyVersion> = self.access.api()?.get("/api/policy/versions").await?;
        self.output.write(&versions, |versions| {
            let rows: Vec<Vec<String>> = versions
                .iter()
                .map(|version| {
                    let applied = version.applied_ms.map_or("-".to_owned(), |ms| format!("{ms:.0} ms"));
                    let changes = version.changes.len().to_string();
                    vec![
                        format!("v{}", version.version),
                        version.author.clone(),
                        changes,
                        applied,
                        version.reason.clone(),
                    ]
                })
                .collect();
            table(&["VERSION", "AUTHOR", "CHANGES", "APPLIED", "REASON"], &rows)
        });
        Ok(())
    }
}

impl Revert {
    async fn run(&self) -> Result<(), Failure> {
        let api = self.access.api()?;
        let call = RevertPolicy { to: self.to, reason: self.reason.clone(), author: self.author.clone() };
        let version: PolicyVersion = api.post("/api/policy/revert", &call).await?;
        let version = applied(&api, version).await?;
        self.output.write(&version, |version| render(version, false));
        Ok(())
    }
}

/// Whether a run in mode `learn` is on.
async fn learns(api: &Api) -> bool {
    let run = api.get::<RunStatus>("/api/runs/current").await;
    run.is_ok_and(|run| run.exit.is_none() && run.mode == Mode::Learn.name())
}

/// Waits until every instance runs the version, or for as long as is bearable.
async fn applied(api: &Api, mut version: PolicyVersion) -> Result<PolicyVersion, Failure> {
    let deadline = Instant::now() + APPLIED_PATIENCE;
    let path = format!("/api/policy/versions/{}", version.version);
    while version.applied_ms.is_none() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
        version = api.get(&path).await?;
    }
    Ok(version)
}

fn headline(version: &PolicyVersion) -> String {
    format!("v{} by {}: {}", version.version, version.author, version.reason)
}

fn render(version: &PolicyVersion, dry_run: bool) -> String {
    let mut lines: Vec<String> = version.changes.iter().map(change).collect();
    let count = match lines.len() {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    lines.insert(
        0,
        match (dry_run, version.applied_ms) {
            (true, _) => format!("would become v{}, {count}", version.version),
            (false, Some(ms)) => format!(
                "v{} by {}: {count}, applied on {}/{} instances in {ms:.0} ms",
                version.version, version.author, version.applied, version.instances
            ),
            (false, None) => format!(
                "v{} by {}: {count}, applied on {} of {} instances so far; `firedrill status` shows who is behind",
                version.version, version.author, version.applied, version.instances
            ),
        },
    );
    lines.join("\n")
}

/// `  services.payment.server.workers  200 -> 100`.
fn change(change: &Value) -> String {
    let side = |name: &str| match change.get(name) {
        None | Some(Value::Null) => "(nothing)".to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(other) => other.to_string(),
    };
    let path = change.get("path").and_then(Value::as_str).unwrap_or("?");
    format!("  {path}  {} -> {}", side("before"), side("after"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_shows_both_sides() {
        let workers = json!({"path": "services.payment.server.workers", "before": 200, "after": 100});
        assert_eq!(change(&workers), "  services.payment.server.workers  200 -> 100");
        let new = json!({"path": "services.frontend.deadline", "before": null, "after": "10s"});
        assert_eq!(change(&new), "  services.frontend.deadline  (nothing) -> 10s");
    }
}
