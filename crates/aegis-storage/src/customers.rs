//! Whom licenses are for.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};

use crate::change::Change;
pub use crate::entity::customer::Model as Customer;
use crate::entity::{customer, license};
use crate::licenses::Page;
use crate::{Error, Instant, Note, Store};

/// A customer to be.
#[derive(Debug, Clone)]
pub struct NewCustomer {
    /// The vendor's id of the customer.
    pub id: String,
    /// The customer's name.
    pub name: String,
    /// Where licenses are mailed to.
    pub email: Option<String>,
}

/// What to change of a customer; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct CustomerPatch {
    /// The name. Licenses that were issued keep the one they have.
    pub name: Option<String>,
    /// The address; `Some(None)` removes it.
    pub email: Option<Option<String>>,
    /// Whether licenses may be issued.
    pub active: Option<bool>,
}

impl Store {
    /// Adds a customer.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Unavailable`].
    pub async fn add_customer(&self, new: NewCustomer, note: Note, at: Instant) -> Result<Customer, Error> {
        let mut change = Change::begin(&self.db).await?;
        if find(&change.tx, &new.id).await?.is_some() {
            return Err(Error::Exists { what: "customer", id: new.id });
        }
        let NewCustomer { id, name, email } = new;
        let row = Customer { id, name, email, created_at: at, updated_at: at, deactivated_at: None };
        customer::Entity::insert(row.clone().into_active_model()).exec_without_returning(&change.tx).await?;
        change.note(at, note);
        change.commit().await?;
        Ok(row)
    }

    /// A customer.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn customer(&self, id: &str) -> Result<Customer, Error> {
        existing(&self.db, id).await
    }

    /// Customers in the order of their ids, those after `after`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn customers(&self, after: Option<&str>, limit: u64) -> Result<Page<Customer>, Error> {
        let mut query = customer::Entity::find();
        if let Some(after) = after {
            query = query.filter(customer::Column::Id.gt(after));
        }
        let rows = query.order_by_asc(customer::Column::Id).limit(limit + 1).all(&self.db).await?;
        Ok(Page::cut(rows, limit, |customer| customer.id.clone()))
    }

    /// Changes a customer.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn change_customer(
        &self,
        id: &str,
        patch: CustomerPatch,
        note: Note,
        at: Instant,
    ) -> Result<Customer, Error> {
        let mut change = Change::begin(&self.db).await?;
        let mut row = existing(&change.tx, id).await?.into_active_model();
        if let Some(name) = patch.name {
            row.name = Set(name);
        }
        if let Some(email) = patch.email {
            row.email = Set(email);
        }
        if let Some(active) = patch.active {
            row.deactivated_at = Set((!active).then_some(at));
        }
        row.updated_at = Set(at);
        let row = row.update(&change.tx).await?;
        change.note(at, note);
        change.commit().await?;
        Ok(row)
    }

    /// Deletes a customer without licenses, and deactivates one who has some: `None` when it was deleted.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`].
    pub async fn delete_customer(&self, id: &str, note: Note, at: Instant) -> Result<Option<Customer>, Error> {
        let mut change = Change::begin(&self.db).await?;
        let row = existing(&change.tx, id).await?;
        let licenses = license::Entity::find().filter(license::Column::CustomerId.eq(id));
        let left = if licenses.limit(1).count(&change.tx).await? == 0 {
            customer::Entity::delete_by_id(id).exec(&change.tx).await?;
            None
        } else {
            let since = row.deactivated_at.unwrap_or(at);
            let mut row = row.into_active_model();
            (row.deactivated_at, row.updated_at) = (Set(Some(since)), Set(at));
            Some(row.update(&change.tx).await?)
        };
        change.note(at, note);
        change.commit().await?;
        Ok(left)
    }
}

async fn find<C: ConnectionTrait>(db: &C, id: &str) -> Result<Option<Customer>, Error> {
    Ok(customer::Entity::find_by_id(id).one(db).await?)
}

async fn existing<C: ConnectionTrait>(db: &C, id: &str) -> Result<Customer, Error> {
    find(db, id).await?.ok_or_else(|| Error::NotFound { what: "customer", id: id.to_owned() })
}
