//! Peers of a measurement, each a process of its own so that its CPU is counted apart and every byte crosses the kernel:
//! this program again, told what to be. A child ends with its parent: its stdin closes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child as Process, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::{caller, page};

/// No child outlives this, whoever forgot it.
const LIFE: Duration = Duration::from_secs(600);

/// What a child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Sends back every byte.
    Echo,
    /// A web server that does nothing else.
    Page,
    /// Keeps a core busy.
    Burn,
    /// Calls, under one policy after the other.
    Caller,
}

/// A running child, ended when dropped.
#[derive(Debug)]
pub(crate) struct Child {
    process: Process,
    /// Where it serves; empty if nowhere.
    pub(crate) address: String,
}

impl Child {
    pub(crate) fn start(kind: Kind) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("failed to find this program")?;
        let name = format!("{kind:?}").to_lowercase();
        let mut process = Command::new(own)
            .args(["--child", &name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start the child `{name}`"))?;
        let said = process.stdout.take().context("a child has a stdout")?;
        let mut child = Self { process, address: String::new() };
        BufReader::new(said).read_line(&mut child.address).context("the child said nothing")?;
        child.address = child.address.trim().to_owned();
        if child.address.is_empty() {
            bail!("the child `{name}` ended before it served");
        }
        Ok(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Is a child until its parent is gone.
pub(crate) fn run(kind: Kind) -> ExitCode {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    std::thread::spawn(|| {
        std::thread::sleep(LIFE);
        std::process::exit(1);
    });
    let served = match kind {
        Kind::Echo => echo(),
        Kind::Page => page::serve(announce),
        Kind::Burn => announce("none").map(|()| burn()),
        Kind::Caller => caller::run(),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody listens: the exit code says it.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn announce(address: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{address}")?;
    stdout.flush()
}

fn echo() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    announce(&listener.local_addr()?.to_string())?;
    loop {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut bytes = [0; 4096];
        while let Ok(count) = stream.read(&mut bytes) {
            if count == 0 || stream.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
    }
}

fn burn() {
    let end = Instant::now() + LIFE;
    let mut value = 1_u64;
    while Instant::now() < end {
        for _ in 0..10_000 {
            value = std::hint::black_box(value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
    }
}
