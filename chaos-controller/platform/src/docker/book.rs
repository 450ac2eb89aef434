//! What the guard must not forget, in a file of its volume: the leases in force, how containers were before a fault first
//! touched them, and which of them were scaled away and are to stay down.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::container::Container;
use super::limits::Limits;
use crate::guard::faults::{Failed, Kept};
use crate::lab::write_durable;

/// The file, and what is in it.
pub(super) struct Book {
    path: PathBuf,
    pages: Mutex<Pages>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Pages {
    leases: Vec<Kept>,
    /// By the container's id: a new container has limits of its own.
    before: BTreeMap<String, Was>,
    /// Instances.
    parked: BTreeSet<String>,
}

/// A container before a fault touched it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Was {
    pub(super) limits: Limits,
    pub(super) address: Option<String>,
    pub(super) aliases: Vec<String>,
}

impl Book {
    /// Reads it, or begins a new one.
    pub(super) fn open(path: &Path) -> Result<Self, Failed> {
        let pages = match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| Failed(format!("failed to read `{}`: {error}", path.display())))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Pages::default(),
            Err(error) => return Err(Failed(format!("failed to read `{}`: {error}", path.display()))),
        };
        Ok(Self { path: path.to_owned(), pages: Mutex::new(pages) })
    }

    pub(super) fn leases(&self) -> Vec<Kept> {
        self.pages().leases.clone()
    }

    /// Keeps a lease; the same id again replaces it.
    pub(super) fn keep(&self, kept: &Kept) -> Result<(), Failed> {
        self.change(|pages| {
            pages.leases.retain(|lease| lease.id != kept.id);
            pages.leases.push(kept.clone());
        })
    }

    pub(super) fn forget(&self, id: &str) -> Result<(), Failed> {
        self.change(|pages| pages.leases.retain(|lease| lease.id != id))
    }

    /// How a container was before any fault. Its limits are those that it had when it was first asked about: what it has
    /// now may be another fault's doing. Its address changes with every start, so the newest counts.
    pub(super) fn was(&self, container: &Container) -> Result<Was, Failed> {
        let mut was =
            self.before(&container.id).unwrap_or_else(|| Was { limits: container.limits, ..Was::default() });
        if container.address.is_some() {
            was.address.clone_from(&container.address);
            was.aliases.clone_from(&container.aliases);
        }
        if self.before(&container.id).as_ref() != Some(&was) {
            self.change(|pages| {
                pages.before.insert(container.id.clone(), was.clone());
            })?;
        }
        Ok(was)
    }

    /// How it was, if a fault ever touched it.
    pub(super) fn before(&self, id: &str) -> Option<Was> {
        self.pages().before.get(id).cloned()
    }

    /// It was scaled away, and is to stay down.
    pub(super) fn park(&self, instance: &str) -> Result<(), Failed> {
        self.change(|pages| {
            pages.parked.insert(instance.to_owned());
        })
    }

    pub(super) fn unpark(&self, instance: &str) -> Result<(), Failed> {
        self.change(|pages| {
            pages.parked.remove(instance);
        })
    }

    pub(super) fn is_parked(&self, instance: &str) -> bool {
        self.pages().parked.contains(instance)
    }

    /// What is not written is not so: a guard that could not keep it does not begin it.
    fn change(&self, change: impl FnOnce(&mut Pages)) -> Result<(), Failed> {
        let mut pages = self.pages();
        let mut next = pages.clone();
        change(&mut next);
        if *pages != next {
            let text = serde_json::to_vec_pretty(&next).expect("a book is plain data");
            write_durable(&self.path, &text)
                .map_err(|error| Failed(format!("failed to write `{}`: {error}", self.path.display())))?;
            *pages = next;
        }
        Ok(())
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use fault::{Effect, FaultSpec, Stop};

    use super::*;
    use crate::docker::container::tests::inspected;

    pub(in crate::docker) fn file(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("firedrill-book-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder.join("guard.json")
    }

    fn lease(id: &str, deadline_unix_ms: u64) -> Kept {
        Kept {
            id: id.to_owned(),
            target: "payment-0".to_owned(),
            spec: FaultSpec::new(Effect::Stop(Stop {})),
            instances: vec!["payment-0".to_owned()],
            undo: serde_json::json!({"x": 1}),
            deadline_unix_ms,
        }
    }

    #[test]
    fn the_next_guard_finds_what_this_one_kept() {
        let path = file("next");
        let book = Book::open(&path).unwrap();
        book.keep(&lease("a", 1)).unwrap();
        book.keep(&lease("b", 2)).unwrap();
        book.keep(&lease("a", 3)).unwrap();
        book.park("cart-0").unwrap();
        let next = Book::open(&path).unwrap();
        assert_eq!(next.leases(), [lease("b", 2), lease("a", 3)]);
        assert!(next.is_parked("cart-0") && !next.is_parked("payment-0"));
        next.forget("b").unwrap();
        next.forget("b").unwrap();
        assert_eq!(Book::open(&path).unwrap().leases(), [lease("a", 3)]);
    }

    #[test]
    fn limits_that_another_fault_set_are_not_taken_for_its_own() {
        let book = Book::open(&file("twice")).unwrap();
        let mut payment = Container::read(&inspected(), "firedrill-default_lab").unwrap();
        let own = payment.limits;
        book.was(&payment).unwrap();
        payment.limits = Limits { memory: 64 << 20, ..own };
        payment.address = None;
        let was = book.was(&payment).unwrap();
        assert_eq!((was.limits, was.address.as_deref()), (own, Some("10.211.0.7")));
    }

    #[test]
    fn a_book_that_cannot_be_read_is_not_begun_anew() {
        let path = file("broken");
        write_durable(&path, b"{").unwrap();
        assert!(Book::open(&path).is_err(), "it would forget what must be undone");
    }
}
