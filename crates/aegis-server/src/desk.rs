//! Where licenses are signed.

use std::sync::Arc;

use aegis_core::Keyring;
use aegis_issuer::{IssueContext, Issued, LicenseRequest, Part, Signer, bundle, issue};

use crate::Problem;

/// The key that signs, and what customers trust.
#[derive(Clone)]
pub struct Desk {
    /// What signs.
    pub signer: Arc<dyn Signer + Send + Sync>,
    /// The issuer that the key speaks for.
    pub issuer: String,
    /// What customers trust; `None` takes the key to have no limits.
    pub keyring: Option<Arc<Keyring>>,
    /// The key's certificates; none for a key that wheels trust by itself.
    pub certificates: Vec<String>,
}

impl Desk {
    /// Signs a license, and reads it back as customers will. The signer may be a service elsewhere: no thread that
    /// serves others waits for it.
    ///
    /// # Errors
    /// What is wrong with the request, or with the signer.
    pub(crate) async fn issue(&self, request: LicenseRequest, now: i64) -> Result<Issued, Problem> {
        let desk = self.clone();
        let signing = tokio::task::spawn_blocking(move || {
            let context = IssueContext { issuer: &desk.issuer, now, keyring: desk.keyring.as_deref() };
            issue(&request, desk.signer.as_ref(), &context)
        });
        Ok(signing.await.map_err(|_| Problem::internal())??)
    }

    /// What a customer pastes: the license, with what is needed to read it.
    ///
    /// # Errors
    /// It would not be read by the customer's Odoo.
    pub(crate) fn bundle(&self, heading: &str, token: &str) -> Result<String, Problem> {
        let certificate = |token: &String| Part::new("Certificate of the key that signed it", token.clone());
        let mut parts: Vec<Part> = self.certificates.iter().map(certificate).collect();
        parts.push(Part::new(heading, token));
        Ok(bundle(&parts)?)
    }
}
