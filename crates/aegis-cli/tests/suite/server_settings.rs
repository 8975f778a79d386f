//! The settings of the license server: where they come from, and what is refused.

use crate::common::server::Place;
use serde_json::Value;

/// A setting as `aegis doctor` shows it.
fn shown(place: &Place, name: &str) -> (String, String) {
    let answer: Value = place.run(&["doctor", "--json"]).json();
    let settings = answer["settings"].as_array().unwrap();
    let setting = settings.iter().find(|setting| setting["name"] == name).unwrap();
    (setting["value"].as_str().unwrap().to_owned(), setting["from"].as_str().unwrap().to_owned())
}

fn refused(place: &Place, text: &str, help: &str) {
    let ran = place.run(&["api-keys", "list"]);
    let stderr = ran.stderr();
    ran.fails_with(text);
    assert!(stderr.contains(help), "{stderr}");
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_what_is_usual() {
    let place = Place::new().with("AEGIS_CONFIG", "aegis.toml");
    place.folder.write("aegis.toml", "listen = \"127.0.0.1:9999\"\nlog = \"debug\"\nrate_per_key = 7\n");
    assert_eq!(shown(&place, "listen"), ("127.0.0.1:0".to_owned(), "AEGIS_LISTEN".to_owned()));
    assert_eq!(shown(&place, "log"), ("debug".to_owned(), "log in the file".to_owned()));
    assert_eq!(shown(&place, "rate_per_key"), ("7".to_owned(), "rate_per_key in the file".to_owned()));
    assert_eq!(shown(&place, "rate_per_address"), ("300".to_owned(), "default".to_owned()));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let place = Place::new().with("AEGIS_CORS_ORIGINS", "").with("AEGIS_LOG", "");
    assert_eq!(shown(&place, "log"), ("info".to_owned(), "default".to_owned()));
}

#[test]
fn database_url_serves_where_ours_is_not_set() {
    let place = Place::new().with("DATABASE_URL", "sqlite://theirs.db");
    assert_eq!(shown(&place, "database_url"), ("sqlite://theirs.db".to_owned(), "DATABASE_URL".to_owned()));
    let place = place.with("AEGIS_DATABASE_URL", "sqlite://ours.db");
    assert_eq!(shown(&place, "database_url").0, "sqlite://ours.db");
}

#[test]
fn lists_are_words_in_the_environment_and_arrays_in_the_file() {
    let place = Place::new().with("AEGIS_CONFIG", "aegis.toml").with("AEGIS_SIGNER", "file:a  file:b");
    place.folder.write("aegis.toml", "signers = [\"file:c\"]\ntrusted_proxies = [\"192.0.2.1\", \"10.0.0.0/8\"]\n");
    assert_eq!(shown(&place, "signers").0, "file:a file:b");
    assert_eq!(shown(&place, "trusted_proxies").0, "192.0.2.1 10.0.0.0/8");
}

#[test]
fn nothing_secret_is_shown() {
    let place = Place::new()
        .with("AEGIS_DATABASE_URL", "postgres://aegis:hush-database@127.0.0.1:1/aegis")
        .with("AEGIS_PASSPHRASE", "hush-passphrase")
        .with("AEGIS_SIGNER", "pkcs11:token=a;object=b?module-path=/x.so&pin-value=hush-pin");
    for arguments in [&["doctor"][..], &["serve"], &["migrate"]] {
        let ran = place.run(arguments);
        let text = format!("{}{}", ran.stdout(), ran.stderr());
        assert!(!text.contains("hush"), "{arguments:?}: {text}");
    }
    let shown = place.run(&["doctor", "--json"]).code(1).stdout();
    assert!(
        shown.contains("postgres://aegis:***@127.0.0.1:1/aegis") && shown.contains("set, and not shown"),
        "{shown}"
    );
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn a_misspelled_variable_is_refused_with_a_hint() {
    refused(
        &Place::new().with("AEGIS_SIGNERS", "x"),
        "nothing reads the environment variable AEGIS_SIGNERS",
        "is AEGIS_SIGNER meant?",
    );
    refused(&Place::new().with("AEGIS_LOG_LEVEL", "x"), "AEGIS_LOG_LEVEL", "is AEGIS_LOG meant?");
}

/// It may be somebody else's, as those that Kubernetes makes for a service called "aegis".
#[test]
fn a_variable_that_nothing_reads_is_warned_of() {
    let place = Place::new().with("AEGIS_RATELIMIT", "1").with("AEGIS_LICENSE_FILE", "x");
    let said = place.run(&["migrate"]).success().stderr();
    assert_eq!(said, "warning: nothing reads the environment variable AEGIS_RATELIMIT\n");
}

#[test]
fn the_passphrase_of_the_environment_wins_over_the_file_that_the_file_names() {
    let place = Place::new().with("AEGIS_PASSPHRASE", "open sesame");
    drop(place.serve());
    place.folder.write("wrong.txt", "wrong");
    place.folder.write("aegis.toml", "passphrase_file = \"wrong.txt\"\n");
    let place = place.with("AEGIS_CONFIG", "aegis.toml");
    drop(place.serve());
    place.with("AEGIS_PASSPHRASE", "").refuses_to_serve("the passphrase does not open this private key");
}

#[test]
fn two_passphrases_in_the_environment_are_refused() {
    let place = Place::new().with("AEGIS_PASSPHRASE", "one").with("AEGIS_PASSPHRASE_FILE", "two.txt");
    refused(&place, "AEGIS_PASSPHRASE and AEGIS_PASSPHRASE_FILE are both set", "unset one of them");
}

#[test]
fn an_unknown_member_is_refused_with_a_hint() {
    for (line, help) in [
        ("listne = \"127.0.0.1:1\"", "is listen meant?"),
        ("AEGIS_LISTEN = \"127.0.0.1:1\"", "is listen meant?"),
        ("colour = \"red\"", "the settings are database_url, data, listen,"),
        ("passphrase = \"x\"", "is passphrase_file meant?"),
    ] {
        let place = Place::new().with("AEGIS_CONFIG", "aegis.toml");
        place.folder.write("aegis.toml", line);
        refused(&place, "which is no setting", help);
    }
}

#[test]
fn a_file_that_is_no_toml_is_refused_without_repeating_it() {
    let place = Place::new();
    place.folder.write("aegis.toml", "log = \"info\"\ndatabase_url = postgres://a:hush@b/c\n");
    let ran = place.run(&["api-keys", "list", "--config", "aegis.toml"]);
    assert!(!ran.stderr().contains("hush"), "{}", ran.stderr());
    ran.fails_with("line 2 of aegis.toml is not TOML");
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let place = Place::new();
    place.run(&["api-keys", "list", "--config", "nowhere.toml"]).fails_with("cannot read the settings in nowhere.toml");
}

#[test]
fn a_member_of_another_kind_is_refused() {
    let place = Place::new().with("AEGIS_CONFIG", "aegis.toml");
    place.folder.write("aegis.toml", "signers = [1]\n");
    refused(&place, "signers in the file of settings is not an array of texts", "write an array of texts");
    place.folder.write("aegis.toml", "log = true\n");
    refused(&place, "log in the file of settings is not a text", "write a text");
}

#[test]
fn a_value_that_cannot_be_is_refused() {
    for (name, value, help) in [
        ("AEGIS_LISTEN", "8750", "write ADDRESS:PORT"),
        ("AEGIS_METRICS_LISTEN", "none", "or off"),
        ("AEGIS_LOG", "loud", "write error, warn, info or debug"),
        ("AEGIS_RATE_PER_KEY", "0", "from 1"),
        ("AEGIS_RATE_PER_ADDRESS", "many", "from 1"),
        ("AEGIS_CORS_ORIGINS", "https://shop.example/path", "write origins"),
        ("AEGIS_TRUSTED_PROXIES", "proxy.example", "write the IP addresses"),
    ] {
        refused(&Place::new().with(name, value), "cannot be", help);
    }
    let place = Place::new().with("AEGIS_DATABASE_URL", "mysql://x/y");
    refused(&place, "the address of the database is not understood", "write postgres://");
    refused(&Place::new().with("AEGIS_ISSUER", "a\nb"), "cannot be an issuer", "help:");
}
