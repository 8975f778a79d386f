//! What the tests share.
#![allow(dead_code, reason = "not every test file uses everything")]

use aegis_core::{Key, KeyParts, KeyUse, Keyring};
use aegis_issuer::keyfile::PrivateKey;
use aegis_issuer::{
    CertificateRequest, Customer, FileSigner, IssueContext, Issued, LicenseRequest, LicenseType, ModuleGrant,
    ROOT_USES, Signer, certify, issue,
};

/// 2026-09-21T00:00:00Z
pub(crate) const NOW: i64 = 1_789_948_800;
pub(crate) const DAY: i64 = 86_400;
pub(crate) const ISSUER: &str = "acme.example";

pub(crate) fn signer() -> FileSigner {
    FileSigner::new("k1", PrivateKey::generate().unwrap()).unwrap()
}

pub(crate) fn customer() -> Customer {
    Customer { id: "C-1".to_owned(), name: "Müller & Söhne".to_owned() }
}

pub(crate) fn module(name: &str, versions: &[&str]) -> ModuleGrant {
    let allowed_major_versions = versions.iter().map(ToString::to_string).collect();
    ModuleGrant { technical_name: name.to_owned(), allowed_major_versions, features: None }
}

pub(crate) fn perpetual() -> LicenseRequest {
    LicenseRequest::new(customer(), LicenseType::Perpetual, vec![module("biz4a_payroll", &["17", "18"])])
}

pub(crate) fn subscription() -> LicenseRequest {
    LicenseRequest { license_type: LicenseType::Subscription, days: Some(365), ..perpetual() }
}

pub(crate) fn context() -> IssueContext<'static> {
    IssueContext { issuer: ISSUER, now: NOW, keyring: None }
}

pub(crate) fn issued(request: &LicenseRequest) -> Issued {
    issue(request, &signer(), &context()).unwrap()
}

pub(crate) fn parts(signer: &dyn Signer, uses: &[KeyUse]) -> KeyParts {
    KeyParts {
        kid: signer.kid().to_owned(),
        issuer: ISSUER.to_owned(),
        uses: uses.to_vec(),
        modules: None,
        not_before: None,
        not_after: None,
        public: signer.public_key(),
    }
}

pub(crate) fn keyring(keys: &[KeyParts]) -> Keyring {
    Keyring::new(keys.iter().map(|parts| Key::new(parts.clone()).unwrap()).collect()).unwrap()
}

/// A root, and the keyring of customers who trust it.
pub(crate) fn root(kid: &str) -> (FileSigner, Keyring) {
    let root = FileSigner::new(kid, PrivateKey::generate().unwrap()).unwrap();
    let keyring = keyring(&[parts(&root, &ROOT_USES)]);
    (root, keyring)
}

pub(crate) fn to_certify(signer: &dyn Signer) -> CertificateRequest {
    CertificateRequest {
        name: "acme-2026".to_owned(),
        public_key: signer.public_key(),
        uses: vec![KeyUse::License],
        modules: None,
        not_before: Some(NOW - DAY),
        not_after: Some(NOW + 730 * DAY),
    }
}

/// A key that the root has certified, and its certificate.
pub(crate) fn certified(root: &dyn Signer, uses: &[KeyUse]) -> (FileSigner, String) {
    let signer = FileSigner::certified(PrivateKey::generate().unwrap());
    let request = CertificateRequest { uses: uses.to_vec(), ..to_certify(&signer) };
    let certificate = certify(&request, root, &context()).unwrap().token;
    (signer, certificate)
}
