//! A real file: what is claimed here is about what stays in it.

use super::*;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS rows(name TEXT PRIMARY KEY) WITHOUT ROWID";

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("firedrill-store-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Store {
        Store::open(&self.0.join("test.db"), SCHEMA).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn insert(
    name: impl Into<String>,
) -> impl FnOnce(&Transaction<'_>) -> rusqlite::Result<usize> + Send + 'static {
    let name: String = name.into();
    move |tx| tx.prepare_cached("INSERT INTO rows VALUES (?)")?.execute([name])
}

fn rows(store: &Store) -> Vec<String> {
    let read = |connection: &Connection| {
        connection.prepare_cached("SELECT name FROM rows")?.query_map([], |row| row.get(0))?.collect()
    };
    store.read(read).unwrap()
}

#[tokio::test]
async fn a_group_of_writes_survives_a_reopening() {
    let folder = Folder::new("reopen");
    let store = folder.open();
    let writes: Vec<_> = (0..100).map(|i| store.write(insert(format!("{i:03}")))).collect();
    for write in writes {
        write.await.unwrap();
    }
    drop(store);
    // The committing task lets go of the file when it next runs.
    tokio::task::yield_now().await;
    assert_eq!(rows(&folder.open()).len(), 100);
}

#[tokio::test]
async fn a_failing_write_undoes_nothing_of_its_neighbours() {
    let folder = Folder::new("savepoint");
    let store = folder.open();
    let before = store.write(insert("a"));
    let failing = store.write(|tx| {
        tx.execute("INSERT INTO rows VALUES ('half')", [])?;
        tx.execute("INSERT INTO rows VALUES ('a')", [])
    });
    let after = store.write(insert("b"));
    before.await.unwrap();
    let error = failing.await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    after.await.unwrap();
    assert_eq!(rows(&store), ["a", "b"]);
}

#[tokio::test]
async fn a_write_that_fails_alone_leaves_nothing() {
    let folder = Folder::new("alone");
    let store = folder.open();
    let failing = store.write(|tx| {
        tx.execute("INSERT INTO rows VALUES ('half')", [])?;
        tx.execute("INSERT INTO nowhere VALUES (1)", [])
    });
    assert!(!failing.await.unwrap_err().is_conflict());
    assert!(rows(&store).is_empty());
    store.write(insert("next")).await.unwrap();
}

#[tokio::test]
async fn a_commit_that_fails_keeps_nothing_and_the_next_one_works() {
    let folder = Folder::new("commit");
    let schema = "CREATE TABLE IF NOT EXISTS parents(name TEXT PRIMARY KEY);
        CREATE TABLE IF NOT EXISTS rows(name TEXT REFERENCES parents(name) DEFERRABLE INITIALLY DEFERRED);
        PRAGMA foreign_keys = ON;";
    let store = Store::open(&folder.0.join("commit.db"), schema).unwrap();
    let orphan = store.write(insert("nobody's")).await.unwrap_err();
    assert!(matches!(orphan, StoreError::Commit(_)), "{orphan:?}");
    assert!(rows(&store).is_empty());
    store.write(|tx| tx.execute("INSERT INTO parents VALUES ('a')", [])).await.unwrap();
    store.write(insert("a")).await.unwrap();
    assert_eq!(rows(&store), ["a"]);
}

#[tokio::test]
async fn a_caller_who_leaves_undoes_nothing() {
    let folder = Folder::new("leave");
    let store = folder.open();
    drop(store.write(insert("a")));
    store.write(insert("b")).await.unwrap();
    assert_eq!(rows(&store), ["a", "b"]);
}

#[tokio::test]
async fn a_panicking_write_closes_the_store_and_hangs_nobody() {
    let folder = Folder::new("panic");
    let store = folder.open();
    let panicking = store.write::<(), _>(|_| panic!("a bug in a write"));
    let neighbour = store.write(insert("a"));
    assert!(matches!(panicking.await, Err(StoreError::Closed)));
    assert!(matches!(neighbour.await, Err(StoreError::Closed)));
    assert!(matches!(store.write(insert("b")).await, Err(StoreError::Closed)));
    assert!(rows(&store).is_empty());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let folder = Folder::new("refuse");
    let path = folder.0.join("test.db");
    std::fs::write(&path, "not a database, but long enough to look at").unwrap();
    let error = Store::open(&path, SCHEMA).err().unwrap();
    assert!(error.to_string().contains("test.db"));
}
