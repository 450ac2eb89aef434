//! A place for labs: a folder, a lab's name in it, and everything that a person who stands there can ask. What is left
//! of the lab when the test is over is ended, also when the test failed.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::http::{Answer, Ask};
use crate::lanes::Turn;
use crate::processes;
use crate::program::{self, Running, Said};
use crate::scratch::Scratch;
use crate::wait::until;

/// The drill whose shop every lab here has.
pub const DRILL: &str = "bank-slowdown";
/// For what should be there almost at once, on a machine that has other work.
pub const SOON: Duration = Duration::from_secs(10);

/// A folder and the name of a lab in it.
#[derive(Debug)]
pub struct Site {
    pub scratch: Scratch,
    pub lab: String,
}

/// Whom the controller takes a caller for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Nobody,
    /// A process of the lab.
    Process,
    Observer,
    Candidate,
    Operator,
}

/// One process of a lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub instance: String,
    pub service: String,
    pub pid: u32,
    /// `host:port` where it serves; empty if nowhere.
    pub traffic: String,
    /// `host:port` of its admin port.
    pub admin: String,
    pub state: String,
}

impl Site {
    /// A new one, with no lab in it yet.
    pub fn new() -> Self {
        let scratch = Scratch::new();
        let lab = scratch.lab();
        Self { scratch, lab }
    }

    /// The same, whose programs are given more in their environment.
    pub fn with(environment: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let mut site = Self::new();
        site.scratch.environment.extend(environment);
        site
    }

    /// Runs a command about this lab to its end.
    pub fn say(&self, args: &[&str]) -> Said {
        program::say(&self.scratch, &self.named(args))
    }

    /// Starts a command about this lab.
    pub fn start(&self, args: &[&str]) -> Running {
        program::start(&self.scratch, &self.named(args))
    }

    fn named<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        args.iter().copied().chain(["--lab", &self.lab]).collect()
    }

    /// The lab's file, if there is one.
    pub fn file(&self) -> Option<Value> {
        let path = self.scratch.labs().join(format!("{}.json", self.lab));
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// A field of the lab's file, such as `/controller/pid`.
    ///
    /// # Panics
    /// When there is no lab, or no such field.
    pub fn field(&self, pointer: &str) -> Value {
        let file = self.file().unwrap_or_else(|| panic!("lab `{}` has no file", self.lab));
        file.pointer(pointer).unwrap_or_else(|| panic!("the lab's file has no `{pointer}`: {file}")).clone()
    }

    /// Like [`Self::field`], for a text.
    ///
    /// # Panics
    /// When there is no lab, or no such text.
    pub fn text(&self, pointer: &str) -> String {
        self.field(pointer)
            .as_str()
            .unwrap_or_else(|| panic!("`{pointer}` of the lab's file is no text"))
            .to_owned()
    }

    /// Like [`Self::field`], for a process id.
    ///
    /// # Panics
    /// When there is no lab, or no such process.
    pub fn pid(&self, pointer: &str) -> u32 {
        let pid = self.field(pointer).as_u64().and_then(|pid| u32::try_from(pid).ok());
        pid.unwrap_or_else(|| panic!("`{pointer}` of the lab's file is no process id"))
    }

    /// The token of a role.
    pub fn token(&self, role: Role) -> String {
        match role {
            Role::Nobody => String::new(),
            Role::Process => self.text("/tokens/lab"),
            Role::Observer => self.text("/tokens/observer"),
            Role::Candidate => self.text("/tokens/candidate"),
            Role::Operator => self.text("/tokens/operator"),
        }
    }

    /// Asks the controller in a role.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn ask(&self, role: Role, method: &'static str, path: &str, body: Option<Value>) -> Answer {
        let mut ask = Ask::new(method, &self.text("/controller/url"), path);
        if role != Role::Nobody {
            ask = ask.token(&self.token(role));
        }
        if let Some(body) = body {
            ask = ask.body(body);
        }
        ask.send().unwrap_or_else(|error| panic!("the controller does not answer: {error}"))
    }

    /// The lab at one glance, as an operator sees it.
    pub fn status(&self) -> Value {
        self.ask(Role::Operator, "GET", "/api/status", None).expect(200).json()
    }

    /// Every process, as the controller knows it now.
    pub fn members(&self) -> Vec<Member> {
        members(&self.status()["processes"])
    }

    /// The one instance of a service, as the controller knows it now.
    ///
    /// # Panics
    /// When there is none.
    pub fn member(&self, service: &str) -> Member {
        let members = self.members();
        let found = members.iter().find(|member| member.service == service);
        found.unwrap_or_else(|| panic!("there is no {service} in {members:?}")).clone()
    }

    /// Every process, as the lab's file knew it when the lab was ready; needs no controller.
    pub fn filed(&self) -> Vec<Member> {
        self.file().map(|file| members(&file["processes"])).unwrap_or_default()
    }

    /// A sample of a process, summed over the series that carry all the labels; 0 if there is none.
    pub fn metric(&self, admin: &str, name: &str, labels: &[(&str, &str)]) -> Result<f64, String> {
        let text = Ask::get(admin, "/metrics").send()?.body;
        let samples = crate::exposition::parse(&text)?;
        Ok(samples.iter().filter(|sample| sample.is(name, labels)).map(|sample| sample.value).sum())
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if self.file().is_some() {
            // Whatever it says: what is left is ended below.
            self.start(&["down"]).finish_or_kill(SOON);
        }
        processes::end(&self.scratch);
    }
}

