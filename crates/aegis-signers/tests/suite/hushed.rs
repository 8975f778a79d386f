//! Nothing that is shown, to people or in logs, holds a secret: neither when keys are opened nor when they sign.

use std::fs;

use aegis_issuer::SignError;
use aegis_signers::{Error, KmsAccess, Secrets, SharedSigner, SignerAddress, VaultAccess, VaultLogin};
use serde_json::json;

use crate::common::kms::Kms;
use crate::common::softhsm::{PIN, Token, with_pin};
use crate::common::vault::{Vault, least};
use crate::common::{assert_hushed, open_error, opened, sign, try_open};

const SECRETS: [&str; 6] =
    ["hush-passphrase", "hush-pin", "hush-secret-id", "hush-token", "test-secret-of-nobody", "hush-password"];

fn all_secrets() -> Secrets {
    let login = VaultLogin::AppRole { role_id: "role".to_owned(), secret_id: "hush-secret-id".into() };
    let address = Some("http://127.0.0.1:1".to_owned());
    Secrets {
        passphrase: Some("hush-passphrase".into()),
        pkcs11_pin: Some("hush-pin".into()),
        vault: VaultAccess { address, login: Some(login), ..VaultAccess::default() },
        kms: KmsAccess { endpoint: Some("http://127.0.0.1:1".to_owned()), region: Some("eu-west-1".to_owned()) },
    }
}

/// Why a key did not sign, in all the ways to show it.
async fn told(signer: &SharedSigner) -> String {
    let error: SignError = sign(signer, b"message-of-the-customer").await.unwrap_err();
    let whole = aegis_issuer::Error::from(error.clone());
    format!("{error} {error:?} {whole} {whole:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_of_opening_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.private.pem");
    fs::write(&file, "-----BEGIN PRIVATE KEY-----\nhush-passphrase\n-----END PRIVATE KEY-----\n").unwrap();
    let addresses = [
        format!("file:{}", file.display()),
        "vault:transit/lic?version=1".to_owned(),
        format!("pkcs11:token=a;object=b?module-path={}", file.display()),
        "awskms:alias/acme".to_owned(),
    ];
    for address in addresses {
        open_error(&address, &all_secrets(), &SECRETS).await;
        let parsed: SignerAddress = address.parse().unwrap();
        assert_hushed(&format!("{parsed} {parsed:?}"), &SECRETS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_about_a_token_in_a_file_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "hush-token\nhush-token\n").unwrap();
    let mut secrets = all_secrets();
    for login in [VaultLogin::TokenFile(file), VaultLogin::Token("hush-token".into())] {
        secrets.vault.login = Some(login);
        open_error("vault:transit/lic?version=1", &secrets, &SECRETS).await;
    }
    secrets.vault.address = Some("https://user:hush-password@127.0.0.1:1".to_owned());
    let error = try_open("vault:transit/lic?version=1", &secrets).await.err().unwrap();
    assert_hushed(&format!("{error} {error:?} {}", error.remedy()), &SECRETS);
}

#[test]
fn no_error_about_an_address_shows_what_is_written_there() {
    let wrong = [
        "pkcs11:token=a;object=b?module-path=/m.so&pin-value=hush-pin",
        "pkcs11:token=a;object=b?module-path=/m.so&pin-source=hush-pin",
        "pkcs11:token=a;hush-pin=b",
        "pkcs11:token=a;object=b?hush-pin",
        "vault:transit/hush-token?token=hush-token",
        "hush-password:file",
    ];
    for address in wrong {
        let error = address.parse::<SignerAddress>().unwrap_err();
        assert!(matches!(error, Error::BadAddress { .. }));
        assert_hushed(&format!("{error} {error:?} {}", error.remedy()), &SECRETS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_of_signing_in_vault_shows_a_secret() {
    let Some(vault) = Vault::shared("hushed").await else { return };
    vault.post("hushed/keys/lic", json!({ "type": "ed25519" })).await;
    let role = vault.role("hushed", &least("hushed", "lic"), json!({})).await;
    let signer = opened("vault:hushed/lic?version=1", &vault.by_role(&role)).await;
    let secrets = [role.1.as_str(), &vault.token, "message-of-the-customer"];
    vault.post("sys/policies/acl/hushed", json!({ "policy": least("hushed", "other") })).await;
    assert_hushed(&told(&signer).await, &secrets);
    vault.post("auth/approle/role/hushed/secret-id/destroy", json!({ "secret_id": role.1 })).await;
    for accessor in vault.tokens_of("hushed").await {
        vault.post("auth/token/revoke-accessor", json!({ "accessor": accessor })).await;
    }
    assert_hushed(&told(&signer).await, &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_of_signing_in_a_token_shows_a_secret() {
    let Some(token) = Token::with_key() else { return };
    let signer = opened(&token.address("object=lic"), &with_pin(PIN)).await;
    token.tool(&["--delete-object", "--type", "privkey", "--label", "lic"]);
    assert_hushed(&told(&signer).await, &[PIN, "message-of-the-customer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_of_signing_in_kms_shows_a_secret() {
    let Some(kms) = Kms::shared() else { return };
    let id = kms.ed25519().await;
    let signer = opened(&format!("awskms:{id}"), &kms.secrets()).await;
    kms.ask("DisableKey", json!({ "KeyId": id })).await;
    assert_hushed(&told(&signer).await, &["test-secret-of-nobody", "message-of-the-customer"]);
}
