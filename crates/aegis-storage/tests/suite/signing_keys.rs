//! What is kept of the keys that signed.

use crate::common::{NOW, TestStore, at, on_both};
use aegis_storage::{Error, NewSigningKey, Store};

const ISSUER: &str = "acme.example";

fn key(kid: &str, public_key: &str, certificates: &[&str]) -> NewSigningKey {
    let certificates = certificates.iter().map(ToString::to_string).collect();
    NewSigningKey { kid: kid.to_owned(), public_key: public_key.to_owned(), certificates }
}

async fn keep(store: &Store, keys: Vec<NewSigningKey>, when: i64) -> Result<(), Error> {
    store.keep_signing_keys(ISSUER, keys, "test", at(when)).await
}

on_both! {
    async fn keys_are_kept_once_and_certificates_are_added(stores: TestStore) {
        let store = stores.store;
        keep(&store, vec![key("a", "A", &[]), key("b", "B", &["one"])], NOW).await.expect("is kept");
        keep(&store, vec![key("a", "A", &[]), key("b", "B", &["one"])], NOW + 1).await.expect("changes nothing");
        keep(&store, vec![key("b", "B", &["two"])], NOW + 2).await.expect("is added");
        let keys = store.signing_keys(ISSUER).await.expect("reads");
        let kept: Vec<_> = keys.iter().map(|key| (key.kid.as_str(), key.certificates().collect::<Vec<_>>())).collect();
        assert_eq!(kept, [("a", vec![]), ("b", vec!["one", "two"])]);
        assert_eq!(store.verify_audit_log().await.expect("holds").0, 3);
        assert_eq!(store.signing_keys("other.example").await.expect("reads"), []);
    }

    async fn another_key_of_the_same_id_is_refused(stores: TestStore) {
        let store = stores.store;
        keep(&store, vec![key("a", "A", &[])], NOW).await.expect("is kept");
        let error = keep(&store, vec![key("c", "C", &[]), key("a", "B", &[])], NOW).await.expect_err("is refused");
        assert!(matches!(error, Error::OtherKey(kid) if kid == "a"));
        assert_eq!(store.signing_keys(ISSUER).await.expect("reads").len(), 1, "nothing is kept of it");
    }
}
