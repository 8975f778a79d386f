//! The three files of a key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;

use aegis_core::KeyUse;
use aegis_issuer::keyfile::{
    KeyMetadata, KeyPaths, NewKey, PrivateKey, Protection, Weakness, add_certificate, copy_public, look_at_private,
    read_certificates, read_metadata, read_private, read_public, thumbprint, write_new,
};
use aegis_issuer::{Error, ROOT_USES};
use tempfile::{TempDir, tempdir};

fn write(dir: &Path, key: &PrivateKey) -> Result<(KeyPaths, KeyMetadata), Error> {
    let protection = Protection::None;
    write_new(
        dir,
        &NewKey {
            kid: "k1".parse().unwrap(),
            issuer: "acme.example",
            uses: &[KeyUse::License],
            created: 1_800_000_000,
            key,
            protection,
        },
    )
}

fn written() -> (TempDir, KeyPaths, PrivateKey) {
    let dir = tempdir().unwrap();
    let key = PrivateKey::generate().unwrap();
    let (paths, _) = write(dir.path(), &key).unwrap();
    (dir, paths, key)
}

fn keyring_entry(kid: &str, issuer: &str) -> String {
    let (_, _, key) = written();
    metadata(kid, issuer, &key, &["license"]).keyring_entry()
}

fn metadata(kid: &str, issuer: &str, key: &PrivateKey, uses: &[&str]) -> KeyMetadata {
    KeyMetadata {
        kid: kid.to_owned(),
        issuer: issuer.to_owned(),
        created: "2027-01-15T08:00:00Z".to_owned(),
        thumbprint: thumbprint(&key.public_key()),
        uses: uses.iter().map(ToString::to_string).collect(),
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_three_files_are_written_and_agree() {
    let (dir, paths, key) = written();
    assert_eq!(names(dir.path()), ["k1.json", "k1.private.pem", "k1.public.pem"]);
    assert_eq!(read_private(&paths.private, None).unwrap().key.public_key(), key.public_key());
    assert_eq!(read_public(&paths.public).unwrap(), key.public_key());
    let metadata = read_metadata(&paths.metadata).unwrap().unwrap();
    assert_eq!(metadata.kid, "k1");
    assert_eq!(metadata.issuer, "acme.example");
    assert_eq!(metadata.created, "2027-01-15T08:00:00Z");
    assert_eq!(metadata.thumbprint, thumbprint(&key.public_key()));
    assert_eq!(metadata.uses, ["license"]);
    assert_eq!(KeyPaths::beside(&paths.private), Some(paths.clone()));
    assert_eq!(KeyPaths::beside(&paths.public), Some(paths));
}

#[cfg(unix)]
#[test]
fn the_private_key_is_0600_and_the_others_are_0644() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, paths, _) = written();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!([mode(&paths.private), mode(&paths.public), mode(&paths.metadata)], [0o600, 0o644, 0o644]);
}

#[cfg(unix)]
#[test]
fn a_private_key_that_others_can_read_is_called_weak() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, paths, _) = written();
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&paths.private, fs::Permissions::from_mode(mode)).unwrap();
        let expected = vec![Weakness::Unencrypted, Weakness::OpenMode(mode)];
        assert_eq!(read_private(&paths.private, None).unwrap().weaknesses, expected);
        assert_eq!(look_at_private(&paths.private).unwrap(), (false, expected));
    }
}

#[test]
fn when_any_of_the_three_files_exists_nothing_is_written() {
    for existing in ["k1.private.pem", "k1.public.pem", "k1.json"] {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join(existing), "mine").unwrap();
        let error = write(dir.path(), &PrivateKey::generate().unwrap()).unwrap_err();
        assert!(matches!(&error, Error::FileExists { path } if path.ends_with(existing)), "{error}");
        assert_eq!(names(dir.path()), [existing]);
        assert_eq!(fs::read_to_string(dir.path().join(existing)).unwrap(), "mine");
    }
}

#[cfg(unix)]
#[test]
fn a_dangling_link_in_the_way_is_not_followed() {
    let dir = tempdir().unwrap();
    let target = dir.path().join("elsewhere");
    std::os::unix::fs::symlink(&target, dir.path().join("k1.private.pem")).unwrap();
    assert!(matches!(write(dir.path(), &PrivateKey::generate().unwrap()), Err(Error::FileExists { .. })));
    assert!(!target.exists());
}

#[test]
fn without_an_issuer_nothing_is_written() {
    let dir = tempdir().unwrap();
    let key = PrivateKey::generate().unwrap();
    let (kid, uses) = ("k1".parse().unwrap(), &[KeyUse::License]);
    let new = NewKey { kid, issuer: "", uses, created: 0, key: &key, protection: Protection::None };
    assert!(matches!(write_new(dir.path(), &new), Err(Error::BadIssuer(_))));
    assert!(names(dir.path()).is_empty());
}

#[test]
fn the_keyring_lines_make_a_keyring_that_trusts_the_key() {
    let (_dir, paths, key) = written();
    for issuer in ["acme.example", "Müller \"& Söhne\" \\ Co"] {
        let pems = [("k.1".to_owned(), fs::read_to_string(&paths.public).unwrap())].into();
        let keyring = aegis_core::keyring_from_files(&pems, &keyring_entry("k.1", issuer)).unwrap();
        let parts = keyring.get("k.1").unwrap().parts();
        assert_eq!((parts.issuer.as_str(), parts.public), (issuer, key.public_key()));
    }
}

