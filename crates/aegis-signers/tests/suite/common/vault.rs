//! An administrator of Vault: the shared one of the lab, or one of a test's own that it may seal and stop.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aegis_signers::{Secrets, VaultAccess, VaultLogin};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::lab;
use super::process::{Process, free_port};

/// Vault, asked as its administrator.
pub(crate) struct Vault {
    pub(crate) address: String,
    pub(crate) token: String,
    pub(crate) http: reqwest::Client,
}

impl Vault {
    /// The one of the lab, with a transit engine of the test's own.
    pub(crate) async fn shared(mount: &str) -> Option<Self> {
        let address = lab("AEGIS_TEST_VAULT_ADDR")?;
        let token = lab("AEGIS_TEST_VAULT_TOKEN")?;
        let vault = Self { address, token, http: plain_http() };
        vault.prepare(mount).await;
        Some(vault)
    }

    async fn prepare(&self, mount: &str) {
        self.post(&format!("sys/mounts/{mount}"), json!({ "type": "transit" })).await;
        // There already, for all but the first test.
        let _ = self.ask("POST", "sys/auth/approle", json!({ "type": "approle" })).await;
    }

    /// Writes, and gives what is answered.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask("POST", path, body).await;
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = method.parse().unwrap();
        let request = self.http.request(method, format!("{}/v1/{path}", self.address));
        let answer = request.header("X-Vault-Token", &self.token).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// A role with the least rights that signing with `mount/key` takes; gives its id and a secret id.
    pub(crate) async fn role(&self, name: &str, policy: &str, settings: Value) -> (String, String) {
        self.post(&format!("sys/policies/acl/{name}"), json!({ "policy": policy })).await;
        let mut settings = settings;
        settings["token_policies"] = json!([name]);
        self.post(&format!("auth/approle/role/{name}"), settings).await;
        let (_, answer) = self.ask("GET", &format!("auth/approle/role/{name}/role-id"), json!(null)).await;
        let role_id = answer["data"]["role_id"].as_str().unwrap().to_owned();
        (role_id, self.secret_id(name).await)
    }

    pub(crate) async fn secret_id(&self, role: &str) -> String {
        let answer = self.post(&format!("auth/approle/role/{role}/secret-id"), json!({})).await;
        answer["data"]["secret_id"].as_str().unwrap().to_owned()
    }

    /// How to get at it with a role.
    pub(crate) fn by_role(&self, role: &(String, String)) -> Secrets {
        let (role_id, secret_id) = role.clone();
        self.with(VaultLogin::AppRole { role_id, secret_id: secret_id.into() })
    }

    pub(crate) fn with(&self, login: VaultLogin) -> Secrets {
        let vault = VaultAccess { address: Some(self.address.clone()), login: Some(login), ..VaultAccess::default() };
        Secrets { vault, ..Secrets::default() }
    }

    /// The accessors of all tokens that there are.
    pub(crate) async fn accessors(&self) -> Vec<String> {
        let (_, answer) = self.ask("LIST", "auth/token/accessors", json!(null)).await;
        let keys = answer["data"]["keys"].as_array().unwrap();
        keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect()
    }

    /// The accessors of the tokens that a role has.
    pub(crate) async fn tokens_of(&self, role: &str) -> Vec<String> {
        let mut found = Vec::new();
        for accessor in self.accessors().await {
            let (_, answer) = self.ask("POST", "auth/token/lookup-accessor", json!({ "accessor": accessor })).await;
            if answer["data"]["meta"]["role_name"] == role {
                found.push(accessor);
            }
        }
        found
    }
}

/// What signing with a key takes, and no more.
pub(crate) fn least(mount: &str, key: &str) -> String {
    format!(
        r#"path "{mount}/keys/{key}" {{ capabilities = ["read"] }}
           path "{mount}/sign/{key}" {{ capabilities = ["update"] }}"#
    )
}

/// A server of a test's own, which keeps what it has in files.
pub(crate) struct OwnVault {
    pub(crate) vault: Vault,
    pub(crate) process: Process,
    unseal_key: String,
    folder: TempDir,
    program: String,
}

impl OwnVault {
    pub(crate) async fn start() -> Option<Self> {
        let listener = format!("address = \"127.0.0.1:{}\"\ntls_disable = true", free_port());
        Self::start_with(&listener, "http", plain_http(), tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn start_with(
        listener: &str,
        scheme: &str,
        http: reqwest::Client,
        folder: TempDir,
    ) -> Option<Self> {
        let program = lab("AEGIS_TEST_VAULT_PROGRAM")?;
        let at = listener.split('"').nth(1).unwrap();
        let (settings, data) = (folder.path().join("bao.hcl"), folder.path().join("data"));
        let (cluster, data) = (free_port(), data.display());
        fs::create_dir_all(folder.path().join("data")).unwrap();
        let text = format!(
            "storage \"raft\" {{\n path = \"{data}\"\n node_id = \"one\"\n}}\n\
             listener \"tcp\" {{\n{listener}\ncluster_address = \"127.0.0.1:{cluster}\"\n}}\n\
             api_addr = \"{scheme}://{at}\"\ncluster_addr = \"https://127.0.0.1:{cluster}\"\n"
        );
        fs::write(&settings, text).unwrap();
        let vault = Vault { address: format!("{scheme}://{at}"), token: String::new(), http };
        let process = serve(&program, &settings);
        let mut own = Self { vault, process, unseal_key: String::new(), folder, program };
        own.initialize().await;
        Some(own)
    }

    async fn initialize(&mut self) {
        self.answers().await;
        let answer = self.vault.post("sys/init", json!({ "secret_shares": 1, "secret_threshold": 1 })).await;
        answer["keys"][0].as_str().unwrap().clone_into(&mut self.unseal_key);
        answer["root_token"].as_str().unwrap().clone_into(&mut self.vault.token);
        self.unseal().await;
        self.vault.prepare("transit").await;
    }

    /// Starts it again after it was ended; it is sealed then.
    pub(crate) async fn restart(&mut self) {
        self.process = serve(&self.program, &self.folder.path().join("bao.hcl"));
        self.answers().await;
    }

    pub(crate) async fn unseal(&self) {
        self.vault.post("sys/unseal", json!({ "key": self.unseal_key })).await;
        // Unsealed is not yet active.
        for _ in 0..100 {
            if self.vault.ask("GET", "sys/health", json!(null)).await.0 == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it does not become active");
    }

    async fn answers(&self) {
        for _ in 0..300 {
            let request = self.vault.http.get(format!("{}/v1/sys/seal-status", self.vault.address));
            if request.send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it does not start");
    }
}

fn serve(program: &str, settings: &Path) -> Process {
    Process::start(Command::new(program).arg("server").arg(format!("-config={}", settings.display())))
}

/// A client that needs no TLS.
fn plain_http() -> reqwest::Client {
    http_trusting(rustls::RootCertStore::empty())
}

pub(crate) fn http_trusting(roots: rustls::RootCertStore) -> reqwest::Client {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(roots).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}
