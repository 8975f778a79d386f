//! `pkcs11:` URIs (RFC 7512), as far as they name one key in one token.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::Error;

const FORM: &str = "write pkcs11:token=NAME;object=NAME?module-path=FILE&pin-source=file:FILE (RFC 7512), with %20 for a \
                    space; `pkcs11-tool --list-objects` shows the names";
const PIN_REMEDY: &str = "put the PIN into a file and name it with pin-source=file:FILE, or set AEGIS_PKCS11_PIN";
/// What RFC 7512 §2.3 allows as it is, less what we have no need of.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Which key in which token, and the module that talks to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pkcs11Key {
    pub(crate) token: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) manufacturer: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) slot: Option<u64>,
    pub(crate) object: Option<String>,
    pub(crate) id: Option<Vec<u8>>,
    pub(crate) module: PathBuf,
    pub(crate) pin_file: Option<PathBuf>,
}

/// Reads what stands behind `pkcs11:`.
pub(super) fn parse(text: &str) -> Result<Pkcs11Key, Error> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let mut key = Pkcs11Key::default();
    let mut seen = Vec::new();
    for part in path.split(';').chain(query.split('&')).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(|| wrong("a part of it has no ="))?;
        if seen.contains(&name) {
            return Err(wrong(format!("it says {} twice", shown(name))));
        }
        seen.push(name);
        key.set(name, value)?;
    }
    key.complete()
}

impl Pkcs11Key {
    fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "token" => self.token = Some(text(name, value)?),
            "serial" => self.serial = Some(text(name, value)?),
            "manufacturer" => self.manufacturer = Some(text(name, value)?),
            "model" => self.model = Some(text(name, value)?),
            "slot-id" => self.slot = Some(value.parse().map_err(|_| wrong("slot-id is no number"))?),
            "object" => self.object = Some(text(name, value)?),
            "id" => self.id = Some(percent_decode_str(value).collect()),
            "type" if matches!(value, "private" | "public") => {}
            "type" => return Err(wrong("type is another than private")),
            "module-path" => self.module = text(name, value)?.into(),
            "pin-source" => self.pin_file = Some(pin_file(&text(name, value)?)?),
            "pin-value" => return Err(Error::bad_address("pin-value would put the PIN into the settings", PIN_REMEDY)),
            // RFC 7512 §2.3: what a reader does not know, it refuses.
            _ => return Err(wrong(format!("it says {}, which is not known here", shown(name)))),
        }
        Ok(())
    }

    fn complete(self) -> Result<Self, Error> {
        if self.token.is_none() && self.serial.is_none() && self.slot.is_none() {
            return Err(wrong("it names no token"));
        }
        if self.object.is_none() && self.id.is_none() {
            return Err(wrong("it names no key: neither object nor id"));
        }
        if !self.module.is_absolute() {
            return Err(wrong("module-path is missing, or is no absolute path"));
        }
        Ok(self)
    }
}

/// Without the query: which file holds the PIN is nobody's business.
impl fmt::Display for Pkcs11Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let hex = |id: &Vec<u8>| percent_encode(id, ENCODED).to_string();
        let parts = [
            ("token", self.token.as_deref().map(encoded)),
            ("serial", self.serial.as_deref().map(encoded)),
            ("manufacturer", self.manufacturer.as_deref().map(encoded)),
            ("model", self.model.as_deref().map(encoded)),
            ("slot-id", self.slot.map(|slot| slot.to_string())),
            ("object", self.object.as_deref().map(encoded)),
            ("id", self.id.as_ref().map(hex)),
        ];
        let given = parts.into_iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}")));
        write!(out, "pkcs11:{}", given.collect::<Vec<_>>().join(";"))
    }
}

fn wrong(what: impl Into<String>) -> Error {
    Error::bad_address(what, FORM)
}

/// The name of an attribute, if it is one: a PIN that stands in the wrong place is not repeated.
fn shown(name: &str) -> &str {
    const NAMES: [&str; 14] = [
        "id",
        "library-description",
        "library-manufacturer",
        "library-version",
        "manufacturer",
        "model",
        "module-name",
        "module-path",
        "object",
        "pin-source",
        "serial",
        "slot-description",
        "slot-manufacturer",
        "token",
    ];
    NAMES.into_iter().find(|known| *known == name).unwrap_or("something")
}

