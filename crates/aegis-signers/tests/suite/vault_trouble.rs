//! A real OpenBao that is sealed, stopped, held and reached by TLS.

use std::fs;
use std::path::Path;

use aegis_signers::{Error, Secrets};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use crate::common::process::{free_port, run};
use crate::common::vault::{OwnVault, http_trusting, least};
use crate::common::{assert_signs, assert_unavailable, open_error, opened, try_open};

const ADDRESS: &str = "vault:transit/lic?version=1";

async fn secrets(own: &OwnVault) -> Secrets {
    own.vault.post("transit/keys/lic", json!({ "type": "ed25519" })).await;
    let role = own.vault.role("lic", &least("transit", "lic"), json!({})).await;
    own.vault.by_role(&role)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_vault_is_unavailable_and_works_again_by_itself() {
    let Some(own) = OwnVault::start().await else { return };
    let secrets = secrets(&own).await;
    let signer = opened(ADDRESS, &secrets).await;
    assert_signs(&signer).await;
    assert_eq!(own.vault.ask("POST", "sys/seal", json!({})).await.0, 204);
    assert_unavailable(&signer).await;
    let error = open_error(ADDRESS, &secrets, &[]).await;
    assert!(error.is_transient() && error.remedy().contains("unseal"), "{error:?}");
    own.unseal().await;
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_was_stopped_is_unavailable_and_works_again_by_itself() {
    let Some(mut own) = OwnVault::start().await else { return };
    let secrets = secrets(&own).await;
    let signer = opened(ADDRESS, &secrets).await;
    own.process.kill();
    assert_unavailable(&signer).await;
    let error = open_error(ADDRESS, &secrets, &[]).await;
    assert!(error.is_transient() && error.to_string().contains("cannot be reached"), "{error:?}");
    own.restart().await;
    assert_unavailable(&signer).await;
    own.unseal().await;
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_hangs_is_unavailable_within_five_seconds() {
    let Some(own) = OwnVault::start().await else { return };
    let secrets = secrets(&own).await;
    let signer = opened(ADDRESS, &secrets).await;
    own.process.hold();
    assert_unavailable(&signer).await;
    let start = std::time::Instant::now();
    assert!(open_error(ADDRESS, &secrets, &[]).await.is_transient());
    assert!(start.elapsed().as_secs() < 5);
    own.process.release();
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_certificates_that_were_named_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (certificate(folder.path(), "mine"), certificate(folder.path(), "other"));
    let place = folder.path().display();
    let listener = format!(
        "address = \"127.0.0.1:{}\"\ntls_cert_file = \"{place}/mine.pem\"\ntls_key_file = \"{place}/mine.key\"",
        free_port()
    );
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&fs::read(&mine).unwrap()).unwrap()).unwrap();
    let Some(own) = OwnVault::start_with(&listener, "https", http_trusting(roots), folder).await else { return };
    let mut secrets = secrets(&own).await;
    secrets.vault.ca_file = Some(mine.into());
    assert_signs(&opened(ADDRESS, &secrets).await).await;
    for trusted in [Some(other.into()), None] {
        secrets.vault.ca_file = trusted;
        let error = try_open(ADDRESS, &secrets).await.err().expect("it is not trusted");
        assert!(matches!(error, Error::Unavailable { .. }) && error.to_string().contains("certificate"), "{error:?}");
    }
}

/// Makes a certificate for 127.0.0.1, which vouches for itself.
fn certificate(folder: &Path, name: &str) -> String {
    let (key, certificate) = (folder.join(format!("{name}.key")), folder.join(format!("{name}.pem")));
    let (key, certificate) = (key.display().to_string(), certificate.display().to_string());
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    let not_ca = ["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &certificate];
    run("openssl", &[&["req", "-x509"][..], &curve, &names, &not_ca].concat());
    certificate
}
