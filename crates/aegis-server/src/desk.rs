//! Where licenses are signed.

use std::sync::Arc;

use aegis_core::Keyring;
use aegis_issuer::revocation::{KeptList, ListPlan, Revocation, SignedList, sign_list};
use aegis_issuer::{IssueContext, Issued, LicenseRequest, Part, Signer, bundle, issue};

use crate::Problem;

/// The key that signs, and what customers trust.
#[derive(Clone)]
pub struct Desk {
    /// What signs.
    pub signer: Arc<dyn Signer + Send + Sync>,
    /// The issuer that the key speaks for.
    pub issuer: String,
    /// What customers trust: what is signed lies within the limits that it sets for the key.
    pub keyring: Arc<Keyring>,
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
            let context = IssueContext { issuer: &desk.issuer, now, keyring: Some(&desk.keyring) };
            issue(&request, desk.signer.as_ref(), &context)
        });
        Ok(signing.await.map_err(|_| Problem::internal())??)
    }

    /// Signs a list of what was revoked. Licenses that have ended are left out of it, and what `last` names stays named
    /// until then.
    ///
    /// # Errors
    /// What is wrong with the signer, or with the list.
    pub(crate) async fn sign_list(
        &self,
        revoked: Vec<Revocation>,
        last: Option<KeptList>,
        now: i64,
    ) -> Result<(SignedList, i64), Problem> {
        let desk = self.clone();
        let signing = tokio::task::spawn_blocking(move || {
            let context = IssueContext { issuer: &desk.issuer, now, keyring: Some(&desk.keyring) };
            let kept: Vec<KeptList> = last.into_iter().collect();
            let seq = kept.iter().map(|list| list.seq + 1).fold(now, i64::max);
            let plan = ListPlan::new(&desk.issuer, false, &revoked, &[], &kept, now);
            sign_list(&plan, seq, desk.signer.as_ref(), &context).map(|list| (list, seq))
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
