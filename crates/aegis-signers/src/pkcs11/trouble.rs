//! What the return values of PKCS#11 mean for us.

use cryptoki::error::{Error as Fault, RvError};

use crate::Error;
use crate::address::Pkcs11Key;
use crate::error::said;

/// Why something did not work.
pub(super) enum Trouble {
    /// The token, the session or the daemon behind the module is gone: a new session may help.
    Lost(String),
    /// The PIN is not accepted.
    WrongPin(Error),
    /// Something else, which a new session does not change.
    Other(Error),
}

impl Trouble {
    /// The error, where `key` was wanted.
    pub(super) fn about(self, key: &Pkcs11Key) -> Error {
        match self {
            Self::WrongPin(error) | Self::Other(error) => error,
            Self::Lost(reason) => Error::unavailable(
                format!("{key} cannot be reached: {reason}"),
                "check that the token is plugged in and its daemon runs (`pkcs11-tool --list-token-slots`), and the name",
            ),
        }
    }
}

/// Whether a fault passes is not something that modules agree on: only what is surely about the key or its rights does
/// not.
pub(super) fn of_fault(fault: &Fault) -> Trouble {
    let reason = said(&short(fault));
    match fault {
        Fault::Pkcs11(code, _) if is_about_the_key(*code) => Trouble::Other(Error::refused(
            format!("the token refuses: {reason}"),
            "check that the key is an Ed25519 key that may sign (CKA_SIGN) and that the token knows CKM_EDDSA",
        )),
        _ => Trouble::Lost(reason),
    }
}

/// The name of the value, without the paragraph that the standard says about it.
fn short(fault: &Fault) -> String {
    match fault {
        Fault::Pkcs11(code, function) => format!("{function} answered {code:?}"),
        other => other.to_string(),
    }
}

fn is_about_the_key(code: RvError) -> bool {
    matches!(
        code,
        RvError::MechanismInvalid
            | RvError::MechanismParamInvalid
            | RvError::KeyTypeInconsistent
            | RvError::KeyFunctionNotPermitted
            | RvError::KeySizeRange
            | RvError::FunctionNotSupported
            | RvError::DataLenRange
            | RvError::DataInvalid
            | RvError::CurveNotSupported
            | RvError::UserPinNotInitialized
            | RvError::PinExpired
    )
}
