//! What is done to a database behind the server's back.

use std::env;

use sea_orm::{ConnectionTrait, Database, DatabaseTransaction, TransactionTrait};

/// Names a PostgreSQL in which databases may be made.
const POSTGRES: &str = "AEGIS_TEST_POSTGRES";

/// The name of a PostgreSQL's database.
pub(crate) fn name(address: &str) -> &str {
    let place = address.split('?').next().unwrap_or_default();
    place.rsplit('/').next().unwrap_or_default()
}

/// Runs a statement as the owner of all databases.
pub(crate) async fn run_on_postgres(statement: &str) {
    let admin = Database::connect(server()).await.expect("the PostgreSQL answers");
    admin.execute_unprepared(statement).await.expect("runs");
    admin.close().await.expect("closes");
}

/// Runs a statement in a database.
pub(crate) async fn run(address: &str, statement: &str) {
    let database = Database::connect(address).await.expect("connects");
    database.execute_unprepared(statement).await.expect("runs");
    database.close().await.expect("closes");
}

/// Keeps others from writing to a file until it is given back.
pub(crate) async fn lock(address: &str) -> DatabaseTransaction {
    let lock = Database::connect(address).await.expect("connects").begin().await.expect("begins");
    lock.execute_unprepared("DELETE FROM idempotency WHERE 1 = 0").await.expect("is granted");
    lock
}

fn server() -> String {
    env::var(POSTGRES).unwrap_or_else(|_| {
        panic!("{POSTGRES} names no PostgreSQL: run the tests with `make test-rust`, which starts one")
    })
}
