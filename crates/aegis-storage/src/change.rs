//! A transaction that changes something.

use sea_orm::{
    ActiveModelTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable, QuerySelect,
    Set, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::entity::{audit_log, head};
use crate::{AuditEntry, Error, Instant, Note, Run};

/// The id of the one row of `heads`.
const HEAD: i32 = 1;

/// Values in one statement, at most: SQLite takes 32,766, PostgreSQL twice as many.
const VALUES: usize = 32_000;

/// A transaction that holds the lock of `heads`: no other change is being made meanwhile, by whatever server.
pub(crate) struct Change {
    pub(crate) tx: DatabaseTransaction,
    pub(crate) head: head::Model,
    notes: Vec<AuditEntry>,
}

impl Change {
    pub(crate) async fn begin(db: &DatabaseConnection) -> Result<Self, Error> {
        // SQLite locks the whole file, and at once: a reader that became a writer later could be refused.
        let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
        let tx = db.begin_with_options(options).await?;
        let head = head::Entity::find_by_id(HEAD).lock_exclusive().one(&tx).await?;
        let head = head.ok_or_else(|| Error::Schema("the row of heads is missing".to_owned()))?;
        Ok(Self { tx, head, notes: Vec::new() })
    }

    /// Adds a row to the audit log.
    pub(crate) fn note(&mut self, at: Instant, note: Note) {
        let entry = note.into_entry(at, self.head.audit_seq + 1, &self.head.audit_hash);
        self.head.audit_seq = entry.seq;
        self.head.audit_hash.clone_from(&entry.hash);
        self.notes.push(entry);
    }

    /// Makes it durable, or takes it back where it was only tried.
    pub(crate) async fn end(self, run: Run) -> Result<(), Error> {
        match run {
            Run::Real => self.commit().await,
            Run::Trial => Ok(self.tx.rollback().await?),
        }
    }

    /// Makes it durable. Without a note nothing was changed, and nothing is.
    ///
    /// # Errors
    /// [`Error::OutcomeUnknown`] when the connection broke meanwhile.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let Self { tx, head, notes } = self;
        if notes.is_empty() {
            return Ok(tx.rollback().await?);
        }
        let notes: Vec<audit_log::ActiveModel> = notes.into_iter().map(IntoActiveModel::into_active_model).collect();
        insert_all(&tx, notes).await?;
        let head = head::ActiveModel {
            id: Set(HEAD),
            audit_seq: Set(head.audit_seq),
            audit_hash: Set(head.audit_hash),
            license_seq: Set(head.license_seq),
        };
        head.update(&tx).await?;
        tx.commit().await.map_err(|error| match error.into() {
            Error::Unavailable(problem) => Error::OutcomeUnknown(problem),
            other => other,
        })
    }
}

/// Inserts rows, by as many statements as it takes. Each is for as many rows as a power of two, or half as much more: a
/// database prepares a statement once for each number of values in it.
pub(crate) async fn insert_all<A: ActiveModelTrait>(tx: &DatabaseTransaction, rows: Vec<A>) -> Result<(), Error> {
    let at_once = VALUES / <A::Entity as EntityTrait>::Column::iter().count();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let size = of_few_sizes(rows.len().min(at_once));
        let some: Vec<A> = rows.by_ref().take(size).collect();
        A::Entity::insert_many(some).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The greatest of 1, 2, 3, 4, 6, 8, 12, 16, 24, … that is not greater.
const fn of_few_sizes(number: usize) -> usize {
    let power = 1 << number.ilog2();
    let more = power + power / 2;
    if number < more { power } else { more }
}
