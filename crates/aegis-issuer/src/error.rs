//! The one error type of this crate: a sentence saying what went wrong, and a remedy.

use std::io;
use std::path::{Path, PathBuf};

use crate::signer::SignError;

/// Everything that can go wrong while making keys, licenses and ledgers.
///
/// `Display` says what happened, [`Error::remedy`] what to do about it. Neither ever contains a secret or a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading or writing a file failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was being done: `read`, `write`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of a key that is to be written is there already.
    #[error("{} exists already, and nothing is ever overwritten", path.display())]
    FileExists {
        /// The file in the way.
        path: PathBuf,
    },
    /// A file of a key that is larger than any such file is.
    #[error("{} is larger than 64 KiB: it is no key file", path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
    },
    /// An error about the content of a file.
    #[error("{}: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// A key id with characters outside `[A-Za-z0-9._-]`, too long, or not starting with a letter or digit.
    #[error("{0:?} cannot be a key id")]
    BadKeyId(String),
    /// An issuer name that is empty, too long or has control characters.
    #[error("{0:?} cannot be an issuer")]
    BadIssuer(String),
    /// A private key was to be encrypted with an empty passphrase.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The private key is encrypted and no passphrase was given.
    #[error("the private key is encrypted, and no passphrase was given")]
    PassphraseNeeded,
    /// Decryption failed.
    #[error("the passphrase does not open this private key")]
    WrongPassphrase,
    /// The text is not a PEM-encoded PKCS#8 private key.
    #[error("this is not a private key in PKCS#8 PEM form: {0}")]
    NotAPrivateKey(&'static str),
    /// The text is not a PEM-encoded Ed25519 public key.
    #[error("this is not an Ed25519 public key in SPKI PEM form")]
    NotAPublicKey,
    /// A key of another algorithm (RSA, EC, …).
    #[error("the key is not an Ed25519 key")]
    NotEd25519,
    /// The public key inside the file (PKCS#8 v2) is not the one of the private key.
    #[error("the private key is damaged: its two halves do not belong together")]
    DamagedKey,
    /// The private key is encrypted in a way that is not read here (3DES, PBES1, …).
    #[error("the private key is encrypted in an outdated or unknown way")]
    UnsupportedEncryption,
    /// The file asks for an unreasonable amount of work or memory before it opens.
    #[error("opening this private key would cost too much time or memory ({0})")]
    TooCostly(String),
    /// The private key does not belong to the public key or metadata beside it.
    #[error("{} does not belong to this private key", path.display())]
    PairMismatch {
        /// The file that disagrees.
        path: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random numbers")]
    Random,
    /// Encoding a key failed; does not happen with keys made here.
    #[error("the key could not be encoded")]
    Encode,
    /// A text that is neither `YYYY-MM-DD` nor an RFC 3339 instant.
    #[error("{0:?} is not a date")]
    BadDate(String),
    /// A time outside 1970-01-01 … 9999-12-31, or a number of days that leads there.
    #[error("the time lies outside the years 1970 to 9999")]
    TimeOutOfRange,
    /// A license request that must not be signed: the claim concerned and the reason.
    #[error("the license cannot be issued: {claim}: {reason}")]
    BadRequest {
        /// The claim concerned, as it is called in the token.
        claim: &'static str,
        /// What is wrong with it.
        reason: String,
        /// What to ask for instead.
        remedy: &'static str,
    },
    /// The request is not the JSON object expected.
    #[error("the license request is not understood: {0}")]
    BadJson(String),
    /// The metadata of a key is not the JSON object expected.
    #[error("the metadata of the key is not understood: {0}")]
    BadMetadata(String),
    /// The signer failed.
    #[error("signing failed: {0}")]
    Sign(#[from] SignError),
    /// A certificate that must not be signed.
    #[error("the key cannot be certified: {reason}")]
    BadCertificate {
        /// Why.
        reason: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// An issuer has revoked more licenses than a list can name.
    #[error("the list would name {0} licenses, and customers read lists of 20,000")]
    ListTooLong(usize),
    /// A license that our own keys did not sign.
    #[error("it cannot be made sure that the license is ours: {0}")]
    NotOurs(String),
    /// What was put together for a customer would not be understood by their Odoo.
    #[error("the text for the customer was not handed out: {0}")]
    BadBundle(String),
    /// What was freshly signed was refused by the verifier that customers run.
    #[error("what was signed was not handed out, because the verifier refuses it: {0}")]
    VerifierRefuses(String),
    /// The verifier read something else than was asked for.
    #[error("what was signed was not handed out, because its {0} differs from what was asked")]
    NotAsAsked(&'static str),
    /// A text that is no license token.
    #[error("this is not a license token: {0}")]
    NotAToken(String),
    /// A line of a journal that is none of its entries.
    #[error("line {line} of {file} is not readable: {reason}")]
    BadLine {
        /// What the file is called, such as `the ledger`.
        file: &'static str,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// What the reader can do about it, in one sentence.
    #[must_use]
    pub fn remedy(&self) -> &str {
        match self {
            Self::Io { source, .. } => io_remedy(source),
            Self::InFile { source, .. } => source.remedy(),
            Self::BadRequest { remedy, .. } | Self::BadCertificate { remedy, .. } => remedy,
            Self::FileExists { .. } => {
                "choose another key id or folder, or move the old files away yourself; a run that was interrupted may have left them, empty or not"
            }
            Self::FileTooLarge { .. } => "give the file of the key itself",
            Self::BadKeyId(_) => {
                "use 1 to 64 characters of A-Z a-z 0-9 . _ - that begin with a letter or digit, such as acme-2027-01"
            }
            Self::BadIssuer(_) => "use 1 to 128 characters without line breaks, such as acme.example",
            Self::EmptyPassphrase => "give a passphrase, or say --no-passphrase if the file is protected otherwise",
            Self::PassphraseNeeded => {
                "give it with --passphrase-file FILE or in the environment variable AEGIS_PASSPHRASE"
            }
            Self::WrongPassphrase => {
                "check the passphrase; if it is surely right, the file is damaged: restore it from a backup"
            }
            Self::NotAPrivateKey(_) => {
                "give the file that ends in .private.pem; `openssl pkey -in FILE` converts other forms"
            }
            Self::NotAPublicKey => {
                "give the file that ends in .public.pem; `openssl pkey -in PRIVATE -pubout` makes it again"
            }
            Self::NotEd25519 => "make an Ed25519 key with `aegis keys generate`",
            Self::DamagedKey => "restore the file from a backup",
            Self::UnsupportedEncryption => {
                "encrypt it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 600000 -in OLD -out NEW`"
            }
            Self::TooCostly(_) => {
                "do not open key files of unknown origin; encrypt your own key again with common parameters"
            }
            Self::PairMismatch { .. } => {
                "keep the files of one key together under one name; restore them from a backup"
            }
            Self::Random => "try again on a healthy machine; no key was made",
            Self::Encode | Self::NotAsAsked(_) => "report this with the version of aegis",
            Self::BadDate(_) => "write a day as 2027-03-01, or an instant as 2027-03-01T12:00:00Z",
            Self::TimeOutOfRange => "choose a nearer date or fewer days",
            Self::BadJson(_) => "compare the request with the claims in the documentation of the token format",
            Self::BadMetadata(_) => {
                "restore the .json file from a backup, or move it away and say with --issuer what it said"
            }
            Self::Sign(_) => "check that the key is there and that it may be used, then try again",
            Self::VerifierRefuses(_) => {
                "correct what the sentence names; the limits of a key stand in keyring.toml and in its certificate"
            }
            Self::ListTooLong(_) => "revoke the key that signed them, by a list of a root: `aegis revoke add --kid`",
            Self::NotOurs(_) => {
                "put the public key, or the certificate, of the key that signed it into the folder of keys"
            }
            Self::BadBundle(_) => "put fewer licenses into one text",
            Self::NotAToken(_) => "give the whole text of it, which begins with eyJ",
            Self::BadLine { .. } => "repair or remove that line by hand, from a backup if there is one",
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn in_file(path: &Path) -> impl FnOnce(Self) -> Self {
        let path = path.to_owned();
        move |source| Self::InFile { path, source: Box::new(source) }
    }
}

fn io_remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => "check who owns the file or folder and who may read and write it",
        io::ErrorKind::StorageFull => "make room on the disk and try again",
        _ => "check the disk and the path, then try again",
    }
}
