//! Ed25519 keys and the files each is kept in.
//!
//! | file | mode | content |
//! | --- | --- | --- |
//! | `<kid>.private.pem` | 0600 | PKCS#8 v1 (RFC 5208, RFC 8410 §7), encrypted with PBES2 (RFC 8018 §6.2) unless told otherwise |
//! | `<kid>.public.pem` | 0644 | `SubjectPublicKeyInfo` (RFC 8410 §4) |
//! | `<kid>.json` | 0644 | [`KeyMetadata`] |
//! | `<kid>.certificate` | 0644 | where a root has certified the key: its certificates, one a line |

mod certificates;
mod files;
mod id;
mod metadata;
mod private;
mod public;
mod weakness;

pub use aegis_core::thumbprint;
pub use certificates::{add_certificate, read_certificates};
pub(crate) use files::sync_parent;
pub use files::{
    CERTIFICATE_SUFFIX, KeyPaths, NewKey, PRIVATE_SUFFIX, PUBLIC_SUFFIX, StoredKey, copy_public, look_at_private,
    read_private, read_public, write_new,
};
pub use id::{KeyId, check_issuer};
pub use metadata::{KeyMetadata, read_metadata};
pub use private::{Passphrase, PrivateKey, Protection};
pub use public::{public_from_pem, public_to_pem};
pub use weakness::{MIN_PBKDF2_ITERATIONS, Weakness};
