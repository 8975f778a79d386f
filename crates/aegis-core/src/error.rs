//! Reason codes, and why a token was refused.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::binding::Difference;

/// The reason codes: the same strings in Rust, Python, Odoo and on the command line. They never change.
///
/// The order is that of the checks; after the refusals come the codes of a license that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// No license is there, or none covers the module.
    Missing,
    /// The token cannot be read.
    Malformed,
    /// The token asks for something this verifier does not know.
    Unsupported,
    /// No key of the keyring may have signed this token.
    UnknownKey,
    /// The signature does not belong to this text and this key.
    BadSignature,
    /// The token names another issuer than its key does.
    WrongIssuer,
    /// The license does not cover the module.
    WrongModule,
    /// The license does not cover this major version of Odoo.
    WrongOdooVersion,
    /// The vendor has withdrawn the license.
    Revoked,
    /// The license is bound to another instance.
    WrongInstance,
    /// The license begins later.
    NotYetValid,
    /// The license has ended.
    Expired,
    /// The license does not cover a release this new.
    UpdatesEnded,
    /// The license works although the instance has changed, for some days.
    Moving,
    /// The license has ended and still works during its grace period.
    Grace,
    /// The license works and ends soon.
    Expiring,
    /// The license works.
    Valid,
}

impl Code {
    /// The stable string of the code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongModule => "wrong_module",
            Self::WrongOdooVersion => "wrong_odoo_version",
            Self::Revoked => "revoked",
            Self::WrongInstance => "wrong_instance",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::UpdatesEnded => "updates_ended",
            Self::Moving => "moving",
            Self::Grace => "grace",
            Self::Expiring => "expiring",
            Self::Valid => "valid",
        }
    }

    /// Whether a license with this code works.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::Moving | Self::Grace | Self::Expiring | Self::Valid)
    }

    /// What a license with this code means for those who work with the module, in one sentence.
    #[must_use]
    pub const fn effect(self) -> &'static str {
        match self {
            Self::Valid => "Everything works.",
            Self::Expiring => "Everything works; administrators are reminded of the end.",
            Self::Grace | Self::Moving => {
                "What is installed works; everybody is reminded, and no module can be installed with it."
            }
            Self::UpdatesEnded => "What it covers goes on working; a newer release cannot be installed with it.",
            _ => {
                "New records are refused and reports carry a watermark; reading, exporting, deleting and upgrading go on."
            }
        }
    }

    /// What to do about it: one sentence, empty for [`Code::Valid`].
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Missing => "Ask the vendor for a license that covers this module, and paste it whole.",
            Self::Malformed => "Copy the license again from the vendor's message, whole and unchanged.",
            Self::Unsupported => "Update aegis-license, or ask the vendor for a license that this version can read.",
            Self::UnknownKey => {
                "Check that the license comes from this vendor; if it does, update aegis-license, which brings the vendor's current keys."
            }
            Self::BadSignature => {
                "Copy the license again from the vendor's message; if it is refused again, ask the vendor for a new one."
            }
            Self::WrongIssuer => "Ask the vendor of this module for a license of their own.",
            Self::WrongModule => "Ask the vendor for a license that covers this module.",
            Self::WrongOdooVersion => "Ask the vendor for a license that covers this version of Odoo.",
            Self::Revoked => "Ask the vendor for a new license.",
            Self::WrongInstance => {
                "Send the vendor the activation request of this instance and ask for a license bound to it."
            }
            Self::NotYetValid => "Wait for the first day of the license, and check the clock of this server.",
            Self::Expired | Self::Grace | Self::Expiring => "Ask the vendor for a renewal and paste it.",
            Self::UpdatesEnded => "Renew the updates with the vendor, or go back to a release that the license covers.",
            Self::Moving => "Ask the vendor for a license bound to this instance.",
            Self::Valid => "",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a token was refused: one sentence each, without any text of the token itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no text, or no token in it.
    #[error("No license token was found.")]
    NoToken,
    /// Licenses were read, and none covers the module asked for.
    #[error("No license covers the module {}.", short(module))]
    NoneCovers {
        /// The module asked for.
        module: String,
    },
    /// The token is longer than its kind may be.
    #[error("The token is longer than {limit} bytes.")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The text to search for tokens is too long.
    #[error("The text is longer than {limit} bytes.")]
    BundleTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The text holds too many tokens.
    #[error("The text holds more than {limit} tokens.")]
    TooManyTokens {
        /// The limit.
        limit: usize,
    },
    /// The text begins like a token and breaks off.
    #[error("The token is not complete.")]
    Truncated,
    /// Not three segments with two dots between them (RFC 7515 §7.1).
    #[error("The token does not have three parts.")]
    NotThreeSegments,
    /// A segment is not canonical base64url without padding (RFC 7515 §2, RFC 4648 §3.5 and §5).
    #[error("The {segment} of the token is not base64url.")]
    BadBase64 {
        /// `header`, `payload` or `signature`.
        segment: &'static str,
    },
    /// An Ed25519 signature has 64 bytes (RFC 8032 §5.1.6).
    #[error("The signature does not have 64 bytes.")]
    SignatureLength,
    /// A segment is not one JSON object as this verifier reads it.
    #[error("The {segment} of the token is not a JSON object with unique names.")]
    NotAnObject {
        /// `header` or `payload`.
        segment: &'static str,
    },
    /// A header member is absent or not a non-empty string.
    #[error("The header has no proper `{name}`.")]
    BadHeader {
        /// The member's name.
        name: &'static str,
    },
    /// A claim is absent or not of its type.
    #[error("The claim `{claim}` is {problem}.")]
    BadClaim {
        /// The claim's name.
        claim: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The header asks for something that is not allowed in these tokens.
    #[error("The header member `{name}` asks for something that is not supported.")]
    UnsupportedHeader {
        /// The member's name.
        name: &'static str,
    },
    /// A claim asks for something this verifier does not do.
    #[error("The claim `{claim}` asks for something that this version does not support.")]
    UnsupportedClaim {
        /// The claim's name.
        claim: &'static str,
    },
    /// A certificate or a list where a license is meant.
    #[error("This token is no license: it says which keys are trusted, or what was withdrawn.")]
    UnsupportedKind,
    /// The verifier itself failed.
    #[error("The verifier met an internal error; please report it.")]
    Internal,
    /// The keyring has no such key.
    #[error("The token is signed with a key that is not trusted here.")]
    UnknownKey,
    /// The key is there and must not sign this kind of token.
    #[error("The token is signed with a key that must not sign tokens of this kind.")]
    KeyUse,
    /// The token was issued before the key's window or after it.
    #[error("The token was issued at a time when its key was not in use.")]
    OutsideKeyWindow,
    /// The signature is not one of this key over this text (RFC 8032 §5.1.7, strict).
    #[error("The signature does not match: the token was changed or was not made by the vendor.")]
    BadSignature,
    /// `iss` is not the issuer the key speaks for.
    #[error("The license names another issuer than its key does.")]
    WrongIssuer,
    /// The license names a module its key must not license.
    #[error("The license names a module that its key must not license.")]
    ModuleOutsideKey,
    /// The license does not cover the module asked for.
    #[error("The license does not cover the module {}.", short(module))]
    ModuleNotCovered {
        /// The module asked for.
        module: String,
    },
    /// The license covers the module without the feature asked for.
    #[error("The license covers the module {} without the feature {}.", short(module), short(feature))]
    FeatureNotCovered {
        /// The module asked for.
        module: String,
        /// The feature asked for.
        feature: String,
    },
    /// The license covers the module, or whatever it covers, on other versions of Odoo.
    #[error("The license covers {} on Odoo {allowed}, not on Odoo {asked}.", named(module.as_deref()))]
    WrongOdooVersion {
        /// The module asked for, if one was.
        module: Option<String>,
        /// The major versions covered.
        allowed: String,
        /// The major version asked for.
        asked: u16,
    },
    /// The issuer has withdrawn the license.
    #[error("The vendor has withdrawn the license.")]
    Revoked,
    /// The issuer has withdrawn the key that signed the token.
    #[error("The vendor has withdrawn the key that signed this token.")]
    KeyRevoked,
    /// The license is bound, and the caller named no instance.
    #[error("The license is bound to an instance, and it is not known which one this is.")]
    InstanceUnknown,
    /// The license is bound to another instance.
    #[error("The license is bound to another instance (other {difference}).")]
    WrongInstance {
        /// Which components differ.
        difference: Difference,
    },
    /// The license begins later.
    #[error("The license begins at {}.", date(*.from))]
    NotYetValid {
        /// First valid instant, in Unix seconds.
        from: i64,
    },
    /// The license has ended.
    #[error("The license ended at {}.", date(*.end))]
    Expired {
        /// First instant at which it no longer works, in Unix seconds.
        end: i64,
    },
    /// The database holds dates at which the license had ended, later than the clock shows.
    #[error("The license ended at {}, and dates in this database show that this time has passed.", date(*.end))]
    EndedByDates {
        /// First instant at which it no longer works, in Unix seconds.
        end: i64,
    },
    /// The license does not cover a release this new.
    #[error("The license covers releases dated before {}; this one is dated {}.", day(*.until), day(*.released))]
    UpdatesEnded {
        /// First instant no longer covered, in Unix seconds.
        until: i64,
        /// The release's date, in Unix seconds at 00:00 UTC.
        released: i64,
    },
}

