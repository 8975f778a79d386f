//! Bringing in what was issued and revoked elsewhere: by the command line, or by another server.
//!
//! All of it can be repeated: what is there already stays as it is.

use std::collections::BTreeMap;

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde_json::json;

use crate::change::{Change, insert_all};
use crate::entity::{customer, license, revocation, revocation_list};
use crate::issuing::{module_rows, row};
use crate::revocations::{UNCOUNTED, last_list, recount};
use crate::{Customer, Error, Instant, NewLicense, Note, Revocation, RevocationKind, SignedList, Store, Subject};

/// A license that was issued elsewhere.
#[derive(Debug, Clone)]
pub struct ImportedLicense {
    /// The license.
    pub license: NewLicense,
    /// For the audit log; the row of a customer who is added has the same actor.
    pub note: Note,
}

/// Something that was revoked elsewhere.
#[derive(Debug, Clone)]
pub struct ImportedRevocation {
    /// What was revoked, when and why. Its license need not be here.
    pub revocation: Revocation,
    /// For the audit log.
    pub note: Note,
}

/// What became of something that was to be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is stored.
    Added,
    /// It was there before.
    Known,
    /// It is left out: another license with its id is there.
    Differs,
}

/// What became of some licenses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedLicenses {
    /// Of each license, in the order in which they were given.
    pub outcomes: Vec<Imported>,
    /// Ids of the customers who were added.
    pub customers: Vec<String>,
}

/// Whether something is stored, or only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It is stored.
    Real,
    /// All is done as it would be, and then taken back.
    Trial,
}

impl Store {
    /// Stores licenses, together or not at all; customers who are not there are added. Some hundreds at a time: other
    /// changes wait meanwhile.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Refused`], [`Error::OutcomeUnknown`].
    pub async fn import_licenses(
        &self,
        licenses: Vec<ImportedLicense>,
        run: Run,
        at: Instant,
    ) -> Result<ImportedLicenses, Error> {
        let mut change = Change::begin(&self.db).await?;
        let customers = add_customers(&mut change, &licenses, at).await?;
        let mut known = known_tokens(&change, &licenses).await?;
        let (mut outcomes, mut new) = (Vec::with_capacity(licenses.len()), Vec::new());
        for imported in licenses {
            let outcome = match known.get(&imported.license.id) {
                None => Imported::Added,
                Some(token) if *token == imported.license.token => Imported::Known,
                Some(_) => Imported::Differs,
            };
            if outcome == Imported::Added {
                known.insert(imported.license.id.clone(), imported.license.token.clone());
                new.push(imported);
            }
            outcomes.push(outcome);
        }
        insert(&mut change, new, at).await?;
        change.end(run).await?;
        Ok(ImportedLicenses { outcomes, customers })
    }

    /// Stores revocations, together or not at all. What was revoked before stays as it was.
    ///
    /// # Errors
    /// As [`Store::import_licenses`].
    pub async fn import_revocations(
        &self,
        revocations: Vec<ImportedRevocation>,
        run: Run,
        at: Instant,
    ) -> Result<Vec<Imported>, Error> {
        let mut change = Change::begin(&self.db).await?;
        let mut outcomes = Vec::with_capacity(revocations.len());
        for ImportedRevocation { revocation, note } in revocations {
            let id = (revocation.issuer.clone(), revocation.kind.clone(), revocation.id.clone());
            if revocation::Entity::find_by_id(id).one(&change.tx).await?.is_some() {
                outcomes.push(Imported::Known);
                continue;
            }
            mark_named(&change, &revocation).await?;
            revocation::Entity::insert(revocation.into_active_model()).exec_without_returning(&change.tx).await?;
            change.note(at, note);
            outcomes.push(Imported::Added);
        }
        change.end(run).await?;
        Ok(outcomes)
    }

    /// Stores a revocation list that was signed elsewhere: the number of the next one is greater, and it names what
    /// this one and the last one name. [`SignedList::counted`] is not believed.
    ///
    /// # Errors
    /// As [`Store::import_licenses`].
    pub async fn import_list(&self, list: SignedList, note: Note, run: Run, at: Instant) -> Result<Imported, Error> {
        let mut change = Change::begin(&self.db).await?;
        let id = (list.issuer.clone(), list.seq);
        if let Some(before) = revocation_list::Entity::find_by_id(id).one(&change.tx).await? {
            return Ok(if before.token == list.token { Imported::Known } else { Imported::Differs });
        }
        if let Some(last) = last_list(&change.tx, &list.issuer).await? {
            // It does not name what this one names, even where its number is greater.
            recount(&change.tx, &list.issuer, vec![last.seq], UNCOUNTED).await?;
        }
        let list = SignedList { counted: UNCOUNTED, ..list };
        revocation_list::Entity::insert(list.into_active_model()).exec_without_returning(&change.tx).await?;
        change.note(at, note);
        change.end(run).await?;
        Ok(Imported::Added)
    }
}

