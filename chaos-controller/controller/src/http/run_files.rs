//! The files of a run, for whoever is not where the controller writes them: the list, and each as it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio_util::io::ReaderStream;

use crate::api::{Role, RunFile};
use crate::lab::Lab;

use super::{Caller, Refused};

/// A piece of a file on its way.
const PIECE: usize = 64 << 10;

pub(super) async fn list(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    UrlPath(run): UrlPath<String>,
) -> Result<Json<Vec<RunFile>>, Refused> {
    caller.must_be(Role::Operator)?;
    Ok(Json(files(&folder(&lab, &run)?).map_err(unreadable)?))
}

pub(super) async fn one(
    State(lab): State<Arc<Lab>>,
    caller: Caller,
    UrlPath((run, path)): UrlPath<(String, String)>,
) -> Result<Response, Refused> {
    caller.must_be(Role::Operator)?;
    let folder = folder(&lab, &run)?;
    // Only what the list names: a path that leads out of the folder is not in it.
    if !files(&folder).map_err(unreadable)?.iter().any(|file| file.path == path) {
        return Err(Refused::new(StatusCode::NOT_FOUND, format!("no file `{path}` in run `{run}`")));
    }
    let file = tokio::fs::File::open(folder.join(&path)).await.map_err(unreadable)?;
    let body = Body::from_stream(ReaderStream::with_capacity(file, PIECE));
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response())
}

/// The run that is on or was last may be anywhere; the others are where this controller puts them.
fn folder(lab: &Lab, run: &str) -> Result<PathBuf, Refused> {
    let last = lab.run().map(|last| last.book.dir.clone());
    let last = last.filter(|dir| dir.file_name().is_some_and(|name| name == run));
    let plain = !run.is_empty() && !run.starts_with('.') && !run.contains(['/', '\\']);
    let kept = Some(lab.runs.join(run)).filter(|dir| plain && dir.join("journal.jsonl").is_file());
    last.or(kept).ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, format!("no run `{run}` here")))
}

/// Every file under a folder, by its path in it, sorted.
fn files(folder: &Path) -> std::io::Result<Vec<RunFile>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && let Ok(path) = entry.path().strip_prefix(folder)
            {
                let path = path.to_string_lossy().into_owned();
                found.push(RunFile { path, bytes: entry.metadata()?.len() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn unreadable(error: std::io::Error) -> Refused {
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the run cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_folder_are_listed_by_their_way_into_it() {
        let folder = std::env::temp_dir().join(format!("firedrill-run-files-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("ledgers")).unwrap();
        std::fs::write(folder.join("ledgers/orders.jsonl"), "abc").unwrap();
        std::fs::write(folder.join("journal.jsonl"), "").unwrap();
        let of = |path: &str, bytes| RunFile { path: path.to_owned(), bytes };
        assert_eq!(files(&folder).unwrap(), [of("journal.jsonl", 0), of("ledgers/orders.jsonl", 3)]);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
