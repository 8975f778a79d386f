//! What was issued elsewhere is brought in, as often as one likes, and read out again.

use crate::common::{DAY, NOW, TestStore, add_customer, at, issue, issued, license, note, on_both};
use aegis_storage::testing::{postgres, sqlite};
use aegis_storage::{
    CustomerPatch, Error, Imported, ImportedLicense, ImportedRevocation, LicenseFilter, NewLicense, NewRevocation,
    Note, Revocation, Run, SignedList, Store,
};
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

fn elsewhere(license: NewLicense, issued_by: Option<&str>) -> ImportedLicense {
    let note = Note { detail: json!({ "issued_by": issued_by }), ..note("license.import", &license.id) };
    ImportedLicense { license, note }
}

fn revocation(id: &str, seconds: i64, reason: &str) -> ImportedRevocation {
    let revocation = Revocation {
        issuer: "acme.example".to_owned(),
        kind: "license".to_owned(),
        id: id.to_owned(),
        reason: reason.to_owned(),
        revoked_at: at(seconds),
        ends_at: Some(at(NOW + 379 * DAY)),
    };
    ImportedRevocation { revocation, note: note("license.revoke", id) }
}

fn list(seq: i64) -> SignedList {
    SignedList {
        issuer: "acme.example".to_owned(),
        seq,
        kid: "acme-root".to_owned(),
        signed_at: at(NOW),
        counted: 99,
        token: format!("list {seq}"),
    }
}

/// The numbers of the lists that the next one carries on.
async fn carried(store: &Store) -> Vec<i64> {
    let (_, lists) = store.revocations("acme.example").await.expect("reads");
    lists.into_iter().map(|list| list.seq).collect()
}

/// Whether a list is stored that was worked out from these.
async fn sign(store: &Store, seq: i64, from: &[i64]) -> bool {
    let own = SignedList { counted: 0, ..list(seq) };
    store.add_list(own, from, note("list.sign", "x"), at(NOW)).await.expect("is answered")
}

async fn import(store: &Store, licenses: Vec<ImportedLicense>, run: Run) -> (Vec<Imported>, Vec<String>) {
    let done = store.import_licenses(licenses, run, at(NOW + 9)).await.expect("imports");
    (done.outcomes, done.customers)
}

async fn audit_rows(store: &Store) -> i64 {
    store.verify_audit_log().await.expect("holds").0
}

