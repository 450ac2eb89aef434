//! The folder of a run, brought here from where its controller wrote it. Every file as it is: the journal's seal says
//! whether one was changed on the way.

use std::path::{Path, PathBuf};
use std::time::Duration;

use controller::api::RunFile;
use http_body_util::BodyExt as _;
use hyper::Method;
use tokio::io::AsyncWriteExt as _;

use crate::api::Api;
use crate::exit::Failure;

/// For all of a file; the spans of a long run are hundreds of megabytes.
const PATIENCE: Duration = Duration::from_secs(600);

/// Fetches every file of a run into a folder of its name under `runs`; gives that folder.
pub(crate) async fn fetch(api: &Api, run: &str, runs: &Path) -> Result<PathBuf, Failure> {
    let folder = runs.join(run);
    let files: Vec<RunFile> = api.get(&format!("/api/runs/{run}/files")).await?;
    for file in &files {
        let into = inside(&folder, &file.path)?;
        let fetched = tokio::time::timeout(PATIENCE, one(api, run, file, &into)).await;
        fetched.map_err(|_| Failure::unexpected(format!("`{}` of run {run} does not come", file.path)))??;
    }
    Ok(folder)
}

async fn one(api: &Api, run: &str, file: &RunFile, into: &Path) -> Result<(), Failure> {
    let failed =
        |why: String| Failure::unexpected(format!("failed to fetch `{}` of run {run}: {why}", file.path));
    let io = |error: std::io::Error| failed(error.to_string());
    if let Some(folder) = into.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(io)?;
    }
    let path = format!("/api/runs/{run}/files/{}", file.path);
    let response =
        api.client().open(Method::GET, &path, None).await.map_err(|error| Failure::caused(&error))?;
    if !response.status().is_success() {
        return Err(failed(format!("the controller answered {}", response.status())));
    }
    let mut body = response.into_body();
    let mut written = tokio::fs::File::create(into).await.map_err(io)?;
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| failed(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            bytes += data.len() as u64;
            written.write_all(&data).await.map_err(io)?;
        }
    }
    written.flush().await.map_err(io)?;
    if bytes == file.bytes { Ok(()) } else { Err(failed(format!("{bytes} of {} bytes came", file.bytes))) }
}

/// A path of the list, in the folder; one that would lead out of it is refused.
fn inside(folder: &Path, path: &str) -> Result<PathBuf, Failure> {
    let plain = |part: std::path::Component<'_>| matches!(part, std::path::Component::Normal(_));
    if path.is_empty() || !Path::new(path).components().all(plain) {
        return Err(Failure::unexpected(format!(
            "the controller names a file `{path}`, which is none of a run's"
        )));
    }
    Ok(folder.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_written_outside_of_the_run_s_folder() {
        let folder = Path::new("runs/x");
        assert_eq!(inside(folder, "ledgers/orders.jsonl").unwrap(), Path::new("runs/x/ledgers/orders.jsonl"));
        for bad in ["", "../y", "/etc/passwd", "ledgers/../../y"] {
            assert!(inside(folder, bad).is_err(), "{bad}");
        }
    }
}
