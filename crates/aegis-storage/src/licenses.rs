//! Licenses, as they are found again.

use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    RelationTrait, Statement,
};

pub use crate::entity::license::Model as License;
use crate::entity::{customer, license, license_module};
use crate::{Error, Instant, Store};

/// A license that was signed and is to be stored.
#[derive(Debug, Clone)]
pub struct NewLicense {
    /// The token's `jti`.
    pub id: String,
    /// Issuer.
    pub issuer: String,
    /// Id of the key that signed it.
    pub kid: String,
    /// The vendor's id of the customer.
    pub customer_id: String,
    /// The customer's name in the license.
    pub customer_name: String,
    /// The modules and patterns covered.
    pub modules: Vec<String>,
    /// `perpetual`, `subscription` or `demo`.
    pub license_type: String,
    /// The instance it is bound to, in words or as a fingerprint.
    pub instance: Option<String>,
    /// Issued at.
    pub issued_at: Instant,
    /// First instant at which it is no longer valid.
    pub expires_at: Option<Instant>,
    /// The same with the grace period.
    pub ends_at: Option<Instant>,
    /// Id of the license in whose place it was issued.
    pub replaces: Option<String>,
    /// The license itself.
    pub token: String,
}

/// Where a license stands at some time, but for its begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Neither ended nor revoked.
    Active,
    /// Ended, its grace period included, and not revoked before.
    Expired,
    /// Revoked.
    Revoked,
}

/// Which licenses are asked for.
#[derive(Debug, Clone, Default)]
pub struct LicenseFilter {
    /// Those of this customer.
    pub customer_id: Option<String>,
    /// Those that name exactly this module or pattern.
    pub module: Option<String>,
    /// Those of this type.
    pub license_type: Option<String>,
    /// Those that stand so at this time.
    pub standing: Option<(Standing, Instant)>,
    /// Those that end before this.
    pub expires_before: Option<Instant>,
    /// Those that end at this or later.
    pub expires_from: Option<Instant>,
    /// Those issued before the one with this number.
    pub before: Option<i64>,
}

/// A part of a long list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts off the one row that was read to see whether there is more.
    pub(crate) fn cut(mut items: Vec<T>, limit: u64, place: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(place);
        Self { items, next }
    }
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Licenses.
    pub licenses: u64,
    /// Of them, neither ended nor revoked.
    pub active: u64,
    /// Of them, ended.
    pub expired: u64,
    /// Of them, revoked.
    pub revoked: u64,
    /// Of those that are active, ending within 30 days.
    pub ending_soon: u64,
    /// Customers.
    pub customers: u64,
    /// Of them, active.
    pub active_customers: u64,
}

/// What reads a license by its id: the query that is asked most is put together once.
pub(crate) fn license_by_id(database: DbBackend) -> String {
    license::Entity::find().filter(license::Column::Id.eq("")).build(database).sql
}

impl Store {
    /// A license.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn license(&self, id: &str) -> Result<License, Error> {
        let database = self.db.get_database_backend();
        let query = Statement::from_sql_and_values(database, self.license_by_id.as_ref(), [id.into()]);
        let row = license::Entity::find().from_raw_sql(query).one(&self.db).await?;
        row.ok_or_else(|| Error::NotFound { what: "license", id: id.to_owned() })
    }

    /// The licenses issued last, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn licenses(&self, filter: &LicenseFilter, limit: u64) -> Result<Page<License>, Error> {
        let mut query = license::Entity::find().filter(condition(filter));
        // Where a module is asked for, its index has the order.
        query = if let Some(module) = &filter.module {
            query
                .join(JoinType::InnerJoin, license::Relation::Modules.def())
                .filter(license_module::Column::ModuleName.eq(module))
                .order_by_desc(license_module::Column::LicenseSeq)
        } else {
            query.order_by_desc(license::Column::Seq)
        };
        let rows = query.limit(limit + 1).all(&self.db).await?;
        Ok(Page::cut(rows, limit, |license| license.seq.to_string()))
    }

    /// Counts licenses and customers at `now`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn stats(&self, now: Instant) -> Result<Stats, Error> {
        let count = async |condition: Condition| license::Entity::find().filter(condition).count(&self.db).await;
        let soon = now + chrono::Duration::days(30);
        let ends_soon = standing(Standing::Active, now).add(license::Column::EndsAt.lt(soon));
        let active_customers = customer::Entity::find().filter(customer::Column::DeactivatedAt.is_null());
        Ok(Stats {
            licenses: count(Condition::all()).await?,
            active: count(standing(Standing::Active, now)).await?,
            expired: count(standing(Standing::Expired, now)).await?,
            revoked: count(standing(Standing::Revoked, now)).await?,
            ending_soon: count(ends_soon).await?,
            customers: customer::Entity::find().count(&self.db).await?,
            active_customers: active_customers.count(&self.db).await?,
        })
    }

    /// Counts the licenses that are active at `now` and end before `end`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn count_ending(&self, now: Instant, end: Instant) -> Result<u64, Error> {
        let ending = standing(Standing::Active, now).add(license::Column::EndsAt.lt(end));
        Ok(license::Entity::find().filter(ending).count(&self.db).await?)
    }
}

fn condition(filter: &LicenseFilter) -> Condition {
    use license::Column;
    let conditions: [Option<Expr>; 5] = [
        filter.customer_id.as_ref().map(|id| Column::CustomerId.eq(id)),
        filter.license_type.as_ref().map(|license_type| Column::LicenseType.eq(license_type)),
        filter.expires_before.map(|end| Column::ExpiresAt.lt(end)),
        filter.expires_from.map(|end| Column::ExpiresAt.gte(end)),
        filter.before.map(|seq| {
            let column = if filter.module.is_some() {
                Expr::col((license_module::Entity, license_module::Column::LicenseSeq))
            } else {
                Expr::col((license::Entity, Column::Seq))
            };
            column.lt(seq)
        }),
    ];
    let all = conditions.into_iter().flatten().fold(Condition::all(), Condition::add);
    filter.standing.map_or(all.clone(), |(which, at)| all.add(standing(which, at)))
}

fn standing(which: Standing, at: Instant) -> Condition {
    use license::Column;
    let kept = Condition::all().add(Column::RevokedAt.is_null());
    match which {
        Standing::Revoked => Condition::all().add(Column::RevokedAt.is_not_null()),
        Standing::Expired => kept.add(Column::EndsAt.lte(at)),
        Standing::Active => kept.add(Condition::any().add(Column::EndsAt.is_null()).add(Column::EndsAt.gt(at))),
    }
}
