//! What the tests of all places need: the lab, a license to issue, and eyes for secrets.

pub(crate) mod kms;
pub(crate) mod process;
pub(crate) mod softhsm;
pub(crate) mod vault;

use std::env;
use std::io::Write as _;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use aegis_core::{Key, KeyParts, KeyUse, Keyring, LicenseType};
use aegis_issuer::{Customer, IssueContext, Issued, LicenseRequest, ModuleGrant, SignError, issue};
use aegis_signers::{Error, Secrets, SharedSigner, SignerAddress, open};

const NOW: i64 = 1_790_000_000;
const ISSUER: &str = "acme.example";

/// What the lab says about one of its services. Without it the test is left out, which in CI is a failure.
pub(crate) fn lab(name: &str) -> Option<String> {
    let found = env::var(name).ok();
    if found.is_none() {
        let remedy = "run the tests with `python3 tools/signer_lab run cargo test -p aegis-signers`";
        assert!(env::var_os("CI").is_none(), "{name} names no service: {remedy}");
        // Not by `eprintln!`, which is shown only of tests that fail.
        let test = thread::current().name().unwrap_or("a test").to_owned();
        let mut errors = std::io::stderr();
        writeln!(errors, "left out: {test}, for {name} names no service; {remedy}").unwrap();
    }
    found
}

/// Opens the one key of an address.
pub(crate) async fn opened(address: &str, secrets: &Secrets) -> SharedSigner {
    try_open(address, secrets).await.unwrap_or_else(|error| panic!("{address}: {error} ({})", error.remedy()))
}

/// The same, or why not.
#[allow(clippy::await_holding_lock, reason = "each test has a thread of its own")]
pub(crate) async fn try_open(address: &str, secrets: &Secrets) -> Result<SharedSigner, Error> {
    let _settled = address.starts_with("pkcs11:").then(softhsm::settled);
    let address: SignerAddress = address.parse()?;
    let mut signers = open(&address, secrets).await?;
    assert_eq!(signers.len(), 1);
    Ok(signers.remove(0))
}

/// Why an address cannot be opened; neither that nor the remedy tells a secret.
pub(crate) async fn open_error(address: &str, secrets: &Secrets, hushed: &[&str]) -> Error {
    let error = try_open(address, secrets).await.err().unwrap_or_else(|| panic!("{address} opens"));
    let told = format!("{error} {error:?} {} {secrets:?}", error.remedy());
    assert_hushed(&told, hushed);
    assert!(!error.remedy().is_empty());
    error
}

pub(crate) fn assert_hushed(told: &str, hushed: &[&str]) {
    for secret in hushed {
        assert!(!secret.is_empty() && !told.contains(secret), "{told}");
    }
}

/// Asserts that an error is a refusal that says so and so.
pub(crate) fn assert_refused(error: &Error, what: &str) {
    let told = format!("{error} ({})", error.remedy());
    assert!(matches!(error, Error::Refused { .. }) && told.contains(what), "{error:?}");
}

/// Signs from a thread that may wait, as servers do.
pub(crate) async fn sign(signer: &SharedSigner, message: &'static [u8]) -> Result<[u8; 64], SignError> {
    let signer = Arc::clone(signer);
    tokio::task::spawn_blocking(move || signer.sign(message)).await.unwrap()
}

/// Asserts that signing fails for now, and within five seconds.
pub(crate) async fn assert_unavailable(signer: &SharedSigner) {
    let start = Instant::now();
    let answer = sign(signer, b"text").await;
    assert!(matches!(answer, Err(SignError::Unavailable(_))), "{answer:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// Asserts that signing is refused in words that contain `what`.
pub(crate) async fn assert_sign_refused(signer: &SharedSigner, what: &str) {
    let answer = sign(signer, b"text").await;
    assert!(matches!(&answer, Err(SignError::Refused(text)) if text.contains(what)), "{answer:?}");
}

/// Asserts that a key signs as it should: from threads of the runtime, from others, and real licenses, which its own
/// public key reads.
pub(crate) async fn assert_signs(signer: &SharedSigner) {
    let signature = sign(signer, b"text").await.unwrap();
    let plain = Arc::clone(signer);
    let again = tokio::task::spawn_blocking(move || thread::spawn(move || plain.sign(b"text")).join()).await;
    // Pure Ed25519 is deterministic (RFC 8032 §5.1.6).
    assert_eq!(again.unwrap().unwrap(), Ok(signature));
    let issuing = Arc::clone(signer);
    tokio::task::spawn_blocking(move || assert_issues(&issuing)).await.unwrap();
}

fn assert_issues(signer: &SharedSigner) {
    let issued = issued(signer, 2).unwrap();
    assert_eq!(aegis_core::open(&issued.token, &keyring(signer)).unwrap(), issued.license);
}

/// A license for so many modules.
pub(crate) fn issued(signer: &SharedSigner, modules: usize) -> Result<Issued, aegis_issuer::Error> {
    let modules = (0..modules).map(|number| grant(&format!("acme_module_{number}"))).collect();
    let customer = Customer { id: "C-1".to_owned(), name: "Customer".to_owned() };
    let request =
        LicenseRequest { days: Some(30), ..LicenseRequest::new(customer, LicenseType::Subscription, modules) };
    let keyring = keyring(signer);
    issue(&request, signer.as_ref(), &IssueContext { issuer: ISSUER, now: NOW, keyring: Some(&keyring) })
}

fn grant(name: &str) -> ModuleGrant {
    ModuleGrant { technical_name: name.to_owned(), allowed_major_versions: vec!["19".to_owned()], features: None }
}

fn keyring(signer: &SharedSigner) -> Keyring {
    let parts = KeyParts {
        kid: signer.kid().to_owned(),
        issuer: ISSUER.to_owned(),
        uses: vec![KeyUse::License],
        modules: None,
        not_before: None,
        not_after: None,
        public: signer.public_key(),
    };
    Keyring::new(vec![Key::new(parts).unwrap()]).unwrap()
}