/// Adds the customers who are not there, and returns their ids.
async fn add_customers(change: &mut Change, licenses: &[ImportedLicense], at: Instant) -> Result<Vec<String>, Error> {
    // The newest license comes last, and names a customer as they are called now.
    let named = licenses.iter().map(|imported| (imported.license.customer_id.clone(), imported));
    let mut missing: BTreeMap<String, &ImportedLicense> = named.collect();
    let ids = customer::Column::Id.is_in(missing.keys().cloned());
    for there in customer::Entity::find().filter(ids).all(&change.tx).await? {
        missing.remove(&there.id);
    }
    for (id, imported) in &missing {
        let name = imported.license.customer_name.clone();
        let subject = Subject { kind: "customer", id: id.clone() };
        let actor = imported.note.actor.clone();
        change.note(at, Note { actor, action: "customer.import", subject, detail: json!({ "name": name }) });
        let row = Customer { id: id.clone(), name, email: None, created_at: at, updated_at: at, deactivated_at: None };
        customer::Entity::insert(row.into_active_model()).exec_without_returning(&change.tx).await?;
    }
    Ok(missing.into_keys().collect())
}

/// The tokens of those that are there already, by their ids.
async fn known_tokens(change: &Change, licenses: &[ImportedLicense]) -> Result<BTreeMap<String, String>, Error> {
    let ids = license::Column::Id.is_in(licenses.iter().map(|imported| imported.license.id.as_str()));
    let there = license::Entity::find().filter(ids).all(&change.tx).await?;
    Ok(there.into_iter().map(|row| (row.id, row.token)).collect())
}

async fn insert(change: &mut Change, new: Vec<ImportedLicense>, at: Instant) -> Result<(), Error> {
    let revoked = known_revocations(change, &new).await?;
    let (mut licenses, mut modules) = (Vec::new(), Vec::new());
    for ImportedLicense { license, note } in new {
        change.head.license_seq += 1;
        let mut row = row(license, change.head.license_seq, at);
        modules.extend(module_rows(&row));
        if let Some(revocation) = revoked.get(&(row.issuer.clone(), row.id.clone())) {
            row.revoked_at = Some(revocation.revoked_at);
            row.status_reason = status_reason(revocation);
        }
        licenses.push(row.into_active_model());
        change.note(at, note);
    }
    insert_all(&change.tx, licenses).await?;
    insert_all(&change.tx, modules).await
}

/// What was revoked of these licenses before they came, by issuer and id.
async fn known_revocations(
    change: &Change,
    licenses: &[ImportedLicense],
) -> Result<BTreeMap<(String, String), Revocation>, Error> {
    use revocation::Column;
    let ids = Column::Id.is_in(licenses.iter().map(|imported| imported.license.id.as_str()));
    let known = revocation::Entity::find().filter(Column::Kind.eq(RevocationKind::License.as_str())).filter(ids);
    let known = known.all(&change.tx).await?.into_iter();
    Ok(known.map(|revocation| ((revocation.issuer.clone(), revocation.id.clone()), revocation)).collect())
}

/// What the license itself says of the reason.
fn status_reason(revocation: &Revocation) -> Option<String> {
    Some(revocation.reason.clone()).filter(|reason| !reason.is_empty())
}

/// The license itself says that it was revoked, too; where it is here.
async fn mark_named(change: &Change, revocation: &Revocation) -> Result<(), Error> {
    if revocation.kind() != RevocationKind::License {
        return Ok(());
    }
    let named = license::Entity::find().filter(license::Column::Id.eq(&revocation.id));
    let named = named.filter(license::Column::Issuer.eq(&revocation.issuer));
    match named.one(&change.tx).await? {
        Some(license) => mark_revoked(change, license, revocation).await,
        None => Ok(()),
    }
}

/// The license itself says that it was revoked, too.
pub(crate) async fn mark_revoked(
    change: &Change,
    license: license::Model,
    revocation: &Revocation,
) -> Result<(), Error> {
    let mut license = license.into_active_model();
    license.revoked_at = Set(Some(revocation.revoked_at));
    license.status_reason = Set(status_reason(revocation));
    license.update(&change.tx).await?;
    Ok(())
}
