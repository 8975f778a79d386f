//! Whom licenses are for.

use sea_orm::entity::prelude::*;

use crate::Instant;

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customers")]
pub struct Model {
    /// The vendor's id of the customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The customer's name.
    pub name: String,
    /// Where licenses are mailed to.
    pub email: Option<String>,
    /// When it was added.
    pub created_at: Instant,
    /// When it was changed last.
    pub updated_at: Instant,
    /// Since when no license is issued.
    pub deactivated_at: Option<Instant>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