fn text(name: &str, value: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(value).decode_utf8().map_err(|_| wrong(format!("{name} is no UTF-8")))?;
    if decoded.is_empty() || decoded.contains('\0') {
        return Err(wrong(format!("{name} is empty, or has a NUL in it")));
    }
    Ok(decoded.into_owned())
}

/// The file that `pin-source` names: a path, or a URI of the form `file:PATH` (RFC 7512 §2.4).
fn pin_file(source: &str) -> Result<PathBuf, Error> {
    let source = Zeroizing::new(source.to_owned());
    let path = source.strip_prefix("file://").or_else(|| source.strip_prefix("file:")).unwrap_or(&source);
    if path.starts_with('/') {
        return Ok(path.into());
    }
    // A program (`|…`), a PIN written here by mistake: not repeated.
    Err(Error::bad_address("pin-source names no file by its absolute path", PIN_REMEDY))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const MODULE: &str = "module-path=/m.so";

    fn refused(text: &str, what: &str) {
        let error = parse(text).unwrap_err();
        let told = format!("{error} {error:?} {}", error.remedy());
        assert!(told.contains(what), "{text}: {told}");
        assert!(!told.contains("4711"), "{told}");
    }

    #[test]
    fn all_that_names_a_key_is_read() {
        let key = parse(
            "token=My%20HSM;id=%01%fF;object=lic;type=private?module-path=/usr/lib/m.so&pin-source=file:/run/pin",
        );
        let expected = Pkcs11Key {
            token: Some("My HSM".to_owned()),
            object: Some("lic".to_owned()),
            id: Some(vec![1, 255]),
            module: "/usr/lib/m.so".into(),
            pin_file: Some("/run/pin".into()),
            ..Pkcs11Key::default()
        };
        assert_eq!(key, Ok(expected));
        let key = parse("serial=a1;model=m;manufacturer=x;slot-id=7;id=%00?module-path=/m.so").unwrap();
        assert_eq!((key.slot, key.serial.as_deref(), key.id), (Some(7), Some("a1"), Some(vec![0])));
    }

    #[test]
    fn a_pin_source_is_a_file() {
        for source in ["/run/pin", "file:/run/pin", "file:///run/pin", "%2Frun%2Fpin"] {
            let key = parse(&format!("token=a;object=b?{MODULE}&pin-source={source}")).unwrap();
            assert_eq!(key.pin_file, Some("/run/pin".into()), "{source}");
        }
    }

    #[test]
    fn what_others_need_not_know_is_not_shown() {
        let key = parse("token=a;id=%01?module-path=/m.so&pin-source=/run/pin").unwrap();
        assert_eq!(key.to_string(), "pkcs11:token=a;id=%01");
    }

    #[test]
    fn a_pin_in_the_address_is_refused() {
        refused(&format!("token=a;object=b?{MODULE}&pin-value=4711"), "pin-value");
        refused("token=a;object=b;pin-value=4711", "AEGIS_PKCS11_PIN");
    }

    #[test]
    fn a_pin_source_that_is_no_file_is_refused() {
        for source in ["4711", "|/bin/echo%204711", "pin4711", "https://host/4711"] {
            refused(&format!("token=a;object=b?{MODULE}&pin-source={source}"), "absolute path");
        }
    }

    #[test]
    fn an_address_without_token_key_or_module_is_refused() {
        refused(&format!("object=b?{MODULE}"), "no token");
        refused(&format!("token=a?{MODULE}"), "no key");
        refused("token=a;object=b", "module-path");
        refused("token=a;object=b?module-path=m.so", "module-path");
        refused("", "no token");
    }

    #[test]
    fn an_attribute_that_is_not_known_is_refused() {
        refused(&format!("token=a;object=b;pin4711=c?{MODULE}"), "something, which is not known");
        refused(&format!("token=a;object=b;library-version=3?{MODULE}"), "library-version, which is not known");
        refused(&format!("token=a;object=b;type=cert?{MODULE}"), "type");
        refused(&format!("token=a;object=b;slot-id=x?{MODULE}"), "slot-id");
    }

    #[test]
    fn an_attribute_that_is_said_twice_is_refused() {
        refused(&format!("token=a;object=b;token=c?{MODULE}"), "token twice");
    }

    #[test]
    fn an_attribute_without_a_value_is_refused() {
        refused(&format!("token;object=b?{MODULE}"), "no =");
        refused(&format!("token=;object=b?{MODULE}"), "empty");
        refused(&format!("token=%FF;object=b?{MODULE}"), "UTF-8");
        refused(&format!("token=a%00;object=b?{MODULE}"), "NUL");
    }
}
