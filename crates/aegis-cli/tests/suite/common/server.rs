//! A license server: the real command, in a process of its own.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command as Process, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use aegis_storage::testing::{TestStore, postgres};
use assert_cmd::Command;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::{Folder, Ran};

/// How long a server may take to start or to stop: the machine may be busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// Variables of whoever runs the tests that are not to reach the server.
const FOREIGN: [&str; 14] = [
    "AEGIS_CONFIG",
    "AEGIS_DATABASE_URL",
    "DATABASE_URL",
    "AEGIS_DATA",
    "AEGIS_LISTEN",
    "AEGIS_METRICS_LISTEN",
    "AEGIS_ISSUER",
    "AEGIS_SIGNER",
    "AEGIS_TRUST",
    "AEGIS_PASSPHRASE",
    "AEGIS_PASSPHRASE_FILE",
    "AEGIS_LOG",
    "AEGIS_CORS_ORIGINS",
    "AEGIS_TRUSTED_PROXIES",
];

/// A folder, and the settings with which commands run in it.
pub(crate) struct Place {
    pub(crate) folder: Folder,
    settings: Vec<(String, String)>,
    /// Its connections end with it.
    postgres: Option<(tokio::runtime::Runtime, TestStore)>,
}

impl Place {
    /// With its data in `data`, and ports that are free.
    pub(crate) fn new() -> Self {
        Self::of(Folder::empty())
    }

    pub(crate) fn of(folder: Folder) -> Self {
        let place = Self { folder, settings: Vec::new(), postgres: None };
        place.with("AEGIS_DATA", "data").with("AEGIS_LISTEN", "127.0.0.1:0").with("AEGIS_METRICS_LISTEN", "127.0.0.1:0")
    }

    /// With this setting too.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// On a database of its own in the PostgreSQL of the tests.
    pub(crate) fn on_postgres(self) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let stores = runtime.block_on(postgres());
        let mut place = self.with("AEGIS_DATABASE_URL", &stores.address);
        place.postgres = Some((runtime, stores));
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    pub(crate) fn aegis(&self, arguments: &[&str]) -> Command {
        let mut command = self.folder.aegis(arguments);
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.aegis(arguments).timeout(PATIENCE).output().unwrap())
    }

    /// The server does not start now, and says why and what to do; what it says is returned.
    pub(crate) fn does_not_serve(&self, text: &str) -> String {
        self.fails_to_serve(1, text)
    }

    /// The same for what no repetition mends: the exit code is another, on which nobody starts it again.
    pub(crate) fn refuses_to_serve(&self, text: &str) -> String {
        self.fails_to_serve(78, text)
    }

    fn fails_to_serve(&self, code: i32, text: &str) -> String {
        let ran = self.run(&["serve"]);
        let stderr = ran.stderr();
        ran.fails_as(code, text);
        stderr
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn serve(&self) -> Server {
        let (out, log) = (self.path("serve.out"), self.path("serve.log"));
        let mut command = Process::new(env!("CARGO_BIN_EXE_aegis"));
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.path("")).arg("serve").stdin(Stdio::null());
        let child = command.stdout(File::create(&out).unwrap()).stderr(File::create(&log).unwrap()).spawn().unwrap();
        let mut server = Server { child, url: String::new(), key: None, output: String::new() };
        let begin = Instant::now();
        while server.url.is_empty() {
            let log = || fs::read_to_string(&log).unwrap();
            assert!(server.child.try_wait().unwrap().is_none(), "the server has ended: {}", log());
            assert!(begin.elapsed() < PATIENCE, "the server does not start: {}", log());
            sleep(Duration::from_millis(20));
            server.output = fs::read_to_string(&out).unwrap();
            server.look();
        }
        server
    }
}

/// A running server. It is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it is, without a path.
    pub(crate) url: String,
    /// The key of the first start.
    pub(crate) key: Option<String>,
    /// What it printed.
    pub(crate) output: String,
}

impl Server {
    /// Finds address and key in what was printed; it is printed at once.
    fn look(&mut self) {
        let fact = |name: &str| {
            let line = self.output.lines().find_map(|line| line.trim().strip_prefix(name));
            line.map(|value| value.trim().to_owned())
        };
        self.url = fact("API").map(|url| url.replace("/api/v1", "")).unwrap_or_default();
        self.key = self.output.lines().map(str::trim).find(|line| line.starts_with("aegis_")).map(str::to_owned);
    }

    /// Where `/ready` and the like are.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.ask(client().get(format!("{}{path}", self.url)), 200)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let request = client().post(format!("{}{path}", self.url)).json(body);
        let response = request.bearer_auth(self.key.as_deref().unwrap_or_default()).send().unwrap();
        let (status, text) = (response.status(), response.text().unwrap());
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    fn ask(&self, request: RequestBuilder, status: u16) -> Value {
        let response = request.bearer_auth(self.key.as_deref().unwrap_or_default()).send().unwrap();
        assert_eq!(response.status().as_u16(), status);
        response.json().unwrap()
    }

    /// With another API key.
    pub(crate) fn with_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Adds the customer C-1.
    pub(crate) fn add_customer(&self) {
        self.post("/api/v1/customers", &json!({ "id": "C-1", "name": "Globex" }));
    }

    /// Issues a license for C-1.
    pub(crate) fn issue(&self) -> Value {
        let modules = json!([{ "technical_name": "m", "allowed_major_versions": ["18"] }]);
        let wanted = json!({ "customer_id": "C-1", "license_type": "subscription", "modules": modules, "days": 365 });
        self.post("/api/v1/licenses", &wanted)
    }

    /// Sends a signal, and waits until the server has ended.
    pub(crate) fn stop(mut self, signal: &str) -> ExitStatus {
        let sent = Process::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begin.elapsed() < PATIENCE, "the server does not stop");
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A caller. The signers of the workspace leave the choice of who encrypts to the program.
pub(crate) fn client() -> Client {
    // It fails where another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}
