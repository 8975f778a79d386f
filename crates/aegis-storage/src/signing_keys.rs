//! The keys with which licenses were signed: what customers need of them outlives their time of use.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set};
use serde_json::json;

use crate::change::Change;
use crate::entity::signing_key;
pub use crate::entity::signing_key::Model as SigningKey;
use crate::{Error, Instant, Note, Store, Subject};

/// A key with which the server is about to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSigningKey {
    /// Its id.
    pub kid: String,
    /// The public key: 32 bytes in base64url.
    pub public_key: String,
    /// Its certificates.
    pub certificates: Vec<String>,
}

impl SigningKey {
    /// Its certificates, in the order in which they came.
    pub fn certificates(&self) -> impl Iterator<Item = &str> {
        self.certificates.lines()
    }
}

impl Store {
    /// Keeps what is public of the keys of an issuer. Certificates are added to those known before.
    ///
    /// # Errors
    /// [`Error::OtherKey`] when another key had the id before, [`Error::Unavailable`].
    pub async fn keep_signing_keys(
        &self,
        issuer: &str,
        keys: Vec<NewSigningKey>,
        actor: &str,
        at: Instant,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.db).await?;
        for key in keys {
            let id = (issuer.to_owned(), key.kid.clone());
            let before = signing_key::Entity::find_by_id(id).one(&change.tx).await?;
            if before.as_ref().is_some_and(|before| before.public_key != key.public_key) {
                return Err(Error::OtherKey(key.kid));
            }
            let all = merged(before.as_ref(), &key.certificates);
            if before.as_ref().is_some_and(|before| before.certificates == all) {
                continue;
            }
            let subject = Subject { kind: "signing_key", id: key.kid.clone() };
            let action = if before.is_some() { "signing_key.certify" } else { "signing_key.add" };
            let detail = json!({ "public_key": key.public_key, "certificates": all.lines().count() });
            if let Some(before) = before {
                let mut row = before.into_active_model();
                row.certificates = Set(all);
                row.update(&change.tx).await?;
            } else {
                let NewSigningKey { kid, public_key, .. } = key;
                let row = SigningKey { issuer: issuer.to_owned(), kid, public_key, certificates: all, added_at: at };
                signing_key::Entity::insert(row.into_active_model()).exec_without_returning(&change.tx).await?;
            }
            change.note(at, Note { actor: actor.to_owned(), action, subject, detail });
        }
        change.commit().await
    }

    /// The keys of an issuer, the oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn signing_keys(&self, issuer: &str) -> Result<Vec<SigningKey>, Error> {
        let keys = signing_key::Entity::find().filter(signing_key::Column::Issuer.eq(issuer));
        let keys = keys.order_by_asc(signing_key::Column::AddedAt).order_by_asc(signing_key::Column::Kid);
        Ok(keys.all(&self.db).await?)
    }
}

fn merged(before: Option<&SigningKey>, certificates: &[String]) -> String {
    let mut all: Vec<&str> = before.into_iter().flat_map(SigningKey::certificates).collect();
    for certificate in certificates {
        if !all.contains(&certificate.as_str()) {
            all.push(certificate);
        }
    }
    all.join("\n")
}
