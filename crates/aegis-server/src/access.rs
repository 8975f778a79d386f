//! Who may do what: API keys and their scopes.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aegis_storage::{ApiKey, Error as StorageError, NewApiKey};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;

use crate::digest::sha256;
use crate::request_log::CallerSlot;
use crate::{App, Problem};

/// How every key begins, so that a search for leaked keys finds them.
const PREFIX: &str = "aegis_";

/// Characters of the part of a key that is shown, after the prefix.
const SHOWN: usize = 8;

/// Random bytes of the part that is not.
const SECRET: usize = 32;

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Issue and renew licenses, add and change customers.
    Issue,
    /// Read everything but the audit log and the keys.
    Read,
    /// Revoke.
    Revoke,
    /// Look after keys, read the audit log.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Issue, Self::Read, Self::Revoke, Self::Admin];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Read => "read",
            Self::Revoke => "revoke",
            Self::Admin => "admin",
        }
    }

    /// The scopes of a key as they are stored.
    pub(crate) fn of(key: &ApiKey) -> Vec<Self> {
        let words: Vec<&str> = key.scopes.split(' ').collect();
        Self::ALL.into_iter().filter(|scope| words.contains(&scope.as_str())).collect()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A key that was just made. This is the one time that it can be read.
pub struct FreshKey {
    /// The whole key. It is shown once, and kept nowhere.
    pub key: String,
    /// The part of it that is shown, and by which it is named.
    pub id: String,
    hash: String,
}

impl FreshKey {
    /// Makes a key of random bytes.
    ///
    /// # Errors
    /// The operating system gave none.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut random = [0; SECRET + SHOWN];
        getrandom::fill(&mut random)?;
        let text = URL_SAFE_NO_PAD.encode(random);
        let (shown, secret) = text.split_at(SHOWN);
        let id = format!("{PREFIX}{shown}");
        let key = format!("{id}.{secret}");
        Ok(Self { hash: sha256(&key), key, id })
    }

    /// What is stored of it.
    #[must_use]
    pub fn stored(&self, name: String, scopes: &[Scope], expires_at: Option<aegis_storage::Instant>) -> NewApiKey {
        let scopes = Scope::ALL.into_iter().filter(|scope| scopes.contains(scope)).map(Scope::as_str);
        NewApiKey {
            id: self.id.clone(),
            name,
            hash: self.hash.clone(),
            scopes: scopes.collect::<Vec<_>>().join(" "),
            expires_at,
        }
    }
}

/// Not the key.
impl fmt::Debug for FreshKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FreshKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Who calls: the id of the key.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) String);

/// A caller who has the scope that `S` stands for. A handler that takes it cannot be called by others.
#[derive(Debug)]
pub(crate) struct May<S> {
    pub(crate) caller: Caller,
    scope: PhantomData<S>,
}

/// A scope as a type.
pub(crate) trait NamesScope: Send {
    const SCOPE: Scope;
}

macro_rules! scope_types {
    ($($name:ident: $scope:ident),*) => {
        $(
            #[derive(Debug)]
            pub(crate) struct $name;

            impl NamesScope for $name {
                const SCOPE: Scope = Scope::$scope;
            }
        )*
    };
}
scope_types!(ToIssue: Issue, ToRead: Read, ToRevoke: Revoke, ToAdminister: Admin);

impl<S: NamesScope> FromRequestParts<Arc<App>> for May<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let key = presented(parts).ok_or_else(Problem::unauthorized)?;
        let known = known_key(app, key).await?;
        if let Some(slot) = parts.extensions.get::<CallerSlot>() {
            slot.set(&known.id);
        }
        app.limit_key(&known.id)?;
        if !Scope::of(&known).contains(&S::SCOPE) {
            return Err(Problem::forbidden(S::SCOPE.as_str()));
        }
        Ok(Self { caller: Caller(known.id), scope: PhantomData })
    }
}

/// The key of a request: `Authorization: Bearer` (RFC 6750 §2.1), or `X-API-Key`.
fn presented(parts: &Parts) -> Option<&str> {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    bearer.or_else(|| text("x-api-key"))
}

async fn known_key(app: &App, key: &str) -> Result<ApiKey, Problem> {
    let id = key.split_once('.').map(|(id, _)| id).filter(|id| id.len() == PREFIX.len() + SHOWN && id.is_ascii());
    let id = id.ok_or_else(Problem::unauthorized)?;
    let known = match app.api_keys.get(id) {
        Some(known) => known,
        None => match app.store.api_key(id).await {
            Err(StorageError::NotFound { .. }) => return Err(Problem::unauthorized()),
            found => app.api_keys.keep(found?),
        },
    };
    let same: bool = known.hash.as_bytes().ct_eq(sha256(key).as_bytes()).into();
    let ended = known.expires_at.is_some_and(|end| end <= app.now());
    if same && !ended && known.revoked_at.is_none() { Ok(known) } else { Err(Problem::unauthorized()) }
}

/// What was read of API keys a moment ago, so that not every request asks the database. A key that was revoked opens nothing
/// a second later.
#[derive(Debug, Default)]
pub struct RecentKeys(Mutex<HashMap<String, (Instant, ApiKey)>>);

/// How long what was read of a key is believed.
const RECENT: Duration = Duration::from_secs(1);

/// Keys that are kept, at most.
const MOST_RECENT: usize = 1024;

impl RecentKeys {
    fn get(&self, id: &str) -> Option<ApiKey> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(id).filter(|(read, _)| read.elapsed() < RECENT).map(|(_, key)| key.clone())
    }

    fn keep(&self, key: ApiKey) -> ApiKey {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_RECENT {
            kept.clear();
        }
        kept.insert(key.id.clone(), (Instant::now(), key.clone()));
        key
    }

    /// Forgets a key that was changed.
    pub(crate) fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}
