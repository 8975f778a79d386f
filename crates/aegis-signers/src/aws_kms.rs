//! Keys in AWS KMS: `ECC_NIST_EDWARDS25519`, algorithm `ED25519_SHA_512`, which is pure Ed25519 over the raw message.

use std::sync::Arc;
use std::time::Duration;

use aegis_issuer::keyfile::KeyId;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::address::KmsKey;
use crate::error::said;
use crate::verified::{Place, Verified, signature};
use crate::waiting::{LIMIT, Runtime, silent, within_limit};
use crate::{Error, KmsAccess, Secrets, SharedSigner};

/// The longest message that AWS KMS signs as it is, in bytes.
pub const MAX_KMS_MESSAGE: usize = 4096;

/// Without credentials the machine is asked for a role, which may take as long.
const SERVICE: &str = "AWS KMS (or what gives its credentials)";
const CREDENTIALS: &str = "check the credentials (AWS_ACCESS_KEY_ID …, or the role of the machine), AWS_REGION, and that the \
                           policy allows kms:GetPublicKey and kms:Sign";
/// `SubjectPublicKeyInfo` of an Ed25519 key (RFC 8410 §4) is this and the 32 bytes of the key.
const SPKI: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

struct Kms {
    client: Client,
    runtime: Runtime,
    key: KmsKey,
}

/// Reads the public key.
pub(crate) async fn open(key: &KmsKey, kid: Option<&KeyId>, secrets: &Secrets) -> Result<SharedSigner, Error> {
    let work = async {
        let client = Client::new(&config(key, &secrets.kms).await);
        let public = public_key(&client, key).await?;
        Ok((client, public))
    };
    let (client, public) = within_limit(SERVICE, Box::pin(work)).await?;
    let place = Kms { client, runtime: Runtime::current(), key: key.clone() };
    Ok(Arc::new(Verified::new(place, &public, kid)?))
}

impl Place for Kms {
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
        if message.len() > MAX_KMS_MESSAGE {
            return Err(too_long(message.len()));
        }
        let request = self
            .client
            .sign()
            .key_id(&self.key.0)
            .message(Blob::new(message))
            .message_type(MessageType::Raw)
            .signing_algorithm(SigningAlgorithmSpec::from("ED25519_SHA_512"));
        let key = self.key.clone();
        self.runtime.wait(SERVICE, async move {
            let answer = request.send().await.map_err(|error| fault(&key, &error))?;
            signature(answer.signature().map_or(&[], AsRef::as_ref))
        })
    }
}

/// AWS's own settings, with TLS by ring, and with limits so that there is time for a second try.
async fn config(key: &KmsKey, access: &KmsAccess) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let limits = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(LIMIT / 2)
        .operation_timeout(LIMIT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(limits);
    if let Some(region) = key.region().or(access.region.as_deref()) {
        loader = loader.region(Region::new(region.to_owned()));
    }
    let config = loader.load().await;
    match &access.endpoint {
        Some(endpoint) => config.into_builder().endpoint_url(endpoint).build(),
        None => config,
    }
}

async fn public_key(client: &Client, key: &KmsKey) -> Result<Vec<u8>, Error> {
    let answer = client.get_public_key().key_id(&key.0).send().await.map_err(|error| fault(key, &error))?;
    let signs = answer.key_usage() == Some(&KeyUsageType::SignVerify);
    let spec = answer.key_spec().map_or("unknown", KeySpec::as_str);
    let bytes = answer.public_key().and_then(|blob| blob.as_ref().strip_prefix(SPKI));
    match bytes {
        Some(bytes) if signs => Ok(bytes.to_vec()),
        _ => Err(Error::refused(
            format!("{key} is a key of type {}, not ECC_NIST_EDWARDS25519 for signing", said(spec)),
            "make one with `aws kms create-key --key-spec ECC_NIST_EDWARDS25519 --key-usage SIGN_VERIFY`",
        )),
    }
}

