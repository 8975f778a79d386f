//! The connection.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{ConnectOptions, Database as Connector, DatabaseConnection, DbBackend};
use sea_orm_migration::MigratorTrait;
use tokio::time::timeout;

use crate::Error;
use crate::issuing::{LIMIT, Writer};
use crate::licenses::license_by_id;
use crate::migrations::Migrations;

/// Connections to PostgreSQL, at most, for each process; besides those by which licenses are stored.
const CONNECTIONS: u32 = 14;

/// Connections by which licenses are stored: one at a time, while another that does not answer any more is given up.
const STORING: u32 = 2;

/// How long a request waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection rests before it is asked whether it still answers.
const RESTED: Duration = Duration::from_secs(1);

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

/// How many connections to the database there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connections {
    /// Those that nobody uses now.
    pub idle: u32,
    /// The others.
    pub used: u32,
}

/// Everything that is stored. Cheap to clone: the copies share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) db: DatabaseConnection,
    pub(crate) writer: Writer,
    pub(crate) license_by_id: Arc<str>,
}

impl Store {
    /// Connects to `postgres://…` or `sqlite://FILE`; the file is made when it is not there.
    ///
    /// # Errors
    /// [`Error::BadAddress`], [`Error::Unavailable`].
    pub async fn connect(address: &str) -> Result<Self, Error> {
        Self::connect_within(address, LIMIT).await
    }

    /// The same, where licenses are stored within `limit` or not at all.
    pub(crate) async fn connect_within(address: &str, limit: Duration) -> Result<Self, Error> {
        let address = match address.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => address.to_owned(),
            Some("sqlite") if address.contains('?') => address.to_owned(),
            Some("sqlite") => format!("{address}?mode=rwc"),
            _ => return Err(Error::BadAddress("it begins with postgres:// or sqlite://".to_owned())),
        };
        check_address(&address)?;
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
        options.test_before_acquire(false);
        options.map_sqlx_postgres_pool_opts(|pool| {
            pool.before_acquire(|connection, about| Box::pin(answers(connection, about.idle_for)))
                .after_release(|connection, _| Box::pin(rolls_back(connection)))
        });
        options.map_sqlx_sqlite_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(is_clean(connection))));
        let db = Connector::connect(options.clone()).await?;
        options.max_connections(STORING).connect_lazy(true);
        let writer = Writer::start(Connector::connect(options).await?, limit).await?;
        let license_by_id = license_by_id(db.get_database_backend()).into();
        Ok(Self { db, writer, license_by_id })
    }

    /// Which database it is.
    #[must_use]
    pub fn database(&self) -> Database {
        match self.db.get_database_backend() {
            DbBackend::Sqlite => Database::Sqlite,
            _ => Database::PostgreSql,
        }
    }

    /// How many connections there are now.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let counted = [&self.db, &self.writer.db].map(|db| match self.database() {
            Database::Sqlite => counted(db.get_sqlite_connection_pool()),
            Database::PostgreSql => counted(db.get_postgres_connection_pool()),
        });
        Connections {
            idle: counted.iter().map(|pool| pool.idle).sum(),
            used: counted.iter().map(|pool| pool.used).sum(),
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

    /// Waits for what is being written, and closes all connections; at most as long as one batch may take.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn close(self) -> Result<(), Error> {
        let Self { db, writer, .. } = self;
        let closing = async {
            writer.stop().await;
            Ok(db.close().await?)
        };
        let late = |_| Err(Error::Unavailable("it did not close its connections in time".to_owned()));
        timeout(LIMIT, closing).await.unwrap_or_else(late)
    }
}

/// Here, because what others say of an address that they cannot read has the password in it.
fn check_address(address: &str) -> Result<(), Error> {
    let bad = |form: &str| Error::BadAddress(format!("it cannot be read; it is written as {form}"));
    if address.starts_with("sqlite:") {
        let read = address.parse::<sqlx::sqlite::SqliteConnectOptions>();
        read.map(drop).map_err(|_| bad("sqlite://FILE"))
    } else {
        let read = address.parse::<sqlx::postgres::PgConnectOptions>();
        read.map(drop).map_err(|_| bad("postgres://USER:PASSWORD@HOST:PORT/NAME"))
    }
}

fn counted<D: sqlx::Database>(pool: &sqlx::Pool<D>) -> Connections {
    let (size, idle) = (pool.size(), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX));
    // The two are not read at the same instant.
    Connections { idle, used: size.saturating_sub(idle) }
}

/// Whether a connection that has rested still answers. One that was used a moment ago is not asked: that costs as much as
/// reading a license.
async fn answers(connection: &mut PgConnection, rested: Duration) -> Result<bool, sqlx::Error> {
    if rested >= RESTED {
        timeout(PATIENCE, connection.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    }
    Ok(true)
}

/// Takes back what was given up in the middle, in time: where the network is gone, the connection is closed.
async fn rolls_back(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    if connection.should_flush() {
        timeout(PATIENCE, connection.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    }
    Ok(true)
}

/// Whether no transaction is left on a connection that comes back. Where SQLite cannot commit, because the disk is full,
/// it takes the transaction back by itself; the driver does not learn of that, and would take the next one for a part of
/// it, whose commit is none: what is answered as stored would be lost, and the lock of the file kept.
async fn is_clean(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // What was only queued, such as a rollback, is done then.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn schema(error: sea_orm::DbErr) -> Error {
    match error {
        sea_orm::DbErr::Migration(problem) | sea_orm::DbErr::Custom(problem) => Error::Schema(problem),
        other => other.into(),
    }
}
