//! Tokens that are lost: drawn from their slot, and behind a daemon that ends or hangs, as network HSMs may.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::process::Process;
use crate::common::softhsm::{PIN, Token, with_pin};
use crate::common::{assert_sign_refused, assert_signs, lab, open_error, opened};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_lost_and_is_back_signs_again() {
    let Some(token) = Token::with_key() else { return };
    let signer = opened(&token.address("object=lic"), &with_pin(PIN)).await;
    assert_signs(&signer).await;
    let (folder, away) = (token.folder(), tempfile::tempdir().unwrap());
    for _ in 0..2 {
        move_keys(&folder, away.path(), &folder);
        assert_sign_refused(&signer, "there is no private key").await;
        move_keys(away.path(), &folder, &folder);
        assert_signs(&signer).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_that_was_changed_is_tried_once_only_so_that_the_token_does_not_lock_itself() {
    let Some(token) = Token::with_key() else { return };
    let address = token.address("object=lic");
    let signer = opened(&address, &with_pin(PIN)).await;
    token.tool(&["--change-pin", "--new-pin", "hush-changed"]);
    // A token that is not there makes the module begin anew: all are logged out.
    open_error(&address.replace("aegis", "nobody"), &with_pin(PIN), &[PIN]).await;
    assert_sign_refused(&signer, "the token says that it is wrong").await;
    assert_sign_refused(&signer, "is not tried again").await;
    // Who opens it anew has corrected it.
    assert_signs(&opened(&address, &with_pin("hush-changed")).await).await;
}

/// Moves the keys of a token of SoftHSM, and counts up, as it does itself when it changes a token: others look then.
fn move_keys(from: &Path, to: &Path, token: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.as_ref().unwrap().file_name());
        if name != "token.object" && path.extension().is_some_and(|extension| extension == "object") {
            fs::copy(&path, to.join(name)).unwrap();
            fs::remove_file(&path).unwrap();
        }
    }
    let generation = token.join("generation");
    let count = u64::from_be_bytes(fs::read(&generation).unwrap().try_into().unwrap());
    fs::write(generation, (count + 1).to_be_bytes()).unwrap();
}

/// p11-kit's daemon does not pass on `CKM_EDDSA` everywhere: so it is asked for the public key, under a login.
///
/// One test: the module finds its daemon by the environment, so that there can be one only.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_whose_daemon_ends_or_hangs_is_unavailable_within_five_seconds_and_works_again() {
    let (Some(module), Some(token)) = (lab("AEGIS_TEST_PKCS11_REMOTE"), Token::with_key()) else { return };
    let address = token.address_by(&module, "object=lic");
    let mut daemon = serve(&token).await;
    let first = opened(&address, &with_pin(PIN)).await;

    daemon.kill();
    assert_not_opened(&address).await;
    let daemon = serve(&token).await;
    assert_eq!(opened(&address, &with_pin(PIN)).await.public_key(), first.public_key());

    daemon.hold();
    assert_not_opened(&address).await;
    daemon.release();
    assert_eq!(opened(&address, &with_pin(PIN)).await.public_key(), first.public_key());
}

async fn assert_not_opened(address: &str) {
    let start = Instant::now();
    assert!(open_error(address, &with_pin(PIN), &[PIN]).await.is_transient());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

async fn serve(token: &Token) -> Process {
    let address = env::var("P11_KIT_SERVER_ADDRESS").unwrap();
    let socket = address.strip_prefix("unix:path=").unwrap();
    let _ = fs::remove_file(socket);
    let uri = format!("pkcs11:token={}", token.label.replace(' ', "%20"));
    let mut command = Command::new("p11-kit");
    command.args(["server", "--foreground", "--name", socket, "--provider", &token.module, &uri]);
    let process = Process::start(&mut command);
    for _ in 0..100 {
        if Path::new(socket).exists() {
            return process;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the daemon does not start");
}
