"""What the other modules make vectors of: keys, claims, signed tokens, and the vector itself.

For every heading of docs/token-format.md; a `key` has the members of "Keyring". Tokens are put together by
hand (RFC 7515 §7.1, compact serialization), so that broken ones can be made too. All times are Unix seconds,
UTC.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Claims = dict[str, object]
Vector = dict[str, object]

ISSUER = "Example Vendor"
KID = "example-2026"
OLD_KID = "aegis-2026-01"
NEXT_KID = "example-2027"
STRANGER = "stranger"
ROOT, SECOND_ROOT, OTHER_ROOT = "example-root-1", "example-root-2", "another-root-1"
DAILY, NEXT_DAILY = "daily", "next daily"
MODULE = "biz4a_payroll"
INSTANCE = {"database_uuid": "5b0c7c1e-53a4-4a52-9a2c-0d6f3f3f7a11", "domain": "korenaar.odoo.com"}
OTHER = {"database_uuid": "c2f7a1d0-8e0b-4c39-b0de-77d1b8a4e902", "domain": "localhost:8069"}

MAX_TOKEN = 16_384


def utc(year: int, month: int, day: int, hour: int = 0) -> int:
    """Unix seconds of a whole hour in UTC."""
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


DAY = 86_400
ISSUED = utc(2026, 7, 1)
NOW = utc(2026, 9, 15, 12)
ENDS = utc(2027, 7, 1)
WARNS = ENDS - 30 * DAY

SIGNERS = (KID, OLD_KID, NEXT_KID, STRANGER, ROOT, SECOND_ROOT, OTHER_ROOT, DAILY, NEXT_DAILY)
PRIVATE = {signer: Ed25519PrivateKey.generate() for signer in SIGNERS}
"""Signing keys of this run, by `kid`; the stranger is in no keyring, the daily keys are certified."""

JTI = "7d9a4f1e-0c55-4f0e-8b6e-2f1a6a0c9e01"
SECOND_JTI = "9c6e2d1b-3f47-4b0a-a1c8-5d2e7f9b8a03"

DROP = object()
"""Marks a claim or header member to leave out."""


def b64(data: bytes) -> str:
    """Unpadded base64url (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """The bytes behind unpadded base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8; bytes are taken as they are, to write JSON that is broken."""
    if isinstance(value, bytes):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def changed(base: Claims, changes: Claims) -> Claims:
    """`base` with `changes` on top, and without the members set to `DROP`."""
    merged = base | changes
    return {name: value for name, value in merged.items() if value is not DROP}


def header(**changes: object) -> Claims:
    """The header of a license in the present form."""
    return changed({"alg": "EdDSA", "kid": KID, "typ": "aegis-license+jwt"}, changes)


def entry(name: object = MODULE, versions: object = ("17", "18"), **more: object) -> Claims:
    """One covered module."""
    return {"technical_name": name, "allowed_major_versions": versions, **more}


def claims(**changes: object) -> Claims:
    """A subscription for one module from 2026-07-01 to 2027-07-01, in the present form."""
    base: Claims = {
        "jti": JTI,
        "iss": ISSUER,
        "iat": ISSUED,
        "exp": ENDS,
        "customer": {"id": "C-1042", "name": "Bakkerij De Korenaar BV"},
        "license_type": "subscription",
        "modules": [entry()],
    }
    return changed(base, changes)


def perpetual(**changes: object) -> Claims:
    """A license without an end, in the present form."""
    return claims(**({"license_type": "perpetual", "exp": DROP} | changes))


def seal(signed: str, signer: str = KID) -> str:
    """`header.payload` and Ed25519 over that text (RFC 7515 §5.1, RFC 8037 §3.1): a token."""
    return f"{signed}.{b64(PRIVATE[signer].sign(signed.encode()))}"


def token(payload: Claims | bytes, head: Claims | bytes | None = None, signer: str = KID) -> str:
    """A signed token; the header is that of a license unless given."""
    first = header() if head is None else head
    return seal(f"{b64(encode(first))}.{b64(encode(payload))}", signer)


def edited(value: Claims, old: str, new: str) -> bytes:
    """JSON text of an object with one piece of the text replaced."""
    text = encode(value).decode()
    if text.count(old) != 1:
        raise ValueError(f"{old!r} is not there exactly once")
    return text.replace(old, new).encode()


def with_member(value: Claims, member: str) -> bytes:
    """JSON text of an object with one more member, written as given."""
    return encode(value)[:-1] + b"," + member.encode() + b"}"


def token_of_length(length: int) -> str:
    """A good token of exactly `length` characters, filled with a claim that nobody knows."""
    for pad in range(4):
        head = header(note="x" * pad)
        least = len(token(claims(note=""), head))
        guess = (length - least) * 3 // 4
        for fill in range(max(0, guess - 4), guess + 4):
            made = token(claims(note="x" * fill), head)
            if len(made) == length:
                return made
    raise ValueError(f"no token of {length} characters")


def nested(levels: int) -> object:
    """Arrays and objects in turn, `levels` deep."""
    value: object = 1
    for level in range(levels):
        value = [value] if level % 2 else {"in": value}
    return value


def fingerprint(instance: dict[str, str]) -> str:
    """Exact binding: SHA-256 of `database_uuid:domain`."""
    text = f"{instance['database_uuid']}:{instance['domain']}"
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def flipped(text: str) -> str:
    """The token with the first bit of its signature changed."""
    signed, _, last = text.rpartition(".")
    mark = bytearray(unb64(last))
    mark[0] ^= 0x80
    return f"{signed}.{b64(bytes(mark))}"


def wrapped(text: str, width: int, end: str = "\n", start: str = "") -> str:
    """The text in lines of `width` characters."""
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return end.join(start + line for line in lines)


def public(signer: str) -> str:
    """The public key of a signer, as RFC 8037 §2 writes it."""
    return b64(PRIVATE[signer].public_key().public_bytes_raw())


def key(kid: str = KID, /, **changes: object) -> Claims:
    """A key of the keyring, as the vector files write it."""
    base: Claims = {
        "kid": kid,
        "x": public(kid),
        "issuer": ISSUER,
        "use": ["license"],
        "modules": None,
        "not_before": None,
        "not_after": None,
    }
    return base | changes


def vector(
    name: str,
    rule: str,
    description: str,
    tokens: str,
    code: str,
    *,
    call: str = "verify",
    keys: list[Claims] | None = None,
    now: int = NOW,
    module: str | None = MODULE,
    odoo_version: str = "18.0",
    feature: str | None = None,
    instance: Mapping[str, object] | None = None,
    released: str | None = None,
    neutralized: bool = False,
    remembered: Claims | None = None,
    database_date: int | None = None,
    users: int | None = None,
    companies: int | None = None,
    **expected: object,
) -> Vector:
    """One case; `remembered` is the state before, `expected` holds the optional members beside `code`."""
    context: Claims = {"module": module, "odoo_version": odoo_version}
    if feature is not None:
        context["feature"] = feature
    context |= {"instance": instance, "released": released}
    if neutralized:
        context["neutralized"] = True
    years: Claims = {
        "state": remembered,
        "database_date": database_date,
        "users": users,
        "companies": companies,
    }
    context |= {name: value for name, value in years.items() if value is not None}
    return {
        "name": name,
        "rule": rule,
        "description": description,
        "call": call,
        "tokens": tokens,
        "keys": [key()] if keys is None else keys,
        "context": context,
        "now": now,
        "expected": {"code": code, **expected},
    }


evaluated = partial(vector, call="evaluate")
"""One case for `evaluate`."""
