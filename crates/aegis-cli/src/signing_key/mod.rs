//! The key that signs, whose it is, and the limits its keyring sets.

mod certified;

use std::path::{Path, PathBuf};

use aegis_core::{Key, KeyUse, Keyring};
use aegis_issuer::keyfile::{
    KeyMetadata, KeyPaths, PRIVATE_SUFFIX, PrivateKey, look_at_private, read_certificates, read_metadata, read_private,
    read_public, thumbprint,
};
use aegis_issuer::revocation::RevocationBook;
use aegis_issuer::{Error, FileSigner, Signer as _};
use clap::Args;

use crate::failure::Failure;
use crate::key_folder::{self, KeyFolder};
use crate::keyrings;
use crate::output::{instant, warn};
use crate::passphrase::PassphraseArgs;

/// Which key signs.
#[derive(Debug, Clone, Args)]
pub(crate) struct SigningKeyArgs {
    /// The private key, KID.private.pem
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    #[arg(skip)]
    kid: Option<String>,
    /// The issuer that the key speaks for, where no .json file beside the key says it
    #[arg(long)]
    issuer: Option<String>,
    /// Folder with the keyring.toml whose limits for the key are to be kept (default: the key's folder, if it has one)
    #[arg(long, value_name = "DIR")]
    keyring: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Which key signs, and its id.
#[derive(Debug, Args)]
pub(crate) struct NamedKeyArgs {
    #[command(flatten)]
    key: SigningKeyArgs,
    /// The key's id, where the name of its file does not say it
    #[arg(long, value_name = "KID")]
    kid: Option<String>,
}

impl NamedKeyArgs {
    pub(crate) fn get(&self) -> SigningKeyArgs {
        SigningKeyArgs { kid: self.kid.clone(), ..self.key.clone() }
    }
}

/// A key ready to sign.
pub(crate) struct SigningKey {
    pub(crate) signer: FileSigner,
    pub(crate) issuer: String,
    /// What customers trust, the certificates of this key among it.
    pub(crate) keyring: Option<Keyring>,
    /// The same without certificates: what the wheels of customers hold.
    pub(crate) roots: Option<Keyring>,
    /// The key's certificates; none for a key that wheels trust by itself.
    pub(crate) certificates: Vec<String>,
    /// Whether it is a root.
    pub(crate) is_root: bool,
}

impl SigningKey {
    /// Refuses a key that is revoked: nobody would accept what it signs.
    pub(crate) fn check_not_revoked(&self, book: &RevocationBook) -> Result<(), Failure> {
        match book.of_key(&[self.signer.kid()])? {
            Some(revocation) => Err(Failure::new(
                format!("this key was revoked on {}: customers refuse what it signs", instant(revocation.at)),
                "sign with another key: `aegis keys rotate` makes one",
            )),
            None => Ok(()),
        }
    }
}

impl SigningKeyArgs {
    /// A root, named by one of its files or its id.
    pub(crate) fn of_root(paths: &KeyPaths, keyring: Option<PathBuf>, passphrase: PassphraseArgs) -> Self {
        Self { key: paths.private.clone(), kid: None, issuer: None, keyring, passphrase }
    }

    /// The folder of the key.
    pub(crate) fn folder(&self) -> &Path {
        self.key.parent().unwrap_or(Path::new(""))
    }

    /// The issuer that the key speaks for, and whether it is a root, before it is opened.
    pub(crate) fn look(&self) -> Result<(String, bool), Failure> {
        self.is_encrypted()?;
        let metadata = self.metadata()?;
        self.kid()?;
        Ok((self.issuer(metadata.as_ref())?, metadata.is_some_and(|metadata| metadata.is_root())))
    }

