//! Keys from the terminal, one by one, without Enter. The terminal is as it was when this is dropped: at the end, after
//! Ctrl-C (which stays a signal), and when something panics.

use std::io::{IsTerminal as _, stdin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

/// How soon the reader notices that nobody listens any more.
const LOOK_UP: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// Begins what a terminal sends for a key that is no character.
const ESCAPE: u8 = 0x1b;
/// Keys that nobody has taken yet.
const AHEAD: usize = 64;

/// The keys of a terminal.
#[derive(Debug)]
pub(crate) struct Keys {
    keys: mpsc::Receiver<char>,
    stop: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    before: Termios,
}

impl Keys {
    /// Takes the terminal on stdin; `None` if it is none, or does not let itself be read key by key.
    pub(crate) fn open() -> Option<Self> {
        if !stdin().is_terminal() {
            return None;
        }
        let before = tcgetattr(stdin()).ok()?;
        let mut by_key = before.clone();
        // Without lines and echo, each key comes at once and shows nothing; signals are made as ever.
        by_key.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        by_key.special_codes[SpecialCodeIndex::VMIN] = 1;
        by_key.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(stdin(), OptionalActions::Now, &by_key).ok()?;
        let (tx, keys) = mpsc::channel(AHEAD);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let reader = std::thread::spawn(move || read(&tx, &stopped));
        Some(Self { keys, stop, reader: Some(reader), before })
    }

    /// The next key; `None` once the terminal is gone.
    pub(crate) async fn next(&mut self) -> Option<char> {
        self.keys.recv().await
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // What was typed ahead is not left for the shell.
        let _ = tcsetattr(stdin(), OptionalActions::Flush, &self.before);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn read(tx: &mpsc::Sender<char>, stopped: &AtomicBool) {
    let stdin = stdin();
    let mut burst = [0_u8; 16];
    while !stopped.load(Ordering::Relaxed) {
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut ready, Some(&LOOK_UP)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => return,
        }
        match rustix::io::read(&stdin, &mut burst) {
            Ok(0) => return,
            // An arrow is a burst that begins with an escape and ends with a letter, which nobody has typed.
            Ok(count) if burst[0] != ESCAPE => {
                for byte in burst[..count].iter().filter(|byte| byte.is_ascii()) {
                    // Nobody takes that many keys at once: those beyond are lost, and the reader is never held up.
                    if matches!(tx.try_send(char::from(*byte)), Err(mpsc::error::TrySendError::Closed(_))) {
                        return;
                    }
                }
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
