//! Who may call the API.

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryOrder, Set};

use crate::change::Change;
use crate::entity::api_key;
pub use crate::entity::api_key::Model as ApiKey;
use crate::{Error, Instant, Note, Store};

/// A key to be. What it opens is for the server to know; here it is only kept.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The visible beginning of the key.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the key.
    pub hash: String,
    /// What it may be used for, separated by spaces.
    pub scopes: String,
    /// From then on it opens nothing.
    pub expires_at: Option<Instant>,
}

impl Store {
    /// Adds a key.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Unavailable`].
    pub async fn add_api_key(&self, new: NewApiKey, note: Note, at: Instant) -> Result<ApiKey, Error> {
        let mut change = Change::begin(&self.db).await?;
        if api_key::Entity::find_by_id(&new.id).one(&change.tx).await?.is_some() {
            return Err(Error::Exists { what: "API key", id: new.id });
        }
        let NewApiKey { id, name, hash, scopes, expires_at } = new;
        let row = ApiKey { id, name, hash, scopes, created_at: at, expires_at, revoked_at: None };
        api_key::Entity::insert(row.clone().into_active_model()).exec_without_returning(&change.tx).await?;
        change.note(at, note);
        change.commit().await?;
        Ok(row)
    }

    /// A key, revoked and ended ones included.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn api_key(&self, id: &str) -> Result<ApiKey, Error> {
        let row = api_key::Entity::find_by_id(id).one(&self.db).await?;
        row.ok_or_else(|| Error::NotFound { what: "API key", id: id.to_owned() })
    }

    /// All keys, the newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, Error> {
        let keys = api_key::Entity::find().order_by_desc(api_key::Column::CreatedAt);
        Ok(keys.order_by_asc(api_key::Column::Id).all(&self.db).await?)
    }

    /// Whether there is none yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn has_no_api_keys(&self) -> Result<bool, Error> {
        Ok(api_key::Entity::find().count(&self.db).await? == 0)
    }

    /// Revokes a key. One that was revoked before stays as it was.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn revoke_api_key(&self, id: &str, note: Note, at: Instant) -> Result<ApiKey, Error> {
        let mut change = Change::begin(&self.db).await?;
        let row = api_key::Entity::find_by_id(id).one(&change.tx).await?;
        let row = row.ok_or_else(|| Error::NotFound { what: "API key", id: id.to_owned() })?;
        if row.revoked_at.is_some() {
            return Ok(row);
        }
        let mut row = row.into_active_model();
        row.revoked_at = Set(Some(at));
        let row = row.update(&change.tx).await?;
        change.note(at, note);
        change.commit().await?;
        Ok(row)
    }
}
