"""What roots sign, with any claims: certificates of keys and lists of what is revoked."""

import base64
import dataclasses
import hashlib
import json
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from odoo_lab import vendor
from servers.licenses import Licenses, private_key
from support import DAY, Vendor, b64


@dataclasses.dataclass(frozen=True)
class Certified(Licenses):
    """A vendor that signs by a key which a root has certified.

    Attributes:
        certificate: what has to come with a license.
    """

    certificate: str

    def with_certificate(self, token: str) -> str:
        """Give a bundle of a license and the certificate."""
        return f"{self.certificate}\n{token}"


@dataclasses.dataclass(frozen=True)
class Root:
    """The holder of a root key that the servers trust."""

    vendor: Vendor

    def revocation_list(self, *revoked: str, seq: int, keys: tuple[str, ...] = (), **claims: object) -> str:
        """Sign a list.

        Args:
            revoked: the ``jti`` of each revoked license.
            seq: its number.
            keys: ids of revoked keys.
            claims: claims to put in or to replace.
        """
        return sign_list(self.vendor, *revoked, seq=seq, keys=keys, **claims)

    def certify(self, *use: str, **claims: object) -> Certified:
        """Make a key and certify it, for licenses unless told otherwise; it has been valid for 400 days."""
        key = Vendor(issuer=self.vendor.issuer)
        x = b64(key.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        key = dataclasses.replace(key, kid=thumbprint(x))
        said = {
            "iss": self.vendor.issuer,
            "iat": int(time.time()) - 400 * DAY,
            "kid": key.kid,
            "name": "lab-signing",
            "x": x,
            "use": list(use or ("license",)),
            **claims,
        }
        return Certified(key, self.vendor.sign(said, typ="aegis-key+jwt"))


def sign_list(signer: Vendor, *revoked: str, seq: int, keys: tuple[str, ...] = (), **claims: object) -> str:
    """Sign a list with any key; see ``Root.revocation_list``."""
    said = {
        "iss": signer.issuer,
        "iat": int(time.time()) - DAY,
        "seq": seq,
        "revoked": [b64(hashlib.sha256(jti.encode()).digest()[:16]) for jti in revoked],
        **({"revoked_keys": list(keys)} if keys else {}),
        **claims,
    }
    return signer.sign(said, typ="aegis-revocation+jwt")


def roots_of_the_lab() -> list[Root]:
    """Give the roots that the lab's wheel trusts, once there is such a wheel."""
    return [_root("keys", kid, vendor.ISSUER) for kid in vendor.ROOTS]


def root_of_the_partner() -> Root:
    """Give the root of the other vendor that it trusts."""
    return _root("partner", vendor.PARTNER_ROOT, vendor.PARTNER)


def claims_of(token: str) -> dict[str, Any]:
    """Read what a token says, without verifying it."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def jti_of(token: str) -> str:
    """Read the id of a license."""
    jti: str = claims_of(token)["jti"]
    return jti


def parts_of(bundle: str) -> tuple[str, str]:
    """Give the license and the certificate of a text that the ``aegis`` command has made."""
    tokens = [line for line in bundle.splitlines() if line.startswith("eyJ")]
    (license_,) = [token for token in tokens if "jti" in claims_of(token)]
    (certificate,) = [token for token in tokens if token != license_]
    return license_, certificate


def thumbprint(x: str) -> str:
    """Give the thumbprint of a public key (RFC 7638)."""
    return b64(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest())


def _root(place: str, kid: str, issuer: str) -> Root:
    file: Path = vendor.folder() / place / f"{kid}.private.pem"
    return Root(Vendor(issuer=issuer, kid=kid, private=private_key(file)))
