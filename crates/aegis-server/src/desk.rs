//! Where licenses are signed: the keys, when each of them signs, and what customers trust.

use std::sync::{Arc, PoisonError, RwLock};

use aegis_core::{Key, KeyUse, Keyring, License, TrustContent};
use aegis_issuer::revocation::{KeptList, ListPlan, Revocation, SignedList, sign_list};
use aegis_issuer::{
    Error as IssuerError, IssueContext, LicenseRequest, NewInstance, Part, Reissued, Renewal, Signer, bundle, issue,
    rebind, renew,
};
use aegis_storage::{Instant, License as StoredLicense, NewSigningKey, Store};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::known::Known;
use crate::{Problem, Telemetry};

/// Who notes keys in the audit log.
const ACTOR: &str = "server";

/// A key that is to sign.
#[derive(Clone)]
pub struct SigningKey {
    /// What signs, wherever the key lives.
    pub signer: Arc<dyn Signer + Send + Sync>,
    /// The key's certificates; none for a key that wheels trust by itself.
    pub certificates: Vec<String>,
}

/// The keys that sign, and what customers trust.
#[derive(Clone)]
pub struct Desk {
    issuer: Arc<str>,
    /// What the wheels of customers hold.
    roots: Arc<Keyring>,
    keys: Arc<[DeskKey]>,
    known: Arc<RwLock<Arc<Known>>>,
}

/// A key, and what it may sign: once by itself, or as each of its certificates says.
struct DeskKey {
    signer: Arc<dyn Signer + Send + Sync>,
    scopes: Vec<Key>,
}

/// A license that was signed and read back.
pub(crate) struct Signed {
    pub(crate) token: String,
    pub(crate) license: License,
}

/// Why the server cannot sign with the keys that it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// There is no key.
    #[error("there is no signing key")]
    NoKey,
    /// Customers do not know the key.
    #[error("customers do not trust the signing key {0:?}")]
    NotTrusted(String),
    /// Customers know another key by this id.
    #[error("the signing key {0:?} is not the one that customers trust by this id")]
    OtherKey(String),
    /// The key speaks for somebody else.
    #[error("the signing key {kid:?} is of the issuer {theirs:?}, and the server signs for {ours:?}")]
    OtherIssuer {
        /// The key's id.
        kid: String,
        /// Its issuer.
        theirs: String,
        /// The server's.
        ours: String,
    },
    /// A root has withdrawn the key.
    #[error("the signing key {0:?} was withdrawn: customers refuse what it signs")]
    Withdrawn(String),
    /// The database.
    #[error(transparent)]
    Storage(#[from] aegis_storage::Error),
}

impl DeskError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoKey => "name one with AEGIS_SIGNER",
            Self::NotTrusted(_) => {
                "put its public key, or its certificate and the public key of its root, into the folder that AEGIS_TRUST names"
            }
            Self::OtherKey(_) => "give the key an id of its own, or restore the public key that belongs to it",
            Self::OtherIssuer { .. } => "correct AEGIS_ISSUER, or name the key of this issuer with AEGIS_SIGNER",
            Self::Withdrawn(_) => "leave it out of AEGIS_SIGNER, and name a key that was certified since",
            Self::Storage(_) => "check that the database answers, and try again",
        }
    }
}

