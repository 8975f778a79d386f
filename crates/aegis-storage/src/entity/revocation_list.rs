//! The lists that were signed.

use sea_orm::entity::prelude::*;

use crate::Instant;

/// A signed list.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocation_lists")]
pub struct Model {
    /// Issuer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    /// Its number: of the lists of an issuer, the greatest counts.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Id of the key that signed it.
    pub kid: String,
    /// When.
    pub signed_at: Instant,
    /// How many revocations it takes account of: all there were. Negative of a list that is not the current one, whatever
    /// its number.
    pub counted: i64,
    /// The list itself.
    pub token: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
