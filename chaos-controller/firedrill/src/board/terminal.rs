//! The screen: the terminal's other page, drawn over in place and given back as it was, whatever ends the program
//! short of a kill. Plain VT sequences; `q`, Escape or Ctrl-C leave.

use std::io::{IsTerminal as _, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::sync::mpsc;

use super::page::Size;

/// The other page, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K";
const REST_OF_SCREEN: &str = "\x1b[J";
/// What a terminal that does not tell is taken for.
const USUAL: Size = Size { columns: 80, rows: 24 };

/// What was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Quit,
    Other,
}

/// The terminal while it is ours.
pub(crate) struct Terminal {
    before: Option<Termios>,
    pub(crate) keys: mpsc::Receiver<Key>,
}

impl Terminal {
    /// Takes the terminal; `None` if there is none, or it knows no sequences.
    pub(crate) fn take() -> Option<Self> {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if dumb || !std::io::stdout().is_terminal() {
            return None;
        }
        let before = if std::io::stdin().is_terminal() { quiet() } else { None };
        let (tx, keys) = mpsc::channel(8);
        if before.is_some() {
            // Blocked in its read until the program ends; nothing waits for it.
            std::thread::spawn(move || read_keys(&tx));
        } else {
            // Nobody can type: the channel stays open, and silent.
            std::mem::forget(tx);
        }
        write(ENTER);
        Some(Self { before, keys })
    }

    /// Draws the page over the one before.
    pub(crate) fn draw(&self, lines: &[String]) {
        let mut page = String::from(HOME);
        for (n, line) in lines.iter().enumerate() {
            if n > 0 {
                page.push_str("\r\n");
            }
            page.push_str(line);
            page.push_str(REST_OF_LINE);
        }
        page.push_str(REST_OF_SCREEN);
        write(&page);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        write(LEAVE);
        if let Some(before) = &self.before {
            // A terminal that has gone needs nothing restored.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// How large the screen is.
pub(crate) fn size() -> Size {
    let told = tcgetwinsize(std::io::stdout());
    let told = told.map(|size| Size { columns: size.ws_col.into(), rows: size.ws_row.into() });
    told.ok().filter(|size| size.columns > 0 && size.rows > 0).unwrap_or(USUAL)
}

/// Keys come at once and are not shown; Ctrl-C stays a signal. Gives how it was before.
fn quiet() -> Option<Termios> {
    let before = tcgetattr(std::io::stdin()).ok()?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    tcsetattr(std::io::stdin(), OptionalActions::Now, &quiet).ok()?;
    Some(before)
}

fn read_keys(tx: &mpsc::Sender<Key>) {
    let mut bytes = [0_u8; 16];
    while let Ok(count) = std::io::stdin().read(&mut bytes) {
        if count == 0 || tx.blocking_send(key(&bytes[..count])).is_err() {
            return;
        }
    }
}

/// An arrow begins with Escape too; alone it is the key.
fn key(bytes: &[u8]) -> Key {
    match bytes {
        [b'q' | b'Q' | 3 | 27] => Key::Quit,
        _ => Key::Other,
    }
}

fn write(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // Nobody watches any more.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_and_escape_leave_and_an_arrow_does_not() {
        assert_eq!([b"q".as_slice(), b"\x1b", b"\x03"].map(key), [Key::Quit; 3]);
        assert_eq!([b"\x1b[A".as_slice(), b"x"].map(key), [Key::Other; 2]);
    }
}