impl Desk {
    /// Puts keys to work, and keeps what is public of them: what customers need to read a license outlives the time of
    /// the key that signed it.
    ///
    /// `roots` is what the wheels of customers hold.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn open(
        store: &Store,
        telemetry: &Telemetry,
        issuer: &str,
        roots: Keyring,
        keys: Vec<SigningKey>,
        now: Instant,
    ) -> Result<Self, DeskError> {
        let roots = Arc::new(roots);
        let public = keys.iter().map(SigningKey::public).collect();
        let withdrawn = withdrawn(store, issuer, &roots).await?;
        if let Some(key) = keys.iter().find(|key| withdrawn.iter().any(|kid| kid == key.signer.kid())) {
            return Err(DeskError::Withdrawn(key.signer.kid().to_owned()));
        }
        let certificates = keys.iter().flat_map(|key| key.certificates.clone()).collect();
        // Nothing is kept of keys that are not fit.
        drop(Self::new(issuer, Arc::clone(&roots), keys.clone(), Known::new(Arc::clone(&roots), certificates))?);
        store.keep_signing_keys(issuer, public, ACTOR, now).await?;
        let known = Known::read(store, issuer, Arc::clone(&roots)).await?;
        Ok(Self::new(issuer, roots, keys, known)?.watched(telemetry))
    }

    /// The same, with signers that are counted and asked whether they work.
    fn watched(mut self, telemetry: &Telemetry) -> Self {
        let watched = |key: &DeskKey| {
            let ends = key.scopes.iter().map(|scope| scope.parts().not_after.unwrap_or(i64::MAX)).max();
            let ends = ends.filter(|end| *end < i64::MAX);
            DeskKey { signer: telemetry.watch(Arc::clone(&key.signer), ends), scopes: key.scopes.clone() }
        };
        self.keys = self.keys.iter().map(watched).collect();
        self
    }

    fn new(issuer: &str, roots: Arc<Keyring>, keys: Vec<SigningKey>, known: Known) -> Result<Self, DeskError> {
        let keys = keys.into_iter().map(|key| key.for_desk(issuer, &roots, &known.certified));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(DeskError::NoKey);
        }
        let known = Arc::new(RwLock::new(Arc::new(known)));
        Ok(Self { issuer: issuer.into(), roots, keys: keys.into(), known })
    }

    /// The issuer that the keys speak for.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What wheels trust.
    pub(crate) fn roots(&self) -> &Keyring {
        &self.roots
    }

    /// What is known of the keys that have signed.
    pub(crate) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, with what was added since: another server may have been started with another key.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn catch_up(&self, store: &Store) -> Result<Arc<Known>, Problem> {
        let known = Arc::new(Known::read(store, &self.issuer, Arc::clone(&self.roots)).await?);
        let mut kept = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Certificates are only ever added: with fewer it was read before.
        if known.certified.len() >= kept.certified.len() {
            *kept = known;
        }
        Ok(Arc::clone(&kept))
    }

    /// The certificate that customers need beside a license or a list of the key `kid`; none where wheels trust its key by
    /// itself.
    ///
    /// # Errors
    /// They could not read it.
    pub(crate) async fn certificate(&self, store: &Store, kid: &str, token: &str) -> Result<Option<String>, Problem> {
        // Of most keys nothing has to be found.
        if self.roots.get(kid).is_some() {
            return Ok(None);
        }
        let certificate = match self.known().certificate(token) {
            None => self.catch_up(store).await?.certificate(token),
            known => known,
        };
        certificate.map(Some).ok_or_else(Problem::internal)
    }

    /// The signers, each with what it may sign and when.
    pub fn signers(&self) -> impl Iterator<Item = (&Arc<dyn Signer + Send + Sync>, &[Key])> {
        self.keys.iter().map(|key| (&key.signer, key.scopes.as_slice()))
    }

    /// What signs for this purpose at `now`, in Unix seconds: of the keys whose window it is, the one whose window began
    /// last, so that the server changes over by itself; the first given, where several began together.
    #[must_use]
    pub fn signer_at(&self, purpose: KeyUse, now: i64) -> Option<&Arc<dyn Signer + Send + Sync>> {
        let mut chosen: Option<(i64, &DeskKey)> = None;
        for key in self.keys.iter() {
            let serving = key.scopes.iter().filter(|scope| scope.may(purpose) && scope.was_in_use(now));
            let began = serving.map(|scope| scope.parts().not_before.unwrap_or(i64::MIN)).max();
            if let Some(began) = began.filter(|began| chosen.is_none_or(|(best, _)| *began > best)) {
                chosen = Some((began, key));
            }
        }
        chosen.map(|(_, key)| &key.signer)
    }

    fn signer(&self, purpose: KeyUse, now: i64) -> Result<Arc<dyn Signer + Send + Sync>, Problem> {
        self.signer_at(purpose, now).cloned().ok_or_else(|| Problem::no_signing_key(purpose.as_str()))
    }

    /// Signs a license, and reads it back as customers will.
    ///
    /// # Errors
    /// What is wrong with the request, or with the signer.
    pub(crate) async fn issue(&self, request: LicenseRequest, now: i64) -> Result<Signed, Problem> {
        let signed = move |_: &Self, signer: &dyn Signer, context: &IssueContext<'_>| {
            issue(&request, signer, context).map(|issued| Signed { token: issued.token, license: issued.license })
        };
        self.sign(KeyUse::License, now, signed).await
    }

    /// Signs a license for longer, one of a key that is known.
    ///
    /// # Errors
    /// As [`Desk::issue`].
    pub(crate) async fn renew(&self, token: String, renewal: Renewal, now: i64) -> Result<Signed, Problem> {
        let signed = move |desk: &Self, signer: &dyn Signer, context: &IssueContext<'_>| {
            renew(&token, &renewal, &desk.known().trust, signer, context).map(Signed::from)
        };
        self.sign(KeyUse::License, now, signed).await
    }

    /// Signs a license for another instance, one of a key that is known.
    ///
    /// # Errors
    /// As [`Desk::issue`].
    pub(crate) async fn rebind(&self, token: String, instance: NewInstance, now: i64) -> Result<Signed, Problem> {
        let signed = move |desk: &Self, signer: &dyn Signer, context: &IssueContext<'_>| {
            rebind(&token, &instance, &desk.known().trust, signer, context).map(Signed::from)
        };
        self.sign(KeyUse::License, now, signed).await
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
    ) -> Result<(SignedList, i64, String), Problem> {
        let signed = move |desk: &Self, signer: &dyn Signer, context: &IssueContext<'_>| {
            let kept: Vec<KeptList> = last.into_iter().collect();
            let seq = kept.iter().map(|list| list.seq + 1).fold(now, i64::max);
            let plan = ListPlan::new(&desk.issuer, false, &revoked, &[], &kept, now);
            sign_list(&plan, seq, signer, context).map(|list| (list, seq, signer.kid().to_owned()))
        };
        self.sign(KeyUse::Revocation, now, signed).await
    }

    /// No thread that serves others waits for a service elsewhere, nor for a list, which may be long.
    async fn sign<T: Send + 'static>(
        &self,
        purpose: KeyUse,
        now: i64,
        sign: impl FnOnce(&Self, &dyn Signer, &IssueContext<'_>) -> Result<T, IssuerError> + Send + 'static,
    ) -> Result<T, Problem> {
        let (desk, signer) = (self.clone(), self.signer(purpose, now)?);
        let takes_long = signer.waits() || purpose == KeyUse::Revocation;
        let work = move || {
            let known = desk.known();
            let context = IssueContext { issuer: &desk.issuer, now, keyring: Some(&known.trust) };
            sign(&desk, signer.as_ref(), &context)
        };
        if !takes_long {
            return Ok(work()?);
        }
        Ok(tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())??)
    }

    /// What a customer pastes: the license, with what is needed to read it.
    ///
    /// # Errors
    /// It would not be read by the customer's Odoo.
    pub(crate) async fn bundle(
        &self,
        store: &Store,
        heading: &str,
        license: &StoredLicense,
    ) -> Result<String, Problem> {
        let certificate = self.certificate(store, &license.kid, &license.token).await?;
        let certificate = certificate.map(|token| Part::new("Certificate of the key that signed it", &token));
        let parts: Vec<Part> = certificate.into_iter().chain([Part::new(heading, &license.token)]).collect();
        Ok(bundle(&parts)?)
    }
}

