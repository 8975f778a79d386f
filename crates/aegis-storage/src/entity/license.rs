//! What was issued. The token is the truth; the columns serve to find it.

use sea_orm::entity::prelude::*;

use crate::Instant;

/// A license.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "licenses")]
pub struct Model {
    /// In the order of issuing.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The token's `jti`.
    #[sea_orm(unique)]
    pub id: String,
    /// Issuer.
    pub issuer: String,
    /// Id of the key that signed it.
    pub kid: String,
    /// The vendor's id of the customer.
    pub customer_id: String,
    /// The customer's name, as the license has it.
    pub customer_name: String,
    /// Names and patterns, separated by commas. `license_modules` has them one by one.
    pub module_names: String,
    /// `perpetual`, `subscription` or `demo`.
    pub license_type: String,
    /// The instance it is bound to.
    pub instance: Option<String>,
    /// Issued at.
    pub issued_at: Instant,
    /// First instant at which it is no longer valid; never, if there is none.
    pub expires_at: Option<Instant>,
    /// The end with its grace period.
    pub ends_at: Option<Instant>,
    /// When it was stored.
    pub created_at: Instant,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// Why it was revoked.
    pub status_reason: Option<String>,
    /// The license in whose place it was issued.
    pub replaces: Option<String>,
    /// The license itself.
    pub token: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::license_module::Entity")]
    Modules,
}

impl Related<super::license_module::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Modules.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