fn too_long(length: usize) -> Error {
    Error::refused(
        format!("AWS KMS signs {MAX_KMS_MESSAGE} bytes at most, and this would be {length}"),
        "cover fewer modules by one license, or write them as a group (acme_*); sign long licenses and revocation lists \
         with a key in Vault, an HSM or a file, which have no such limit",
    )
}

fn fault<E: ProvideErrorMetadata + std::error::Error + 'static>(key: &KmsKey, error: &SdkError<E>) -> Error {
    match error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let code = answer.err().code().unwrap_or("an unknown error");
            answered(key, status, code, answer.err().message().unwrap_or_default())
        }
        SdkError::TimeoutError(_) => silent(SERVICE),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => silent(SERVICE),
        // Of what it has no word for, the client says whether it may be tried again.
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.as_other().is_some() => {
            let reason = innermost(error);
            Error::unavailable(
                format!("AWS KMS cannot be reached: {reason}"),
                "check the network and AWS_ENDPOINT_URL_KMS",
            )
        }
        SdkError::DispatchFailure(_) if credentials_may_come(error) => Error::unavailable(
            format!("{key}: the credentials for AWS KMS cannot be had: {}", innermost(error)),
            CREDENTIALS,
        ),
        SdkError::ResponseError(_) => Error::unavailable(
            "what was answered is no answer of AWS KMS",
            "check the network and AWS_ENDPOINT_URL_KMS",
        ),
        // No credentials, no region: whatever is said about it.
        _ => Error::refused(format!("{key}: AWS KMS cannot be asked: {}", innermost(error)), CREDENTIALS),
    }
}

/// Whether somebody has credentials for us, and did not give them this time: STS, the machine, a program.
fn credentials_may_come(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut reasons = std::iter::successors(Some(error), |reason| reason.source());
    let found = reasons.find_map(|reason| reason.downcast_ref::<CredentialsError>());
    found.is_some_and(|found| {
        !matches!(found, CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_))
    })
}

fn answered(key: &KmsKey, status: u16, code: &str, message: &str) -> Error {
    // The message of a wrong request repeats what was signed for it.
    let message = if code == "InvalidSignatureException" { "" } else { message };
    let told = format!("{key}: AWS KMS answered {}", said(&format!("{code} {message}")));
    let remedy = match code {
        _ if status >= 500 || is_throttling(code) => {
            return Error::unavailable(
                told,
                "look at AWS's health page and the quotas of the account; it is tried again",
            );
        }
        "DisabledException" => "enable it: `aws kms enable-key --key-id KEY`",
        "KMSInvalidStateException" => {
            "look at its state with `aws kms describe-key`; cancel a planned deletion, enable it"
        }
        "NotFoundException" => "check the id of the key, the account and AWS_REGION",
        "InvalidKeyUsageException" | "UnsupportedOperationException" | "ValidationException" => {
            "make one with `aws kms create-key --key-spec ECC_NIST_EDWARDS25519 --key-usage SIGN_VERIFY`"
        }
        _ => CREDENTIALS,
    };
    Error::refused(told, remedy)
}

fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded" | "SlowDown"
    )
}

/// The last of the reasons, which is the one that tells something.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    said(&reason.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> KmsKey {
        KmsKey("alias/acme".to_owned())
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for (status, code) in
            [(500, "KMSInternalException"), (500, "KeyUnavailableException"), (400, "ThrottlingException")]
        {
            assert!(answered(&key(), status, code, "").is_transient(), "{code}");
        }
        for code in ["AccessDeniedException", "DisabledException", "NotFoundException", "ExpiredTokenException"] {
            assert!(!answered(&key(), 400, code, "").is_transient(), "{code}");
        }
    }

    #[test]
    fn the_remedy_fits_what_was_answered() {
        assert!(answered(&key(), 400, "DisabledException", "").remedy().contains("enable-key"));
        assert!(answered(&key(), 400, "AccessDeniedException", "").remedy().contains("kms:Sign"));
    }

    #[test]
    fn what_a_wrong_request_repeats_is_not_shown() {
        let error = answered(&key(), 403, "InvalidSignatureException", "The String-to-Sign should have been hush");
        assert!(!error.to_string().contains("hush"));
    }
}
