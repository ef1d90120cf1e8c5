//! Chromium and its driver.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

/// Where a program is.
pub(crate) fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A driver that ends with this value.
pub(crate) struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        let mut command = Command::new("chromedriver");
        let mut process = command.arg("--port=0").stdout(Stdio::piped()).spawn().expect("the driver starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
        });
        Self { process, port: port.expect("the driver says on which port it is") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command of Chromium's own.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// A window of 1280 by 800 pixels.
pub(crate) struct Browser {
    client: Client,
    /// Where pages are written.
    folder: TempDir,
}

impl Browser {
    pub(crate) async fn open(driver: &Driver) -> Self {
        let arguments =
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"];
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments, "binary": found("chromium") },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object") };
        let capabilities: Capabilities = capabilities;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&format!("http://localhost:{}", driver.port)).await;
        let browser = Self { client: client.expect("a session"), folder: tempfile::tempdir().expect("a folder") };
        let size = json!({ "width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        browser.developer("Emulation.setDeviceMetricsOverride", size).await;
        browser
    }

    pub(crate) async fn close(self) {
        self.client.close().await.expect("the session ends");
    }

    /// Goes to a page, at its start or at a place in it such as `#end`.
    pub(crate) async fn show(&self, html: &str, place: &str) {
        let file = self.folder.path().join("page.html");
        std::fs::write(&file, html).expect("the page is written");
        // A page that differs in its place only would not be loaded again.
        self.client.goto("about:blank").await.expect("an empty page");
        let url = Url::from_file_path(&file).expect("a path").to_string() + place;
        self.client.goto(&url).await.expect("the page");
    }

    /// What a piece of JavaScript returns.
    pub(crate) async fn js(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The text of the first element that a selector finds.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let text = self.js(&format!("return document.querySelector({selector:?}).textContent")).await;
        text.as_str().unwrap_or_else(|| panic!("no {selector}")).to_owned()
    }

    /// How many elements a selector finds.
    pub(crate) async fn count(&self, selector: &str) -> u64 {
        self.js(&format!("return document.querySelectorAll({selector:?}).length")).await.as_u64().expect("a number")
    }

    /// Clicks as a mouse does, on what is seen.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.client.find(fantoccini::Locator::Css(selector)).await;
        element.expect(selector).click().await.expect(selector);
    }

    /// Types, on what has the focus.
    pub(crate) async fn press(&self, keys: &str) {
        let element = self.client.active_element().await.expect("something active");
        element.send_keys(keys).await.expect("keys");
    }

    /// Waits until a condition in JavaScript holds, ten seconds at most.
    pub(crate) async fn until(&self, condition: &str) {
        for _ in 0..200 {
            if self.js(&format!("return Boolean({condition})")).await == true {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not within ten seconds: {condition}");
    }

    /// What was written to the console as an error or a warning since the last call.
    pub(crate) async fn errors(&self) -> Vec<String> {
        let log = self.own("se/log", json!({ "type": "browser" })).await;
        let bad = log.as_array().expect("a list").iter().filter(|entry| entry["level"] != "INFO");
        bad.map(|entry| entry["message"].to_string()).collect()
    }

    /// Chooses light or dark, and screen or print.
    pub(crate) async fn media(&self, scheme: &str, media: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.developer("Emulation.setEmulatedMedia", json!({ "media": media, "features": features })).await;
    }

    /// A command of the developers' tools.
    pub(crate) async fn developer(&self, command: &str, parameters: Value) -> Value {
        self.own("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture")
    }

    async fn own(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Own { path, body }).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}
