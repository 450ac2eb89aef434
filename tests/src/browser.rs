//! A real browser, headless: what a page looks like to whoever opens it, and what the browser says about it. Spoken to in
//! WebDriver, which is JSON over HTTP, so that it needs no library; what it cannot see is asked in the browser's own
//! DevTools protocol. A browser ends with its value.

mod axe;
mod base64;
mod driver;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::Ask;

pub use axe::Axe;
use driver::Driver;

/// Starting a browser on a busy machine, or axe on a long page.
const PATIENCE: Duration = Duration::from_secs(120);
/// Of the window, and of one picture, in CSS pixels: as much as can be looked at in one piece.
const HEIGHT: u32 = 1700;

/// How a page is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eyes {
    pub dark: bool,
    pub scripts: bool,
    /// Of the window, in CSS pixels.
    pub width: u32,
}

/// One browser with one window.
#[derive(Debug)]
pub struct Browser {
    driver: Driver,
    session: String,
    eyes: Eyes,
}

impl Eyes {
    pub const PLAIN: Self = Self { dark: false, scripts: true, width: 1280 };
}

impl Browser {
    /// Starts one; `None`, with a word about it, where it is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start, or is not and `CI` is set.
    pub fn start(eyes: Eyes) -> Option<Self> {
        let (program, chromium) = (crate::tools::need("chromedriver")?, crate::tools::need("chromium")?);
        let driver = Driver::start(&program);
        let asked = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            // Every console message, and every request that the page makes.
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless=new",
                    // It opens pages that were written here; inside a container its own sandbox cannot start.
                    "--no-sandbox",
                    "--disable-dev-shm-usage",
                    "--disable-gpu",
                    "--no-first-run",
                    "--hide-scrollbars",
                    // Whatever it asks for, nobody hears it.
                    "--host-resolver-rules=MAP * ~NOTFOUND",
                    format!("--user-data-dir={}", driver.profile().display()),
                ],
            },
        }}});
        let made = driver.ask("POST", "/session", &asked);
        let session = made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}")).to_owned();
        let browser = Self { driver, session, eyes };
        // A window cannot be as narrow as a telephone; what is shown in it can.
        let size = json!({"width": eyes.width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": false});
        browser.devtools("Emulation.setDeviceMetricsOverride", &size);
        if !eyes.scripts {
            browser.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
        }
        if eyes.dark {
            let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
            browser.devtools("Emulation.setEmulatedMedia", &dark);
        }
        Some(browser)
    }

    /// Opens a file, and waits until it has loaded.
    pub fn open(&self, file: &Path) {
        let file = file.canonicalize().unwrap_or_else(|error| panic!("no `{}`: {error}", file.display()));
        self.post("/url", &json!({"url": format!("file://{}", file.display())}));
    }

    /// What a function body of JavaScript returns on the page.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The same of a promise.
    pub fn run_to_its_end(&self, promise: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1]; ({promise}).then(done, error => done('failed: ' + error))"
        );
        self.post("/execute/async", &json!({"script": script, "args": []}))
    }

    /// All that a reader sees as text.
    pub fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Opens everything that is folded.
    pub fn unfold(&self) {
        self.run("for (const details of document.querySelectorAll('details')) details.open = true;");
    }

    /// What the browser had to say since it was asked last: errors and warnings of the console, one line each.
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.log("browser");
        let said = entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        said.map(|entry| format!("{}: {}", text(&entry["level"]), text(&entry["message"]))).collect()
    }

    /// The addresses that opened files asked for since this was called last. The page that a browser starts with has its own.
    pub fn requests(&self) -> Vec<String> {
        let entries = self.log("performance");
        let messages = entries.iter().filter_map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            let of_a_file = message.pointer("/params/documentURL")?.as_str()?.starts_with("file:");
            let sent = of_a_file && message["method"] == "Network.requestWillBeSent";
            sent.then(|| message.pointer("/params/request/url")?.as_str().map(str::to_owned))?
        });
        messages.collect()
    }

    /// The page as it is shown, in pictures from its top on that are written to be looked at: `<name>-1.png` and so on.
    pub fn pictures(&self, folder: &Path, name: &str, most: u32) {
        let height = self.devtools("Page.getLayoutMetrics", &json!({}))["cssContentSize"]["height"].as_f64();
        let all = (height.unwrap_or_default() / f64::from(HEIGHT)).ceil().max(1.0) as u32;
        for number in 0..all.min(most) {
            let piece =
                json!({"x": 0, "y": number * HEIGHT, "width": self.eyes.width, "height": HEIGHT, "scale": 1});
            let taken = json!({"captureBeyondViewport": true, "clip": piece});
            let taken = self.devtools("Page.captureScreenshot", &taken);
            let picture = base64::decode(taken["data"].as_str().unwrap_or_default());
            let file = folder.join(format!("{name}-{}.png", number + 1));
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&file, picture))
                .unwrap_or_else(|error| panic!("failed to write `{}`: {error}", file.display()));
        }
    }

    /// The page as it is printed: a PDF.
    pub fn print(&self) -> Vec<u8> {
        base64::decode(self.post("/print", &json!({"background": true})).as_str().unwrap_or_default())
    }

    /// How the page is looked at.
    pub fn eyes(&self) -> Eyes {
        self.eyes
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        self.post("/se/log", &json!({"type": kind})).as_array().cloned().unwrap_or_default()
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, body)
    }

    fn ask(&self, method: &'static str, path: &str, body: &Value) -> Value {
        self.driver.ask(method, &format!("/session/{}{path}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let path = format!("/session/{}", self.session);
        // A browser that does not hear it is ended below, by the folder in its environment.
        let _ = Ask::new("DELETE", self.driver.address(), &path).patience(PATIENCE).send();
    }
}
