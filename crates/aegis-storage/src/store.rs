//! The connection.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database as Connector, DatabaseConnection, DbBackend};
use sea_orm_migration::MigratorTrait;

use crate::Error;
use crate::issuing::Writer;
use crate::migrations::Migrations;

/// Connections to PostgreSQL, at most, for each process.
const CONNECTIONS: u32 = 16;

/// How long a request waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that hangs in the middle of a change must not stop the others: PostgreSQL ends its transaction, and those who
/// wait for its lock are told before. A statement is given longer than any of ours takes.
const POSTGRES_LIMITS: [(&str, &str); 3] =
    [("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "10s"), ("statement_timeout", "30s")];

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// PostgreSQL, or what speaks its protocol.
    PostgreSql,
    /// A file.
    Sqlite,
}

/// Everything that is stored. Cheap to clone: the copies share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) db: DatabaseConnection,
    pub(crate) writer: Writer,
}

impl Store {
    /// Connects to `postgres://…` or `sqlite://FILE`; the file is made when it is not there.
    ///
    /// # Errors
    /// [`Error::BadAddress`], [`Error::Unavailable`].
    pub async fn connect(address: &str) -> Result<Self, Error> {
        let address = match address.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => address.to_owned(),
            Some("sqlite") if address.contains('?') => address.to_owned(),
            Some("sqlite") => format!("{address}?mode=rwc"),
            _ => return Err(Error::BadAddress("it begins with postgres:// or sqlite://".to_owned())),
        };
        let mut options = ConnectOptions::new(address);
        options.max_connections(CONNECTIONS).acquire_timeout(PATIENCE).connect_timeout(PATIENCE).sqlx_logging(false);
        options.map_sqlx_postgres_opts(|options| options.options(POSTGRES_LIMITS));
        options.map_sqlx_sqlite_opts(|options| {
            use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
            // Readers do not wait for the writer, and what is committed survives a power cut.
            options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(PATIENCE)
        });
        let db = Connector::connect(options).await?;
        let writer = Writer::start(db.clone());
        Ok(Self { db, writer })
    }

    /// Which database it is.
    #[must_use]
    pub fn database(&self) -> Database {
        match self.db.get_database_backend() {
            DbBackend::Sqlite => Database::Sqlite,
            _ => Database::PostgreSql,
        }
    }

    /// Makes or renews the tables. Does nothing where they are as they should be.
    ///
    /// # Errors
    /// [`Error::Schema`] when the database was made by a newer version, [`Error::Unavailable`], [`Error::Refused`].
    pub async fn migrate(&self) -> Result<(), Error> {
        Migrations::up(&self.db, None).await.map_err(schema)
    }

    /// How many migrations are still to be run.
    ///
    /// # Errors
    /// As [`Store::migrate`].
    pub async fn pending_migrations(&self) -> Result<usize, Error> {
        Ok(Migrations::get_pending_migrations(&self.db).await.map_err(schema)?.len())
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.db.ping().await?)
    }

    /// Waits for what is being written, and closes all connections.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn close(self) -> Result<(), Error> {
        let Self { db, writer } = self;
        writer.stop().await;
        Ok(db.close().await?)
    }
}

fn schema(error: sea_orm::DbErr) -> Error {
    match error {
        sea_orm::DbErr::Migration(problem) | sea_orm::DbErr::Custom(problem) => Error::Schema(problem),
        other => other.into(),
    }
}