impl Error {
    /// The reason code of this refusal.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::NoToken | Self::NoneCovers { .. } => Code::Missing,
            Self::TooLarge { .. }
            | Self::BundleTooLarge { .. }
            | Self::TooManyTokens { .. }
            | Self::Truncated
            | Self::NotThreeSegments
            | Self::BadBase64 { .. }
            | Self::SignatureLength
            | Self::NotAnObject { .. }
            | Self::BadHeader { .. }
            | Self::BadClaim { .. } => Code::Malformed,
            Self::UnsupportedHeader { .. } | Self::UnsupportedClaim { .. } | Self::UnsupportedKind | Self::Internal => {
                Code::Unsupported
            }
            Self::UnknownKey | Self::KeyUse | Self::OutsideKeyWindow => Code::UnknownKey,
            Self::BadSignature => Code::BadSignature,
            Self::WrongIssuer => Code::WrongIssuer,
            Self::ModuleOutsideKey | Self::ModuleNotCovered { .. } | Self::FeatureNotCovered { .. } => {
                Code::WrongModule
            }
            Self::WrongOdooVersion { .. } => Code::WrongOdooVersion,
            Self::Revoked | Self::KeyRevoked => Code::Revoked,
            Self::InstanceUnknown | Self::WrongInstance { .. } => Code::WrongInstance,
            Self::NotYetValid { .. } => Code::NotYetValid,
            Self::Expired { .. } | Self::EndedByDates { .. } => Code::Expired,
            Self::UpdatesEnded { .. } => Code::UpdatesEnded,
        }
    }

    /// What to do about it: one sentence.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::BundleTooLarge { .. } | Self::TooManyTokens { .. } => "Paste only the licenses, without other text.",
            Self::UnsupportedKind => "Use it together with the licenses that it belongs to.",
            Self::EndedByDates { .. } => {
                "Set the clock of this server right; if it is right, ask the vendor for a renewal or a new list, and paste it."
            }
            _ => self.code().remedy(),
        }
    }

    /// Whether the token is a genuine license that just does not cover what was asked for.
    pub(crate) const fn is_other_module(&self) -> bool {
        matches!(self, Self::ModuleNotCovered { .. } | Self::FeatureNotCovered { .. })
    }
}

