//! A folder of its own for each test. It goes with the test; if the test fails it stays, and says where.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that nobody else uses.
#[derive(Debug)]
pub struct Scratch {
    root: PathBuf,
    number: u32,
    /// Of every program that is started here, beside what all have.
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Scratch {
    /// Makes one.
    ///
    /// # Panics
    /// When the system has no room for it.
    #[expect(clippy::new_without_default, reason = "makes a folder, which no default should")]
    pub fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("firedrill-it-{}-{number}", std::process::id()));
        let scratch = Self { root, number, environment: Vec::new() };
        for folder in [scratch.work(), scratch.said()] {
            std::fs::create_dir_all(&folder)
                .unwrap_or_else(|error| panic!("failed to make `{}`: {error}", folder.display()));
        }
        scratch
    }

    /// Where the program is started; empty at first.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// Where the labs' files are: the program's default, as an absolute path.
    pub fn labs(&self) -> PathBuf {
        self.work().join(".firedrill")
    }

    /// Where the words of the program go.
    pub(crate) fn said(&self) -> PathBuf {
        self.root.join("said")
    }

    /// A name for a lab that nobody else gives.
    pub fn lab(&self) -> String {
        format!("it-{}-{}", std::process::id(), self.number)
    }

    /// Writes a file into the working folder.
    ///
    /// # Panics
    /// When it cannot.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.work().join(name);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, text))
            .unwrap_or_else(|error| panic!("failed to write `{}`: {error}", path.display()));
        path
    }

    /// The names in the working folder, sorted.
    pub fn names(&self) -> Vec<String> {
        names(&self.work())
    }
}

/// The names in a folder, sorted; none if there is no such folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ =
                writeln!(std::io::stderr(), "the files of the failed test stay in {}", self.root.display());
        } else {
            // The system empties its folder of temporary files anyway.
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }
}
