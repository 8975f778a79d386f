//! Reading everything, a page at a time, in the order in which it came.

use std::collections::HashMap;

use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::{audit_log, license, revocation, revocation_list};
use crate::{Error, License, Revocation, SignedList, Store};

/// A license, and who issued it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedLicense {
    /// The license.
    pub license: License,
    /// Who issued it, where that is known: the id of an API key, or what the place said from which it was imported.
    pub issued_by: Option<String>,
}

impl Store {
    /// The licenses after the one with the number `after`, in the order of issuing, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn export_licenses(&self, after: i64, limit: u64) -> Result<Vec<ExportedLicense>, Error> {
        let page = license::Entity::find().filter(license::Column::Seq.gt(after));
        let licenses = page.order_by_asc(license::Column::Seq).limit(limit).all(&self.db).await?;
        let mut issuers = self.issued_by(&licenses).await?;
        let whole = |license: License| {
            let issued_by = issuers.remove(&license.id).flatten();
            ExportedLicense { license, issued_by }
        };
        Ok(licenses.into_iter().map(whole).collect())
    }

    /// The first row of the audit log about a license says how it came.
    async fn issued_by(&self, licenses: &[License]) -> Result<HashMap<String, Option<String>>, Error> {
        let ids = audit_log::Column::SubjectId.is_in(licenses.iter().map(|license| license.id.as_str()));
        let about = audit_log::Entity::find().filter(audit_log::Column::SubjectKind.eq("license")).filter(ids);
        let rows = about.order_by_asc(audit_log::Column::Seq).all(&self.db).await?;
        let mut found = HashMap::new();
        for row in rows {
            found.entry(row.subject_id).or_insert_with(|| {
                if row.action != "license.import" {
                    return Some(row.actor);
                }
                let detail: serde_json::Value = serde_json::from_str(&row.detail).unwrap_or_default();
                detail.get("issued_by").and_then(|name| name.as_str()).map(str::to_owned)
            });
        }
        Ok(found)
    }

    /// The revocations after `after`, in the order of their times, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn export_revocations(&self, after: Option<&Revocation>, limit: u64) -> Result<Vec<Revocation>, Error> {
        use revocation::Column;
        let mut page = revocation::Entity::find();
        if let Some(last) = after {
            page = page.filter(lexically_after(&[
                (Column::RevokedAt.gt(last.revoked_at), Column::RevokedAt.eq(last.revoked_at)),
                (Column::Issuer.gt(&last.issuer), Column::Issuer.eq(&last.issuer)),
                (Column::Kind.gt(&last.kind), Column::Kind.eq(&last.kind)),
                (Column::Id.gt(&last.id), Column::Id.eq(&last.id)),
            ]));
        }
        for column in [Column::RevokedAt, Column::Issuer, Column::Kind, Column::Id] {
            page = page.order_by_asc(column);
        }
        Ok(page.limit(limit).all(&self.db).await?)
    }

    /// The signed revocation lists after `after`, by issuer and number, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn export_lists(&self, after: Option<&SignedList>, limit: u64) -> Result<Vec<SignedList>, Error> {
        use revocation_list::Column;
        let mut page = revocation_list::Entity::find();
        if let Some(last) = after {
            page = page.filter(lexically_after(&[
                (Column::Issuer.gt(&last.issuer), Column::Issuer.eq(&last.issuer)),
                (Column::Seq.gt(last.seq), Column::Seq.eq(last.seq)),
            ]));
        }
        Ok(page.order_by_asc(Column::Issuer).order_by_asc(Column::Seq).limit(limit).all(&self.db).await?)
    }
}

/// Of each column: that it is greater, and that it is equal. The first that is not equal decides.
fn lexically_after(columns: &[(Expr, Expr)]) -> Condition {
    let mut any = Condition::any();
    let mut equal = Condition::all();
    for (greater, same) in columns {
        any = any.add(equal.clone().add(greater.clone()));
        equal = equal.add(same.clone());
    }
    any
}
