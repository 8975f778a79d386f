//! What those ask who look after a database.

use std::path::Path;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Statement};

use crate::entity::audit_log;
use crate::{Database, Error, Instant, Store};

impl Store {
    /// What the database's clock says.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn clock(&self) -> Result<Instant, Error> {
        let question = match self.database() {
            Database::Sqlite => "SELECT unixepoch() AS now",
            Database::PostgreSql => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT) AS now",
        };
        let statement = Statement::from_string(self.db.get_database_backend(), question);
        let answer = self.db.query_one_raw(statement).await?;
        let seconds = answer.map(|row| row.try_get::<i64>("", "now")).transpose()?;
        seconds
            .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0))
            .ok_or_else(|| Error::Refused("it does not know what time it is".to_owned()))
    }

    /// Writes a consistent copy of the whole database into a new file, while others go on reading and writing.
    ///
    /// # Errors
    /// [`Error::Refused`] where the database is no file or the copy cannot be written, [`Error::Unavailable`].
    pub async fn snapshot(&self, file: &Path) -> Result<(), Error> {
        if self.database() != Database::Sqlite {
            return Err(Error::Refused("only a database in a file can be copied".to_owned()));
        }
        let path = file.to_str().ok_or_else(|| Error::Refused("the name of the copy is not UTF-8".to_owned()))?;
        let backend = self.db.get_database_backend();
        self.db.execute_raw(Statement::from_sql_and_values(backend, "VACUUM INTO ?", [path.into()])).await?;
        Ok(())
    }

    /// The number of the row of the audit log that has this hash.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn audit_row_with_hash(&self, hash: &str) -> Result<Option<i64>, Error> {
        let rows = audit_log::Entity::find().filter(audit_log::Column::Hash.eq(hash));
        Ok(rows.order_by_asc(audit_log::Column::Seq).one(&self.db).await?.map(|row| row.seq))
    }
}
