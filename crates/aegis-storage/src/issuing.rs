//! Storing licenses: many at once, each once.
//!
//! A transaction costs a write to the disk, and only one can be open at a time. So licenses that arrive while one is
//! being committed wait, and are stored together by the next. Each is answered when it is durable.
//!
//! All wait for that transaction, so it waits for none of them: it has a thread and connections of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use std::{io, thread};

use sea_orm::{ColumnTrait, Condition, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter};
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::change::{Change, insert_all};
use crate::entity::{customer, idempotency, license, license_module};
use crate::{Error, Instant, NewLicense, Note, Store};

/// Licenses stored by one transaction, at most.
const BATCH: usize = 128;

/// Licenses that wait, at most; more wait for a place.
const QUEUE: usize = 1024;

/// How long a batch may take. The database gives up a statement before; but one whose network is gone says nothing.
pub(crate) const LIMIT: Duration = Duration::from_secs(45);

/// A signed license to be stored.
#[derive(Debug, Clone)]
pub struct Issue {
    /// The license.
    pub license: NewLicense,
    /// For the audit log.
    pub note: Note,
    /// What makes a repeated request known.
    pub idempotency: Option<Idempotency>,
    /// The present.
    pub at: Instant,
}

/// What makes a repeated request known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Who asks.
    pub actor: String,
    /// The key that came with the request.
    pub key: String,
    /// SHA-256 of the request.
    pub request_hash: String,
}

/// What became of a license.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored, as it would be read.
    Stored(Box<license::Model>),
    /// It is not: the same request was answered before, with the license of this id.
    Repeated(String),
}

type Answer = Result<Outcome, Error>;

#[derive(Debug)]
enum Job {
    Issue(Box<Issue>, oneshot::Sender<Answer>),
    Stop(oneshot::Sender<()>),
}

/// The thread that stores licenses.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    /// Its connections.
    pub(crate) db: DatabaseConnection,
}

impl Store {
    /// Stores a license that was signed, unless the same request was answered before.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::CustomerInactive`] of the customer, [`Error::Exists`] of the license,
    /// [`Error::Revoked`] of the one that it replaces, [`Error::KeyReused`], [`Error::Unavailable`], [`Error::OutcomeUnknown`].
    pub async fn issue(&self, issue: Issue) -> Result<Outcome, Error> {
        let (answer, answered) = oneshot::channel();
        let stopped = || Error::Unavailable("the server is shutting down".to_owned());
        self.writer.jobs.send(Job::Issue(Box::new(issue), answer)).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// The id of the license with which the same request was answered before.
    ///
    /// # Errors
    /// [`Error::KeyReused`], [`Error::Unavailable`].
    pub async fn repeated(&self, request: &Idempotency) -> Result<Option<String>, Error> {
        let id = (request.actor.clone(), request.key.clone());
        let row = idempotency::Entity::find_by_id(id).one(&self.db).await?;
        row.map(|row| same_request(&row.request_hash, row.license_id, request)).transpose()
    }
}

fn same_request(hash: &str, license_id: String, request: &Idempotency) -> Result<String, Error> {
    if hash == request.request_hash { Ok(license_id) } else { Err(Error::KeyReused) }
}

impl Writer {
    /// `db` is not used by others, and not connected yet: a connection belongs to the runtime that made it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the machine has no room for a thread.
    pub(crate) async fn start(db: DatabaseConnection, limit: Duration) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let writer = Self { jobs, db: db.clone() };
        let no_room = |error: io::Error| Error::Unavailable(format!("no thread that stores could be started: {error}"));
        let (started, starts) = oneshot::channel();
        let work = move || match runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let _ = started.send(Ok(()));
                runtime.block_on(write(db, queue, limit));
            }
            Err(error) => drop(started.send(Err(error))),
        };
        thread::Builder::new().name("aegis-writer".to_owned()).spawn(work).map_err(no_room)?;
        let started = starts.await.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
        started.map_err(no_room)?;
        Ok(writer)
    }

    /// Waits until everything sent before is stored, and the connections closed.
    pub(crate) async fn stop(self) {
        let (stopped, done) = oneshot::channel();
        if self.jobs.send(Job::Stop(stopped)).await.is_ok() {
            // It fails where the thread has ended already.
            let _ = done.await;
        }
    }
}

