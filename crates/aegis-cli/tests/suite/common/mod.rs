//! What the tests share: a folder with a key in it, and the command.
#[cfg(feature = "server")]
pub(crate) mod server;

use std::fs;
use std::path::PathBuf;
use std::process::{Command as Process, Output};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const KEY: &str = "keys/k1.private.pem";

/// A folder in which commands run.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With the unencrypted key `k1` of acme.example in `keys/`.
    pub(crate) fn with_key() -> Self {
        let folder = Self::empty();
        folder.run(&["keys", "generate", "--kid", "k1", "--issuer", "acme.example", "--no-passphrase"]).success();
        folder
    }

    /// With the roots `root-a` and `root-b`, a key `k1` that `root-a` has certified for `uses`, and the folder
    /// `public_keys` from which the wheels of customers are built: they trust the roots and nothing else.
    pub(crate) fn with_roots(uses: &str) -> Self {
        let folder = Self::with_key();
        fs::create_dir(folder.path("public_keys")).unwrap();
        let entry = |root| format!("[{root}]\nissuer = \"acme.example\"\nuse = [\"certify\", \"revocation\"]\n");
        folder.write("public_keys/keyring.toml", &["root-a", "root-b"].map(entry).concat());
        for root in ["root-a", "root-b"] {
            let fixed = ["keys", "generate", "--root", "--kid", root, "--issuer", "acme.example", "--no-passphrase"];
            folder.run(&fixed).success();
            let name = format!("{root}.public.pem");
            fs::copy(folder.path("keys").join(&name), folder.path("public_keys").join(name)).unwrap();
        }
        folder.run(&["keys", "certify", "k1", "--root", "root-a", "--use", uses]).success();
        folder
    }

    /// Verifies a text as a customer whose wheel trusts the roots.
    pub(crate) fn customer(&self, text: &str) -> Ran {
        let arguments = ["license", "verify", "--keys", "public_keys", "--module", "m", "--odoo-version", "18.0"];
        self.run_with_input(&arguments, text)
    }

    /// The ids of the licenses in the ledger, in its order.
    pub(crate) fn ids(&self) -> Vec<String> {
        let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["jti"].as_str().unwrap().to_owned();
        self.read("keys/licenses.jsonl").lines().map(id).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn aegis(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aegis"));
        command.current_dir(self.0.path()).env_remove("AEGIS_PASSPHRASE").env("TZ", "CET-1").args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran(self.aegis(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        Ran(self.aegis(arguments).write_stdin(input).output().unwrap())
    }

    /// Issues with the key of [`Folder::with_key`].
    pub(crate) fn issue(&self, more: &[&str]) -> Ran {
        let fixed = ["license", "issue", "--key", KEY, "--customer-id", "C-1", "--customer-name", "Acme"];
        self.run(&[&fixed, more].concat())
    }

    /// The token of a license issued with these flags.
    pub(crate) fn token(&self, more: &[&str]) -> String {
        self.issue(more).success().stdout().trim_end().to_owned()
    }

    /// Runs a program of this machine that the tests need.
    pub(crate) fn tool(&self, program: &str, arguments: &[&str]) -> Output {
        let result = Process::new(program).args(arguments).current_dir(self.0.path()).output();
        match result {
            Ok(output) => output,
            Err(error) => panic!("this test needs the program `{program}`, which cannot be run: {error}"),
        }
    }

    /// Runs `openssl`, which must succeed.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> String {
        let output = self.tool("openssl", arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// What a command did.
pub(crate) struct Ran(Output);

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self(output)
    }

    pub(crate) fn success(self) -> Self {
        self.code(0)
    }

    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(expected), "stdout: {}\nstderr: {}", self.stdout(), self.stderr());
        self
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout()).unwrap()
    }

    /// Failed with exit code 1, saying this, with a remedy, and printing nothing else.
    pub(crate) fn fails_with(self, text: &str) {
        self.fails_as(1, text);
    }

    /// The same with another exit code.
    pub(crate) fn fails_as(self, code: i32, text: &str) {
        let ran = self.code(code);
        let stderr = ran.stderr();
        assert!(stderr.contains("error: ") && stderr.contains("\nhelp: ") && stderr.contains(text), "{stderr}");
        assert_eq!(ran.stdout(), "");
    }
}
