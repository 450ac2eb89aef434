//! A run's folder as a recording. Its files are hashed and decoded side by side, in pieces: a long run's are larger
//! than what may be held of them.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use evidence::recording::{JOURNAL, POSTMORTEM, SEALED_FILES};
use evidence::review::REVIEW;
use evidence::{Chains, Decoded, Decoding, Entry, OpenError, Recording};

use super::GradingError;

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// Reads the recording in a folder.
///
/// # Errors
/// As [`super::grade`].
pub fn read(dir: &Path) -> Result<Recording, GradingError> {
    read_files(dir, &SEALED_FILES)
}

/// The same of these files alone, for who asks one thing of a long run; the seal counts the others as missing.
///
/// # Errors
/// As [`super::grade`].
pub fn read_files(dir: &Path, names: &[&'static str]) -> Result<Recording, GradingError> {
    // The chains first: without them the rest is not worth a look.
    let chains = Chains::verify(whole(dir, JOURNAL)?.as_deref(), whole(dir, REVIEW)?.as_deref());
    let chains = chains.map_err(|refused| match refused {
        OpenError::NoJournal => GradingError::NoRun { folder: dir.to_owned(), why: why_none(dir) },
        source => GradingError::Refused { folder: dir.to_owned(), source },
    })?;
    let postmortem = whole(dir, POSTMORTEM)?.map(|text| String::from_utf8_lossy(&text).into_owned());
    Ok(Recording { postmortem, ..Recording::assemble(chains, side_by_side(dir, names)?) })
}

/// A line of a journal, and its bytes as they were hashed.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub entry: Entry,
    pub written: String,
}

/// Reads the journal in a folder, and nothing else. A last line that its writer did not finish is left out.
///
/// # Errors
/// The folder is no run's, the file cannot be read, or the chain is broken.
pub fn journal(dir: &Path) -> Result<Vec<Line>, GradingError> {
    let text = whole(dir, JOURNAL)?
        .ok_or_else(|| GradingError::NoRun { folder: dir.to_owned(), why: why_none(dir) })?;
    let verified = evidence::verify(&text)
        .map_err(|broken| GradingError::Refused { folder: dir.to_owned(), source: broken.into() })?;
    let written = text.split(|&byte| byte == b'\n').map(|line| String::from_utf8_lossy(line).into_owned());
    Ok(verified.entries.into_iter().zip(written).map(|(entry, written)| Line { entry, written }).collect())
}

/// All evidence that is there, on as many threads as there are processors. The largest files come first, so that the
/// last one to be taken is a small one.
fn side_by_side(dir: &Path, names: &[&'static str]) -> Result<Vec<Decoded>, GradingError> {
    let mut names = names.to_vec();
    names.sort_by_key(|name| std::fs::metadata(dir.join(name)).map_or(0, |found| found.len()));
    let threads = thread::available_parallelism().map_or(1, usize::from).min(names.len());
    let left = Mutex::new(names);
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let some = || -> Result<Vec<Decoded>, GradingError> {
        let mut decoded = Vec::new();
        while let Some(name) = next() {
            decoded.extend(decode(dir, name).map_err(|source| failed(dir, name, source))?);
        }
        Ok(decoded)
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
        let mut decoded = some()?;
        for other in others {
            decoded.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(decoded)
    })
}

/// One file; `None` if it is not there, which is a finding of the grader's.
fn decode(dir: &Path, name: &str) -> io::Result<Option<Decoded>> {
    let Some(mut file) = there(File::open(dir.join(name)))? else { return Ok(None) };
    let mut decoding = Decoding::of(name);
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => decoding.feed(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut decoded = decoding.finish();
    for range in decoded.wanted().to_vec() {
        piece.resize((range.end - range.start) as usize, 0);
        file.read_exact_at(&mut piece, range.start)?;
        decoded.show(&piece);
    }
    Ok(Some(decoded))
}

fn whole(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, GradingError> {
    there(std::fs::read(dir.join(name))).map_err(|source| failed(dir, name, source))
}

/// A file of a folder that is none is not there either.
fn there<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn failed(dir: &Path, name: &str, source: io::Error) -> GradingError {
    GradingError::Read { path: dir.join(name), source }
}

fn why_none(dir: &Path) -> &'static str {
    match std::fs::metadata(dir) {
        Err(_) => "it does not exist",
        Ok(found) if !found.is_dir() => "it is a file",
        Ok(_) if dir.join(JOURNAL).exists() => "its journal.jsonl has no whole line",
        Ok(_) => "it has no journal.jsonl",
    }
}
