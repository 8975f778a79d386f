//! An administrator of a KMS: the shared one of the lab, or one of a test's own that it may stop.

use std::process::Command;
use std::time::Duration;

use aegis_signers::{KmsAccess, Secrets};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::lab;
use super::process::{Process, free_port};
use super::vault::http_trusting;

/// A KMS, asked as its administrator.
pub(crate) struct Kms {
    endpoint: String,
    http: reqwest::Client,
}

impl Kms {
    /// The one of the lab.
    pub(crate) fn shared() -> Option<Self> {
        lab("AEGIS_TEST_KMS_ENDPOINT").map(Self::at)
    }

    fn at(endpoint: String) -> Self {
        Self { endpoint, http: http_trusting(rustls::RootCertStore::empty()) }
    }

    /// Makes a key; gives its id and its ARN.
    pub(crate) async fn key(&self, spec: &str, usage: &str) -> (String, String) {
        let answer = self.ask("CreateKey", json!({ "KeySpec": spec, "KeyUsage": usage })).await;
        let text = |name: &str| answer["KeyMetadata"][name].as_str().unwrap().to_owned();
        (text("KeyId"), text("Arn"))
    }

    /// Makes an Ed25519 key; gives its id.
    pub(crate) async fn ed25519(&self) -> String {
        self.key("ECC_NIST_EDWARDS25519", "SIGN_VERIFY").await.0
    }

    pub(crate) async fn ask(&self, action: &str, body: Value) -> Value {
        let request = self.http.post(&self.endpoint).header("X-Amz-Target", format!("TrentService.{action}"));
        // It takes any signature, but looks there for the region.
        let scope =
            "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/kms/aws4_request, SignedHeaders=host, Signature=0";
        let request = request.header("Authorization", scope).header("Content-Type", "application/x-amz-json-1.1");
        let answer = request.body(body.to_string()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{action}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub(crate) fn secrets(&self) -> Secrets {
        let kms = KmsAccess { endpoint: Some(self.endpoint.clone()), region: Some("eu-west-1".to_owned()) };
        Secrets { kms, ..Secrets::default() }
    }
}

/// A KMS of a test's own, which keeps its keys when it ends in order.
pub(crate) struct OwnKms {
    pub(crate) kms: Kms,
    pub(crate) process: Process,
    folder: TempDir,
    port: u16,
}

impl OwnKms {
    pub(crate) async fn start() -> Option<Self> {
        lab("AEGIS_TEST_KMS_PROGRAM")?;
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let kms = Kms::at(format!("http://127.0.0.1:{port}"));
        let own = Self { process: serve(&folder, port), kms, folder, port };
        own.answers().await;
        Some(own)
    }

    pub(crate) async fn restart(&mut self) {
        self.process = serve(&self.folder, self.port);
        self.answers().await;
    }

    async fn answers(&self) {
        for _ in 0..300 {
            if self.kms.http.get(format!("{}/_ministack/health", self.kms.endpoint)).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it does not start");
    }
}

fn serve(folder: &TempDir, port: u16) -> Process {
    let mut command = Command::new(lab("AEGIS_TEST_KMS_PROGRAM").unwrap());
    command.env("GATEWAY_PORT", port.to_string()).env("STATE_DIR", folder.path()).env("TMPDIR", folder.path());
    Process::start(&mut command)
}
