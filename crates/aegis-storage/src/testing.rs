//! For tests: an empty store on each database.

#![allow(clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "for tests")]

use std::env;

use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;
use uuid::Uuid;

use crate::Store;

/// Names a PostgreSQL in which databases may be made.
const POSTGRES: &str = "AEGIS_TEST_POSTGRES";

/// A store of a test's own, with its tables.
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// By which others can connect.
    pub address: String,
    _folder: Option<TempDir>,
}

impl TestStore {
    /// The same store, for another server.
    pub async fn beside(&self) -> Self {
        let store = Store::connect(&self.address).await.expect("connects");
        Self { store, address: self.address.clone(), _folder: None }
    }
}

/// A store in a new file.
pub async fn sqlite() -> TestStore {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite://{}", folder.path().join("aegis.db").display());
    let store = Store::connect(&address).await.expect("connects");
    store.migrate().await.expect("makes its tables");
    TestStore { store, address, _folder: Some(folder) }
}

/// A store in a new database of the PostgreSQL that the environment names.
pub async fn postgres() -> TestStore {
    let server = env::var(POSTGRES).unwrap_or_else(|_| {
        panic!("{POSTGRES} names no PostgreSQL: run the tests with `make test-rust`, which starts one")
    });
    let name = format!("aegis_{}", Uuid::new_v4().simple());
    let (place, query) = server.split_once('?').map_or((server.as_str(), ""), |(place, query)| (place, query));
    let place = place.rsplit_once('/').map_or(place, |(place, _)| place);
    let admin = Database::connect(server.as_str()).await.expect("the PostgreSQL answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("makes a database");
    admin.close().await.expect("closes");
    let address = format!("{place}/{name}?{query}");
    let store = Store::connect(&address).await.expect("connects");
    store.migrate().await.expect("makes its tables");
    TestStore { store, address, _folder: None }
}

/// Makes of each function two tests, one on each database.
#[macro_export]
macro_rules! on_both {
    ($($(#[$about:meta])* async fn $name:ident($stores:ident: $kind:ty) $body:block)*) => {
        $(
            $(#[$about])*
            mod $name {
                #[allow(unused_imports, reason = "each test uses its part")]
                use super::*;

                async fn test($stores: $kind) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_sqlite() {
                    test($crate::testing::sqlite().await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_postgres() {
                    test($crate::testing::postgres().await).await;
                }
            }
        )*
    };
}
