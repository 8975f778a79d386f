//! What is weak about a key file: reported to the caller, who tells people. Nothing here refuses.

use std::fmt;

use pkcs8::pkcs5::pbes2::{Kdf, Parameters, Pbkdf2Prf};

/// The iterations of PBKDF2-HMAC-SHA256 with which private keys are encrypted, and below which a file is called weak.
pub const MIN_PBKDF2_ITERATIONS: u32 = 600_000;

/// scrypt's least cost parameter `N` that is not called weak (with `r` = 8).
const MIN_SCRYPT_COST: u64 = 1 << 14;
const MIN_SCRYPT_BLOCK: u16 = 8;

/// One weakness of a private key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weakness {
    /// The file is not encrypted.
    Unencrypted,
    /// PBKDF2 with this many iterations, fewer than 600,000.
    FewIterations(u32),
    /// PBKDF2 with HMAC-SHA-1.
    Sha1,
    /// scrypt with a cost `N` below 2^14 or a block size `r` below 8.
    CheapScrypt {
        /// Cost parameter `N`.
        cost: u64,
        /// Block size `r`.
        block: u16,
    },
    /// Others than the owner can read or write the file; its permission bits.
    OpenMode(u32),
}

impl fmt::Display for Weakness {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unencrypted => {
                write!(out, "the private key is not encrypted: whoever can read the file can sign licenses")
            }
            Self::FewIterations(count) => {
                write!(
                    out,
                    "the passphrase is stretched with only {count} PBKDF2 iterations; {MIN_PBKDF2_ITERATIONS} are usual"
                )
            }
            Self::Sha1 => write!(out, "the passphrase is stretched with HMAC-SHA-1; HMAC-SHA-256 is usual"),
            Self::CheapScrypt { cost, block } => {
                write!(
                    out,
                    "the passphrase is stretched with scrypt N={cost} r={block}; N={MIN_SCRYPT_COST} r=8 is the least usual"
                )
            }
            Self::OpenMode(mode) => {
                write!(out, "other users may read or write the file (mode {mode:04o}): `chmod 600` it")
            }
        }
    }
}

/// What is weak about the encryption of a private key.
pub(super) fn of_encryption(parameters: &Parameters) -> Vec<Weakness> {
    let mut found = Vec::new();
    match &parameters.kdf {
        Kdf::Pbkdf2(kdf) => {
            if kdf.iteration_count < MIN_PBKDF2_ITERATIONS {
                found.push(Weakness::FewIterations(kdf.iteration_count));
            }
            if kdf.prf == Pbkdf2Prf::HmacWithSha1 {
                found.push(Weakness::Sha1);
            }
        }
        Kdf::Scrypt(kdf) if kdf.cost_parameter < MIN_SCRYPT_COST || kdf.block_size < MIN_SCRYPT_BLOCK => {
            found.push(Weakness::CheapScrypt { cost: kdf.cost_parameter, block: kdf.block_size });
        }
        _ => {}
    }
    found
}
