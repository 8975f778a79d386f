//! What was revoked.

use sea_orm::entity::prelude::*;

use crate::Instant;

/// A revocation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocations")]
pub struct Model {
    /// The issuer of what was revoked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    /// `license` or `key`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// The license's `jti`, or the key's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Why.
    pub reason: String,
    /// When.
    pub revoked_at: Instant,
    /// When the license would have ended: from then on no list names it.
    pub ends_at: Option<Instant>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
