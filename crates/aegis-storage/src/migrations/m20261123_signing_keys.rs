//! The keys with which licenses were signed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string, text, timestamp_with_time_zone};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut keys = Table::create().table("signing_keys").to_owned();
        keys.col(string("issuer"))
            .col(string("kid"))
            .col(string("public_key"))
            .col(text("certificates"))
            .col(timestamp_with_time_zone("added_at"))
            .primary_key(Index::create().col("issuer").col("kid"));
        manager.create_table(keys).await
    }
}