/// A lab that was brought up, and has the machine for itself.
#[derive(Debug)]
pub struct Lab {
    pub site: Site,
    /// What `up` said.
    pub up: Value,
    _turn: Turn,
}

impl Lab {
    /// `firedrill up`, with more flags.
    pub fn up(flags: &[&str]) -> Self {
        Self::of(&crate::repo::drill(DRILL), flags)
    }

    /// The same, with the shop of another drill.
    pub fn of(drill: &Path, flags: &[&str]) -> Self {
        let turn = Turn::take();
        let site = Site::new();
        let folder = drill.display().to_string();
        let args: Vec<&str> =
            ["up", "--drill", &folder, "--output", "json"].into_iter().chain(flags.iter().copied()).collect();
        let up = site.say(&args).expect(0).json();
        Self { site, up, _turn: turn }
    }

    /// Where users are served.
    pub fn frontend(&self) -> String {
        self.up["frontend"].as_str().expect("`up` names the frontend").to_owned()
    }

    /// Checkouts that users got answered with 200 or 202 so far.
    pub fn orders_accepted(&self) -> f64 {
        let admin = self.site.member("frontend").admin;
        let of = |status| {
            let labels = [("http_route", "/api/checkout"), ("http_response_status_code", status)];
            self.site.metric(&admin, "http_server_request_duration_seconds_count", &labels)
        };
        of("200").and_then(|paid| of("202").map(|pending| paid + pending)).unwrap_or_default()
    }

    /// Waits until users get this many more orders accepted.
    pub fn sell(&self, orders: f64) {
        let goal = self.orders_accepted() + orders;
        until(&format!("{orders} more orders are accepted"), Duration::from_secs(30), || {
            let accepted = self.orders_accepted();
            if accepted >= goal { Ok(()) } else { Err(format!("{accepted} of {goal}")) }
        });
    }
}

impl std::ops::Deref for Lab {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

fn members(list: &Value) -> Vec<Member> {
    let of = |process: &Value| {
        let text = |name: &str| process.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Member {
            instance: text("instance"),
            service: text("service"),
            pid: process["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default(),
            traffic: text("traffic"),
            admin: text("admin"),
            state: text("state"),
        }
    };
    list.as_array().into_iter().flatten().map(of).collect()
}
