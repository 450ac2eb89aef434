//! Where the narration goes: on a terminal, lines that scroll above one live
//! status line; elsewhere a line per event, and the pulse each five seconds.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use controller::api::{Event, Pulse};

use super::cascade::Cascade;
use super::narrate;
use super::pulse::{Pulses, clock};
use crate::paint::{Paint, Tone};

/// Without a terminal the pulse is told each five seconds: pulses come each
/// second, give or take some milliseconds.
const PULSE_EVERY_MS: u64 = 4_500;
/// Columns, where a terminal does not tell.
const COLUMNS: usize = 120;
/// Erases the line that the cursor is on.
const ERASE: &str = "\r\x1b[2K";

/// The narration of one run.
pub(crate) struct Screen {
    live: bool,
    quiet: bool,
    paint: Paint,
    pulses: Pulses,
    cascade: Cascade,
    last_pulse_ms: Option<u64>,
    /// When the last pulse came: an interview goes on when the run is over and nothing beats any more.
    heard: Option<Instant>,
    status_shown: bool,
}

impl Screen {
    /// Narrates on stderr, or not at all.
    pub(crate) fn new(quiet: bool) -> Self {
        let terminal =
            std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            live: terminal && !quiet,
            quiet,
            paint: Paint::for_stderr(),
            pulses: Pulses::default(),
            cascade: Cascade::default(),
            last_pulse_ms: None,
            heard: None,
            status_shown: false,
        }
    }

    /// Shows an event.
    pub(crate) fn show(&mut self, event: &Event) {
        match event {
            Event::Journal { t_ms, kind, actor, body } => {
                if kind == evidence::kind::PHASE
                    && let Some(name) = body.get("name").and_then(serde_json::Value::as_str)
                {
                    self.pulses.enter(name);
                }
                if let Some((tone, text)) = narrate::line(kind, actor, body) {
                    self.stamped(*t_ms, tone, &text);
                }
            }
            Event::Pulse(pulse) => self.pulse(pulse),
            Event::Finished(_) => {}
        }
    }

    /// A line of our own, with the run's clock.
    pub(crate) fn say(&mut self, tone: Tone, text: &str) {
        let since = self.heard.map_or(0, |heard| heard.elapsed().as_millis() as u64);
        let t_ms = self.pulses.last().map_or(0, |pulse| pulse.t_ms + since);
        self.stamped(t_ms, tone, text);
    }

    /// A line without a stamp, before or after the run.
    pub(crate) fn note(&mut self, text: &str) {
        self.scroll(text);
    }

    /// Takes the status line away; what follows belongs to others.
    pub(crate) fn end(&mut self) {
        if self.status_shown {
            self.write(ERASE);
            self.status_shown = false;
        }
    }

    fn pulse(&mut self, pulse: &Pulse) {
        for call in self.cascade.see(pulse) {
            self.stamped(pulse.t_ms, call.tone, &call.text);
        }
        self.pulses.push(pulse.clone());
        self.heard = Some(Instant::now());
        if self.live {
            self.status();
        } else if self
            .last_pulse_ms
            .is_none_or(|last| pulse.t_ms < last || pulse.t_ms >= last + PULSE_EVERY_MS)
        {
            self.last_pulse_ms = Some(pulse.t_ms);
            let line = self.pulses.line(usize::MAX, Paint::PLAIN);
            self.scroll(&line);
        }
    }

    fn stamped(&mut self, t_ms: u64, tone: Tone, text: &str) {
        let stamp = self.paint.faint(&format!("[{}]", clock(t_ms)));
        let text = self.paint.paint(tone, text);
        self.scroll(&format!("{stamp} {text}"));
    }

    fn scroll(&mut self, line: &str) {
        if self.quiet {
            return;
        }
        self.end();
        self.write(&format!("{line}\n"));
        if self.live {
            self.status();
        }
    }

    fn status(&mut self) {
        // One column is left free: a full line would wrap on some terminals.
        let line = self.pulses.line(columns().saturating_sub(1), self.paint);
        if !line.is_empty() {
            self.write(&format!("{ERASE}{line}"));
            self.status_shown = true;
        }
    }

    fn write(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        // Nobody watches any more; the run goes on.
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.end();
    }
}

fn columns() -> usize {
    let told = rustix::termios::tcgetwinsize(std::io::stderr()).map(|size| usize::from(size.ws_col));
    told.ok().filter(|columns| *columns > 0).unwrap_or(COLUMNS)
}
