//! The key that signs, whose it is, and the limits its keyring sets.

use std::path::{Path, PathBuf};

use aegis_core::Keyring;
use aegis_issuer::keyfile::{
    KeyMetadata, KeyPaths, PRIVATE_SUFFIX, PrivateKey, look_at_private, read_metadata, read_private, read_public,
    thumbprint,
};
use aegis_issuer::{Error, FileSigner, Signer as _};
use clap::Args;

use crate::failure::Failure;
use crate::keyrings;
use crate::output::warn;
use crate::passphrase::PassphraseArgs;

/// Which key signs.
#[derive(Debug, Args)]
pub(super) struct SigningKeyArgs {
    /// The private key, KID.private.pem
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
    /// The key's id, where the name of its file does not say it
    #[arg(long, value_name = "KID")]
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

/// A key ready to sign.
pub(super) struct SigningKey {
    pub(super) signer: FileSigner,
    pub(super) issuer: String,
    pub(super) keyring: Option<Keyring>,
}

impl SigningKeyArgs {
    /// The folder of the key.
    pub(super) fn folder(&self) -> &Path {
        self.key.parent().unwrap_or(Path::new(""))
    }

    /// Reads the key, asking for its passphrase if need be, and warns of weaknesses.
    pub(super) fn open(&self) -> Result<SigningKey, Failure> {
        let encrypted = self.is_encrypted()?;
        let paths = KeyPaths::beside(&self.key);
        let metadata = match &paths {
            Some(paths) => read_metadata(&paths.metadata)?,
            None => None,
        };
        let kid = self.kid()?;
        let issuer = self.issuer(metadata.as_ref())?;
        let key = self.read(encrypted)?;
        check_belonging(&kid, &key, paths.as_ref(), metadata.as_ref())?;
        let signer = FileSigner::new(&kid, key)?;
        let keyring = self.keyring(&signer)?;
        Ok(SigningKey { signer, issuer, keyring })
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

    fn read(&self, encrypted: bool) -> Result<PrivateKey, Failure> {
        let name = self.key.display().to_string();
        let passphrase = if encrypted { Some(self.passphrase.get(&name)?) } else { None };
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
    if metadata.is_some_and(|metadata| metadata.thumbprint != thumbprint(key.public_key())) {
        return Err(Error::PairMismatch { path: paths.metadata.clone() }.into());
    }
    if paths.public.exists() && read_public(&paths.public)? != key.public_key() {
        return Err(Error::PairMismatch { path: paths.public.clone() }.into());
    }
    Ok(())
}