#[test]
fn the_keyring_lines_quote_a_key_id_only_where_toml_asks_for_it() {
    for (kid, header) in [("acme-2026", "[acme-2026]\n"), ("A_1", "[A_1]\n"), ("k.1", "[\"k.1\"]\n")] {
        let entry = keyring_entry(kid, "acme.example");
        assert!(entry.starts_with(header), "{entry}");
        assert!(entry.ends_with("\n# modules = [\"acme_*\"]   # what this key may license\n"), "{entry}");
    }
}

#[test]
fn the_example_in_the_keyring_lines_limits_the_key_once_uncommented() {
    let (_dir, paths, _key) = written();
    let pems = [("k-1".to_owned(), fs::read_to_string(&paths.public).unwrap())].into();
    let entry = keyring_entry("k-1", "acme.example").replace("\n# modules", "\nmodules");
    let keyring = aegis_core::keyring_from_files(&pems, &entry).unwrap();
    assert_eq!(keyring.get("k-1").unwrap().parts().modules.as_ref().unwrap().len(), 1);
}

#[test]
fn an_error_about_a_file_names_it() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("x.private.pem");
    assert!(read_private(&path, None).unwrap_err().to_string().contains("x.private.pem"));
    fs::write(&path, "nothing").unwrap();
    let error = read_private(&path, None).unwrap_err();
    assert!(error.to_string().contains("x.private.pem"));
    assert!(error.remedy().contains("openssl pkey"));
}

#[test]
fn a_key_folder_may_be_new_several_levels_deep() {
    let dir = tempdir().unwrap();
    let deep = dir.path().join("a/b/c");
    write(&deep, &PrivateKey::generate().unwrap()).unwrap();
    assert_eq!(names(&deep), ["k1.json", "k1.private.pem", "k1.public.pem"]);
}

#[test]
fn files_in_the_way_may_be_left_from_an_interrupted_run() {
    let (dir, _, key) = written();
    let error = write(dir.path(), &key).unwrap_err();
    assert!(error.remedy().contains("interrupted"), "{}", error.remedy());
}

#[test]
fn broken_metadata_is_named_as_such() {
    let (_dir, paths, _) = written();
    fs::write(&paths.metadata, "{\"kid\": 5}").unwrap();
    let error = read_metadata(&paths.metadata).unwrap_err();
    assert!(matches!(&error, Error::InFile { source, .. } if matches!(**source, Error::BadMetadata(_))), "{error}");
    assert!(error.to_string().contains("k1.json") && !error.to_string().contains("request"), "{error}");
}

#[test]
fn a_key_file_larger_than_the_limit_is_refused_and_not_cut() {
    let (_dir, paths, _) = written();
    for path in [&paths.private, &paths.public] {
        let pem = fs::read_to_string(path).unwrap();
        fs::write(path, format!("{pem}{}", "\n".repeat(64 * 1024 - pem.len()))).unwrap();
        let read = |path| read_private(path, None).map(|_| ()).or_else(|_| read_public(path).map(|_| ()));
        read(path).unwrap();
        fs::write(path, format!("{pem}{}", "\n".repeat(64 * 1024 + 1 - pem.len()))).unwrap();
        assert!(matches!(read(path), Err(Error::FileTooLarge { .. })));
    }
}

#[test]
fn the_keyring_lines_of_a_root_name_its_uses() {
    let (_dir, paths, key) = written();
    let entry = metadata("root-a", "acme.example", &key, &["certify", "revocation"]).keyring_entry();
    let pems = [("root-a".to_owned(), fs::read_to_string(&paths.public).unwrap())].into();
    let keyring = aegis_core::keyring_from_files(&pems, &entry).unwrap();
    assert_eq!(keyring.get("root-a").unwrap().parts().uses, ROOT_USES);
}

#[test]
fn the_public_half_of_a_key_is_copied_once_and_its_private_half_never() {
    let (_dir, paths, _) = written();
    let other = tempdir().unwrap();
    assert!(copy_public(&paths, other.path()).unwrap());
    assert_eq!(names(other.path()), ["k1.json", "k1.public.pem"]);
    fs::write(other.path().join("k1.public.pem"), "mine").unwrap();
    assert!(!copy_public(&paths, other.path()).unwrap());
    assert_eq!(fs::read_to_string(other.path().join("k1.public.pem")).unwrap(), "mine");
}

#[test]
fn certificates_are_added_and_the_newest_is_last() {
    let (_dir, paths, _) = written();
    let token = |letter: &str| format!("eyJhbGciOiJ4In0.eyJh{letter}.{}", letter.repeat(86));
    assert!(read_certificates(&paths.certificate).unwrap().is_empty());
    for letter in ["A", "B"] {
        add_certificate(&paths.certificate, &token(letter)).unwrap();
    }
    assert_eq!(read_certificates(&paths.certificate).unwrap(), [token("A"), token("B")]);
    for bad in ["", "hello", &token("A")[..60]] {
        fs::write(&paths.certificate, bad).unwrap();
        let error = read_certificates(&paths.certificate).unwrap_err();
        assert!(matches!(error, Error::InFile { .. }) && error.to_string().contains("k1.certificate"), "{error}");
    }
}

#[test]
fn the_thumbprint_is_the_one_of_rfc_8037_appendix_a_3() {
    use base64::Engine as _;
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(thumbprint(&x.unwrap().try_into().unwrap()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}
