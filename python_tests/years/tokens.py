"""What is signed in the simulation: licenses, lists, certificates, and what is truly in them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support import DAY, b64, pem_of

YEAR = 365 * DAY


@dataclass(frozen=True)
class Pair:
    """A key pair of the simulation. Made from its name, so that a failing run fails again in the same way."""

    name: str
    private: Ed25519PrivateKey = field(repr=False, compare=False)

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the public key."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def pem(self) -> str:
        """The public key as SPKI PEM."""
        return pem_of(self.private.public_key())

    @property
    def thumbprint(self) -> str:
        """RFC 7638 section 3, with the members of RFC 8037 appendix A.3."""
        return b64(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{b64(self.raw)}"}}'.encode()).digest())


@cache
def pair(name: str) -> Pair:
    """Make the key pair of this name."""
    return Pair(
        name, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"years: {name}".encode()).digest())
    )


@dataclass(frozen=True)
class Place:
    """The instance that asks, and what licenses are bound to."""

    database_uuid: str
    domain: str
    instance_id: str | None = None


@dataclass(frozen=True)
class Binding:
    """To an instance: exactly (``need`` is 0), or to ``need`` components, the required one among them."""

    place: Place
    need: int = 0
    required: str | None = None
    salt: str = "salt"

    def components(self) -> dict[str, str]:
        """What the tolerant form names: kind and value."""
        named = {"database_uuid": self.place.database_uuid, "domain": self.place.domain}
        return named if self.place.instance_id is None else {**named, "instance_id": self.place.instance_id}

    def claims(self) -> dict[str, Any]:
        """Write the claim of this binding."""
        if not self.need:
            text = f"{self.place.database_uuid}:{self.place.domain}"
            return {"instance_fingerprint": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"}
        of: list[dict[str, object]] = [
            {"kind": kind, "hash": hashlib.sha256(f"{self.salt}:{kind}:{value}".encode()).hexdigest()}
            | ({"required": True} if kind == self.required else {})
            for kind, value in self.components().items()
        ]
        return {"instance": {"salt": self.salt, "need": self.need, "of": of}}


@dataclass(frozen=True)
class License:
    """A license; times in Unix seconds."""

    jti: str
    iss: str
    iat: int
    module: str
    exp: int | None = None
    nbf: int | None = None
    grace_until: int | None = None
    users_from: int | None = None
    versions: tuple[str, ...] = ("18",)
    binding: Binding | None = None
    move_days: int | None = None
    updates_until: int | None = None

    typ = "aegis-license+jwt"

    @property
    def end(self) -> int | None:
        """The first instant at which it no longer works, grace included."""
        return self.grace_until if self.grace_until is not None else self.exp

    @property
    def notice(self) -> int | None:
        """When administrators are warned."""
        return None if self.exp is None else self.exp - 30 * DAY

    def claims(self) -> dict[str, Any]:
        """Write the claims."""
        optional = {
            "exp": self.exp,
            "nbf": self.nbf,
            "grace_until": self.grace_until,
            "notify_users_from": self.users_from,
            "move_grace_days": self.move_days,
            "updates_until": self.updates_until,
        }
        return {
            "jti": self.jti,
            "iss": self.iss,
            "iat": self.iat,
            "customer": {"id": "C-1", "name": "Globex"},
            "modules": [{"technical_name": self.module, "allowed_major_versions": list(self.versions)}],
            "license_type": "perpetual" if self.exp is None else "subscription",
            **{name: value for name, value in optional.items() if value is not None},
            **(self.binding.claims() if self.binding else {}),
        }


@dataclass(frozen=True)
class RevocationList:
    """A revocation list; ``revoked`` holds the ``jti`` of licenses, ``revoked_keys`` the ``kid`` of keys."""

    iss: str
    iat: int
    seq: int
    revoked: tuple[str, ...] = ()
    revoked_keys: tuple[str, ...] = ()

    typ = "aegis-revocation+jwt"

    def claims(self) -> dict[str, Any]:
        """Write the claims."""
        ids = [b64(hashlib.sha256(jti.encode()).digest()[:16]) for jti in self.revoked]
        keys = {"revoked_keys": list(self.revoked_keys)} if self.revoked_keys else {}
        return {"iss": self.iss, "iat": self.iat, "seq": self.seq, "revoked": ids, **keys}


@dataclass(frozen=True)
class Certificate:
    """A root's word that a key signs for its issuer; the window is for the ``iat`` of what the key signs."""

    iss: str
    iat: int
    pair: Pair
    uses: tuple[str, ...] = ("license", "revocation")
    nbf: int | None = None
    exp: int | None = None
    modules: tuple[str, ...] | None = None

    typ = "aegis-key+jwt"

    @property
    def kid(self) -> str:
        """The name of the certified key."""
        return self.pair.thumbprint

    def claims(self) -> dict[str, Any]:
        """Write the claims."""
        optional = {"nbf": self.nbf, "exp": self.exp, "modules": self.modules and list(self.modules)}
        return {
            "iss": self.iss,
            "iat": self.iat,
            "kid": self.kid,
            "name": self.pair.name,
            "x": b64(self.pair.raw),
            "use": list(self.uses),
            **{name: value for name, value in optional.items() if value is not None},
        }


@dataclass(frozen=True)
class Token:
    """A signed text. ``flaw`` is the code that its form or signature earns; ``by`` says who made it."""

    content: License | RevocationList | Certificate
    kid: str
    text: str = field(repr=False)
    by: str = "vendor"
    flaw: str | None = None


def sign(
    content: License | RevocationList | Certificate,
    kid: str,
    key: Pair,
    *,
    by: str = "vendor",
    flaw: str | None = None,
) -> Token:
    """Sign as RFC 7515 section 5.1 says."""
    header = b64(json.dumps({"alg": "EdDSA", "typ": content.typ, "kid": kid}).encode())
    signing_input = f"{header}.{b64(json.dumps(content.claims()).encode())}"
    return Token(content, kid, f"{signing_input}.{b64(key.private.sign(signing_input.encode()))}", by, flaw)


def cut(token: Token, part: int) -> Token:
    """Break a token off: in its payload (``part`` is even), or in its signature."""
    header, payload, signature = token.text.split(".")
    text = f"{header}.{payload[:-9]}" if part % 2 == 0 else f"{header}.{payload}.{signature[:-7]}"
    return Token(token.content, token.kid, text, "forger", "malformed")


def altered(token: Token, place: int) -> Token:
    """Change one letter of the payload, wherever it is; the signature stays."""
    header, payload, signature = token.text.split(".")
    place %= len(payload) - 1
    letter = "A" if payload[place] != "A" else "B"
    text = f"{header}.{payload[:place]}{letter}{payload[place + 1 :]}.{signature}"
    return Token(token.content, token.kid, text, "forger", "bad_signature")
