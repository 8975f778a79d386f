//! What Vault's answers mean.

use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::address::VaultKey;
use crate::error::said;
use crate::waiting::silent;

use super::client::SERVICE;

/// No answer that is expected here is larger.
const MAX_ANSWER: usize = 1024 * 1024;
const NOT_VAULT: &str = "check that VAULT_ADDR is the address of Vault or OpenBao itself";

/// Why there is no answer, before it is known what was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing came back.
    Silent(String),
    /// The server answered with an error.
    Status(StatusCode, String),
    /// Logging in, or what was answered, is wrong.
    Other(Error),
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

/// An error, and what a login or a renewal gives, is not in an envelope.
#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Vec<String>,
}

impl Failure {
    /// Of the reasons only the last is told: the others name the address again.
    pub(super) fn silent(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Other(silent(SERVICE));
        }
        let mut reason: &dyn std::error::Error = error;
        while let Some(source) = reason.source() {
            reason = source;
        }
        Self::Silent(said(&reason.to_string()))
    }

    /// Whether the token may have ended.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Status(StatusCode::FORBIDDEN, _))
    }

    /// The error, now that it is known that `key` was asked for.
    pub(super) fn about(self, key: &VaultKey) -> Error {
        match self {
            Self::Other(error) => error,
            Self::Silent(reason) => unreachable_now(&reason),
            Self::Status(status, text) => about_key(status, &text, key),
        }
    }

    /// The error, if it was a login.
    pub(super) fn about_login(self) -> Error {
        let remedy = "check the role id and the secret id, or the token: it may have ended, been revoked, or be bound to \
                      other addresses";
        match self {
            Self::Other(error) => error,
            Self::Silent(reason) => unreachable_now(&reason),
            Self::Status(status, text) if is_transient(status) => not_now(status, &text),
            Self::Status(StatusCode::INTERNAL_SERVER_ERROR, text) => not_now(StatusCode::INTERNAL_SERVER_ERROR, &text),
            Self::Status(status, text) => {
                Error::refused(format!("Vault did not let us log in: {} ({status})", said(&text)), remedy)
            }
        }
    }
}

/// Reads an answer: its `data`, or all of it where there is no envelope.
pub(super) async fn read<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let status = response.status();
    let body = limited(response).await?;
    if status == StatusCode::OK {
        let envelope: Result<Envelope<T>, _> = serde_json::from_slice(&body);
        let content = envelope.map(|envelope| envelope.data).or_else(|_| serde_json::from_slice(&body));
        return content.map_err(|_| other("Vault's answer cannot be read"));
    }
    let errors =
        serde_json::from_slice(&body).map_or_else(|_| String::new(), |answer: Errors| answer.errors.join("; "));
    Err(Failure::Status(status, errors))
}

async fn limited(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| Failure::silent(&error))? {
        body.extend_from_slice(&part);
        if body.len() > MAX_ANSWER {
            return Err(other("Vault's answer is larger than any that was expected"));
        }
    }
    Ok(body)
}

fn other(what: &str) -> Failure {
    Failure::Other(Error::refused(what, NOT_VAULT))
}

fn about_key(status: StatusCode, text: &str, key: &VaultKey) -> Error {
    let told = said(text);
    match status {
        // Vault says 500 both when it is in trouble and when the version is one it does not sign with.
        StatusCode::INTERNAL_SERVER_ERROR if text.contains("version") => Error::refused(
            format!("{key}: Vault does not sign with this version: {told}"),
            "name a version within min_encryption_version and latest_version, or lower min_decryption_version and \
             min_encryption_version of the key",
        ),
        StatusCode::INTERNAL_SERVER_ERROR => not_now(status, text),
        _ if is_transient(status) => not_now(status, text),
        StatusCode::FORBIDDEN => Error::refused(
            format!("{key}: Vault does not let us use the key: {told}"),
            "give the role a policy with read on MOUNT/keys/KEY and update on MOUNT/sign/KEY; a token may also have ended",
        ),
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Error::refused(
            format!("{key}: there is no such key: {told}"),
            "check the mount and the name of the key, and VAULT_NAMESPACE",
        ),
        _ => Error::refused(format!("{key}: Vault answered {status}: {told}"), NOT_VAULT),
    }
}

/// Sealed, a standby without a leader, overloaded, a proxy before it without a server behind it, not yet up to date.
fn is_transient(status: StatusCode) -> bool {
    let other_5xx = status.is_server_error() && status != StatusCode::INTERNAL_SERVER_ERROR;
    let limited = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::PRECONDITION_FAILED);
    other_5xx || limited || status.is_redirection()
}

fn not_now(status: StatusCode, text: &str) -> Error {
    let sealed = text.contains("sealed");
    let remedy = match status {
        _ if sealed => "unseal it: `bao operator unseal`",
        _ if status.is_redirection() => "set VAULT_ADDR to the active server, or let the standby forward requests",
        _ => "look at Vault's log; this is tried again by itself",
    };
    Error::unavailable(format!("Vault cannot answer now: {} ({status})", said(text)), remedy)
}

fn unreachable_now(reason: &str) -> Error {
    let remedy = "check VAULT_ADDR and VAULT_CACERT, and that Vault runs";
    Error::unavailable(format!("Vault cannot be reached: {reason}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> VaultKey {
        VaultKey { mount: "transit".to_owned(), name: "lic".to_owned(), version: 2 }
    }

    fn told(status: u16, text: &str) -> Error {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        Failure::Status(status, text.to_owned()).about(&key())
    }

    #[test]
    fn a_version_that_is_not_signed_with_is_no_passing_trouble() {
        let error = told(500, "1 error occurred:\n\t* requested version for signing is less than the minimum\n\n");
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        assert!(!error.to_string().contains('\n'));
    }

    #[test]
    fn trouble_in_vault_passes() {
        for (status, text) in
            [(500, "failed to read storage"), (502, ""), (503, "Vault is sealed"), (429, ""), (412, ""), (307, "")]
        {
            let error = told(status, text);
            assert!(error.is_transient(), "{status}: {error}");
        }
        assert!(told(503, "Vault is sealed").remedy().contains("unseal"));
        assert!(Failure::Status(StatusCode::SERVICE_UNAVAILABLE, String::new()).about_login().is_transient());
    }

    #[test]
    fn what_will_not_change_is_refused() {
        for status in [400, 403, 404, 405, 418] {
            assert!(matches!(told(status, ""), Error::Refused { .. }), "{status}");
        }
        assert!(!Failure::Status(StatusCode::BAD_REQUEST, String::new()).about_login().is_transient());
    }
}
