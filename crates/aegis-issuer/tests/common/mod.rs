//! What the tests share.
#![allow(dead_code, reason = "not every test file uses everything")]

use aegis_issuer::keyfile::PrivateKey;
use aegis_issuer::{Customer, FileSigner, IssueContext, Issued, LicenseRequest, LicenseType, ModuleGrant, issue};

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
