//! The audit log: who changed what, each row carrying the hash of the one before.

use std::fmt::Write as _;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};

pub use crate::entity::audit_log::Model as AuditEntry;
use crate::entity::{audit_log, head};
use crate::licenses::Page;
use crate::{Error, Instant, Store};

/// Rows read at a time.
const STRIDE: u64 = 1000;

/// What a row of the audit log will say.
#[derive(Debug, Clone)]
pub struct Note {
    /// Who: the id of an API key, or `cli` and the user of the operating system.
    pub actor: String,
    /// What was done, such as `license.issue`.
    pub action: &'static str,
    /// To what.
    pub subject: Subject,
    /// The particulars. No secrets and no tokens.
    pub detail: serde_json::Value,
}

/// What something was done to.
#[derive(Debug, Clone)]
pub struct Subject {
    /// `license`, `customer`, `api_key`, …
    pub kind: &'static str,
    /// Its id.
    pub id: String,
}

/// Which rows are asked for.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only those about this kind of subject and, where given, this one.
    pub subject: Option<(String, Option<String>)>,
    /// Only those of this actor.
    pub actor: Option<String>,
    /// Only those before this number.
    pub before: Option<i64>,
}

/// Where the chain of the audit log breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {seq} of the audit log does not hold: {problem}")]
pub struct BrokenChain {
    /// The number of the row.
    pub seq: i64,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Note {
    pub(crate) fn into_entry(self, at: Instant, seq: i64, previous_hash: &str) -> AuditEntry {
        let mut entry = AuditEntry {
            seq,
            at,
            actor: self.actor,
            action: self.action.to_owned(),
            subject_kind: self.subject.kind.to_owned(),
            subject_id: self.subject.id,
            detail: self.detail.to_string(),
            previous_hash: previous_hash.to_owned(),
            hash: String::new(),
        };
        entry.hash = entry.computed_hash();
        entry
    }
}

impl AuditEntry {
    /// SHA-256, in hexadecimal, of all the other columns as a JSON array.
    #[must_use]
    pub fn computed_hash(&self) -> String {
        let columns = serde_json::json!([
            self.seq,
            self.at.timestamp(),
            self.actor,
            self.action,
            self.subject_kind,
            self.subject_id,
            self.detail,
            self.previous_hash,
        ]);
        hex(&Sha256::digest(columns.to_string()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Store {
    /// The newest rows, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn audit_log(&self, filter: &AuditFilter, limit: u64) -> Result<Page<AuditEntry>, Error> {
        let mut query = audit_log::Entity::find();
        if let Some((kind, id)) = &filter.subject {
            query = query.filter(audit_log::Column::SubjectKind.eq(kind));
            if let Some(id) = id {
                query = query.filter(audit_log::Column::SubjectId.eq(id));
            }
        }
        if let Some(actor) = &filter.actor {
            query = query.filter(audit_log::Column::Actor.eq(actor));
        }
        if let Some(before) = filter.before {
            query = query.filter(audit_log::Column::Seq.lt(before));
        }
        let rows = query.order_by_desc(audit_log::Column::Seq).limit(limit + 1).all(&self.db).await?;
        Ok(Page::cut(rows, limit, |entry| entry.seq.to_string()))
    }

    /// Walks the whole chain, and tells how many rows it has and the hash of the last. Keep that pair elsewhere: whoever
    /// can write to the database could make a whole new chain, but not one that ends in a hash that was written down.
    ///
    /// # Errors
    /// [`Error::BrokenChain`] naming the first row that does not hold, [`Error::Unavailable`].
    pub async fn verify_audit_log(&self) -> Result<(i64, String), Error> {
        // Read first: rows that are added meanwhile are not looked at.
        let head = head::Entity::find().one(&self.db).await?;
        let head = head.ok_or_else(|| Error::Schema("the row of heads is missing".to_owned()))?;
        let (mut seq, mut hash) = (0, String::new());
        while seq < head.audit_seq {
            let next = audit_log::Entity::find().filter(audit_log::Column::Seq.gt(seq));
            let rows = next.order_by_asc(audit_log::Column::Seq).limit(STRIDE).all(&self.db).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                check_link(&row, seq, &hash)?;
                (seq, hash) = (row.seq, row.hash);
                if seq == head.audit_seq {
                    break;
                }
            }
        }
        match (seq, hash) {
            (seq, _) if seq < head.audit_seq => Err(BrokenChain { seq: seq + 1, problem: "it is missing" }.into()),
            (seq, hash) if hash != head.audit_hash => {
                Err(BrokenChain { seq, problem: "it is not the one that was written last" }.into())
            }
            held => Ok(held),
        }
    }
}

fn check_link(row: &AuditEntry, before: i64, hash_before: &str) -> Result<(), BrokenChain> {
    let broken = |seq, problem| Err(BrokenChain { seq, problem });
    if row.seq != before + 1 {
        broken(before + 1, "it is missing")
    } else if row.previous_hash != hash_before {
        broken(row.seq, "it does not follow the one before")
    } else if row.hash != row.computed_hash() {
        broken(row.seq, "it was changed")
    } else {
        Ok(())
    }
}
