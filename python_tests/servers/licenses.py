"""Licenses of the lab's vendor with any claims, also such as its command refuses to issue."""

import dataclasses
import time
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from odoo_lab import vendor
from support import DAY, Vendor

MODULE = "aegis_demo"
SERIES = ("17", "18", "19")
CUSTOMER = "Azure Interior"


@dataclasses.dataclass(frozen=True)
class Licenses:
    """A vendor that the servers trust."""

    vendor: Vendor

    def license(
        self,
        days: float = 365,
        *,
        module: str = MODULE,
        versions: Sequence[str] = SERIES,
        customer: str = CUSTOMER,
        without: Iterable[str] = (),
        **claims: object,
    ) -> str:
        """Sign a subscription that ends ``days`` from now, and a minute so that "in 5 days" holds.

        Args:
            days: negative for one that has ended.
            module: the covered module.
            versions: the series of Odoo that it covers.
            customer: the customer's name.
            without: claims to leave out.
            claims: claims to put in or to replace.
        """
        now = int(time.time())
        values = {
            "jti": str(uuid.uuid4()),
            "iat": now - 400 * DAY,
            "exp": now + int(days * DAY) + 60,
            "customer": {"id": "LAB-1", "name": customer},
            "module": {"technical_name": module, "allowed_major_versions": list(versions)},
            **claims,
        }
        return self.vendor.license(without=without, typ="aegis-license+jwt", **values)

    def perpetual(self, updates_until: int, **claims: object) -> str:
        """Sign a license without end for releases before an instant, in Unix seconds."""
        claims = {"license_type": "perpetual", "updates_until": updates_until, **claims}
        return self.license(without=["exp"], **claims)  # type: ignore[arg-type]

    def revocation_list(self) -> str:
        """Sign a list of withdrawn licenses, which takes another key."""
        now = int(time.time())
        claims = {"iss": self.vendor.issuer, "iat": now, "seq": now, "revoked": []}
        return self.vendor.sign(claims, typ="aegis-revocation+jwt")


def of_the_lab() -> Licenses:
    """Give the vendor that the lab's wheel trusts, once there is such a wheel."""
    keys = vendor.folder() / "keys"
    file = next(path for path in keys.glob("lab-*.private.pem") if vendor.kid_of(path) not in vendor.ROOTS)
    return Licenses(Vendor(issuer=vendor.ISSUER, kid=vendor.kid_of(file), private=private_key(file)))


def private_key(file: Path) -> Ed25519PrivateKey:
    """Open a private key of the lab's."""
    passphrase = (vendor.folder() / "passphrase").read_bytes().strip()
    private = load_pem_private_key(file.read_bytes(), passphrase)
    assert isinstance(private, Ed25519PrivateKey)
    return private


def of_a_stranger() -> Licenses:
    """Give a vendor that no server trusts."""
    return Licenses(Vendor(issuer="Somebody Else", kid="unknown-2026"))


def wrapped(token: str, width: int = 60) -> str:
    """Break a token into lines, as mail programs do."""
    return "\n".join(token[at : at + width] for at in range(0, len(token), width))
