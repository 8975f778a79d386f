//! The keys with which licenses were signed.

use sea_orm::entity::prelude::*;

use crate::Instant;

/// A key with which this server signs, or has signed. Nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    /// The issuer that it speaks for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// The public key: 32 bytes in base64url (RFC 8037 §2, `x`).
    pub public_key: String,
    /// Its certificates, one a line; none for a key that wheels trust by itself.
    pub certificates: String,
    /// When it was first seen.
    pub added_at: Instant,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
