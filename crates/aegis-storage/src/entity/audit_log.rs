//! Who changed what: a chain, to which rows are only ever added.

use sea_orm::entity::prelude::*;

use crate::Instant;

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    /// Its number, from 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// Who: the id of an API key, or `cli` and the user of the operating system.
    pub actor: String,
    /// What was done, such as `license.issue`.
    pub action: String,
    /// To what: `license`, `customer`, `api_key`, …
    pub subject_kind: String,
    /// Its id.
    pub subject_id: String,
    /// The particulars, as JSON.
    pub detail: String,
    /// The hash of the row before; empty in the first.
    pub previous_hash: String,
    /// SHA-256 of all the other columns, in hexadecimal.
    pub hash: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
