//! What was revoked, and the signed lists that say so.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

use crate::change::Change;
pub use crate::entity::revocation::Model as Revocation;
pub use crate::entity::revocation_list::Model as SignedList;
use crate::entity::{license, revocation, revocation_list};
use crate::import::mark_revoked;
use crate::{Error, Instant, Note, Store};

/// What is to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewRevocation {
    /// A license, by its id.
    License(String),
    /// A key of an issuer, by its id.
    Key {
        /// The issuer.
        issuer: String,
        /// The key's id.
        kid: String,
    },
}

/// What a revocation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationKind {
    /// A license.
    License,
    /// A key.
    Key,
}

impl RevocationKind {
    /// The word for it, as [`Revocation::kind`](struct.Revocation.html#structfield.kind) has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::License => LICENSE,
            Self::Key => KEY,
        }
    }
}

impl Revocation {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> RevocationKind {
        if self.kind == KEY { RevocationKind::Key } else { RevocationKind::License }
    }
}

/// `kind` of a revoked license.
const LICENSE: &str = "license";
/// `kind` of a revoked key.
const KEY: &str = "key";

/// `counted` of a list that was signed elsewhere, and of the last one before it: nobody knows what it takes account of, so
/// the next one is signed here as soon as somebody asks, and carries on what it names.
pub(crate) const UNCOUNTED: i64 = -1;

/// `counted` of a list whose names the next one has carried on.
const CARRIED: i64 = -2;

impl Store {
    /// Revokes a license or a key. What was revoked before stays as it was: the first reason and time count.
    ///
    /// Returns the revocation, and whether it is new.
    ///
    /// # Errors
    /// [`Error::NotFound`] of the license, [`Error::Unavailable`].
    pub async fn revoke(
        &self,
        what: &NewRevocation,
        reason: &str,
        note: Note,
        at: Instant,
    ) -> Result<(Revocation, bool), Error> {
        let mut change = Change::begin(&self.db).await?;
        let license = match what {
            NewRevocation::License(id) => Some(license_of(&change.tx, id).await?),
            NewRevocation::Key { .. } => None,
        };
        let (issuer, kind, id) = match (what, &license) {
            (NewRevocation::Key { issuer, kid }, _) => (issuer.clone(), KEY, kid.clone()),
            (NewRevocation::License(id), license) => {
                (license.as_ref().map(|license| license.issuer.clone()).unwrap_or_default(), LICENSE, id.clone())
            }
        };
        let primary_key = (issuer.clone(), kind.to_owned(), id.clone());
        if let Some(before) = revocation::Entity::find_by_id(primary_key).one(&change.tx).await? {
            if let Some(license) = license.filter(|license| license.revoked_at.is_none()) {
                mark_revoked(&change, license, &before).await?;
                change.note(at, note);
                change.commit().await?;
            }
            return Ok((before, false));
        }
        let ends_at = license.as_ref().and_then(|license| license.ends_at);
        let row = Revocation { issuer, kind: kind.to_owned(), id, reason: reason.to_owned(), revoked_at: at, ends_at };
        revocation::Entity::insert(row.clone().into_active_model()).exec_without_returning(&change.tx).await?;
        if let Some(license) = license {
            mark_revoked(&change, license, &row).await?;
        }
        change.note(at, note);
        change.commit().await?;
        Ok((row, true))
    }

