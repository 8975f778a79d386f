"""Licenses to measure with, signed by an independent implementation; the key is thrown away at once."""

from __future__ import annotations

import base64
import hashlib
import importlib
import time
import uuid
from pathlib import Path

ISSUER = "Bench"
KID = "bench"
MODULE = "bench_module"
ODOO_VERSION = "18.0"

#: How many different tokens a cold round goes through: too many for a processor to learn by heart.
COLD_TOKENS = 64

#: How many licenses ``evaluate`` looks through: each for another module, the last for the one asked for.
BUNDLE_TOKENS = 200

#: How many licenses the revocation list names: as many as its cap allows.
REVOKED = 20_000

DAY = 24 * 60 * 60


def write(folder: Path) -> None:
    """Write what is measured into ``folder``.

    These are ``key.pem`` (public), ``tokens.txt`` and ``bundle.txt`` (one token a line), and ``list.txt``: a
    revocation list that names the first license of the bundle, and others that nobody has.
    """
    jwt = importlib.import_module("jwt")
    ed25519 = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
    serialization = importlib.import_module("cryptography.hazmat.primitives.serialization")
    private = ed25519.Ed25519PrivateKey.generate()

    def sign(signed: dict[str, object], kind: str = "license") -> str:
        header = {"kid": KID, "typ": f"aegis-{kind}+jwt"}
        token: str = jwt.encode(signed, private, algorithm="EdDSA", headers=header)
        return token

    tokens = [sign(claims(MODULE)) for _ in range(COLD_TOKENS)]
    other_claims = [claims(f"{MODULE}_{number}") for number in range(BUNDLE_TOKENS - 1)]
    others = [sign(each) for each in other_claims]
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = private.public_key().public_bytes(serialization.Encoding.PEM, spki)
    (folder / "key.pem").write_bytes(pem)
    (folder / "tokens.txt").write_text("\n".join(tokens), "ascii")
    (folder / "bundle.txt").write_text("\n".join([*others, tokens[0]]), "ascii")
    (folder / "list.txt").write_text(sign(list_claims(str(other_claims[0]["jti"])), "revocation"), "ascii")


def claims(module: str) -> dict[str, object]:
    """Claims of an ordinary subscription that is good for 300 days."""
    now = int(time.time())
    return {
        "jti": str(uuid.uuid4()),
        "iss": ISSUER,
        "iat": now,
        "exp": now + 300 * DAY,
        "customer": {"id": "C-4711", "name": "Müller & Söhne GmbH"},
        "module": {"technical_name": module, "allowed_major_versions": ["17", "18", "19"]},
        "license_type": "subscription",
        "grace_until": now + 314 * DAY,
        "notify_admins_from": now + 270 * DAY,
    }


def list_claims(jti: str) -> dict[str, object]:
    """Claims of a revocation list that is as long as one can be, and names this license."""
    now = int(time.time())
    named = [jti, *(str(uuid.uuid4()) for _ in range(REVOKED - 1))]
    return {"iss": ISSUER, "iat": now, "seq": now, "revoked": [license_id(each) for each in named]}


def license_id(jti: str) -> str:
    """Name a license as revocation lists do."""
    return base64.urlsafe_b64encode(hashlib.sha256(jti.encode()).digest()[:16]).rstrip(b"=").decode()


def read_lines(path: str) -> list[str]:
    """Read the lines of one of the files, without loading any module for it."""
    with open(path, encoding="ascii") as file:  # noqa: PTH123 (this is run where every import is counted)
        return file.read().splitlines()
