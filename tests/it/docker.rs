//! The lab on a real Docker engine, one of the test's own: the same verdicts as on this machine, each platform fault
//! measured where it acts, and nothing left of it, whoever is killed in the middle.

mod dying;
mod faults;
mod files;
mod played;

use std::time::Duration;

use serde_json::{Value, json};
use tests::http::Ask;
use tests::site::{DRILL, SOON};
use tests::{Engine, Role, Site, Turn, repo, until};

/// For eleven containers, on a machine that has other work.
const UP: Duration = Duration::from_secs(180);
/// For one of them to be started again.
const AGAIN: Duration = Duration::from_secs(30);
/// Of a user.
const PATIENCE: Duration = Duration::from_secs(2);

/// A lab in an engine. The lab goes first.
struct Harbour {
    site: Site,
    engine: Engine,
    _turn: Turn,
}

impl Harbour {
    /// `firedrill up --platform docker`, a tenth and without load; `None` where there is no engine.
    fn up() -> Option<Self> {
        let harbour = Self::empty()?;
        let folder = repo::drill(DRILL).display().to_string();
        let image = harbour.engine.image();
        let flags = ["--platform", "docker", "--image", &image, "--scale", "1/10", "--no-load"];
        let args: Vec<&str> = ["up", "--drill", &folder].into_iter().chain(flags).collect();
        harbour.site.start(&args).finish(UP).expect(0);
        Some(harbour)
    }

    /// An engine without a lab.
    fn empty() -> Option<Self> {
        let turn = Turn::take();
        let engine = Engine::start()?;
        let site = Site::with(engine.environment());
        Some(Self { site, engine, _turn: turn })
    }

    /// A container of the lab, by the name that Compose gives it.
    fn name(&self, service: &str) -> String {
        format!("firedrill-{}-{service}-1", self.site.lab.to_lowercase())
    }

    fn inspect(&self, service: &str) -> Value {
        self.engine.inspect(&self.name(service))
    }

    /// Where a container is in the lab's network; empty while it is in none.
    fn address(&self, service: &str) -> String {
        let told = self.inspect(service);
        let mut networks = told["NetworkSettings"]["Networks"].as_object().into_iter().flatten();
        let address = networks.next().and_then(|(_, network)| network["IPAddress"].as_str());
        address.unwrap_or_default().to_owned()
    }

    /// The guard, asked behind the controller's back.
    fn guard(&self, method: &'static str, path: &str, body: Value) -> Value {
        let token = self.site.token(Role::Operator);
        let url = format!("{}:7071", self.address("guard"));
        let answer = Ask::new(method, &url, path).token(&token).body(body).patience(AGAIN).send();
        answer.unwrap_or_else(|error| panic!("the guard does not answer: {error}")).json()
    }

    fn until_clean(&self) {
        until("nothing is left on the containers", SOON, || {
            match self.guard("GET", "/faults/residue", json!({})) {
                left if left == json!([]) => Ok(()),
                left => Err(left.to_string()),
            }
        });
    }

    /// Waits until a checkout goes through.
    fn sells(&self) {
        let frontend = format!("{}:8080", self.address("frontend"));
        until("the shop sells", AGAIN, || {
            let checkout = Ask::post(&frontend, "/api/checkout").patience(PATIENCE).send()?;
            if checkout.status == 200 {
                Ok(())
            } else {
                Err(format!("{} {}", checkout.status, checkout.body))
            }
        });
    }

    /// `firedrill down`, after which there is nothing of the lab in the engine.
    fn down(self) {
        self.site.say(&["down"]).expect(0);
        let label = format!("com.docker.compose.project=firedrill-{}", self.site.lab.to_lowercase());
        assert_eq!(self.engine.labelled(&label), Vec::<String>::new(), "something is left of the lab");
    }
}
