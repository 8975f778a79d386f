//! SQLite takes a transaction back by itself where it cannot go on, as on a full disk.

use crate::common::{NOW, add_customer, at, customer, issued, license, note};
use aegis_storage::testing;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

/// What happens to every customer from now on: the transaction is taken back, as by a disk that is full.
const FILL: &str =
    "CREATE TRIGGER full_disk BEFORE INSERT ON customers BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END";
const CLEAR: &str = "DROP TRIGGER full_disk";

/// As many as a store has, at most.
const CONNECTIONS: usize = 16;

async fn run(other: &DatabaseConnection, statement: &str) {
    other.execute_unprepared(statement).await.expect("is done");
}

/// What is acknowledged afterwards is durable, and no lock is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_was_taken_back_leaves_nothing_behind() {
    let stores = testing::sqlite().await;
    let other = Database::connect(stores.address.as_str()).await.expect("connects");
    let store = &stores.store;
    let add = async |id: &str| store.add_customer(customer(id), note("customer.add", id), at(NOW)).await;
    run(&other, FILL).await;
    // Often enough that each connection has seen it.
    for _ in 0..CONNECTIONS {
        assert!(add("C1").await.is_err());
    }
    run(&other, CLEAR).await;
    for number in 0..CONNECTIONS {
        let id = format!("C{number}");
        add_customer(store, &id).await;
        assert!(add(&id).await.is_err(), "it is there already");
    }
    let id = issued(store, license("C2")).await;
    // Whoever connects anew sees it, and may write.
    let second = aegis_storage::Store::connect(&stores.address).await.expect("connects");
    assert_eq!(second.license(&id).await.expect("is there").customer_id, "C2");
    add_customer(&second, "another").await;
}
