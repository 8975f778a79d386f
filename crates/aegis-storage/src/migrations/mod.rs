//! How the tables came to be. Migrations are only ever added: what a version has run is never changed.

mod m20261123_begin;
mod m20261123_signing_keys;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

pub(crate) struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261123_begin::Migration), Box::new(m20261123_signing_keys::Migration)]
    }
}