on_both! {
    async fn an_import_stores_licenses_and_the_customers_who_are_not_there(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let (one, other) = (license("C1"), license("C2"));
        let batch = vec![elsewhere(one.clone(), None), elsewhere(other.clone(), None)];
        assert_eq!(import(&store, batch, Run::Real).await, (vec![Imported::Added; 2], vec!["C2".to_owned()]));
        let found = store.license(&other.id).await.expect("is there");
        assert_eq!((found.seq, &found.token, found.created_at), (2, &other.token, at(NOW + 9)));
        assert_eq!(found.module_names, "acme_sale,acme_stock_*");
        assert_eq!(store.customer("C2").await.expect("is there").name, "Customer C2");
        assert_eq!(audit_rows(&store).await, 1 + 1 + 2);
        issued(&store, license("C2")).await;
    }

    async fn an_import_that_is_repeated_changes_nothing(stores: TestStore) {
        let store = stores.store;
        let batch = vec![elsewhere(license("C1"), None), elsewhere(license("C1"), None)];
        import(&store, batch.clone(), Run::Real).await;
        let rows = audit_rows(&store).await;
        assert_eq!(import(&store, batch, Run::Real).await, (vec![Imported::Known; 2], vec![]));
        assert_eq!(audit_rows(&store).await, rows);
    }

    async fn a_license_twice_in_one_import_is_stored_once(stores: TestStore) {
        let store = stores.store;
        let one = license("C1");
        let batch = vec![elsewhere(one.clone(), None), elsewhere(one, None)];
        assert_eq!(import(&store, batch, Run::Real).await.0, [Imported::Added, Imported::Known]);
    }

    async fn another_license_with_the_same_id_is_left_out(stores: TestStore) {
        let store = stores.store;
        let one = license("C1");
        let forged = NewLicense { token: "another".to_owned(), ..one.clone() };
        import(&store, vec![elsewhere(one.clone(), None)], Run::Real).await;
        assert_eq!(import(&store, vec![elsewhere(forged, None)], Run::Real).await.0, [Imported::Differs]);
        assert_eq!(store.license(&one.id).await.expect("is there").token, one.token);
    }

    async fn a_trial_stores_nothing(stores: TestStore) {
        let store = stores.store;
        let one = license("C1");
        let tried = import(&store, vec![elsewhere(one.clone(), None)], Run::Trial).await;
        assert_eq!(tried, (vec![Imported::Added], vec!["C1".to_owned()]));
        let revoked = store.import_revocations(vec![revocation(&one.id, NOW, "x")], Run::Trial, at(NOW)).await;
        assert_eq!(revoked.expect("tries"), [Imported::Added]);
        let listed = store.import_list(list(1), note("list.import", "1"), Run::Trial, at(NOW)).await;
        assert_eq!(listed.expect("tries"), Imported::Added);
        assert!(store.license(&one.id).await.is_err() && store.customer("C1").await.is_err());
        assert_eq!(audit_rows(&store).await, 0);
        assert!(store.export_revocations(None, 9).await.expect("reads").is_empty());
        assert!(store.export_lists(None, 9).await.expect("reads").is_empty());
    }

    /// It was issued while the customer was active.
    async fn licenses_of_a_deactivated_customer_are_imported(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let patch = CustomerPatch { active: Some(false), ..CustomerPatch::default() };
        store.change_customer("C1", patch, note("customer.change", "C1"), at(NOW)).await.expect("is changed");
        assert_eq!(import(&store, vec![elsewhere(license("C1"), None)], Run::Real).await.0, [Imported::Added]);
    }

    async fn imported_revocations_mark_their_licenses(stores: TestStore) {
        let store = stores.store;
        let one = license("C1");
        import(&store, vec![elsewhere(one.clone(), None)], Run::Real).await;
        let batch = || vec![revocation(&one.id, NOW - DAY, "unpaid"), revocation("of-nobody", NOW, "")];
        let done = store.import_revocations(batch(), Run::Real, at(NOW)).await.expect("imports");
        assert_eq!(done, [Imported::Added, Imported::Added]);
        let found = store.license(&one.id).await.expect("is there");
        assert_eq!((found.revoked_at, found.status_reason.as_deref()), (Some(at(NOW - DAY)), Some("unpaid")));
        let rows = audit_rows(&store).await;
        let again = store.import_revocations(batch(), Run::Real, at(NOW)).await.expect("imports");
        assert_eq!((again, audit_rows(&store).await), (vec![Imported::Known; 2], rows));
        // What the server revokes later does not touch what was brought in.
        let (kept, new) = store
            .revoke(&NewRevocation::License(one.id.clone()), "later", note("license.revoke", &one.id), at(NOW + 5))
            .await
            .expect("is answered");
        assert_eq!((kept.reason.as_str(), new), ("unpaid", false));
    }

    async fn a_license_that_comes_after_its_revocation_is_revoked(stores: TestStore) {
        let store = stores.store;
        let (one, other) = (license("C1"), license("C1"));
        let others = Revocation { issuer: "other.example".to_owned(), ..revocation(&other.id, NOW, "x").revocation };
        let others = ImportedRevocation { revocation: others, ..revocation(&other.id, NOW, "x") };
        let batch = vec![revocation(&one.id, NOW - DAY, "unpaid"), others];
        store.import_revocations(batch, Run::Real, at(NOW)).await.expect("imports");
        import(&store, vec![elsewhere(one.clone(), None), elsewhere(other.clone(), None)], Run::Real).await;
        let found = store.license(&one.id).await.expect("is there");
        assert_eq!((found.revoked_at, found.status_reason.as_deref()), (Some(at(NOW - DAY)), Some("unpaid")));
        assert_eq!(store.license(&other.id).await.expect("is there").revoked_at, None, "another issuer's");
        let renewal = store.issue(issue(NewLicense { replaces: Some(one.id.clone()), ..license("C1") })).await;
        assert!(matches!(renewal, Err(Error::Revoked(id)) if id == one.id));
    }

    /// It was stored so by an earlier version.
    async fn a_revoked_license_that_does_not_say_so_is_marked(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let id = issued(&store, license("C1")).await;
        let what = NewRevocation::License(id.clone());
        let revoke = async |reason: &'static str, when| {
            store.revoke(&what, reason, note("license.revoke", &id), at(when)).await.expect("is revoked")
        };
        revoke("leaked", NOW).await;
        let db = Database::connect(stores.address).await.expect("connects");
        let unmark = "UPDATE licenses SET revoked_at = NULL, status_reason = NULL";
        db.execute_unprepared(unmark).await.expect("is written");
        let (kept, new) = revoke("later", NOW + 5).await;
        assert_eq!((kept.reason.as_str(), new), ("leaked", false));
        let found = store.license(&id).await.expect("is there");
        assert_eq!((found.revoked_at, found.status_reason.as_deref()), (Some(at(NOW)), Some("leaked")));
        let rows = audit_rows(&store).await;
        revoke("again", NOW + 9).await;
        assert_eq!(audit_rows(&store).await, rows);
    }

    async fn licenses_of_many_modules_are_imported_together(stores: TestStore) {
        let store = stores.store;
        let modules: Vec<String> = (0..100).map(|number| format!("acme_{number}")).collect();
        let batch = (0..250).map(|_| elsewhere(NewLicense { modules: modules.clone(), ..license("C1") }, None)).collect();
        assert_eq!(import(&store, batch, Run::Real).await.0, [Imported::Added; 250]);
        let last = LicenseFilter { module: Some("acme_99".to_owned()), ..LicenseFilter::default() };
        assert_eq!(store.licenses(&last, 300).await.expect("reads").items.len(), 250);
    }

    /// Nobody knows what it takes account of, so another is signed here; with a greater number.
    async fn an_imported_list_is_never_the_current_one(stores: TestStore) {
        let store = stores.store;
        let add = async |list: SignedList| {
            store.import_list(list, note("list.import", "x"), Run::Real, at(NOW)).await.expect("imports")
        };
        assert_eq!(add(list(7)).await, Imported::Added);
        assert_eq!(add(list(7)).await, Imported::Known);
        assert_eq!(add(SignedList { token: "another".to_owned(), ..list(7) }).await, Imported::Differs);
        assert_eq!(store.current_list("acme.example").await.expect("reads"), None);
        assert_eq!(carried(&store).await, [7]);
        assert!(!sign(&store, 6, &[7]).await);
        assert!(sign(&store, 8, &[7]).await);
    }

    /// What only it names would be forgotten otherwise.
    async fn the_next_list_carries_on_all_that_came_meanwhile(stores: TestStore) {
        let store = stores.store;
        let add = async |seq| {
            let added = store.import_list(list(seq), note("list.import", "x"), Run::Real, at(NOW)).await;
            assert_eq!(added.expect("imports"), Imported::Added);
        };
        assert!(sign(&store, 7, &[]).await);
        assert!(store.current_list("acme.example").await.expect("reads").is_some());
        add(5).await;
        assert_eq!(store.current_list("acme.example").await.expect("reads"), None, "it does not name what 5 names");
        add(3).await;
        assert_eq!(carried(&store).await, [3, 5, 7]);
        assert!(!sign(&store, 8, &[5, 7]).await, "it was worked out before 3 came");
        assert!(sign(&store, 8, &[3, 5, 7]).await);
        assert_eq!(carried(&store).await, [8]);
        assert_eq!(store.current_list("acme.example").await.expect("reads").map(|list| list.seq), Some(8));
        add(10).await;
        assert_eq!(carried(&store).await, [8, 10]);
        assert!(!sign(&store, 11, &[8]).await);
        assert!(sign(&store, 11, &[8, 10]).await);
        assert_eq!(carried(&store).await, [11]);
    }

    async fn licenses_are_read_out_in_their_order_with_who_issued_them(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let own = issued(&store, license("C1")).await;
        let (named, nameless) = (license("C1"), license("C1"));
        import(&store, vec![elsewhere(named.clone(), Some("Ann")), elsewhere(nameless.clone(), None)], Run::Real).await;
        let what = NewRevocation::License(own.clone());
        store.revoke(&what, "x", Note { actor: "other".to_owned(), ..note("license.revoke", &own) }, at(NOW)).await.expect("is revoked");
        let mut found = Vec::new();
        let mut after = 0;
        loop {
            let page = store.export_licenses(after, 2).await.expect("reads");
            let Some(last) = page.last() else { break };
            after = last.license.seq;
            found.extend(page.into_iter().map(|row| (row.license.id, row.issued_by)));
        }
        let expected = [(own, Some("tester".to_owned())), (named.id, Some("Ann".to_owned())), (nameless.id, None)];
        assert_eq!(found, expected);
    }

    async fn revocations_are_read_out_by_their_times_and_none_twice(stores: TestStore) {
        let store = stores.store;
        let batch = [("d", NOW), ("a", NOW + 1), ("c", NOW), ("b", NOW), ("e", NOW - 1)];
        let batch = batch.map(|(id, at)| revocation(id, at, "x")).to_vec();
        store.import_revocations(batch, Run::Real, at(NOW)).await.expect("imports");
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.export_revocations(after.as_ref(), 2).await.expect("reads");
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            found.extend(page.into_iter().map(|row| row.id));
        }
        assert_eq!(found, ["e", "b", "c", "d", "a"]);
        for seq in [3, 1, 2] {
            store.import_list(list(seq), note("list.import", "x"), Run::Real, at(NOW)).await.expect("imports");
        }
        let first = store.export_lists(None, 2).await.expect("reads");
        let rest = store.export_lists(first.last(), 2).await.expect("reads");
        let seqs: Vec<i64> = first.iter().chain(&rest).map(|list| list.seq).collect();
        assert_eq!(seqs, [1, 2, 3]);
    }

    async fn a_row_of_the_audit_log_is_found_by_its_hash(stores: TestStore) {
        let store = stores.store;
        add_customer(&store, "C1").await;
        let (_, first) = store.verify_audit_log().await.expect("holds");
        add_customer(&store, "C2").await;
        assert_eq!(store.audit_row_with_hash(&first).await.expect("reads"), Some(1));
        assert_eq!(store.audit_row_with_hash("00").await.expect("reads"), None);
    }

    async fn the_database_has_a_clock(stores: TestStore) {
        let before = chrono::Utc::now().timestamp();
        let clock = stores.store.clock().await.expect("answers").timestamp();
        // Both are this machine's, but for the fraction that is cut off.
        assert!((before - 1..=chrono::Utc::now().timestamp() + 1).contains(&clock), "{clock} {before}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_file_is_a_whole_database() {
    let stores = sqlite().await;
    add_customer(&stores.store, "C1").await;
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("it's a copy.db");
    stores.store.snapshot(&copy).await.expect("is copied");
    add_customer(&stores.store, "C2").await;
    let copied = Store::connect(&format!("sqlite://{}", copy.display())).await.expect("connects");
    assert_eq!(copied.pending_migrations().await.expect("reads"), 0);
    assert_eq!(audit_rows(&copied).await, 1);
    let again = stores.store.snapshot(&copy).await.expect_err("is there already");
    assert!(again.to_string().contains("exists"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_not_copied_into_a_file() {
    let stores = postgres().await;
    let error = stores.store.snapshot(std::path::Path::new("/tmp/x")).await.expect_err("is refused");
    assert!(matches!(error, aegis_storage::Error::Refused(_)), "{error}");
}
