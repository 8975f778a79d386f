//! What can go wrong in the storage.

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why something could not be stored or read.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database cannot be reached now, or is too busy. Nothing is known to be stored; the same may be tried again.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// The connection broke while the change was being committed: it may be stored or not.
    #[error("the database went away while it stored the change: {0}")]
    OutcomeUnknown(String),
    /// There is no such row.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// What was looked for: `customer`, `license`, …
        what: &'static str,
        /// Its id, as asked for.
        id: String,
    },
    /// There is such a row already.
    #[error("there is a {what} {id:?} already")]
    Exists {
        /// What was to be made.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The customer was deactivated.
    #[error("the customer {0:?} is not active")]
    CustomerInactive(String),
    /// The license that was to be replaced is revoked.
    #[error("the license {0:?} is revoked")]
    Revoked(String),
    /// Another key had this id before.
    #[error("the signing key {0:?} is not the one that had this id before")]
    OtherKey(String),
    /// The key of a repeated request was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The audit log does not hold together.
    #[error(transparent)]
    BrokenChain(#[from] crate::BrokenChain),
    /// The address of the database is none that is understood.
    #[error("this is no address of a database: {0}")]
    BadAddress(String),
    /// The database was made by a newer version, or is no database of ours.
    #[error("the database does not fit this version: {0}")]
    Schema(String),
    /// The database refused; that is a fault of this program.
    #[error("the database refused: {0}")]
    Refused(String),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_transient(&error) { Self::Unavailable(error.to_string()) } else { Self::Refused(error.to_string()) }
    }
}

/// Whether the same may succeed a moment later.
fn is_transient(error: &DbErr) -> bool {
    let cause = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return true,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => cause,
        _ => return false,
    };
    if let sqlx::Error::Database(cause) = cause.as_ref() {
        return cause.code().is_some_and(|code| is_transient_code(&code));
    }
    matches!(
        cause.as_ref(),
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
    )
}

/// PostgreSQL's codes have five characters, and their beginning is a class: connection, transaction rolled back,
/// resources, locks, shut down. SQLite's are numbers, whose lowest byte says BUSY, LOCKED, IOERR or FULL.
fn is_transient_code(code: &str) -> bool {
    if code.len() == 5 {
        ["08", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class))
    } else {
        code.parse::<i32>().is_ok_and(|code| [5, 6, 10, 13].contains(&(code & 0xff)))
    }
}

#[cfg(test)]
mod tests {
    use super::is_transient_code;

    #[test]
    fn busy_full_and_shut_down_are_transient() {
        for code in ["5", "517", "6", "10", "778", "13", "08006", "40001", "40P01", "53100", "53300", "55P03", "57P01"]
        {
            assert!(is_transient_code(code), "{code}");
        }
    }

    #[test]
    fn a_violated_rule_is_not_transient() {
        for code in ["1", "19", "2067", "23505", "22021", "42P01", "", "x"] {
            assert!(!is_transient_code(code), "{code}");
        }
    }
}