async fn write(db: DatabaseConnection, mut queue: mpsc::Receiver<Job>, limit: Duration) {
    while let Some(first) = queue.recv().await {
        let (mut issues, mut answers) = (Vec::new(), Vec::new());
        let mut stop = None;
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Issue(issue, answer) => {
                    issues.push(*issue);
                    answers.push(answer);
                }
                Job::Stop(stopped) => stop = Some(stopped),
            }
            next = if stop.is_none() && issues.len() < BATCH { queue.try_recv().ok() } else { None };
        }
        let stored = timeout(limit, store_apart(&db, issues)).await;
        let stored = stored.unwrap_or_else(|_| answers.iter().map(|_| Err(too_late())).collect());
        for (answer, stored) in answers.into_iter().zip(stored) {
            // Whoever asked may have gone away.
            let _ = answer.send(stored);
        }
        if let Some(stopped) = stop {
            let _ = db.close().await;
            let _ = stopped.send(());
            return;
        }
    }
    let _ = db.close().await;
}

fn too_late() -> Error {
    Error::OutcomeUnknown("it did not answer in time".to_owned())
}

/// The same with the last repeated, so that there are as many as a power of two: a database prepares a statement once for
/// each number of values in it.
fn of_few_lengths<T: Clone>(mut values: Vec<T>) -> Vec<T> {
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

/// Stores them together; where the database refuses that, one by one, so that one fails and not all.
async fn store_apart(db: &DatabaseConnection, issues: Vec<Issue>) -> Vec<Answer> {
    if issues.is_empty() {
        return Vec::new();
    }
    match store(db, issues.clone()).await {
        Ok(answers) => answers,
        Err(Error::Refused(_)) if issues.len() > 1 => {
            let mut answers = Vec::with_capacity(issues.len());
            for issue in issues {
                answers.push(store(db, vec![issue]).await.and_then(sole));
            }
            answers
        }
        Err(error) => issues.iter().map(|_| Err(error.clone())).collect(),
    }
}

fn sole(answers: Vec<Answer>) -> Answer {
    answers.into_iter().next().unwrap_or_else(|| Err(Error::Refused("nothing was stored".to_owned())))
}

/// Stores them in one transaction. The inner errors are those of single licenses, which are left out.
async fn store(db: &DatabaseConnection, issues: Vec<Issue>) -> Result<Vec<Answer>, Error> {
    let mut change = Change::begin(db).await?;
    let mut known = Known::read(&change, &issues).await?;
    let mut answers = Vec::with_capacity(issues.len());
    let (mut licenses, mut modules, mut requests) = (Vec::new(), Vec::new(), Vec::new());
    for Issue { license, note, idempotency, at } in issues {
        let answer = match known.repeats(&license, idempotency.as_ref()) {
            Ok(Some(first)) => Ok(Outcome::Repeated(first)),
            Ok(None) => {
                change.head.license_seq += 1;
                Ok(Outcome::Stored(Box::new(row(license, change.head.license_seq, at))))
            }
            Err(left_out) => Err(left_out.into()),
        };
        if let Ok(Outcome::Stored(row)) = &answer {
            modules.extend(module_rows(row));
            requests.extend(idempotency.map(|request| {
                let Idempotency { actor, key, request_hash } = request;
                let license_id = row.id.clone();
                idempotency::Model { actor, key, request_hash, license_id, created_at: at }.into_active_model()
            }));
            licenses.push(row.as_ref().clone().into_active_model());
            change.note(at, note);
        }
        answers.push(answer);
    }
    let tx = &change.tx;
    insert_all(tx, licenses).await?;
    insert_all(tx, modules).await?;
    insert_all(tx, requests).await?;
    change.commit().await?;
    Ok(answers)
}

/// What is stored already of what a batch names.
struct Known {
    /// Whether each customer is active.
    customers: BTreeMap<String, bool>,
    licenses: BTreeSet<String>,
    /// Those of the licenses that are revoked.
    revoked: BTreeSet<String>,
    /// By actor and key: the request's hash, and the license.
    requests: BTreeMap<(String, String), (String, String)>,
}

/// Why one license of a batch is left out.
#[derive(Debug, PartialEq, Eq)]
enum LeftOut {
    NoCustomer(String),
    InactiveCustomer(String),
    LicenseExists(String),
    ReplacesRevoked(String),
    KeyReused,
}

impl From<LeftOut> for Error {
    fn from(why: LeftOut) -> Self {
        match why {
            LeftOut::NoCustomer(id) => Self::NotFound { what: "customer", id },
            LeftOut::InactiveCustomer(id) => Self::CustomerInactive(id),
            LeftOut::LicenseExists(id) => Self::Exists { what: "license", id },
            LeftOut::ReplacesRevoked(id) => Self::Revoked(id),
            LeftOut::KeyReused => Self::KeyReused,
        }
    }
}

impl Known {
    async fn read(change: &Change, issues: &[Issue]) -> Result<Self, Error> {
        let ids = issues.iter().map(|issue| issue.license.customer_id.as_str()).collect::<BTreeSet<_>>();
        let ids = of_few_lengths(ids.into_iter().collect());
        let customers = customer::Entity::find().filter(customer::Column::Id.is_in(ids)).all(&change.tx).await?;
        // Ids are new but by an error, so many are not asked for: where one is there, the database refuses them all, and
        // each is stored by itself.
        let alone = issues.len() == 1;
        let named = |issue: &Issue| [alone.then(|| issue.license.id.clone()), issue.license.replaces.clone()];
        let ids: Vec<String> = of_few_lengths(issues.iter().flat_map(named).flatten().collect());
        let licenses = if ids.is_empty() {
            Vec::new()
        } else {
            license::Entity::find().filter(license::Column::Id.is_in(ids)).all(&change.tx).await?
        };
        let requests: Vec<&Idempotency> = issues.iter().filter_map(|issue| issue.idempotency.as_ref()).collect();
        let requests = of_few_lengths(requests);
        let stored = if requests.is_empty() {
            Vec::new()
        } else {
            let any = requests.iter().fold(Condition::any(), |any, request| {
                let actor = idempotency::Column::Actor.eq(&request.actor);
                any.add(Condition::all().add(actor).add(idempotency::Column::Key.eq(&request.key)))
            });
            idempotency::Entity::find().filter(any).all(&change.tx).await?
        };
        let requests = stored.into_iter().map(|row| ((row.actor, row.key), (row.request_hash, row.license_id)));
        Ok(Self {
            customers: customers.into_iter().map(|row| (row.id, row.deactivated_at.is_none())).collect(),
            revoked: licenses.iter().filter(|row| row.revoked_at.is_some()).map(|row| row.id.clone()).collect(),
            licenses: licenses.into_iter().map(|row| row.id).collect(),
            requests: requests.collect(),
        })
    }

    /// Decides about one license, and remembers it for those after it in the batch: the id of the license with which the
    /// same request was answered before, and none where it is to be stored.
    fn repeats(&mut self, license: &NewLicense, request: Option<&Idempotency>) -> Result<Option<String>, LeftOut> {
        if let Some(request) = request {
            let id = (request.actor.clone(), request.key.clone());
            if let Some((hash, license_id)) = self.requests.get(&id) {
                let same = *hash == request.request_hash;
                return if same { Ok(Some(license_id.clone())) } else { Err(LeftOut::KeyReused) };
            }
        }
        match self.customers.get(&license.customer_id) {
            None => return Err(LeftOut::NoCustomer(license.customer_id.clone())),
            Some(false) => return Err(LeftOut::InactiveCustomer(license.customer_id.clone())),
            Some(true) => {}
        }
        // A renewal lifts nothing that was revoked, not even a moment before.
        if let Some(replaced) = license.replaces.as_ref().filter(|id| self.revoked.contains(*id)) {
            return Err(LeftOut::ReplacesRevoked(replaced.clone()));
        }
        if !self.licenses.insert(license.id.clone()) {
            return Err(LeftOut::LicenseExists(license.id.clone()));
        }
        if let Some(request) = request {
            let stored = (request.request_hash.clone(), license.id.clone());
            self.requests.insert((request.actor.clone(), request.key.clone()), stored);
        }
        Ok(None)
    }
}

pub(crate) fn row(license: NewLicense, seq: i64, created_at: Instant) -> license::Model {
    license::Model {
        seq,
        id: license.id,
        issuer: license.issuer,
        kid: license.kid,
        customer_id: license.customer_id,
        customer_name: license.customer_name,
        module_names: license.modules.join(","),
        license_type: license.license_type,
        instance: license.instance,
        issued_at: license.issued_at,
        expires_at: license.expires_at,
        ends_at: license.ends_at,
        created_at,
        revoked_at: None,
        status_reason: None,
        replaces: license.replaces,
        token: license.token,
    }
}

/// What finds the license by its modules.
pub(crate) fn module_rows(license: &license::Model) -> Vec<license_module::ActiveModel> {
    let names: BTreeSet<&str> = license.module_names.split(',').collect();
    let row = |name: &str| license_module::Model { module_name: name.to_owned(), license_seq: license.seq };
    names.into_iter().map(|name| row(name).into_active_model()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use std::sync::Arc;

    use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};
    use serde_json::json;
    use tempfile::TempDir;
    use tokio::io::copy_bidirectional;
    use tokio::net::{UnixListener, UnixStream};
    use tokio::sync::Notify;

    use super::*;
    use crate::testing::postgres;
    use crate::{NewCustomer, Subject};

    const SHORT: Duration = Duration::from_secs(1);

    fn note(action: &'static str) -> Note {
        let subject = Subject { kind: "test", id: "x".to_owned() };
        Note { actor: "tester".to_owned(), action, subject, detail: json!({}) }
    }

    fn issue(id: &str) -> Issue {
        let at = Instant::UNIX_EPOCH;
        let license = NewLicense {
            id: id.to_owned(),
            issuer: "acme.example".to_owned(),
            kid: "acme-2026".to_owned(),
            customer_id: "C1".to_owned(),
            customer_name: "Customer".to_owned(),
            modules: vec!["acme_sale".to_owned()],
            license_type: "perpetual".to_owned(),
            instance: None,
            issued_at: at,
            expires_at: None,
            ends_at: None,
            replaces: None,
            token: format!("token of {id}"),
        };
        Issue { license, note: note("license.issue"), idempotency: None, at }
    }

    /// Hands on what comes and goes between a store and PostgreSQL, until it is told to fall silent; what connects later is
    /// served again.
    fn network(address: &str) -> (String, Arc<Notify>, TempDir) {
        // The lab's PostgreSQL listens on a socket in a folder, and so does this.
        let (before, host) = address.split_once("?host=").expect("names a folder");
        let host = host.replace("%2F", "/");
        let (server, silence) = (format!("{host}/.s.PGSQL.5432"), Arc::new(Notify::new()));
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("listens");
        let through = format!("{before}?host={}", folder.path().display().to_string().replace('/', "%2F"));
        let silent = Arc::clone(&silence);
        drop(tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (server, silent) = (server.clone(), Arc::clone(&silent));
                drop(tokio::spawn(async move {
                    let mut far = UnixStream::connect(server).await.expect("connects");
                    let cut = tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => false,
                        () = silent.notified() => true,
                    };
                    drop(far);
                    if cut {
                        // It stays open, and nothing is read from it any more.
                        std::future::pending::<()>().await;
                    }
                }));
            }
        }));
        (through, silence, folder)
    }

    /// No connection is kept that waits for an answer which cannot come.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_connection_whose_network_is_gone_is_given_up() {
        let stores = postgres().await;
        let customer = NewCustomer { id: "C1".to_owned(), name: "Customer".to_owned(), email: None };
        stores.store.add_customer(customer, note("customer.add"), Instant::UNIX_EPOCH).await.expect("is added");
        let (address, silence, _folder) = network(&stores.address);
        let store = Store::connect_within(&address, SHORT).await.expect("connects");
        let other = Database::connect(&stores.address).await.expect("connects");
        let lock = other.begin().await.expect("begins");
        lock.execute_unprepared("SELECT * FROM heads FOR UPDATE").await.expect("locks");
        let fall_silent = async {
            tokio::time::sleep(SHORT / 2).await;
            silence.notify_waiters();
        };
        let (late, ()) = tokio::join!(store.issue(issue("late")), fall_silent);
        assert!(matches!(late, Err(Error::OutcomeUnknown(_))), "{late:?}");
        lock.rollback().await.expect("lets go");
        assert!(matches!(store.issue(issue("next")).await, Ok(Outcome::Stored(_))));
        // As long as it may take to roll back.
        tokio::time::sleep(SHORT * 6).await;
        assert_eq!(store.connections(), crate::Connections { idle: 2, used: 0 });
        store.close().await.expect("closes");
    }

    /// The others are stored once it answers again, and the connection that hung is gone or clean.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_batch_that_hangs_does_not_hold_up_the_others_for_ever() {
        let stores = postgres().await;
        let customer = NewCustomer { id: "C1".to_owned(), name: "Customer".to_owned(), email: None };
        stores.store.add_customer(customer, note("customer.add"), Instant::UNIX_EPOCH).await.expect("is added");
        let store = Store::connect_within(&stores.address, SHORT).await.expect("connects");
        let other = Database::connect(&stores.address).await.expect("connects");
        let lock = other.begin().await.expect("begins");
        lock.execute_unprepared("SELECT * FROM heads FOR UPDATE").await.expect("locks");
        let begun = std::time::Instant::now();
        let late = store.issue(issue("late")).await.expect_err("is not stored");
        assert!(matches!(late, Error::OutcomeUnknown(_)), "{late}");
        assert!(begun.elapsed() < SHORT * 3, "PostgreSQL would have given up after five seconds");
        lock.rollback().await.expect("lets go");
        assert!(matches!(store.issue(issue("next")).await, Ok(Outcome::Stored(_))));
        assert!(matches!(store.license("late").await, Err(Error::NotFound { .. })));
        assert_eq!(store.verify_audit_log().await.expect("holds").0, 2);
        store.close().await.expect("closes: no connection is held");
    }
}
