//! Keys in a real OpenBao, which is Vault to its callers.

use std::fs;
use std::time::Duration;

use aegis_signers::{Error, Secrets, VaultAccess, VaultLogin};
use serde_json::json;

use crate::common::vault::{Vault, least};
use crate::common::{
    assert_hushed, assert_refused, assert_sign_refused, assert_signs, lab, open_error, opened, sign, try_open,
};

/// Vault with a key `lic` in a transit engine `mount`, and a role with the least rights for it.
async fn with_key(mount: &str, settings: serde_json::Value) -> Option<(Vault, Secrets)> {
    let vault = Vault::shared(mount).await?;
    vault.post(&format!("{mount}/keys/lic"), json!({ "type": "ed25519" })).await;
    let role = vault.role(mount, &least(mount, "lic"), settings).await;
    let secrets = vault.by_role(&role);
    Some((vault, secrets))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_vault_signs_with_the_least_rights() {
    let Some((_, secrets)) = with_key("signs", json!({})).await else { return };
    let signer = opened("vault:signs/lic?version=1", &secrets).await;
    assert_signs(&signer).await;
    assert_eq!(signer.kid(), aegis_issuer::keyfile::thumbprint(&signer.public_key()));
    assert_eq!(opened("vault:signs/lic?version=1#acme-1", &secrets).await.kid(), "acme-1");
}

#[tokio::test]
async fn a_runtime_of_one_thread_is_enough() {
    let Some((_, secrets)) = with_key("single", json!({})).await else { return };
    assert_signs(&opened("vault:single/lic?version=1", &secrets).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_as_long_as_a_list_of_revocations_is_signed() {
    let Some((_, secrets)) = with_key("long", json!({})).await else { return };
    let signer = opened("vault:long/lic?version=1", &secrets).await;
    let message: &'static [u8] = Box::leak(vec![b'x'; aegis_core::MAX_LIST].into_boxed_slice());
    sign(&signer, message).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_stays_when_the_key_is_rotated() {
    let Some((vault, secrets)) = with_key("rotates", json!({})).await else { return };
    let first = opened("vault:rotates/lic?version=1", &secrets).await;
    vault.post("rotates/keys/lic/rotate", json!({})).await;
    let second = opened("vault:rotates/lic?version=2", &secrets).await;
    assert_ne!(first.public_key(), second.public_key());
    assert_signs(&first).await;
    assert_signs(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_vault_does_not_sign_with_any_more_is_refused() {
    for limit in ["min_encryption_version", "min_decryption_version"] {
        let mount = format!("below-{limit}").replace('_', "-");
        let Some((vault, secrets)) = with_key(&mount, json!({})).await else { return };
        let address = format!("vault:{mount}/lic?version=1");
        let signer = opened(&address, &secrets).await;
        vault.post(&format!("{mount}/keys/lic/rotate"), json!({})).await;
        vault.post(&format!("{mount}/keys/lic/config"), json!({ limit: 2 })).await;
        assert_sign_refused(&signer, "does not sign with this version").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_trimmed_is_refused() {
    let Some((vault, secrets)) = with_key("trimmed", json!({})).await else { return };
    let signer = opened("vault:trimmed/lic?version=1", &secrets).await;
    vault.post("trimmed/keys/lic/rotate", json!({})).await;
    vault.post("trimmed/keys/lic/config", json!({ "min_decryption_version": 2, "min_encryption_version": 2 })).await;
    vault.post("trimmed/keys/lic/trim", json!({ "min_available_version": 2 })).await;
    assert_sign_refused(&signer, "does not sign with this version").await;
    let error = open_error("vault:trimmed/lic?version=1", &secrets, &[]).await;
    assert_refused(&error, "it gives 2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_does_not_exist_is_refused() {
    let Some((_, secrets)) = with_key("future", json!({})).await else { return };
    assert_refused(&open_error("vault:future/lic?version=2", &secrets, &[]).await, "it gives 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_made_anew_under_its_name_is_refused() {
    let Some((vault, secrets)) = with_key("anew", json!({})).await else { return };
    let signer = opened("vault:anew/lic?version=1", &secrets).await;
    vault.post("anew/keys/lic/config", json!({ "deletion_allowed": true })).await;
    assert_eq!(vault.ask("DELETE", "anew/keys/lic", json!(null)).await.0, 204);
    assert_sign_refused(&signer, "no such key").await;
    vault.post("anew/keys/lic", json!({ "type": "ed25519" })).await;
    assert_sign_refused(&signer, "not that of the key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_there_is_refused() {
    let Some(vault) = Vault::shared("missing").await else { return };
    let role = vault.role("missing", &least("missing", "*"), json!({})).await;
    let secrets = vault.by_role(&role);
    assert_refused(&open_error("vault:missing/lic?version=1", &secrets, &[&role.1]).await, "no such key");
    let root = vault.with(VaultLogin::Token(vault.token.clone().into()));
    assert_refused(&open_error("vault:no-mount/lic?version=1", &root, &[&vault.token]).await, "no such key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_type_is_refused() {
    let Some(vault) = Vault::shared("types").await else { return };
    let secrets = vault.with(VaultLogin::Token(vault.token.clone().into()));
    for kind in ["rsa-2048", "ecdsa-p256", "aes256-gcm96"] {
        vault.post(&format!("types/keys/{kind}"), json!({ "type": kind })).await;
        let error = open_error(&format!("vault:types/{kind}?version=1"), &secrets, &[&vault.token]).await;
        assert_refused(&error, "not ed25519");
    }
    vault.post("types/keys/derived", json!({ "type": "ed25519", "derived": true })).await;
    assert_refused(&open_error("vault:types/derived?version=1", &secrets, &[]).await, "derived");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_revoked_is_fetched_anew() {
    let Some((vault, secrets)) = with_key("revoked", json!({})).await else { return };
    let signer = opened("vault:revoked/lic?version=1", &secrets).await;
    for accessor in vault.tokens_of("revoked").await {
        vault.post("auth/token/revoke-accessor", json!({ "accessor": accessor })).await;
    }
    assert_signs(&signer).await;
    assert_eq!(vault.tokens_of("revoked").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_see_that_the_token_ended_one_logs_in() {
    let Some((vault, secrets)) = with_key("many", json!({})).await else { return };
    let signer = opened("vault:many/lic?version=1", &secrets).await;
    let [accessor] = vault.tokens_of("many").await.try_into().unwrap();
    vault.post("auth/token/revoke-accessor", json!({ "accessor": accessor })).await;
    let all: Vec<_> = (0..16)
        .map(|_| {
            let signer = signer.clone();
            tokio::spawn(async move { sign(&signer, b"text").await })
        })
        .collect();
    for one in all {
        one.await.unwrap().unwrap();
    }
    assert_eq!(vault.tokens_of("many").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_ended_is_fetched_anew() {
    let Some((_, secrets)) = with_key("ends", json!({ "token_ttl": "2s", "token_max_ttl": "2s" })).await else {
        return;
    };
    let signer = opened("vault:ends/lic?version=1", &secrets).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_ends() {
    // The secret id is good for one login: what works after the first end was renewed.
    let settings = json!({ "token_ttl": "6s", "token_max_ttl": "1h", "secret_id_num_uses": 1 });
    let Some((vault, secrets)) = with_key("renewed", settings).await else { return };
    let signer = opened("vault:renewed/lic?version=1", &secrets).await;
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(4200)).await;
        sign(&signer, b"text").await.unwrap();
    }
    assert_eq!(vault.tokens_of("renewed").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_serves_to_its_end_when_no_newer_one_is_to_be_had() {
    let settings = json!({ "token_ttl": "6s", "token_max_ttl": "6s", "secret_id_num_uses": 1 });
    let Some((_, secrets)) = with_key("to-its-end", settings).await else { return };
    let signer = opened("vault:to-its-end/lic?version=1", &secrets).await;
    tokio::time::sleep(Duration::from_millis(4200)).await;
    sign(&signer, b"text").await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_sign_refused(&signer, "did not let us log in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_id_is_refused() {
    let Some((vault, _)) = with_key("wrong-secret", json!({})).await else { return };
    let (role_id, right) = vault.role("wrong-secret", &least("wrong-secret", "lic"), json!({})).await;
    let secrets = vault.by_role(&(role_id, "hush-0000-1111".to_owned()));
    let error = open_error("vault:wrong-secret/lic?version=1", &secrets, &["hush-0000-1111", &right]).await;
    assert_refused(&error, "did not let us log in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_refused() {
    let Some((vault, _)) = with_key("wrong-token", json!({})).await else { return };
    for token in ["hush-token", "hush\nline"] {
        let secrets = vault.with(VaultLogin::Token(token.into()));
        let error = open_error("vault:wrong-token/lic?version=1", &secrets, &["hush"]).await;
        assert_refused(&error, "does not let us use the key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_the_right_is_refused_and_does_not_log_in_each_time() {
    let Some((vault, _)) = with_key("denied", json!({})).await else { return };
    let reads = r#"path "denied/keys/lic" { capabilities = ["read"] }"#;
    let role = vault.role("denied-reads", reads, json!({})).await;
    let signer = opened("vault:denied/lic?version=1", &vault.by_role(&role)).await;
    for _ in 0..5 {
        assert_sign_refused(&signer, "update on MOUNT/sign/KEY").await;
    }
    assert_eq!(vault.tokens_of("denied-reads").await.len(), 2);
    // The right comes later: then it is used, although logging in was no use before.
    vault.post("sys/policies/acl/denied-reads", json!({ "policy": least("denied", "lic") })).await;
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_id_in_a_file_is_read_at_each_login() {
    let Some((vault, _)) = with_key("in-file", json!({})).await else { return };
    let role = vault.role("in-file", &least("in-file", "lic"), json!({ "secret_id_num_uses": 1 })).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret-id");
    fs::write(&file, format!("{}\n", role.1)).unwrap();
    let login = VaultLogin::AppRoleFile { role_id: role.0, secret_id_file: file.clone() };
    let signer = opened("vault:in-file/lic?version=1", &vault.with(login)).await;
    fs::write(&file, vault.secret_id("in-file").await).unwrap();
    for accessor in vault.tokens_of("in-file").await {
        vault.post("auth/token/revoke-accessor", json!({ "accessor": accessor })).await;
    }
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_a_file_is_read_again_when_it_has_ended() {
    let Some((vault, _)) = with_key("token-file", json!({})).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let fresh = async || {
        let answer = vault.post("auth/token/create", json!({ "policies": ["token-file"], "ttl": "1h" })).await;
        let token = answer["auth"]["client_token"].as_str().unwrap().to_owned();
        fs::write(&file, &token).unwrap();
        token
    };
    let first = fresh().await;
    let signer = opened("vault:token-file/lic?version=1", &vault.with(VaultLogin::TokenFile(file.clone()))).await;
    vault.post("auth/token/revoke", json!({ "token": first })).await;
    fresh().await;
    assert_signs(&signer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_way_to_log_in_nothing_is_asked() {
    let vault = VaultAccess { address: Some("http://127.0.0.1:1".to_owned()), ..VaultAccess::default() };
    let error = open_error("vault:transit/lic?version=1", &Secrets { vault, ..Secrets::default() }, &[]).await;
    assert!(matches!(&error, Error::Setting { .. }) && error.remedy().contains("VAULT_ROLE_ID"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_secret_id_file_is_told() {
    let Some((vault, _)) = with_key("no-file", json!({})).await else { return };
    let login = VaultLogin::AppRoleFile { role_id: "r".to_owned(), secret_id_file: "/nowhere/secret-id".into() };
    let error = open_error("vault:no-file/lic?version=1", &vault.with(login), &[]).await;
    assert!(matches!(&error, Error::Setting { what, .. } if what.contains("/nowhere/secret-id")), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_vault_is_told() {
    let Some(address) = lab("AEGIS_TEST_KMS_ENDPOINT") else { return };
    let login = Some(VaultLogin::Token("hush-token".into()));
    let vault = VaultAccess { address: Some(address), login, ..VaultAccess::default() };
    let secrets = Secrets { vault, ..Secrets::default() };
    let error = try_open("vault:transit/lic?version=1", &secrets).await.err().expect("it is no Vault");
    assert_hushed(&format!("{error:?}"), &["hush"]);
}
