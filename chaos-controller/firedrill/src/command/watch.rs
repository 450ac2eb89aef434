//! `firedrill watch`: one page about the live lab, each second. On a terminal it has the screen to itself; elsewhere it
//! is a block now and then, or a JSON object per second.

use std::time::Duration;

use clap::Args;
use controller::api::board::Board;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use crate::api::Api;
use crate::board::{Key, Size, Terminal, render, size};
use crate::exit::{Exit, Failure};
use crate::lab::Access;
use crate::output::{Format, Output, table, write_more};
use crate::paint::Paint;

/// Between two looks on a screen.
const BEAT: Duration = Duration::from_secs(1);
/// A block in a log is as wide as this.
const BLOCK: Size = Size { columns: 120, rows: 60 };
/// Looks that may fail in a row: a controller that is adopted comes back within some.
const MISSES: u32 = 30;

/// Flags of `watch`.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Look once and end
    #[arg(long)]
    once: bool,
    /// Without a terminal: time between two blocks
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
    every: Duration,
    /// Print the queries behind the figures
    #[arg(long, conflicts_with = "every")]
    queries: bool,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    output: Output,
}

impl Watch {
    pub(crate) async fn run(&self) -> Result<Exit, Failure> {
        let api = self.access.api()?;
        // The first look fails as any command does: there is no screen yet.
        let first = look(&api).await?;
        if self.queries {
            self.output.write(&first.queries, |queries| {
                let rows: Vec<Vec<String>> =
                    queries.iter().map(|(name, query)| vec![name.clone(), query.clone()]).collect();
                table(&["FIGURE", "QUERY"], &rows)
            });
            return Ok(Exit::Pass);
        }
        if self.once {
            self.block(&first);
            return Ok(Exit::Pass);
        }
        match Terminal::take().filter(|_| self.output.output == Format::Text) {
            Some(terminal) => full_screen(terminal, &api, first).await,
            None => self.blocks(&api, first).await,
        }
    }

    async fn blocks(&self, api: &Api, first: Board) -> Result<Exit, Failure> {
        let every = if self.output.output == Format::Json { BEAT } else { self.every.max(BEAT) };
        let mut interrupt = signals()?;
        let mut board = first;
        let mut next = Instant::now();
        while self.block(&board) {
            next = (next + every).max(Instant::now());
            board = tokio::select! {
                looked = look_at(next, api) => looked?,
                _ = interrupt.recv() => return Ok(Exit::Pass),
            };
        }
        Ok(Exit::Pass)
    }

    /// Says whether anybody still reads.
    fn block(&self, board: &Board) -> bool {
        match self.output.output {
            Format::Json => write_more(&serde_json::to_string(board).expect("a board is plain data")),
            Format::Text => {
                let wide = if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
                    let screen = size();
                    // A single look is read on the screen; a row of them is scrolled through.
                    if self.once { screen } else { Size { columns: screen.columns, ..BLOCK } }
                } else {
                    BLOCK
                };
                write_more(&(render(board, wide, Paint::for_stdout()).join("\n") + "\n\n"))
            }
        }
    }
}

async fn full_screen(mut terminal: Terminal, api: &Api, first: Board) -> Result<Exit, Failure> {
    let mut board = first;
    let mut missed = 0;
    let mut interrupt = signals()?;
    let mut resized = signal(SignalKind::window_change()).map_err(|error| Failure::caused(&error))?;
    let mut next = Instant::now() + BEAT;
    // Not begun anew by a key or a resized window, and not waited for: a controller that is frozen holds no key back.
    let mut looking = Box::pin(look_at(next, api));
    loop {
        let mut lines = render(&board, size(), Paint::for_stdout());
        if missed > 0
            && let Some(first) = lines.first_mut()
        {
            *first =
                format!("{}  the controller does not answer ({missed} s)", Paint::for_stdout().bad("STALE"));
        }
        terminal.draw(&lines);
        tokio::select! {
            looked = &mut looking => {
                match looked {
                    Ok(newer) => (board, missed) = (newer, 0),
                    Err(failure) if missed >= MISSES => return Err(failure),
                    Err(_) => missed += 1,
                }
                next = (next + BEAT).max(Instant::now());
                looking = Box::pin(look_at(next, api));
            }
            _ = resized.recv() => {}
            key = terminal.keys.recv() => if key == Some(Key::Quit) { return Ok(Exit::Pass) },
            _ = interrupt.recv() => return Ok(Exit::Pass),
        }
    }
}

async fn look(api: &Api) -> Result<Board, Failure> {
    api.get("/api/board").await
}

async fn look_at(when: Instant, api: &Api) -> Result<Board, Failure> {
    tokio::time::sleep_until(when).await;
    look(api).await
}

/// Ctrl-C, or being asked to end.
fn signals() -> Result<tokio::sync::mpsc::Receiver<()>, Failure> {
    let (tx, rx) = tokio::sync::mpsc::channel(1);
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut signal = signal(kind).map_err(|error| Failure::caused(&error))?;
        let tx = tx.clone();
        tokio::spawn(async move {
            signal.recv().await;
            let _ = tx.send(()).await;
        });
    }
    Ok(rx)
}