/// Ids of the keys that the newest list of a root withdraws.
async fn withdrawn(store: &Store, issuer: &str, roots: &Keyring) -> Result<Vec<String>, aegis_storage::Error> {
    let Some(list) = store.newest_list_of(issuer, &root_kids(roots)).await? else { return Ok(Vec::new()) };
    let found = roots.with_trust(&list.token).1.into_iter().filter_map(|found| match found.content {
        Ok(TrustContent::List(list)) => Some(list.revoked_keys.clone()),
        _ => None,
    });
    Ok(found.flatten().collect())
}

/// Ids of the roots.
pub(crate) fn root_kids(roots: &Keyring) -> Vec<String> {
    roots.iter().filter(|key| key.is_root()).map(|key| key.kid().to_owned()).collect()
}

impl From<Reissued> for Signed {
    fn from(reissued: Reissued) -> Self {
        Self { token: reissued.token, license: reissued.license }
    }
}

impl SigningKey {
    fn public(&self) -> NewSigningKey {
        NewSigningKey {
            kid: self.signer.kid().to_owned(),
            public_key: URL_SAFE_NO_PAD.encode(self.signer.public_key()),
            certificates: self.certificates.clone(),
        }
    }

    /// The key with what it may sign, as customers see it.
    fn for_desk(self, issuer: &str, roots: &Keyring, certified: &[Key]) -> Result<DeskKey, DeskError> {
        let kid = self.signer.kid();
        let scopes: Vec<Key> = match roots.get(kid) {
            Some(key) => vec![key.clone()],
            None => certified.iter().filter(|key| key.kid() == kid).cloned().collect(),
        };
        if scopes.is_empty() {
            return Err(DeskError::NotTrusted(kid.to_owned()));
        }
        for scope in &scopes {
            if scope.parts().public != self.signer.public_key() {
                return Err(DeskError::OtherKey(kid.to_owned()));
            }
            if scope.parts().issuer != issuer {
                let (kid, theirs) = (kid.to_owned(), scope.parts().issuer.clone());
                return Err(DeskError::OtherIssuer { kid, theirs, ours: issuer.to_owned() });
            }
        }
        Ok(DeskKey { signer: self.signer, scopes })
    }
}
