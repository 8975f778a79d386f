//! Keys in a KMS that speaks as AWS does.

use std::env;
use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use aegis_issuer::{Error, SignError};
use aegis_signers::{KmsAccess, MAX_KMS_MESSAGE, Secrets};
use serde_json::json;

use crate::common::kms::{Kms, OwnKms};
use crate::common::{
    assert_hushed, assert_refused, assert_sign_refused, assert_signs, assert_unavailable, issued, open_error, opened,
    sign, try_open,
};

/// The secret part of the lab's credentials.
const SECRET: &str = "test-secret-of-nobody";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_kms_signs_by_id_arn_and_alias() {
    let Some(kms) = Kms::shared() else { return };
    let (id, arn) = kms.key("ECC_NIST_EDWARDS25519", "SIGN_VERIFY").await;
    let alias = format!("alias/aegis-{id}");
    kms.ask("CreateAlias", json!({ "AliasName": alias, "TargetKeyId": id })).await;
    let signer = opened(&format!("awskms:{id}"), &kms.secrets()).await;
    assert_signs(&signer).await;
    for name in [arn, alias] {
        let other = opened(&format!("awskms:{name}#acme-1"), &kms.secrets()).await;
        assert_eq!((other.kid(), other.public_key()), ("acme-1", signer.public_key()));
        assert_signs(&other).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_longer_than_kms_signs_is_refused_with_a_remedy() {
    let Some(kms) = Kms::shared() else { return };
    let signer = opened(&format!("awskms:{}", kms.ed25519().await), &kms.secrets()).await;
    let long: &'static [u8] = &[b'x'; MAX_KMS_MESSAGE + 1];
    sign(&signer, &long[1..]).await.unwrap();
    let error = sign(&signer, long).await.unwrap_err().to_string();
    assert!(
        error.contains("4096 bytes at most") && error.contains("4097") && error.contains("fewer modules"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_license_for_too_many_modules_is_not_issued_with_kms() {
    let Some(kms) = Kms::shared() else { return };
    let signer = opened(&format!("awskms:{}", kms.ed25519().await), &kms.secrets()).await;
    let (few, many) = tokio::task::spawn_blocking(move || (issued(&signer, 30), issued(&signer, 100))).await.unwrap();
    few.unwrap();
    assert!(matches!(many, Err(Error::Sign(SignError::Refused(text))) if text.contains("4096 bytes at most")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_key_is_refused_until_it_is_enabled() {
    let Some(kms) = Kms::shared() else { return };
    let id = kms.ed25519().await;
    let address = format!("awskms:{id}");
    let signer = opened(&address, &kms.secrets()).await;
    kms.ask("DisableKey", json!({ "KeyId": id })).await;
    assert_sign_refused(&signer, "enable-key").await;
    kms.ask("EnableKey", json!({ "KeyId": id })).await;
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_to_be_deleted_is_refused() {
    let Some(kms) = Kms::shared() else { return };
    let id = kms.ed25519().await;
    let signer = opened(&format!("awskms:{id}"), &kms.secrets()).await;
    kms.ask("ScheduleKeyDeletion", json!({ "KeyId": id, "PendingWindowInDays": 7 })).await;
    assert_sign_refused(&signer, "cancel a planned deletion").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_that_leads_to_another_key_is_refused() {
    let Some(kms) = Kms::shared() else { return };
    let (first, second) = (kms.ed25519().await, kms.ed25519().await);
    let alias = format!("alias/moves-{first}");
    kms.ask("CreateAlias", json!({ "AliasName": alias, "TargetKeyId": first })).await;
    let signer = opened(&format!("awskms:{alias}"), &kms.secrets()).await;
    kms.ask("UpdateAlias", json!({ "AliasName": alias, "TargetKeyId": second })).await;
    assert_sign_refused(&signer, "not that of the key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_there_is_refused() {
    let Some(kms) = Kms::shared() else { return };
    for key in ["11111111-2222-3333-4444-555555555555", "alias/nobody"] {
        let error = open_error(&format!("awskms:{key}"), &kms.secrets(), &[SECRET]).await;
        assert_refused(&error, "NotFoundException");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_type_is_refused() {
    let Some(kms) = Kms::shared() else { return };
    for (spec, usage) in
        [("RSA_2048", "SIGN_VERIFY"), ("ECC_NIST_P256", "SIGN_VERIFY"), ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")]
    {
        let (id, _) = kms.key(spec, usage).await;
        let error = open_error(&format!("awskms:{id}"), &kms.secrets(), &[SECRET]).await;
        assert_refused(&error, "ECC_NIST_EDWARDS25519");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kms_that_was_stopped_is_unavailable_and_works_again_by_itself() {
    let Some(mut own) = OwnKms::start().await else { return };
    let address = format!("awskms:{}", own.kms.ed25519().await);
    let signer = opened(&address, &own.kms.secrets()).await;
    own.process.terminate();
    assert_unavailable(&signer).await;
    assert!(open_error(&address, &own.kms.secrets(), &[SECRET]).await.is_transient());
    own.restart().await;
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kms_that_hangs_is_unavailable_within_five_seconds() {
    let Some(own) = OwnKms::start().await else { return };
    let address = format!("awskms:{}", own.kms.ed25519().await);
    let signer = opened(&address, &own.kms.secrets()).await;
    own.process.hold();
    assert_unavailable(&signer).await;
    assert!(open_error(&address, &own.kms.secrets(), &[SECRET]).await.is_transient());
    own.process.release();
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kms_that_hangs_up_is_unavailable() {
    if Kms::shared().is_none() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Some(format!("http://{}", listener.local_addr().unwrap()));
    thread::spawn(move || {
        for stream in listener.incoming() {
            // All of the request: else the connection would be reset.
            let _ = stream.unwrap().read(&mut [0; 8192]);
        }
    });
    let kms = KmsAccess { endpoint, region: Some("eu-west-1".to_owned()) };
    let error = open_error("awskms:alias/acme", &Secrets { kms, ..Secrets::default() }, &[SECRET]).await;
    assert!(error.is_transient(), "{error:?}");
}

/// Runs a test in a process of its own, which has not the credentials of the lab: what AWS finds in the environment
/// cannot be taken away from this one.
fn without_credentials(test: &str, settings: &[(&str, &str)]) {
    let Some(kms) = Kms::shared() else { return };
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", &format!("kms::{test}"), "--ignored"]);
    child.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env("HOME", "/nowhere");
    child.env("AEGIS_TEST_KMS_ENDPOINT", kms.secrets().kms.endpoint.unwrap()).envs(settings.iter().copied());
    let done = child.output().unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && told.contains("1 passed"), "{told}");
}

#[test]
fn without_credentials_the_error_says_which_are_looked_for() {
    without_credentials("child_without_credentials", &[]);
}

#[test]
fn credentials_that_cannot_be_had_now_are_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::write(&config, "[default]\ncredential_process = false\n").unwrap();
    without_credentials("child_of_failing_credentials", &[("AWS_CONFIG_FILE", config.to_str().unwrap())]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by another test"]
async fn child_without_credentials() {
    let kms = Kms::shared().unwrap();
    let error = try_open("awskms:alias/acme", &kms.secrets()).await.err().expect("nobody lets us in");
    assert_refused(&error, "AWS_ACCESS_KEY_ID");
    assert_hushed(&format!("{error:?}"), &[SECRET]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by another test"]
async fn child_of_failing_credentials() {
    let kms = Kms::shared().unwrap();
    let error = open_error("awskms:alias/acme", &kms.secrets(), &[]).await;
    assert!(error.is_transient() && error.to_string().contains("credentials"), "{error:?}");
}