    /// Reads the key for one purpose, asking for its passphrase if need be, and warns of weaknesses.
    pub(crate) fn open(&self, purpose: KeyUse) -> Result<SigningKey, Failure> {
        let encrypted = self.is_encrypted()?;
        let (metadata, certificates) = (self.metadata()?, self.certificates()?);
        let kid = self.kid()?;
        let issuer = self.issuer(metadata.as_ref())?;
        let key = self.read(encrypted, metadata.as_ref())?;
        check_belonging(&kid, &key, KeyPaths::beside(&self.key).as_ref(), metadata.as_ref())?;
        if certificates.is_empty() {
            self.embedded(FileSigner::new(&kid, key)?, issuer, metadata.as_ref(), purpose)
        } else {
            self.certified(FileSigner::certified(key), issuer, certificates, &kid, purpose)
        }
    }

    /// A key that wheels trust by itself.
    fn embedded(
        &self,
        signer: FileSigner,
        issuer: String,
        metadata: Option<&KeyMetadata>,
        purpose: KeyUse,
    ) -> Result<SigningKey, Failure> {
        let keyring = self.keyring(&signer)?;
        if keyring.is_none() && !key_folder::may(metadata, purpose) {
            return Err(wrong_purpose(signer.kid(), metadata, purpose));
        }
        let known = keyring.as_ref().and_then(|keyring| keyring.get(signer.kid()));
        let is_root = known.map_or(metadata.is_some_and(KeyMetadata::is_root), Key::is_root);
        Ok(SigningKey { signer, issuer, roots: keyring.clone(), keyring, certificates: Vec::new(), is_root })
    }

    /// A key that a root has certified.
    fn certified(
        &self,
        signer: FileSigner,
        issuer: String,
        certificates: Vec<String>,
        name: &str,
        purpose: KeyUse,
    ) -> Result<SigningKey, Failure> {
        let roots = self.roots(&issuer)?;
        let keyring = certified::trusting(&roots, &certificates, signer.kid(), name, purpose)?;
        Ok(SigningKey { signer, issuer, roots: Some(roots), keyring: Some(keyring), certificates, is_root: false })
    }

    fn certificates(&self) -> Result<Vec<String>, Failure> {
        match KeyPaths::beside(&self.key) {
            Some(paths) => Ok(read_certificates(&paths.certificate)?),
            None => Ok(Vec::new()),
        }
    }

    fn metadata(&self) -> Result<Option<KeyMetadata>, Failure> {
        match KeyPaths::beside(&self.key) {
            Some(paths) => Ok(read_metadata(&paths.metadata)?),
            None => Ok(None),
        }
    }

    /// The keyring that knows the roots by which the key was certified.
    fn roots(&self, issuer: &str) -> Result<Keyring, Failure> {
        let folder = self.keyring.as_deref().unwrap_or(keyrings::folder_of(&self.key));
        KeyFolder::read(folder)?.trusted(issuer)?.ok_or_else(|| {
            let remedy =
                "put the public key and the .json file of its root beside it, or name the folder with --keyring";
            Failure::new(
                format!("{} has no root of {issuer:?}, by which this key was certified", folder.display()),
                remedy,
            )
        })
    }

    /// The file's name says it, as that of the public key does in wheels.
    fn kid(&self) -> Result<String, Failure> {
        let name = self.key.file_name().and_then(|name| name.to_str());
        let known = name.and_then(|name| name.strip_suffix(PRIVATE_SUFFIX)).map(str::to_owned);
        agreed("--kid", "key id", self.kid.as_ref(), known)
    }

    fn issuer(&self, metadata: Option<&KeyMetadata>) -> Result<String, Failure> {
        agreed("--issuer", "issuer", self.issuer.as_ref(), metadata.map(|metadata| metadata.issuer.clone()))
    }

