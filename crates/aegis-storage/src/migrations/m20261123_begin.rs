//! The first tables.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, string, string_null, text, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let db = manager.get_connection();
        db.execute_unprepared("INSERT INTO heads (id, audit_seq, audit_hash, license_seq) VALUES (1, 0, '', 0)")
            .await?;
        for statement in append_only(manager.get_database_backend()) {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        table("heads", |heads| {
            heads
                .col(integer("id").primary_key())
                .col(big_integer("audit_seq"))
                .col(string("audit_hash"))
                .col(big_integer("license_seq"));
        }),
        table("customers", |customers| {
            customers
                .col(string("id").primary_key())
                .col(text("name"))
                .col(string_null("email"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("updated_at"))
                .col(timestamp_with_time_zone_null("deactivated_at"));
        }),
        table("licenses", |licenses| {
            licenses
                .col(big_integer("seq").primary_key())
                .col(string("id").unique_key())
                .col(string("issuer"))
                .col(string("kid"))
                .col(string("customer_id"))
                .col(text("customer_name"))
                .col(text("module_names"))
                .col(string("license_type"))
                .col(string_null("instance"))
                .col(timestamp_with_time_zone("issued_at"))
                .col(timestamp_with_time_zone_null("expires_at"))
                .col(timestamp_with_time_zone_null("ends_at"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("revoked_at"))
                .col(string_null("status_reason"))
                .col(string_null("replaces"))
                .col(text("token"))
                .foreign_key(ForeignKey::create().from("licenses", "customer_id").to("customers", "id"));
        }),
        table("license_modules", |modules| {
            modules
                .col(string("module_name"))
                .col(big_integer("license_seq"))
                .primary_key(Index::create().col("module_name").col("license_seq"))
                .foreign_key(ForeignKey::create().from("license_modules", "license_seq").to("licenses", "seq"));
        }),
        table("revocations", |revocations| {
            revocations
                .col(string("issuer"))
                .col(string("kind"))
                .col(string("id"))
                .col(text("reason"))
                .col(timestamp_with_time_zone("revoked_at"))
                .col(timestamp_with_time_zone_null("ends_at"))
                .primary_key(Index::create().col("issuer").col("kind").col("id"));
        }),
        table("revocation_lists", |lists| {
            lists
                .col(string("issuer"))
                .col(big_integer("seq"))
                .col(string("kid"))
                .col(timestamp_with_time_zone("signed_at"))
                .col(big_integer("counted"))
                .col(text("token"))
                .primary_key(Index::create().col("issuer").col("seq"));
        }),
        table("api_keys", |keys| {
            keys.col(string("id").primary_key())
                .col(text("name"))
                .col(string("hash"))
                .col(string("scopes"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("expires_at"))
                .col(timestamp_with_time_zone_null("revoked_at"));
        }),
        table("idempotency", |idempotency| {
            idempotency
                .col(string("actor"))
                .col(string("key"))
                .col(string("request_hash"))
                .col(string("license_id"))
                .col(timestamp_with_time_zone("created_at"))
                .primary_key(Index::create().col("actor").col("key"));
        }),
        table("audit_log", |log| {
            log.col(big_integer("seq").primary_key())
                .col(timestamp_with_time_zone("at"))
                .col(string("actor"))
                .col(string("action"))
                .col(string("subject_kind"))
                .col(string("subject_id"))
                .col(text("detail"))
                .col(string("previous_hash"))
                .col(string("hash"));
        }),
    ]
}

fn table(name: &'static str, columns: impl FnOnce(&mut TableCreateStatement)) -> TableCreateStatement {
    let mut table = Table::create().table(name).to_owned();
    columns(&mut table);
    table
}

/// Each ends with the number, so that a page of a filtered list is read from the index, however long the table is.
fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table(table).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index("licenses_of_customer", "licenses", &["customer_id", "seq"]),
        index("licenses_of_type", "licenses", &["license_type", "seq"]),
        index("licenses_by_end", "licenses", &["expires_at", "seq"]),
        index("licenses_by_revocation", "licenses", &["revoked_at", "seq"]),
        index("audit_log_of_subject", "audit_log", &["subject_kind", "subject_id", "seq"]),
    ]
}

/// Rows of the audit log are neither changed nor deleted: the chain would show it, and the database refuses it.
fn append_only(backend: DbBackend) -> &'static [&'static str] {
    if backend == DbBackend::Sqlite {
        &[
            "CREATE TRIGGER audit_log_update BEFORE UPDATE ON audit_log
             BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
            "CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log
             BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
            // INSERT OR REPLACE deletes the row that is in the way, without the trigger of DELETE.
            "CREATE TRIGGER audit_log_insert BEFORE INSERT ON audit_log
             WHEN EXISTS (SELECT 1 FROM audit_log WHERE seq = NEW.seq)
             BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
        ]
    } else {
        &[
            "CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
            "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
             FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()",
        ]
    }
}
