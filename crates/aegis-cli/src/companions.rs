//! What a customer needs beside a license: the certificate of the key that signed it, and the newest revocation lists.

use std::path::Path;

use aegis_core::Keyring;
use aegis_issuer::ledger::LedgerEntry;
use aegis_issuer::revocation::{KeptList, KeptLists, LISTS_FOLDER};
use aegis_issuer::{Part, UnverifiedCertificate, bundle, certificate_for, dates};

use crate::failure::Failure;
use crate::key_folder::KeyFolder;

const INTRODUCTION: &str = "Paste all of this into Settings > AEGIS License of your Odoo. Keep every line.\n\n";

/// What is written above what a wheel brings along.
const WHEEL_INTRODUCTION: &str = "What the wheel brings along: trust.jwt in the folder of its public keys.\n\n";

/// A text for a customer.
pub(crate) fn text(parts: &[Part]) -> Result<String, Failure> {
    Ok(format!("{INTRODUCTION}{}", bundle(parts)?))
}

/// The text that is built into a wheel.
pub(crate) fn text_for_wheel(parts: &[Part]) -> Result<String, Failure> {
    Ok(format!("{WHEEL_INTRODUCTION}{}", bundle(parts)?))
}

/// A license under its heading.
pub(crate) fn license(entry: &LedgerEntry) -> Part {
    let ends = entry.exp.map_or_else(|| "without end".to_owned(), |exp| format!("until {}", dates::format_utc(exp)));
    Part::new(format!("License {} for {}, {ends}", entry.jti, entry.modules.join(", ")), &entry.token)
}

/// A certificate under its heading.
pub(crate) fn certificate(token: &str) -> Part {
    let heading = match UnverifiedCertificate::decode(token) {
        Ok(stated) => format!("Certificate of the key {}, which is needed to read what it signed", stated.name),
        Err(_) => "Certificate of a key".to_owned(),
    };
    Part::new(heading, token)
}

/// A revocation list under its heading.
pub(crate) fn list(iat: i64, seq: i64, token: &str) -> Part {
    Part::new(format!("Revocation list {seq} of {}", dates::format_utc(iat)), token)
}

/// Where certificates and lists are taken from.
pub(crate) struct Companions {
    folder: KeyFolder,
    lists: Vec<KeptList>,
}

impl Companions {
    /// Those of a folder of keys, and the lists beside a ledger.
    pub(crate) fn read(keys: &Path, ledger: &Path) -> Result<Self, Failure> {
        let lists = ledger.parent().unwrap_or(Path::new("")).join(LISTS_FOLDER);
        Ok(Self { folder: KeyFolder::read(keys)?, lists: KeptLists::at(lists).read()? })
    }

    /// What the customer needs beside these licenses, certificates first.
    pub(crate) fn of(&self, licenses: &[LedgerEntry]) -> Result<Vec<Part>, Failure> {
        let mut issuers: Vec<&str> = licenses.iter().map(|entry| entry.iss.as_str()).collect();
        issuers.dedup();
        let lists: Vec<&KeptList> = issuers.iter().flat_map(|issuer| KeptList::in_force(&self.lists, issuer)).collect();
        let signed = licenses.iter().map(|entry| (&entry.token, &entry.kid, &entry.iss));
        let signed = signed.chain(lists.iter().map(|list| (&list.token, &list.kid, &list.iss)));
        let mut parts = Vec::new();
        for (token, kid, issuer) in signed {
            parts.extend(self.certificate(token, kid, issuer)?.map(certificate));
        }
        parts.extend(lists.iter().map(|found| list(found.iat, found.seq, &found.token)));
        Ok(parts)
    }

    /// The newest lists of all issuers and their certificates.
    pub(crate) fn of_nobody(&self) -> Result<Vec<Part>, Failure> {
        let mut issuers: Vec<&str> = self.lists.iter().map(|list| list.iss.as_str()).collect();
        issuers.sort_unstable();
        issuers.dedup();
        let mut parts = Vec::new();
        for found in issuers.iter().flat_map(|issuer| KeptList::in_force(&self.lists, issuer)) {
            parts.extend(self.certificate(&found.token, &found.kid, &found.iss)?.map(certificate));
            parts.push(list(found.iat, found.seq, &found.token));
        }
        Ok(parts)
    }

    /// The certificate by which customers can read what `kid` signed; `None` where wheels trust the key by itself.
    fn certificate(&self, token: &str, kid: &str, issuer: &str) -> Result<Option<&str>, Failure> {
        let own: Vec<String> = self.folder.certificates_of(kid).map(|(certificate, _)| certificate.clone()).collect();
        if own.is_empty() {
            return if self.is_embedded(kid, issuer)? { Ok(None) } else { Err(no_certificate(kid)) };
        }
        let Some(roots) = self.folder.trusted(issuer)? else { return Err(no_root(issuer)) };
        match certificate_for(token, &own, &roots) {
            Some(serving) => Ok(self.folder.certificates.iter().map(String::as_str).find(|known| *known == serving)),
            None => Err(does_not_verify(self.folder.name_of(kid))),
        }
    }

    /// Whether wheels trust the key by this id: it is a key of the folder, or its id is the name of one.
    fn is_embedded(&self, kid: &str, issuer: &str) -> Result<bool, Failure> {
        let by_name = self.folder.keys.iter().any(|key| key.name == kid);
        let in_keyring = |keyring: Keyring| keyring.get(kid).is_some();
        Ok(by_name || !is_thumbprint(kid) || self.folder.trusted(issuer)?.is_some_and(in_keyring))
    }
}

/// Whether a key id has the form of a thumbprint, as the ids of certified keys have: 32 bytes in base64url.
pub(crate) fn is_thumbprint(kid: &str) -> bool {
    kid.len() == 43 && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn no_certificate(kid: &str) -> Failure {
    Failure::new(
        format!("the certificate of the key {kid} is not here, and customers could not read what it signed"),
        "put the file NAME.certificate of that key into the folder, or name its folder with --keys",
    )
}

fn no_root(issuer: &str) -> Failure {
    Failure::new(
        format!("the folder of keys has no root of {issuer:?}"),
        "put the root's .public.pem and .json there, or name the folder with --keys",
    )
}

fn does_not_verify(name: &str) -> Failure {
    Failure::new(
        format!("no certificate of {name} covers what it signed"),
        "check the windows with `aegis keys show`, and whether the public key of the root lies beside them",
    )
}
