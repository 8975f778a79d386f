//! Keys in real tokens of SoftHSM.

use aegis_signers::{Error, Secrets};

use crate::common::softhsm::{PIN, Token, pin_file, with_pin};
use crate::common::{
    assert_hushed, assert_refused, assert_sign_refused, assert_signs, open_error, opened, sign, try_open,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_token_signs() {
    let Some(token) = Token::with_key() else { return };
    let signer = opened(&token.address("object=lic"), &with_pin(PIN)).await;
    assert_signs(&signer).await;
    assert_eq!(signer.kid(), aegis_issuer::keyfile::thumbprint(&signer.public_key()));
    let address = token.address("object=lic;id=%01;type=private") + "#acme-1";
    let again = opened(&address, &with_pin(PIN)).await;
    assert_eq!((again.kid(), again.public_key()), ("acme-1", signer.public_key()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pin_can_be_in_a_file() {
    let Some(token) = Token::with_key() else { return };
    let (_folder, file) = pin_file(PIN);
    let address = format!("{}&pin-source=file:{}", token.address("object=lic"), file.display());
    // The file goes before the environment.
    assert_signs(&opened(&address, &with_pin("hush-other")).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_is_signed() {
    let Some(token) = Token::with_key() else { return };
    let signer = opened(&token.address("object=lic"), &with_pin(PIN)).await;
    let message: &'static [u8] = Box::leak(vec![b'x'; aegis_core::MAX_LIST].into_boxed_slice());
    sign(&signer, message).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_threads_and_keys_share_a_module() {
    let Some(first) = Token::with_key() else { return };
    let second = Token::with_key().unwrap();
    let mut tasks = Vec::new();
    for token in [&first, &second] {
        let signer = opened(&token.address("object=lic"), &with_pin(PIN)).await;
        for _ in 0..8 {
            let signer = signer.clone();
            tasks.push(tokio::task::spawn_blocking(move || (0..25).try_for_each(|_| signer.sign(b"text").map(|_| ()))));
        }
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pin_is_refused_and_not_tried_until_the_token_locks() {
    let Some(token) = Token::with_key() else { return };
    let address = token.address("object=lic");
    let error = open_error(&address, &with_pin("hush-0000"), &["hush"]).await;
    assert_refused(&error, "PIN");
    assert_refused(&open_error(&address, &with_pin("0"), &[]).await, "PIN");
    assert_signs(&opened(&address, &with_pin(PIN)).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_pin_is_told() {
    let Some(token) = Token::with_key() else { return };
    let error = open_error(&token.address("object=lic"), &Secrets::default(), &[]).await;
    assert!(matches!(error, Error::Setting { .. }) && error.remedy().contains("AEGIS_PKCS11_PIN"), "{error:?}");
    let gone = format!("{}&pin-source=/nowhere/pin", token.address("object=lic"));
    let error = open_error(&gone, &with_pin(PIN), &[PIN]).await;
    assert!(matches!(&error, Error::Setting { what, .. } if what.contains("/nowhere/pin")), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_in_the_token_is_refused() {
    let Some(token) = Token::with_key() else { return };
    for key in ["object=other", "id=%02", "object=lic;id=%02"] {
        assert_refused(&open_error(&token.address(key), &with_pin(PIN), &[PIN]).await, "there is no private key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_its_public_half_is_refused() {
    let Some(token) = Token::with_key() else { return };
    token.tool(&["--delete-object", "--type", "pubkey", "--label", "lic"]);
    assert_refused(&open_error(&token.address("object=lic"), &with_pin(PIN), &[]).await, "there is no public key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_there_is_unavailable() {
    let Some(token) = Token::with_key() else { return };
    let address = token.address("object=lic").replace("aegis", "nobody");
    let error = open_error(&address, &with_pin(PIN), &[PIN]).await;
    assert!(error.is_transient() && error.to_string().contains("no such token"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_type_is_refused() {
    let Some(token) = Token::new() else { return };
    token.make_key("rsa:2048", "rsa", "01");
    token.make_key("EC:prime256v1", "p256", "02");
    for key in ["object=rsa", "object=p256"] {
        let error = open_error(&token.address(key), &with_pin(PIN), &[PIN]).await;
        assert_refused(&error, "another type than Ed25519");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_keys_with_one_name_the_id_tells_which() {
    let Some(token) = Token::with_key() else { return };
    token.make_key("EC:edwards25519", "lic", "02");
    let error = open_error(&token.address("object=lic"), &with_pin(PIN), &[PIN]).await;
    assert_refused(&error, "several private keys");
    let first = opened(&token.address("id=%01"), &with_pin(PIN)).await;
    let second = opened(&token.address("object=lic;id=%02"), &with_pin(PIN)).await;
    assert_ne!(first.public_key(), second.public_key());
    assert_signs(&first).await;
    assert_signs(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_deleted_is_refused_or_unavailable() {
    let Some(token) = Token::with_key() else { return };
    let signer = opened(&token.address("object=lic"), &with_pin(PIN)).await;
    token.tool(&["--delete-object", "--type", "privkey", "--label", "lic"]);
    let error = sign(&signer, b"text").await.unwrap_err();
    assert!(error.to_string().contains("there is no private key"), "{error}");
    assert_hushed(&error.to_string(), &[PIN]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_made_anew_under_its_name_is_refused() {
    let Some(token) = Token::with_key() else { return };
    let signer = opened(&token.address("object=lic"), &with_pin(PIN)).await;
    for half in ["privkey", "pubkey"] {
        token.tool(&["--delete-object", "--type", half, "--label", "lic"]);
    }
    token.make_key("EC:edwards25519", "lic", "01");
    assert_sign_refused(&signer, "not that of the key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_module_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("module.so");
    std::fs::write(&file, "no library").unwrap();
    for module in ["/nowhere/module.so", &file.display().to_string()] {
        let address = format!("pkcs11:token=a;object=b?module-path={module}");
        let error = try_open(&address, &with_pin(PIN)).await.err().expect("it does not open");
        assert_refused(&error, "cannot load the PKCS#11 module");
        assert_hushed(&format!("{error:?}"), &[PIN]);
    }
}