/// Longest name that a message repeats, in characters.
const MAX_SHOWN: usize = 128;

/// A name in quotes, cut where it is too long to be one.
fn short(name: &str) -> String {
    match name.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{:?}…", name.get(..end).unwrap_or_default()),
        None => format!("{name:?}"),
    }
}

/// The module asked for, or all that the license covers.
fn named(module: Option<&str>) -> String {
    module.map_or_else(|| "its modules".to_owned(), |module| format!("the module {}", short(module)))
}

/// An instant for people: `2027-03-01T00:00:00Z`.
pub(crate) fn date(seconds: i64) -> impl fmt::Display {
    DateTime::<Utc>::from_timestamp(seconds, 0)
        .map_or_else(|| seconds.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// A day for people: `2027-03-01`.
pub(crate) fn day(seconds: i64) -> String {
    date(seconds).to_string().chars().take_while(|&letter| letter != 'T').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [(Code, &str); 17] = [
        (Code::Missing, "missing"),
        (Code::Malformed, "malformed"),
        (Code::Unsupported, "unsupported"),
        (Code::UnknownKey, "unknown_key"),
        (Code::BadSignature, "bad_signature"),
        (Code::WrongIssuer, "wrong_issuer"),
        (Code::WrongModule, "wrong_module"),
        (Code::WrongOdooVersion, "wrong_odoo_version"),
        (Code::Revoked, "revoked"),
        (Code::WrongInstance, "wrong_instance"),
        (Code::NotYetValid, "not_yet_valid"),
        (Code::Expired, "expired"),
        (Code::UpdatesEnded, "updates_ended"),
        (Code::Moving, "moving"),
        (Code::Grace, "grace"),
        (Code::Expiring, "expiring"),
        (Code::Valid, "valid"),
    ];

    #[test]
    fn the_codes_are_these_strings_in_this_order() {
        assert!(CODES.is_sorted_by_key(|(code, _)| *code));
        for (code, text) in CODES {
            assert_eq!((code.as_str(), code.to_string().as_str()), (text, text));
        }
    }

    #[test]
    fn the_last_four_codes_work_and_all_but_valid_have_a_remedy() {
        let works: Vec<_> = CODES.iter().filter(|(code, _)| code.works()).map(|(_, text)| *text).collect();
        assert_eq!(works, ["moving", "grace", "expiring", "valid"]);
        for (code, text) in CODES {
            assert_eq!(code.remedy().is_empty(), code == Code::Valid, "{text}");
        }
    }

    #[test]
    fn a_name_in_a_message_is_quoted_and_cut() {
        let message = |module: &str| Error::ModuleNotCovered { module: module.to_owned() }.to_string();
        assert_eq!(message("a\nb"), "The license does not cover the module \"a\\nb\".");
        assert_eq!(message(&"é".repeat(MAX_SHOWN)).matches('é').count(), MAX_SHOWN);
        let long = message(&"é".repeat(1_000_000));
        assert!(long.ends_with("é\"…."));
        assert_eq!(long.matches('é').count(), MAX_SHOWN);
    }
}
