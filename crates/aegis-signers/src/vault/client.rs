//! HTTP to Vault: one question, one answer, nothing repeated.

use std::fmt;
use std::fs;
use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{Failure, read};
use crate::waiting::LIMIT;
use crate::{Error, VaultAccess};

/// How it is called in errors.
pub(super) const SERVICE: &str = "Vault";

const ADDRESS: &str = "set VAULT_ADDR to https://HOST:PORT (http:// on this machine), without user name and path";

/// Where Vault is.
pub(super) struct Client {
    http: reqwest::Client,
    address: Url,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Client({})", self.address)
    }
}

impl Client {
    /// The client for the address and the certificates that the settings name.
    pub(super) fn new(access: &VaultAccess) -> Result<Self, Error> {
        let address = address(access)?;
        let fault = |_| Error::setting("no HTTP client can be made for Vault", "check VAULT_ADDR and VAULT_CACERT");
        let builder = reqwest::Client::builder()
            .timeout(LIMIT)
            .connect_timeout(LIMIT / 2)
            // A redirect would carry the token to another server.
            .redirect(Policy::none())
            .default_headers(headers(access)?)
            .tls_backend_preconfigured(tls(access, address.scheme() == "https")?);
        // A proxy would read the token where there is no TLS.
        let builder = if address.scheme() == "http" { builder.no_proxy() } else { builder };
        Ok(Self { http: builder.build().map_err(fault)?, address })
    }

    /// Asks for `path` below `/v1/`: by POST if there is a body.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&SecretString>,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, Failure> {
        let mut address = self.address.clone();
        address.set_path(&format!("/v1/{path}"));
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let request = self.http.request(method, address);
        let request = body.into_iter().fold(request, RequestBuilder::json);
        let request = token.into_iter().fold(request, with_token);
        read(request.send().await.map_err(|error| Failure::silent(&error))?).await
    }
}

fn with_token(request: RequestBuilder, token: &SecretString) -> RequestBuilder {
    match HeaderValue::from_str(token.expose_secret()) {
        Ok(mut value) => {
            value.set_sensitive(true);
            request.header("X-Vault-Token", value)
        }
        // No token has such characters: Vault will say that it may not.
        Err(_) => request,
    }
}

fn address(access: &VaultAccess) -> Result<Url, Error> {
    let text = access.address.as_deref().ok_or_else(|| Error::setting("VAULT_ADDR is missing", ADDRESS))?;
    let url = Url::parse(text).map_err(|_| Error::setting("VAULT_ADDR is no address", ADDRESS))?;
    let plain = url.username().is_empty() && url.password().is_none() && matches!(url.path(), "" | "/");
    let known = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    let bare = url.query().is_none() && url.fragment().is_none();
    if plain && known && bare { Ok(url) } else { Err(Error::setting("VAULT_ADDR is no address of a server", ADDRESS)) }
}

fn headers(access: &VaultAccess) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    headers.insert("X-Vault-Request", HeaderValue::from_static("true"));
    if let Some(namespace) = &access.namespace {
        let fault = |_| Error::setting("VAULT_NAMESPACE has characters that no namespace has", "correct it");
        headers.insert("X-Vault-Namespace", HeaderValue::from_str(namespace).map_err(fault)?);
    }
    Ok(headers)
}

/// TLS by ring, named here, so that no other part of the program decides which library it is.
fn tls(access: &VaultAccess, needed: bool) -> Result<ClientConfig, Error> {
    let roots = match &access.ca_file {
        Some(path) => {
            let fault = |reason: String| {
                let what = format!("cannot read the certificates in {}: {reason}", path.display());
                Error::setting(what, "set VAULT_CACERT to a PEM file with the certificate of the authority")
            };
            let pem = fs::read(path).map_err(|error| fault(error.to_string()))?;
            let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
            trusted(found.map_err(|_| fault("it is no PEM".to_owned()))?)
                .ok_or_else(|| fault("there is none".to_owned()))?
        }
        None if needed => trusted(rustls_native_certs::load_native_certs().certs).ok_or_else(|| {
            Error::setting("this system trusts no certificates", "install ca-certificates, or set VAULT_CACERT")
        })?,
        None => RootCertStore::empty(),
    };
    let fault = |_| Error::setting("TLS cannot be set up", "report this with the version of aegis");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(fault)?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

fn trusted(certificates: Vec<CertificateDer<'_>>) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates);
    (added > 0).then_some(roots)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn access(address: &str) -> VaultAccess {
        VaultAccess { address: Some(address.to_owned()), ..VaultAccess::default() }
    }

    fn refused(access: &VaultAccess, what: &str) {
        let error = Client::new(access).unwrap_err();
        assert!(matches!(error, Error::Setting { .. }) && error.to_string().contains(what), "{error}");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }

    #[test]
    fn vault_without_an_address_is_refused() {
        refused(&VaultAccess::default(), "VAULT_ADDR is missing");
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        let wrong =
            ["vault", "ftp://v", "https://u:hush@v", "https://v/ui", "https://v?hush=1", "https://v#hush", "unix:/v"];
        for address in wrong {
            refused(&access(address), "VAULT_ADDR is no address");
        }
        assert!(Client::new(&access("http://127.0.0.1:8200/")).is_ok());
    }

    #[test]
    fn certificates_that_cannot_be_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let with = |path: PathBuf| VaultAccess { ca_file: Some(path), ..access("https://v:8200") };
        refused(&with(path.clone()), "cannot read the certificates");
        fs::write(&path, "nothing").unwrap();
        refused(&with(path.clone()), "there is none");
        fs::write(&path, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
        refused(&with(path), "it is no PEM");
    }

    #[test]
    fn a_namespace_that_is_none_is_refused() {
        refused(&VaultAccess { namespace: Some("a\nb".to_owned()), ..access("http://v") }, "VAULT_NAMESPACE");
    }
}