    /// Whether it takes a passphrase; and before anything else is said, that there is a private key at all.
    fn is_encrypted(&self) -> Result<bool, Failure> {
        match look_at_private(&self.key) {
            Ok((encrypted, _)) => Ok(encrypted),
            Err(Error::InFile { .. }) if read_public(&self.key).is_ok() => {
                let private = KeyPaths::beside(&self.key).map(|paths| paths.private.display().to_string());
                Err(Failure::usage(
                    format!("{} is the public key", self.key.display()),
                    format!("name {}", private.as_deref().unwrap_or("KID.private.pem")),
                ))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn read(&self, encrypted: bool, metadata: Option<&KeyMetadata>) -> Result<PrivateKey, Failure> {
        let name = self.key.display().to_string();
        let is_root = metadata.is_some_and(KeyMetadata::is_root);
        let source = if is_root { self.passphrase.for_root() } else { self.passphrase.clone() };
        let passphrase = if encrypted { Some(source.get(&name)?) } else { None };
        let stored = read_private(&self.key, passphrase.as_ref())?;
        for weakness in stored.weaknesses {
            warn(format!("{name}: {weakness}"));
        }
        Ok(stored.key)
    }

    /// The keyring that knows the key. One that was asked for has to; one that happens to lie there need not.
    fn keyring(&self, signer: &FileSigner) -> Result<Option<Keyring>, Failure> {
        let knows =
            |keyring: &Keyring| keyring.get(signer.kid()).is_some_and(|key| key.parts().public == signer.public_key());
        let Some(folder) = &self.keyring else {
            return Ok(keyrings::of_folder(keyrings::folder_of(&self.key))?.filter(knows));
        };
        let keyring = keyrings::of_folder(folder)?;
        match keyring.filter(knows) {
            Some(keyring) => Ok(Some(keyring)),
            None => Err(Failure::new(
                format!("the keyring in {} does not have this key as {}", folder.display(), signer.kid()),
                "add the public key and its entry in keyring.toml, or leave --keyring out",
            )),
        }
    }
}

fn wrong_purpose(name: &str, metadata: Option<&KeyMetadata>, purpose: KeyUse) -> Failure {
    if metadata.is_some_and(KeyMetadata::is_root) {
        return Failure::new(
            format!("{name} is a root: it certifies keys and signs revocation lists, and nothing else"),
            format!("sign with a key that it has certified: `aegis keys certify NAME --root {name}`"),
        );
    }
    let what = format!("{name} is no key for this: its metadata does not name the use {:?}", purpose.as_str());
    Failure::new(
        what,
        match purpose {
            KeyUse::Certify => "name a root, made with `aegis keys generate --root`".to_owned(),
            _ => format!(
                "sign with a root, or let a root certify it: `aegis keys certify {name} --root ROOT --use license,revocation`; where wheels trust the key for it, name their keyring with --keyring"
            ),
        },
    )
}

/// What the flag says and what the files say must not contradict each other.
fn agreed(flag: &str, what: &str, said: Option<&String>, known: Option<String>) -> Result<String, Failure> {
    match (said, known) {
        (Some(said), Some(known)) if *said != known => {
            let remedy = format!("leave {flag} out, or name the right key");
            Err(Failure::usage(format!("{flag} says {said:?}, but the {what} of this key is {known:?}"), remedy))
        }
        (Some(value), _) => Ok(value.clone()),
        (None, Some(value)) => Ok(value),
        (None, None) => Err(Failure::usage(
            format!("the {what} of this key is not known: its files do not say it"),
            format!("give {flag}, or keep the three files of the key together under their names"),
        )),
    }
}

/// What lies beside the private key must belong to it: else customers could not verify what it signs.
fn check_belonging(
    kid: &str,
    key: &PrivateKey,
    paths: Option<&KeyPaths>,
    metadata: Option<&KeyMetadata>,
) -> Result<(), Failure> {
    let Some(paths) = paths else { return Ok(()) };
    if let Some(metadata) = metadata.filter(|metadata| metadata.kid != kid) {
        let path = paths.metadata.display();
        return Err(Failure::new(
            format!("{path} says that the key id is {:?}, but the name of the file says {kid:?}", metadata.kid),
            "give the key's files the key id as their names, or correct the .json file",
        ));
    }
    if metadata.is_some_and(|metadata| metadata.thumbprint != thumbprint(&key.public_key())) {
        return Err(Error::PairMismatch { path: paths.metadata.clone() }.into());
    }
    if paths.public.exists() && read_public(&paths.public)? != key.public_key() {
        return Err(Error::PairMismatch { path: paths.public.clone() }.into());
    }
    Ok(())
}
