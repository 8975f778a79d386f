"""A throw-away vendor, made with PyJWT and ``cryptography``: no code is shared with the wheel."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aegis_license as aegis
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

DAY = 24 * 60 * 60
NOW = 1_790_000_000
"""The present of most tests, in Unix seconds (September 2026)."""

MODULE = "biz4a_payroll"
VERSION = "18.0"
DATABASE_UUID = "a3f1c6de-0d3c-4a53-9d1c-2f64a7f1f5b0"
DOMAIN = "acme.odoo.com"

REFUSALS: dict[str, type[aegis.LicenseError]] = {
    "missing": aegis.MissingError,
    "malformed": aegis.MalformedError,
    "unsupported": aegis.UnsupportedError,
    "unknown_key": aegis.UnknownKeyError,
    "bad_signature": aegis.BadSignatureError,
    "wrong_issuer": aegis.WrongIssuerError,
    "wrong_module": aegis.WrongModuleError,
    "wrong_odoo_version": aegis.WrongOdooVersionError,
    "revoked": aegis.RevokedError,
    "wrong_instance": aegis.WrongInstanceError,
    "not_yet_valid": aegis.NotYetValidError,
    "expired": aegis.ExpiredError,
    "updates_ended": aegis.UpdatesEndedError,
}
"""The exception class of each reason code that is a refusal."""


def b64(data: bytes) -> str:
    """Encode as base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def pem_of(public: Ed25519PublicKey) -> str:
    """Write a public key as SPKI PEM (RFC 8410 section 4)."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True)
class Vendor:
    """An issuer with one fresh key that is never written anywhere."""

    issuer: str = "Example Vendor"
    kid: str = "aegis-2026-01"
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def pem(self) -> str:
        """The public key."""
        return pem_of(self.private.public_key())

    def keyring(
        self,
        *,
        use: Sequence[str] = ("license",),
        modules: Sequence[str] | None = None,
        not_before: int | None = None,
        not_after: int | None = None,
    ) -> aegis.Keyring:
        """Trust this vendor, within limits."""
        return aegis.Keyring.from_pem(
            {self.kid: self.pem},
            issuer=self.issuer,
            use=use,
            modules=modules,
            not_before=not_before,
            not_after=not_after,
        )

    def claims(self, *, without: Iterable[str] = (), **changes: object) -> dict[str, Any]:
        """Write the claims of a good license in the old form, changed as told."""
        claims: dict[str, Any] = {
            "jti": "7d9a4f1e-0c55-4f0e-8b6e-2f1a6a0c9e01",
            "iss": self.issuer,
            "iat": NOW - DAY,
            "exp": NOW + 365 * DAY,
            "customer": {"id": "C-1042", "name": "Bäckerei Müller & Söhne"},
            "module": {"technical_name": MODULE, "allowed_major_versions": ["17", "18"]},
            "license_type": "subscription",
        }
        claims.update(changes)
        return {name: value for name, value in claims.items() if name not in set(without)}

    def sign(self, claims: dict[str, Any], **header: object) -> str:
        """Sign claims with PyJWT; ``typ`` is ``JWT`` unless told otherwise."""
        return jwt.encode(claims, self.private, algorithm="EdDSA", headers={"kid": self.kid, **header})

    def license(self, *, without: Iterable[str] = (), typ: str = "JWT", **changes: object) -> str:
        """Sign a good license, changed as told."""
        return self.sign(self.claims(without=without, **changes), typ=typ)

    def sign_bytes(self, payload: bytes, header: bytes | None = None) -> str:
        """Sign any bytes, well-formed or not."""
        if header is None:
            header = json.dumps({"alg": "EdDSA", "typ": "JWT", "kid": self.kid}).encode()
        signing_input = f"{b64(header)}.{b64(payload)}"
        return f"{signing_input}.{b64(self.private.sign(signing_input.encode()))}"


def verify(
    token: str,
    keyring: aegis.Keyring,
    *,
    module: str = MODULE,
    odoo_version: str = VERSION,
    instance: aegis.Instance | None = None,
    now: int | None = NOW,
) -> aegis.License:
    """Verify for the module, version and time of most tests, changed as told."""
    return aegis.verify_license(token, module, odoo_version, instance, now, keyring)


def evaluate(
    tokens: str | Sequence[str],
    keyring: aegis.Keyring,
    *,
    module: str | None = MODULE,
    odoo_version: str = VERSION,
    feature: str | None = None,
    instance: aegis.Instance | None = None,
    now: int | None = NOW,
    released: str | None = None,
    neutralized: bool = False,
    state: aegis.State | None = None,
    database_date: int | None = None,
    users: int | None = None,
    companies: int | None = None,
) -> aegis.Report:
    """Evaluate for the module, version and time of most tests, changed as told."""
    return aegis.evaluate(
        tokens,
        module=module,
        odoo_version=odoo_version,
        feature=feature,
        instance=instance,
        now=now,
        released=released,
        neutralized=neutralized,
        state=state,
        database_date=database_date,
        users=users,
        companies=companies,
        keyring=keyring,
    )
