//! A module, its tokens and the sessions with them. When a token or the daemon behind the module was lost, sessions are
//! opened anew, and if that is not enough, the module is begun anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Fault, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};

use super::trouble::{Trouble, of_fault};
use super::{TokenKey, objects};
use crate::Error;
use crate::address::Pkcs11Key;
use crate::verified::signature;

/// A module and what is open in it.
pub(super) struct Module {
    path: PathBuf,
    context: Option<Pkcs11>,
    open: BTreeMap<String, OpenKey>,
    /// Keys whose PIN was wrong: a token counts, and locks itself.
    wrong_pins: Vec<String>,
}

struct OpenKey {
    session: Session,
    private: ObjectHandle,
}

impl Module {
    /// The module in a file, which is loaded when it is first used.
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), context: None, open: BTreeMap::new(), wrong_pins: Vec::new() }
    }

    /// Logs in and gives the public key.
    pub(super) fn open(&mut self, key: &TokenKey) -> Result<[u8; 32], Error> {
        let name = key.address.to_string();
        // Who opens it anew has perhaps corrected the PIN.
        self.wrong_pins.retain(|wrong| *wrong != name);
        self.open.remove(&name);
        self.again(key, |module| {
            let open = module.opened(key)?;
            objects::public_key(&open.session, &key.address)
        })
    }

    /// The signature over `message`: pure Ed25519, since the mechanism is given no parameters.
    pub(super) fn sign(&mut self, key: &TokenKey, message: &[u8]) -> Result<[u8; 64], Error> {
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        let bytes = self.again(key, |module| {
            let open = module.opened(key)?;
            open.session.sign(&mechanism, open.private, message).map_err(|fault| of_fault(&fault))
        })?;
        signature(&bytes)
    }

    /// Does `work`; where something was lost, again with a new session, and again with the module begun anew.
    fn again<T>(&mut self, key: &TokenKey, work: impl Fn(&mut Self) -> Result<T, Trouble>) -> Result<T, Error> {
        for recover in [Self::forget_key, Self::forget_all] {
            match work(self) {
                Err(Trouble::Lost(_)) => recover(self, key),
                other => return other.map_err(|trouble| trouble.about(&key.address)),
            }
        }
        let outcome = work(self);
        if matches!(outcome, Err(Trouble::Lost(_))) {
            // Nothing that is open now will be of use later.
            self.forget_all(key);
        }
        outcome.map_err(|trouble| trouble.about(&key.address))
    }

    fn forget_key(&mut self, key: &TokenKey) {
        self.open.remove(&key.address.to_string());
    }

    /// Ends the module, so that it is begun anew. No other thread calls it.
    fn forget_all(&mut self, _key: &TokenKey) {
        self.open.clear();
        if let Some(context) = self.context.take() {
            // What is broken need not end well.
            let _ = context.finalize();
        }
    }

    fn opened(&mut self, key: &TokenKey) -> Result<&OpenKey, Trouble> {
        let name = key.address.to_string();
        if !self.open.contains_key(&name) {
            let open = self.log_in(key, &name)?;
            self.open.insert(name.clone(), open);
        }
        self.open.get(&name).ok_or_else(|| Trouble::Lost("its session is gone".to_owned()))
    }

    fn log_in(&mut self, key: &TokenKey, name: &str) -> Result<OpenKey, Trouble> {
        if self.wrong_pins.iter().any(|wrong| wrong == name) {
            return Err(wrong_pin("it was wrong, and is not tried again so that the token does not lock itself"));
        }
        let context = self.context()?;
        let (slot, info) = slot(context, &key.address)?;
        let session = context.open_ro_session(slot).map_err(|fault| of_fault(&fault))?;
        if info.login_required() {
            match login(&session, key) {
                Err(Trouble::WrongPin(error)) => {
                    self.wrong_pins.push(name.to_owned());
                    return Err(Trouble::WrongPin(error));
                }
                other => other?,
            }
        }
        let private = objects::private_key(&session, &key.address)?;
        Ok(OpenKey { session, private })
    }

    fn context(&mut self) -> Result<&Pkcs11, Trouble> {
        if self.context.is_none() {
            self.context = Some(load(&self.path)?);
        }
        self.context.as_ref().ok_or_else(|| Trouble::Lost("the module is gone".to_owned()))
    }
}

fn load(path: &Path) -> Result<Pkcs11, Trouble> {
    let remedy = "check module-path and that the software of the token is installed";
    let no_module = |fault: &Fault| {
        let reason = crate::error::said(&fault.to_string());
        Trouble::Other(Error::refused(format!("cannot load the PKCS#11 module {}: {reason}", path.display()), remedy))
    };
    let context = Pkcs11::new(path).map_err(|fault| no_module(&fault))?;
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Fault::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(context),
        Err(fault) => Err(of_fault(&fault)),
    }
}

/// The slot with the token that the address names.
fn slot(context: &Pkcs11, address: &Pkcs11Key) -> Result<(Slot, TokenInfo), Trouble> {
    let slots = context.get_slots_with_initialized_token().map_err(|fault| of_fault(&fault))?;
    let mut found = Vec::new();
    for slot in slots {
        let info = context.get_token_info(slot).map_err(|fault| of_fault(&fault))?;
        if is_meant(address, slot, &info) {
            found.push((slot, info));
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(Trouble::Other(Error::refused(
            format!("{address} is true of several tokens"),
            "add serial= of the one that is meant: `pkcs11-tool --list-token-slots` shows them",
        ))),
        // It may have been drawn, or its daemon ended.
        (None, _) => Err(Trouble::Lost("there is no such token".to_owned())),
    }
}

fn is_meant(address: &Pkcs11Key, slot: Slot, info: &TokenInfo) -> bool {
    let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is.trim_end());
    same(&address.token, info.label())
        && same(&address.serial, info.serial_number())
        && same(&address.manufacturer, info.manufacturer_id())
        && same(&address.model, info.model())
        && address.slot.is_none_or(|wanted| wanted == slot.id())
}

fn login(session: &Session, key: &TokenKey) -> Result<(), Trouble> {
    let Some(pin) = &key.pin else {
        let remedy = "name a file with it by pin-source=file:FILE in the address, or set AEGIS_PKCS11_PIN";
        return Err(Trouble::Other(Error::setting(format!("the PIN of {} is missing", key.address), remedy)));
    };
    match session.login(UserType::User, Some(pin)) {
        // Logins are of the program, not of the session.
        Ok(()) | Err(Fault::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Fault::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
            Err(wrong_pin("the token says that it is wrong"))
        }
        Err(Fault::Pkcs11(RvError::PinLocked, _)) => {
            Err(wrong_pin("the token has locked it after too many wrong ones"))
        }
        Err(fault) => Err(of_fault(&fault)),
    }
}

fn wrong_pin(reason: &str) -> Trouble {
    let remedy =
        "correct the PIN and restart; `pkcs11-tool --login --test` tries it, and the security officer unlocks it";
    Trouble::WrongPin(Error::refused(format!("the PIN of the token is not accepted: {reason}"), remedy))
}
