//! Finding the two halves of the key in a token.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::point;
use super::trouble::{Trouble, of_fault};
use crate::Error;
use crate::address::Pkcs11Key;

const MAKE_ONE: &str = "make an Ed25519 key with `pkcs11-tool --keypairgen --key-type EC:edwards25519`";

/// The private key, which is seen only after the login.
pub(super) fn private_key(session: &Session, key: &Pkcs11Key) -> Result<ObjectHandle, Trouble> {
    let found = find(session, key, ObjectClass::PRIVATE_KEY)?;
    check_type(session, found, key)?;
    Ok(found)
}

/// The public key, 32 bytes.
pub(super) fn public_key(session: &Session, key: &Pkcs11Key) -> Result<[u8; 32], Trouble> {
    let found = find(session, key, ObjectClass::PUBLIC_KEY)?;
    check_type(session, found, key)?;
    let wanted = [AttributeType::EcParams, AttributeType::EcPoint];
    let attributes = session.get_attributes(found, &wanted).map_err(|fault| of_fault(&fault))?;
    let (mut curve, mut content) = (None, None);
    for attribute in attributes {
        match attribute {
            Attribute::EcParams(bytes) => curve = Some(bytes),
            Attribute::EcPoint(bytes) => content = Some(bytes),
            _ => {}
        }
    }
    if !curve.is_some_and(|curve| point::is_ed25519(&curve)) {
        return Err(refused(format!("{key} is a key of another curve than Ed25519"), MAKE_ONE));
    }
    content
        .and_then(|content| point::public_key(&content))
        .ok_or_else(|| refused(format!("the public key of {key} is no Ed25519 public key"), MAKE_ONE))
}

/// The one object of its class that the address is true of.
fn find(session: &Session, key: &Pkcs11Key, class: ObjectClass) -> Result<ObjectHandle, Trouble> {
    let mut wanted = vec![Attribute::Class(class), Attribute::Token(true)];
    wanted.extend(key.object.iter().map(|label| Attribute::Label(label.as_bytes().to_vec())));
    wanted.extend(key.id.iter().map(|id| Attribute::Id(id.clone())));
    let found = session.find_objects(&wanted).map_err(|fault| of_fault(&fault))?;
    let half = if class == ObjectClass::PUBLIC_KEY { "public" } else { "private" };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(refused(
            format!("there is no {half} key {key} in the token"),
            "check object and id with `pkcs11-tool --login --list-objects`; both halves of the key have to be there",
        )),
        _ => Err(refused(
            format!("{key} is true of several {half} keys"),
            "add id= of the one that is meant: `pkcs11-tool --login --list-objects` shows it",
        )),
    }
}

fn check_type(session: &Session, object: ObjectHandle, key: &Pkcs11Key) -> Result<(), Trouble> {
    let attributes = session.get_attributes(object, &[AttributeType::KeyType]).map_err(|fault| of_fault(&fault))?;
    match attributes.as_slice() {
        [Attribute::KeyType(KeyType::EC_EDWARDS)] => Ok(()),
        _ => Err(refused(format!("{key} is a key of another type than Ed25519"), MAKE_ONE)),
    }
}

fn refused(what: String, remedy: &str) -> Trouble {
    Trouble::Other(Error::refused(what, remedy))
}