    /// Everything that was revoked of an issuer, and the lists whose names the next list carries on: the last one, and
    /// those that were imported since. They come in the order of their numbers.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn revocations(&self, issuer: &str) -> Result<(Vec<Revocation>, Vec<SignedList>), Error> {
        // The lists first: what is revoked in between is then among the revocations, and not taken for listed.
        let lists = lists_to_carry(&self.db, issuer).await?.all(&self.db).await?;
        Ok((revocations_of(issuer).all(&self.db).await?, lists))
    }

    /// Whether anything of an issuer was ever revoked, or may be by a list that was imported.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn has_revocations(&self, issuer: &str) -> Result<bool, Error> {
        Ok(revocations_of(issuer).one(&self.db).await?.is_some() || last_list(&self.db, issuer).await?.is_some())
    }

    /// The list that was signed last, if nothing was revoked or imported since.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn current_list(&self, issuer: &str) -> Result<Option<SignedList>, Error> {
        let list = last_list(&self.db, issuer).await?;
        let counted = count(&self.db, issuer).await?;
        Ok(list.filter(|list| list.counted == counted))
    }

    /// The newest of the lists that were signed with one of these keys.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn newest_list_of(&self, issuer: &str, kids: &[String]) -> Result<Option<SignedList>, Error> {
        let lists = lists_of(issuer).filter(revocation_list::Column::Kid.is_in(kids));
        Ok(lists.order_by_desc(revocation_list::Column::Seq).one(&self.db).await?)
    }

    /// Stores a list that was signed, and says whether it did: not where another list came, or something was revoked,
    /// since it was worked out. Then it is to be worked out anew. `from` are the numbers of the lists that it carries on.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn add_list(&self, list: SignedList, from: &[i64], note: Note, at: Instant) -> Result<bool, Error> {
        let mut change = Change::begin(&self.db).await?;
        let before = lists_to_carry(&change.tx, &list.issuer).await?.select_only().column(revocation_list::Column::Seq);
        let before: Vec<i64> = before.into_tuple().all(&change.tx).await?;
        let is_later = before.iter().all(|seq| *seq < list.seq);
        let carries_all = before.iter().all(|seq| from.contains(seq));
        // Revocations are only ever added, so as many as before are the same as before.
        if !is_later || !carries_all || count(&change.tx, &list.issuer).await? != list.counted {
            return Ok(false);
        }
        recount(&change.tx, &list.issuer, before, CARRIED).await?;
        revocation_list::Entity::insert(list.into_active_model()).exec_without_returning(&change.tx).await?;
        change.note(at, note);
        change.commit().await?;
        Ok(true)
    }
}

async fn count<C: ConnectionTrait>(db: &C, issuer: &str) -> Result<i64, Error> {
    Ok(i64::try_from(revocations_of(issuer).count(db).await?).unwrap_or(i64::MAX))
}

async fn license_of<C: ConnectionTrait>(db: &C, id: &str) -> Result<license::Model, Error> {
    let row = license::Entity::find().filter(license::Column::Id.eq(id)).one(db).await?;
    row.ok_or_else(|| Error::NotFound { what: LICENSE, id: id.to_owned() })
}

pub(crate) async fn last_list<C: ConnectionTrait>(db: &C, issuer: &str) -> Result<Option<SignedList>, Error> {
    Ok(lists_of(issuer).order_by_desc(revocation_list::Column::Seq).one(db).await?)
}

fn lists_of(issuer: &str) -> Select<revocation_list::Entity> {
    revocation_list::Entity::find().filter(revocation_list::Column::Issuer.eq(issuer))
}

fn revocations_of(issuer: &str) -> Select<revocation::Entity> {
    revocation::Entity::find().filter(revocation::Column::Issuer.eq(issuer))
}

/// The last list and those that are uncounted, in the order of their numbers.
async fn lists_to_carry<C: ConnectionTrait>(db: &C, issuer: &str) -> Result<Select<revocation_list::Entity>, Error> {
    use revocation_list::Column;
    let last = last_list(db, issuer).await?.map(|last| last.seq);
    let carried = Condition::any().add(Column::Counted.eq(UNCOUNTED)).add(Column::Seq.eq(last));
    Ok(lists_of(issuer).filter(carried).order_by_asc(Column::Seq))
}

/// Sets what lists of an issuer take account of.
pub(crate) async fn recount<C: ConnectionTrait>(
    db: &C,
    issuer: &str,
    lists: Vec<i64>,
    counted: i64,
) -> Result<(), Error> {
    use revocation_list::Column;
    let update = revocation_list::Entity::update_many().col_expr(Column::Counted, counted.into());
    update.filter(Column::Issuer.eq(issuer)).filter(Column::Seq.is_in(lists)).exec(db).await?;
    Ok(())
}
