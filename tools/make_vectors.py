#!/usr/bin/env python3
"""Make the token vectors in `vectors/`: one JSON file per case, read by every test suite.

Run by a maintainer who adds a case; the tests only read the files. Needs Python 3.11 and the
`cryptography` package, and shares no code with the verifier: tokens are put together by hand
(RFC 7515 §7.1, compact serialization), so that broken ones can be made too.

    python tools/make_vectors.py           write all vectors, remove those no longer made
    python tools/make_vectors.py --list    print the sorted names, one a line

Every run makes new Ed25519 keys, signs everything with them and forgets them: a private key is
never written. All times are Unix seconds, UTC.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Claims = dict[str, object]
Vector = dict[str, object]

FOLDER = Path(__file__).resolve().parent.parent / "vectors"

ISSUER = "Example Vendor"
KID = "example-2026"
OLD_KID = "aegis-2026-01"
NEXT_KID = "example-2027"
STRANGER = "stranger"
MODULE = "biz4a_payroll"
INSTANCE = {"database_uuid": "5b0c7c1e-53a4-4a52-9a2c-0d6f3f3f7a11", "domain": "korenaar.odoo.com"}
OTHER = {"database_uuid": "c2f7a1d0-8e0b-4c39-b0de-77d1b8a4e902", "domain": "localhost:8069"}

CHECKS = [
    "malformed",
    "unsupported",
    "unknown_key",
    "bad_signature",
    "wrong_issuer",
    "wrong_module",
    "wrong_odoo_version",
    "wrong_instance",
    "not_yet_valid",
    "expired",
    "updates_ended",
]
FROM_ISSUER = CHECKS[4:]

DAY = 86_400
LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493  # RFC 8032 §5.1, "L"
MAX_TOKEN = 16_384
MAX_TOKENS = 256


def utc(year: int, month: int, day: int, hour: int = 0) -> int:
    """Unix seconds of a whole hour in UTC."""
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


ISSUED = utc(2026, 7, 1)
NOW = utc(2026, 9, 15, 12)
ENDS = utc(2027, 7, 1)
WARNS = ENDS - 30 * DAY

PRIVATE = {kid: Ed25519PrivateKey.generate() for kid in (KID, OLD_KID, NEXT_KID, STRANGER)}
"""Signing keys of this run, by `kid`; the stranger is in no keyring."""


class Drop:
    """Marks a claim or header member to leave out."""


DROP = Drop()


# --- tokens ---------------------------------------------------------------------------------


def b64(data: bytes) -> str:
    """Unpadded base64url (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """The bytes behind unpadded base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def changed(base: Claims, changes: Claims) -> Claims:
    """`base` with `changes` on top, and without the members set to `DROP`."""
    merged = base | changes
    return {name: value for name, value in merged.items() if value is not DROP}


def header(**changes: object) -> Claims:
    """The header of a license in the present form."""
    return changed({"alg": "EdDSA", "kid": KID, "typ": "aegis-license+jwt"}, changes)


def old_header(**changes: object) -> Claims:
    """The header of a license in the old form."""
    return header(kid=OLD_KID, typ="JWT") | changes


def entry(name: object = MODULE, versions: object = ("17", "18"), **more: object) -> Claims:
    """One covered module."""
    return {"technical_name": name, "allowed_major_versions": versions, **more}


def claims(**changes: object) -> Claims:
    """A subscription for one module from 2026-07-01 to 2027-07-01, in the present form."""
    base: Claims = {
        "jti": "7d9a4f1e-0c55-4f0e-8b6e-2f1a6a0c9e01",
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


def old_claims(**changes: object) -> Claims:
    """A perpetual license as those in the field have it: `module`, and null for what is not."""
    base: Claims = {
        "jti": "1f3b0c7a-9f2e-4d0b-9a53-6c1d2e8b4f02",
        "iss": ISSUER,
        "iat": ISSUED,
        "exp": None,
        "customer": {"id": "C-0007", "name": "Atelier Lemaire SARL"},
        "module": entry(),
        "license_type": "perpetual",
        "instance_fingerprint": None,
    }
    return changed(base, changes)


def raw(value: Claims | bytes) -> bytes:
    """JSON text of an object; bytes are taken as they are."""
    return value if isinstance(value, bytes) else encode(value)


def signature(signed: str, signer: str = KID) -> bytes:
    """Ed25519 over the text `header.payload` (RFC 7515 §5.1, RFC 8037 §3.1)."""
    return PRIVATE[signer].sign(signed.encode())


def seal(signed: str, signer: str = KID) -> str:
    """`header.payload` and its signature: a token."""
    return f"{signed}.{b64(signature(signed, signer))}"


def token(payload: Claims | bytes, head: Claims | bytes | None = None, signer: str = KID) -> str:
    """A signed token; the header is that of a license unless given."""
    first = header() if head is None else head
    return seal(f"{b64(raw(first))}.{b64(raw(payload))}", signer)


def old_token(**changes: object) -> str:
    """A signed license in the old form."""
    return token(old_claims(**changes), old_header(), OLD_KID)


def edited(value: Claims, old: str, new: str) -> bytes:
    """JSON text of an object with one piece of the text replaced."""
    text = encode(value).decode()
    if text.count(old) != 1:
        raise ValueError(f"{old!r} is not there exactly once")
    return text.replace(old, new).encode()


def with_member(value: Claims, member: str) -> bytes:
    """JSON text of an object with one more member, written as given."""
    return encode(value)[:-1] + b"," + member.encode() + b"}"


def not_canonical(segment: str) -> str:
    """The segment with a trailing bit set: other text, same bytes (RFC 4648 §3.5)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if len(segment) % 4 not in (2, 3):
        raise ValueError("no trailing bits in this segment")
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) | 1]


def spare_bits(payload: Claims) -> str:
    """The segment of `payload`, with a claim more where needed to have trailing bits."""
    segment = b64(encode(payload))
    return segment if len(segment) % 4 else b64(encode(payload | {"note": "12"}))


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


def hs256_token() -> str:
    """A token of somebody else, as session cookies and mails carry them."""
    signed = ".".join(
        b64(encode(part)) for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": "1", "iat": ISSUED})
    )
    return f"{signed}.{b64(hmac.digest(b'not a secret', signed.encode(), 'sha256'))}"


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


# --- vectors --------------------------------------------------------------------------------


def key(kid: str = KID, /, **changes: object) -> Claims:
    """A key of the keyring, as the vector files write it."""
    base: Claims = {
        "kid": kid,
        "x": b64(PRIVATE[kid].public_key().public_bytes_raw()),
        "issuer": ISSUER,
        "use": ["license"],
        "modules": None,
        "not_before": None,
        "not_after": None,
    }
    return base | changes


def old_key(**changes: object) -> Claims:
    """The key that signed the licenses in the field."""
    return key(OLD_KID, **changes)


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
    module: str = MODULE,
    odoo_version: str = "18.0",
    feature: str | None = None,
    instance: dict[str, str] | None = None,
    released: str | None = None,
    **expected: object,
) -> Vector:
    """One case; `expected` holds the optional members beside `code`."""
    context: Claims = {"module": module, "odoo_version": odoo_version}
    if feature is not None:
        context["feature"] = feature
    context |= {"instance": instance, "released": released}
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


def evaluated(name: str, rule: str, description: str, tokens: str, code: str, **more: object) -> Vector:
    """One case for `evaluate`."""
    return vector(name, rule, description, tokens, code, call="evaluate", **more)  # type: ignore[arg-type]


def good_licenses() -> Iterator[Vector]:
    """The plain cases: everything is as it should be."""
    rule = "Claims: license types"
    yield vector(
        "subscription_is_valid",
        rule,
        "A subscription verifies.",
        token(claims()),
        "valid",
        jti=claims()["jti"],
    )
    yield vector(
        "perpetual_is_valid",
        rule,
        "A license without an end verifies.",
        token(perpetual()),
        "valid",
    )
    yield vector(
        "demo_is_valid",
        rule,
        "A demo license verifies.",
        token(claims(license_type="demo", exp=NOW + 8 * DAY)),
        "valid",
    )
    yield vector(
        "every_claim_is_read",
        "Claims: table",
        "A license with every claim there is verifies.",
        token(
            claims(
                modules=[entry(features=["export", "sepa"]), entry("biz4a_stock_*", ["18.0"])],
                instance_fingerprint=fingerprint(INSTANCE),
                nbf=ISSUED,
                notify_admins_from=ENDS - 60 * DAY,
                notify_users_from=ENDS - 7 * DAY,
                grace_until=ENDS + 14 * DAY,
                updates_until=ENDS,
                limits={"users": 25, "companies": 2},
                must=["grace_until", "updates_until"],
            )
        ),
        "valid",
        instance=INSTANCE,
    )
    yield vector(
        "html_in_a_customer_name_is_kept_as_text",
        "Claims: customer",
        "The name of the customer comes back as it was signed, markup and all.",
        token(claims(customer={"id": "C-9", "name": "<b>Müller & Söhne</b> <img src=x> 😀"})),
        "valid",
        customer_name="<b>Müller & Söhne</b> <img src=x> 😀",
    )


def segments() -> Iterator[Vector]:
    """Envelope 1 and 2: size, three segments, canonical base64url."""
    rule = "Envelope 1: size"
    yield vector(
        "token_of_16384_characters_is_accepted",
        rule,
        "A token of exactly 16 KiB is read.",
        token_of_length(MAX_TOKEN),
        "valid",
    )
    yield vector(
        "token_of_16385_characters_is_refused",
        rule,
        "A token one character over 16 KiB is refused, though its signature is good.",
        token_of_length(MAX_TOKEN + 1),
        "malformed",
    )
    good = token(claims())
    head, body, mark = good.split(".")
    rule = "Envelope 1: three segments"
    wrong = {
        "two_segments_are_refused": ("The signature is missing with its dot.", f"{head}.{body}"),
        "four_segments_are_refused": ("A fourth segment follows.", f"{good}.{mark}"),
        "empty_signature_is_refused": ("The third segment is empty.", f"{head}.{body}."),
        "empty_payload_is_refused": ("The second segment is empty.", seal(f"{head}.")),
    }
    for name, (description, text) in wrong.items():
        yield vector(name, rule, description, text, "malformed")
    yield vector(
        "white_space_around_a_token_is_trimmed",
        "Bundle: one token for verify_license",
        "Spaces and line ends before and after the token are dropped.",
        f" \r\n\t{good}\n\n",
        "valid",
    )
    yield vector(
        "white_space_inside_one_token_is_refused",
        "Bundle: one token for verify_license",
        "verify_license repairs no wrapped lines: that is for bundles.",
        wrapped(good, 100),
        "malformed",
    )
    yield vector("empty_text_is_missing", "Codes: missing", "There is no text at all.", "", "missing")


def base64url() -> Iterator[Vector]:
    """Envelope 2, for each of the three segments."""
    rule = "Envelope 2: canonical base64url"
    head, body, mark = token(claims()).split(".")
    dashes = claims(note="???>>>~~~")
    for shift in range(3):
        dashes["note"] = " " * shift + "???>>>~~~"
        if {"-", "_"} & set(b64(encode(dashes))):
            break
    standard = b64(encode(dashes)).replace("-", "+").replace("_", "/")
    spare = spare_bits(claims())
    spare_head = spare_bits(header())
    padded = spare + "=" * (-len(spare) % 4)
    odd = b64(encode(claims())) + "A" * ((1 - len(b64(encode(claims())))) % 4)
    wrong = {
        "padding_is_refused": ("The payload is padded with '='.", seal(f"{head}.{padded}")),
        "standard_alphabet_is_refused": (
            "The payload is written with '+' or '/' in place of '-' or '_'.",
            seal(f"{head}.{standard}"),
        ),
        "trailing_bits_in_a_header_are_refused": (
            "The last character of the header has a bit set that carries no data.",
            seal(f"{not_canonical(spare_head)}.{body}"),
        ),
        "trailing_bits_in_a_payload_are_refused": (
            "The last character of the payload has a bit set that carries no data.",
            seal(f"{head}.{not_canonical(spare)}"),
        ),
        "trailing_bits_in_a_signature_are_refused": (
            "The last character of the signature has a bit set that carries no data.",
            f"{head}.{body}.{not_canonical(mark)}",
        ),
        "segment_of_4n_plus_1_characters_is_refused": (
            "The payload has a length that no bytes encode to.",
            seal(f"{head}.{odd}"),
        ),
        "letter_outside_ascii_is_refused": (
            "The payload holds a letter that base64url does not have.",
            seal(f"{head}.{body[:20]}é{body[21:]}"),
        ),
        "signature_of_63_bytes_is_refused": (
            "The signature is one byte short.",
            f"{head}.{body}.{b64(unb64(mark)[:63])}",
        ),
    }
    for name, (description, text) in wrong.items():
        yield vector(name, rule, description, text, "malformed")


def headers() -> Iterator[Vector]:
    """Envelope 3: the header."""
    rule = "Envelope 3: alg, kid and typ"
    members: dict[str, tuple[str, Claims, str]] = {
        "header_without_alg_is_refused": ("`alg` is missing.", {"alg": DROP}, "malformed"),
        "header_alg_of_a_wrong_type_is_refused": (
            "`alg` is a list.",
            {"alg": ["EdDSA"]},
            "malformed",
        ),
        "header_alg_none_is_refused": ("`alg` is none.", {"alg": "none"}, "unsupported"),
        "header_alg_hs256_is_refused": ("`alg` is HS256.", {"alg": "HS256"}, "unsupported"),
        "header_alg_ed25519_is_refused": (
            "`alg` is the newer name Ed25519, which tokens here do not carry.",
            {"alg": "Ed25519"},
            "unsupported",
        ),
        "header_without_kid_is_refused": ("`kid` is missing.", {"kid": DROP}, "malformed"),
        "header_kid_of_a_wrong_type_is_refused": ("`kid` is a number.", {"kid": 2026}, "malformed"),
        "header_kid_empty_is_refused": ("`kid` is empty.", {"kid": ""}, "malformed"),
        "header_without_typ_is_refused": ("`typ` is missing.", {"typ": DROP}, "malformed"),
        "header_typ_in_lower_case_is_refused": ("`typ` is jwt.", {"typ": "jwt"}, "unsupported"),
        "header_typ_with_application_is_refused": (
            "`typ` has the prefix application/.",
            {"typ": "application/aegis-license+jwt"},
            "unsupported",
        ),
    }
    for name, (description, changes, code) in members.items():
        yield vector(name, rule, description, token(claims(), header(**changes)), code)
    yield from forbidden_members()
    yield from header_text()


def forbidden_members() -> Iterator[Vector]:
    """Envelope 3: header members that refuse a token."""
    rule = "Envelope 3: refused members"
    values: Claims = {
        "crit": ["exp"],
        "b64": True,
        "zip": "DEF",
        "cty": "JWT",
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": key()["x"]},
        "jku": "https://vendor.example/keys.json",
        "x5u": "https://vendor.example/key.pem",
        "x5c": [],
    }
    for name, value in values.items():
        yield vector(
            f"header_{name}_is_refused",
            rule,
            f"The header has `{name}`.",
            token(claims(), header(**{name: value})),
            "unsupported",
        )
    yield vector(
        "header_crit_null_is_refused",
        rule,
        "A member that refuses a token does so with any value.",
        token(claims(), header(crit=None)),
        "unsupported",
    )
    yield vector(
        "header_unknown_members_are_ignored",
        "Envelope 3: other members",
        "Members that mean nothing here change nothing.",
        token(claims(), header(x5t="AAAA", note={"a": [None, 1.5]})),
        "valid",
    )
    yield vector(
        "header_malformed_comes_before_unsupported",
        "Codes: order",
        "A header with two faults is called malformed first.",
        token(claims(), header(alg="none", crit=["exp"], kid=DROP)),
        "malformed",
    )


def header_text() -> Iterator[Vector]:
    """Envelope 3: the header is one strict JSON object."""
    plain = encode(header())
    wrong: dict[str, tuple[str, str, bytes]] = {
        "header_duplicate_name_is_refused": (
            "Envelope 3: no duplicate names",
            "The header has `kid` twice.",
            with_member(header(), f'"kid":"{KID}"'),
        ),
        "header_nested_duplicate_name_is_refused": (
            "Envelope 3: no duplicate names",
            "An object inside an unknown header member has a name twice.",
            with_member(header(), '"note":[{"a":1,"a":1}]'),
        ),
        "header_17_levels_are_refused": (
            "Envelope 3: depth",
            "The header is 17 levels deep.",
            encode(header(note=nested(16))),
        ),
        "header_array_is_refused": (
            "Envelope 3: one JSON object",
            "The header is an array of its members.",
            encode(list(header().values())),
        ),
        "header_not_utf8_is_refused": (
            "Envelope 3: UTF-8",
            "An unknown header member holds a byte that is not UTF-8.",
            plain[:-1] + b',"note":"\xff"}',
        ),
        "header_bytes_after_the_object_are_refused": (
            "Envelope 3: one JSON object",
            "A second object follows the header.",
            plain + b"{}",
        ),
    }
    for name, (rule, description, head) in wrong.items():
        yield vector(name, rule, description, token(claims(), head), "malformed")


def keys_of_tokens() -> Iterator[Vector]:
    """Envelope 4 and 7: which key may sign what."""
    rule = "Envelope 4: kid"
    both = [key(), key(NEXT_KID)]
    yield vector(
        "kid_chooses_the_key",
        rule,
        "The second key of two signed, and is named.",
        token(claims(), header(kid=NEXT_KID), NEXT_KID),
        "valid",
        keys=both,
    )
    yield vector(
        "kid_of_another_key_is_bad_signature",
        rule,
        "The key that the header names did not sign; no other key is tried.",
        token(claims(), header(kid=NEXT_KID)),
        "bad_signature",
        keys=both,
    )
    for name, kid in {
        "kid_not_in_the_keyring_is_unknown_key": "example-1999",
        "kid_in_another_case_is_unknown_key": KID.upper(),
    }.items():
        text = token(claims(), header(kid=kid))
        yield vector(name, rule, f"The header names the key {kid!r}.", text, "unknown_key")
    yield from key_uses()
    yield from key_windows()


def key_uses() -> Iterator[Vector]:
    """Envelope 4: the use of a key fits the kind of token."""
    rule = "Envelope 4: use"
    yield vector(
        "key_not_for_licenses_is_unknown_key",
        rule,
        "The key may sign revocation lists only.",
        token(claims()),
        "unknown_key",
        keys=[key(use=["revocation"])],
    )
    revocation: Claims = {"iss": ISSUER, "iat": ISSUED, "seq": ISSUED, "revoked": []}
    certificate: Claims = {
        "iss": ISSUER,
        "iat": ISSUED,
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "name": "Day-to-day key",
        "x": key(NEXT_KID)["x"],
        "use": ["license"],
    }
    kinds = {
        "revocation": ("revocation_list", "aegis-revocation+jwt", revocation),
        "certify": ("key_certificate", "aegis-key+jwt", certificate),
    }
    for use, (name, typ, payload) in kinds.items():
        text = token(payload, header(typ=typ))
        what = name.replace("_", " ")
        yield vector(
            f"{name}_by_a_license_key_is_unknown_key",
            rule,
            f"A {what} is signed by a key for licenses only.",
            text,
            "unknown_key",
        )
        yield vector(
            f"{name}_is_unsupported",
            "Codes: unsupported",
            f"A {what} is not implemented yet.",
            text,
            "unsupported",
            keys=[key(use=["license", use])],
        )
        yield vector(
            f"{name}_with_a_bad_signature_is_bad_signature",
            "Envelope 6: signature first",
            f"A {what} was altered: found before it is called unsupported.",
            flipped(text),
            "bad_signature",
            keys=[key(use=["license", use])],
        )


def key_windows() -> Iterator[Vector]:
    """Envelope 7: iat lies inside the window of the key."""
    rule = "Envelope 7: window of the key"
    windows: dict[str, tuple[str, Claims, str]] = {
        "iat_at_not_before_is_accepted": (
            "`iat` is the first instant of the window.",
            {"not_before": ISSUED},
            "valid",
        ),
        "iat_before_not_before_is_unknown_key": (
            "`iat` is one second before the window.",
            {"not_before": ISSUED + 1},
            "unknown_key",
        ),
        "iat_before_not_after_is_accepted": (
            "`iat` is the last second of the window, and it is long past: `iat` counts, not now.",
            {"not_after": ISSUED + 1},
            "valid",
        ),
        "iat_at_not_after_is_unknown_key": (
            "`iat` is the end of the window, which is exclusive.",
            {"not_after": ISSUED},
            "unknown_key",
        ),
    }
    for name, (description, window, code) in windows.items():
        yield vector(name, rule, description, token(claims()), code, keys=[key(**window)])


def signatures() -> Iterator[Vector]:
    """Envelope 5 and 6: the signature, strictly, over what was received."""
    good = token(claims())
    head, body, mark = good.split(".")
    malleable = unb64(mark)
    scalar = int.from_bytes(malleable[32:], "little") + ED25519_ORDER
    malleable = malleable[:32] + scalar.to_bytes(32, "little")
    spaced = json.dumps(claims(), indent=1).encode()
    longer = b64(encode(claims(exp=ENDS + DAY)))
    wrong = {
        "signature_altered_is_bad_signature": ("One bit of the signature changed.", flipped(good)),
        "signature_by_another_key_is_bad_signature": (
            "A key outside the keyring signed under the name of a key inside.",
            token(claims(), signer=STRANGER),
        ),
        "signature_plus_order_is_bad_signature": (
            "S was replaced by S + L (RFC 8032 §5.1.7 refuses it).",
            f"{head}.{body}.{b64(malleable)}",
        ),
        "payload_altered_is_bad_signature": (
            "The end was moved by a day.",
            f"{head}.{longer}.{mark}",
        ),
        "header_altered_is_bad_signature": (
            "A harmless member was added to the header.",
            f"{b64(encode(header(note=1)))}.{body}.{mark}",
        ),
        "signature_over_reencoded_text_is_bad_signature": (
            "The signature fits the claims written compactly, not the text received.",
            f"{head}.{b64(spaced)}.{mark}",
        ),
        "signature_is_checked_before_the_payload": (
            "The payload is not JSON, but the signature is found wrong first.",
            flipped(token(b"not JSON")),
        ),
    }
    for name, (description, text) in wrong.items():
        yield vector(name, "Envelope 6: signature", description, text, "bad_signature")
    yield vector(
        "signature_over_spaced_text_is_accepted",
        "Envelope 6: signature",
        "The payload is written with line ends and spaces, and signed so.",
        token(spaced),
        "valid",
    )


def payload_text() -> Iterator[Vector]:
    """Envelope 6: the payload is one strict JSON object."""
    plain = encode(claims())
    names = "Envelope 6: no duplicate names"
    one = "Envelope 6: one JSON object"
    wrong: dict[str, tuple[str, str, bytes]] = {
        "payload_duplicate_name_is_refused": (
            names,
            "`exp` is there twice.",
            with_member(claims(), f'"exp":{ENDS}'),
        ),
        "payload_duplicate_name_with_an_escape_is_refused": (
            names,
            "`exp` is there twice, once written with an escape.",
            with_member(claims(), f'"\\u0065xp":{ENDS}'),
        ),
        "payload_nested_duplicate_name_is_refused": (
            names,
            "The customer has two names.",
            edited(claims(), '"customer":{', '"customer":{"name":"Korenaar",'),
        ),
        "payload_duplicate_name_in_an_unknown_claim_is_refused": (
            names,
            "An object deep inside an unknown claim has a name twice.",
            with_member(claims(), '"note":[1,{"a":{"b":1,"b":1}}]'),
        ),
        "payload_17_levels_are_refused": (
            "Envelope 6: depth",
            "The payload is 17 levels deep.",
            encode(claims(note=nested(16))),
        ),
        "payload_array_is_refused": (one, "The payload is an array.", b"[" + plain + b"]"),
        "payload_nan_is_refused": (
            one,
            "An unknown claim is NaN, which is not JSON.",
            with_member(claims(), '"note":NaN'),
        ),
        "payload_bytes_after_the_object_are_refused": (
            one,
            "Text follows the object.",
            plain + b"x",
        ),
        "payload_byte_order_mark_is_refused": (
            one,
            "A byte-order mark precedes the object.",
            b"\xef\xbb\xbf" + plain,
        ),
        "payload_not_utf8_is_refused": (
            "Envelope 6: UTF-8",
            "The name of the customer is written in Latin-1.",
            encode(claims(customer={"id": "1", "name": "~"})).replace(b"~", b"Caf\xe9"),
        ),
        "payload_lone_surrogate_escape_is_refused": (
            "Envelope 6: UTF-8",
            "The name of the customer holds half of a surrogate pair as an escape.",
            edited(claims(), '"name":"', '"name":"\\ud800'),
        ),
        "payload_lone_surrogate_in_an_unknown_claim_is_refused": (
            "Envelope 6: UTF-8",
            "An unknown claim holds half of a surrogate pair as an escape.",
            with_member(claims(), '"note":"\\udc00"'),
        ),
    }
    for name, (rule, description, payload) in wrong.items():
        yield vector(name, rule, description, token(payload), "malformed")
    yield from payload_accepted()


def payload_accepted() -> Iterator[Vector]:
    """Envelope 6 and 8: what is unusual but right."""
    fine: dict[str, tuple[str, str, bytes]] = {
        "payload_16_levels_are_accepted": (
            "Envelope 6: depth",
            "The payload is 16 levels deep, itself counted.",
            encode(claims(note=nested(15))),
        ),
        "payload_surrogate_pair_escape_is_accepted": (
            "Envelope 6: UTF-8",
            "The name of the customer holds a whole surrogate pair as an escape.",
            edited(claims(), '"name":"', '"name":"\\ud83c\\udf5e '),
        ),
        "payload_big_number_in_an_unknown_claim_is_ignored": (
            "Envelope 8: unknown claims",
            "An unknown claim is an integer of 30 digits.",
            with_member(claims(), f'"note":{"9" * 30}'),
        ),
        "unknown_claims_are_ignored": (
            "Envelope 8: unknown claims",
            "Claims that nobody knows change nothing, at the top and inside.",
            encode(
                claims(
                    note=None,
                    aud=["x", {"y": 1.5}],
                    customer={"id": "C-1", "name": "Korenaar", "vat": None},
                    modules=[entry(colour="blue")],
                    limits={"users": 5, "robots": "many"},
                )
            ),
        ),
    }
    for name, (rule, description, payload) in fine.items():
        yield vector(name, rule, description, token(payload), "valid")


def key_scope() -> Iterator[Vector]:
    """Envelope 7: the issuer and the modules that a key speaks for."""
    rule = "Envelope 7: issuer"
    for name, issuer, iss in [
        ("iss_of_another_vendor_is_wrong_issuer", ISSUER, "Another Vendor"),
        ("iss_in_another_case_is_wrong_issuer", ISSUER, ISSUER.lower()),
        ("iss_is_not_normalised", "Soci\u00e9t\u00e9 Exemple", "Socie\u0301te\u0301 Exemple"),
    ]:
        yield vector(
            name,
            rule,
            f"The license says {iss!a}, the key speaks for {issuer!a}.",
            token(claims(iss=iss)),
            "wrong_issuer",
            keys=[key(issuer=issuer)],
        )
    rule = "Envelope 7: modules of the key"
    scopes: dict[str, tuple[str, list[str], list[Claims], str]] = {
        "key_pattern_takes_a_module_inside": (
            "The module begins as the pattern of the key does.",
            ["biz4a_*"],
            [entry()],
            "valid",
        ),
        "key_pattern_takes_a_narrower_pattern": (
            "The pattern of the license is narrower than that of the key.",
            ["biz4a_*"],
            [entry("biz4a_pay*")],
            "valid",
        ),
        "key_pattern_refuses_a_wider_pattern": (
            "The pattern of the license is wider than that of the key.",
            ["biz4a_*"],
            [entry("biz*")],
            "wrong_module",
        ),
        "key_module_refuses_a_pattern": (
            "The license has a pattern where the key has one module.",
            [MODULE],
            [entry(f"{MODULE}*")],
            "wrong_module",
        ),
        "key_refuses_a_module_outside": (
            "The module is none of the key's.",
            ["acme_*", "biz4a_sales"],
            [entry()],
            "wrong_module",
        ),
        "key_refuses_one_module_outside_of_several": (
            "The module asked for is the key's, another one in the license is not.",
            ["biz4a_*"],
            [entry(), entry("acme_stock")],
            "wrong_module",
        ),
    }
    for name, (description, patterns, modules, code) in scopes.items():
        text = token(claims(modules=modules))
        yield vector(name, rule, description, text, code, keys=[key(modules=patterns)])


def must_claims() -> Iterator[Vector]:
    """Envelope 8: `must`, and claims that are known but not implemented."""
    rule = "Envelope 8: must"
    binding: Claims = {"salt": "c2FsdA", "need": 1, "of": [{"kind": "domain", "hash": "0" * 64}]}
    cases: dict[str, tuple[str, Claims, str]] = {
        "must_known_claim_is_accepted": (
            "`must` names claims that the verifier knows.",
            claims(must=["exp", "grace_until"], grace_until=ENDS + DAY),
            "valid",
        ),
        "must_unknown_claim_is_unsupported": (
            "`must` names a claim of a later time.",
            claims(must=["seats"], seats=3),
            "unsupported",
        ),
        "must_instance_is_unsupported": (
            "`must` names a claim that is not implemented yet.",
            claims(must=["instance"]),
            "unsupported",
        ),
        "instance_is_unsupported": (
            "The tolerant binding is not implemented yet, and not taken for no binding.",
            claims(instance=binding),
            "unsupported",
        ),
        "instance_null_is_unsupported": (
            "`instance` is there, if only as null.",
            claims(instance=None),
            "unsupported",
        ),
        "move_grace_days_is_unsupported": (
            "`move_grace_days` is not implemented yet.",
            claims(move_grace_days=7),
            "unsupported",
        ),
        "malformed_claims_come_before_unsupported_ones": (
            "`must` names an unknown claim, and the license has no `jti`.",
            claims(must=["seats"], jti=DROP),
            "malformed",
        ),
    }
    for name, (description, payload, code) in cases.items():
        yield vector(name, rule, description, token(payload), code)


def required_claims() -> Iterator[Vector]:
    """Claims without which there is no license."""
    rule = "Claims: required"
    for name in ("jti", "iss", "iat", "exp", "customer", "license_type"):
        yield vector(
            f"{name}_missing_is_refused",
            rule,
            f"`{name}` is missing.",
            token(claims(**{name: DROP})),
            "malformed",
        )
    cases: dict[str, tuple[str, Claims]] = {
        "customer_without_id_is_refused": (
            "`customer` has no `id`.",
            claims(customer={"name": "Korenaar"}),
        ),
        "customer_without_name_is_refused": (
            "`customer` has no `name`.",
            claims(customer={"id": "1"}),
        ),
        "module_and_modules_together_are_refused": (
            "Both `module` and `modules` are there.",
            claims(module=entry()),
        ),
        "neither_module_nor_modules_is_refused": (
            "The license names no module.",
            claims(modules=DROP),
        ),
        "modules_empty_is_refused": ("`modules` is empty.", claims(modules=[])),
        "allowed_major_versions_missing_is_refused": (
            "A module has no versions.",
            claims(modules=[{"technical_name": MODULE}]),
        ),
        "exp_missing_of_a_demo_is_refused": (
            "A demo has no end.",
            claims(license_type="demo", exp=DROP),
        ),
    }
    for name, (description, payload) in cases.items():
        yield vector(name, rule, description, token(payload), "malformed")


def types_of_claims() -> Iterator[Vector]:
    """Each known claim with a wrong type."""
    wrong: dict[str, tuple[str, object]] = {
        "jti_number": ("jti", 7),
        "iss_list": ("iss", [ISSUER]),
        "iat_string": ("iat", str(ISSUED)),
        "iat_fraction": ("iat", float(ISSUED)),
        "iat_true": ("iat", True),
        "iat_negative": ("iat", -1),
        "exp_string": ("exp", "2027-07-01"),
        "exp_null": ("exp", None),
        "nbf_string": ("nbf", str(ISSUED)),
        "notify_admins_from_string": ("notify_admins_from", "soon"),
        "notify_users_from_fraction": ("notify_users_from", ENDS - 0.5),
        "grace_until_object": ("grace_until", {"days": 14}),
        "updates_until_date": ("updates_until", "2027-07-01"),
        "customer_string": ("customer", "Korenaar"),
        "customer_id_number": ("customer", {"id": 1042, "name": "Korenaar"}),
        "license_type_number": ("license_type", 1),
        "modules_object": ("modules", entry()),
        "technical_name_number": ("modules", [entry(4)]),
        "allowed_major_versions_of_numbers": ("modules", [entry(versions=[18])]),
        "features_string": ("modules", [entry(features="export")]),
        "instance_fingerprint_number": ("instance_fingerprint", 0),
        "limits_users_string": ("limits", {"users": "25"}),
        "limits_users_negative": ("limits", {"users": -1}),
        "must_string": ("must", "exp"),
    }
    for name, (claim, value) in wrong.items():
        yield vector(
            f"{name}_is_refused",
            f"Claims: type of {claim}",
            f"`{claim}` is {json.dumps(value)}.",
            token(claims(**{claim: value})),
            "malformed",
        )
    yield vector(
        "iat_with_an_exponent_is_refused",
        "Claims: type of iat",
        "`iat` is written as 1782864e3, which is not an integer in JSON's integer form.",
        token(edited(claims(), f'"iat":{ISSUED}', f'"iat":{ISSUED // 1000}e3')),
        "malformed",
    )


def ranges_of_claims() -> Iterator[Vector]:
    """Claims of the right type, at and beyond the edge of what they may say."""
    jti = str(claims()["jti"])
    cases: dict[str, tuple[str, Claims, str]] = {
        "jti_in_upper_case_is_accepted": ("jti", claims(jti=jti.upper()), "valid"),
        "jti_without_hyphens_is_refused": ("jti", claims(jti=jti.replace("-", "")), "malformed"),
        "jti_with_moved_hyphens_is_refused": (
            "jti",
            claims(jti=f"{jti[:7]}-{jti[7]}{jti[9:]}"),
            "malformed",
        ),
        "exp_at_the_last_second_is_accepted": ("exp", claims(exp=LAST_SECOND), "valid"),
        "exp_after_the_last_second_is_refused": ("exp", claims(exp=LAST_SECOND + 1), "malformed"),
        "exp_of_30_digits_is_refused": ("exp", claims(exp=int("9" * 30)), "malformed"),
        "iat_in_the_future_is_accepted": ("iat", claims(iat=NOW + DAY), "valid"),
        "grace_until_at_exp_is_refused": ("grace_until", claims(grace_until=ENDS), "malformed"),
        "grace_until_without_exp_is_refused": (
            "grace_until",
            perpetual(grace_until=ENDS),
            "malformed",
        ),
        "exp_of_a_perpetual_license_is_refused": ("exp", perpetual(exp=ENDS), "malformed"),
        "exp_null_of_a_perpetual_license_is_accepted": ("exp", perpetual(exp=None), "valid"),
        "license_type_unknown_is_unsupported": (
            "license_type",
            claims(license_type="lease"),
            "unsupported",
        ),
        "fingerprint_not_hexadecimal_is_refused": (
            "instance_fingerprint",
            claims(instance_fingerprint="sha256:" + "g" * 64),
            "malformed",
        ),
    }
    for name, (claim, payload, code) in cases.items():
        value = json.dumps(payload.get(claim))
        description = f"`{claim}` is {value} in a {payload['license_type']} license."
        yield vector(name, f"Claims: {claim}", description, token(payload), code)
    yield from null_claims()


def null_claims() -> Iterator[Vector]:
    """A null is no way to leave a claim out, except in the old form."""
    for name in (
        "nbf",
        "notify_admins_from",
        "notify_users_from",
        "grace_until",
        "updates_until",
        "instance_fingerprint",
        "module",
        "limits",
        "must",
    ):
        yield vector(
            f"{name}_null_is_refused",
            "Claims: null",
            f"`{name}` is null where it should be absent.",
            token(claims(**{name: None})),
            "malformed",
        )


def module_names() -> Iterator[Vector]:
    """Names and versions of the covered modules."""
    rule = "Claims: technical_name"
    longest = "biz4a_" + "x" * 122
    yield vector(
        "technical_name_of_128_characters_is_accepted",
        rule,
        "The name has the greatest length.",
        token(claims(modules=[entry(longest)])),
        "valid",
        module=longest,
    )
    for name, value in {
        "technical_name_of_129_characters_is_refused": f"{longest}x",
        "technical_name_empty_is_refused": "",
        "technical_name_with_a_dash_is_refused": "biz4a-payroll",
        "pattern_without_a_prefix_is_refused": "*",
        "pattern_with_a_star_inside_is_refused": "biz4a_*_payroll",
    }.items():
        # The module asked for is in the license too, so that only the name can be at fault.
        text = token(claims(modules=[entry(), entry(value)]))
        description = f"A name of {len(value)} characters: {value[:20]!r}."
        yield vector(name, rule, description, text, "malformed")
    yield vector(
        "pattern_in_module_is_refused",
        rule,
        "Patterns are for `modules`; `module` names one.",
        token(claims(modules=DROP, module=entry("biz4a_*"))),
        "malformed",
    )
    rule = "Claims: allowed_major_versions"
    for name, versions in {
        "versions_empty_are_refused": [],
        "version_with_a_leading_zero_is_refused": ["018"],
        "version_with_a_minor_number_is_refused": ["18.1"],
    }.items():
        text = token(claims(modules=[entry(versions=versions)]))
        description = f"The versions are {json.dumps(versions)}."
        yield vector(name, rule, description, text, "malformed")


def coverage() -> Iterator[Vector]:
    """Codes wrong_module and wrong_odoo_version, prefix patterns and features."""
    rule = "Codes: wrong_module"
    text = token(claims())
    pattern = token(claims(modules=[entry("biz4a_*")]))
    yield vector(
        "module_not_covered_is_wrong_module",
        rule,
        "The license is for another module.",
        text,
        "wrong_module",
        module="biz4a_sales",
    )
    yield evaluated(
        "evaluate_without_a_license_for_the_module_is_missing",
        "Codes: missing",
        "The only license is good, and for another module.",
        text,
        "missing",
        module="biz4a_sales",
    )

    yield vector(
        "module_claim_covers_its_module",
        "Claims: module",
        "The present form reads `module` too.",
        token(claims(modules=DROP, module=entry())),
        "valid",
    )
    yield vector(
        "second_module_of_several_is_covered",
        "Claims: modules",
        "The module asked for is the second of the license.",
        token(claims(modules=[entry("biz4a_sales", ["16"]), entry()])),
        "valid",
    )
    yield vector(
        "prefix_pattern_covers_a_module",
        "Claims: modules",
        "biz4a_* covers biz4a_payroll.",
        pattern,
        "valid",
    )
    yield vector(
        "prefix_pattern_does_not_cover_another_prefix",
        rule,
        "biz4a_* does not cover biz4b_payroll.",
        pattern,
        "wrong_module",
        module="biz4b_payroll",
    )
    yield from versions_asked()
    yield from features()


def versions_asked() -> Iterator[Vector]:
    """The Odoo version asked for, in the forms that Odoo writes it."""
    rule = "Codes: wrong_odoo_version"
    only_18 = token(claims(modules=[entry(versions=["18"])]))
    asked = {
        "odoo_version_major_only_is_accepted": ("18", "valid"),
        "odoo_version_of_enterprise_is_accepted": ("18.0+e", "valid"),
        "odoo_version_of_saas_is_accepted": ("saas~18.2", "valid"),
        "odoo_version_not_covered_is_wrong_odoo_version": ("19.0", "wrong_odoo_version"),
        "odoo_version_is_not_compared_as_a_prefix": ("180.0", "wrong_odoo_version"),
    }
    for name, (version, code) in asked.items():
        description = f"The license is for 18, and Odoo says {version}."
        yield vector(name, rule, description, only_18, code, odoo_version=version)
    yield vector(
        "allowed_version_with_a_zero_is_read",
        "Claims: allowed_major_versions",
        "The license is for 18.0.",
        token(claims(modules=[entry(versions=["18.0"])])),
        "valid",
    )
    yield vector(
        "two_entries_for_a_module_may_each_serve",
        "Claims: modules",
        "A pattern covers the module for 17 and a second entry covers it for 18.",
        token(claims(modules=[entry("biz4a_*", ["17"]), entry(versions=["18"])])),
        "valid",
    )


def features() -> Iterator[Vector]:
    """Features, which only `evaluate` asks for."""
    rule = "Claims: features"
    some = token(claims(modules=[entry(features=["export", "sepa"])]))
    yield evaluated(
        "feature_listed_is_covered",
        rule,
        "The feature asked for is in the list.",
        some,
        "valid",
        feature="sepa",
    )
    yield evaluated(
        "feature_not_listed_is_missing",
        rule,
        "The feature asked for is not in the list, so that no license covers it.",
        some,
        "missing",
        feature="api",
    )
    yield evaluated(
        "features_absent_covers_every_feature",
        rule,
        "A license without a list covers every feature.",
        token(claims()),
        "valid",
        feature="api",
    )

    yield evaluated(
        "feature_of_another_license_is_found",
        rule,
        "Of two licenses for the module the second has the feature.",
        f"{some}\n{token(claims(modules=[entry(features=['api'])]))}",
        "valid",
        feature="api",
    )


def bindings() -> Iterator[Vector]:
    """Code wrong_instance, with the exact binding."""
    rule = "Codes: wrong_instance"
    bound = token(claims(instance_fingerprint=fingerprint(INSTANCE)))
    upper = "sha256:" + fingerprint(INSTANCE).removeprefix("sha256:").upper()
    moved = INSTANCE | {"domain": "korenaar.example"}
    copied = INSTANCE | {"database_uuid": OTHER["database_uuid"]}
    port = token(claims(instance_fingerprint=fingerprint(OTHER)))
    free = token(claims())
    cases: dict[str, tuple[str, str, dict[str, str] | None, str]] = {
        "bound_license_fits_its_instance": ("The instance is the right one.", bound, INSTANCE, ""),
        "bound_license_with_a_port_fits_its_instance": (
            "The domain has a port.",
            port,
            OTHER,
            "",
        ),
        "fingerprint_in_upper_case_fits": (
            "The digits of the fingerprint are in upper case.",
            token(claims(instance_fingerprint=upper)),
            INSTANCE,
            "",
        ),
        "another_domain_is_wrong_instance": ("The domain differs.", bound, moved, rule),
        "another_database_is_wrong_instance": ("The database differs.", bound, copied, rule),
        "bound_license_without_an_instance_is_wrong_instance": (
            "The license is bound, and no instance was given.",
            bound,
            None,
            rule,
        ),
        "unbound_license_fits_any_instance": ("The license is not bound.", free, INSTANCE, ""),
    }
    for name, (description, text, instance, fault) in cases.items():
        code = "wrong_instance" if fault else "valid"
        yield vector(name, rule, description, text, code, instance=instance)


def boundaries() -> Iterator[Vector]:
    """Every instant at which the answer changes, and the second before it."""
    plain = token(claims())
    later = token(claims(nbf=NOW))
    graced = token(claims(grace_until=ENDS + 14 * DAY))
    demo = token(claims(license_type="demo"))
    early = token(claims(notify_admins_from=ENDS - 90 * DAY))
    end = ENDS + 14 * DAY
    rows: dict[str, tuple[str, str, int, str, int | None, str | None]] = {
        "before_nbf_is_not_yet_valid": ("nbf", later, NOW - 1, "not_yet_valid", NOW, "valid"),
        "at_nbf_is_valid": ("nbf", later, NOW, "valid", WARNS, "expiring"),
        "before_the_default_warning_is_valid": (
            "notify_admins_from",
            plain,
            WARNS - 1,
            "valid",
            WARNS,
            "expiring",
        ),
        "at_the_default_warning_is_expiring": (
            "notify_admins_from",
            plain,
            WARNS,
            "expiring",
            ENDS,
            "expired",
        ),
        "at_the_default_warning_of_a_demo_is_expiring": (
            "notify_admins_from",
            demo,
            ENDS - 7 * DAY,
            "expiring",
            ENDS,
            "expired",
        ),
        "before_notify_admins_from_is_valid": (
            "notify_admins_from",
            early,
            ENDS - 90 * DAY - 1,
            "valid",
            ENDS - 90 * DAY,
            "expiring",
        ),
        "at_notify_admins_from_is_expiring": (
            "notify_admins_from",
            early,
            ENDS - 90 * DAY,
            "expiring",
            ENDS,
            "expired",
        ),
        "before_exp_is_expiring": ("exp", plain, ENDS - 1, "expiring", ENDS, "expired"),
        "at_exp_is_expired": ("exp", plain, ENDS, "expired", None, None),
        "before_exp_grace_is_next": ("grace_until", graced, ENDS - 1, "expiring", ENDS, "grace"),
        "at_exp_with_grace_is_grace": ("grace_until", graced, ENDS, "grace", end, "expired"),
        "before_grace_until_is_grace": ("grace_until", graced, end - 1, "grace", end, "expired"),
        "at_grace_until_is_expired": ("grace_until", graced, end, "expired", None, None),
        "perpetual_never_changes": ("exp", token(perpetual()), NOW, "valid", None, None),
        "warning_of_a_perpetual_license_means_nothing": (
            "notify_admins_from",
            token(perpetual(notify_admins_from=ISSUED)),
            NOW,
            "valid",
            None,
            None,
        ),
    }
    for name, (claim, text, now, code, change, then) in rows.items():
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield evaluated(
            name,
            f"Times: {claim}",
            f"At {moment} the license is {code}.",
            text,
            code,
            now=now,
            next_change=change,
            next_code=then,
        )
    yield vector(
        "verify_at_exp_is_expired",
        "Times: exp",
        "verify_license refuses at the very instant of `exp`.",
        plain,
        "expired",
        now=ENDS,
    )
    yield vector(
        "verify_in_grace_is_grace",
        "Times: grace_until",
        "verify_license accepts a license in its grace period.",
        graced,
        "grace",
        now=ENDS,
    )


def updates() -> Iterator[Vector]:
    """Code updates_ended."""
    rule = "Codes: updates_ended"
    text = token(perpetual(updates_until=utc(2026, 9, 1)))
    for name, released, code in [
        ("release_before_updates_until_is_valid", "2026-08-31", "valid"),
        ("release_at_updates_until_is_updates_ended", "2026-09-01", "updates_ended"),
        ("release_after_updates_until_is_updates_ended", "2026-09-02", "updates_ended"),
        ("release_without_a_date_is_valid", None, "valid"),
    ]:
        yield evaluated(
            name,
            rule,
            f"Updates end on 2026-09-01, and the module was released on {released or 'no date'}.",
            text,
            code,
            released=released,
            failed=[] if code == "valid" else [code],
            not_run=[],
            next_change=None,
            next_code=None,
        )
    yield evaluated(
        "updates_ended_until_the_subscription_ends",
        rule,
        "The next change is the end of the subscription, not its warning.",
        token(claims(updates_until=utc(2026, 9, 1))),
        "updates_ended",
        released="2026-09-10",
        next_change=ENDS,
        next_code="expired",
    )


def reports() -> Iterator[Vector]:
    """Every check is reported: which failed, and which did not run."""
    rule = "Codes: every check is reported"
    good = token(claims())
    rows: dict[str, tuple[str, str, str, list[str]]] = {
        "report_of_a_valid_license": ("Every check passed.", good, "", []),
        "report_of_a_malformed_header": (
            "Nothing is checked after a header without `kid`.",
            token(claims(), header(kid=DROP)),
            "malformed",
            CHECKS[1:],
        ),
        "report_of_an_unsupported_header": (
            "Nothing is checked after a header with `crit`.",
            token(claims(), header(crit=["exp"])),
            "unsupported",
            CHECKS[2:],
        ),
        "report_of_an_unknown_key": (
            "Nothing is checked after a `kid` that the keyring does not have.",
            token(claims(), header(kid="example-1999")),
            "unknown_key",
            CHECKS[3:],
        ),
        "report_of_a_bad_signature": (
            "No claim is looked at after a bad signature.",
            flipped(good),
            "bad_signature",
            FROM_ISSUER,
        ),
        "report_of_malformed_claims": (
            "The signature is good, and the claims have no `jti`.",
            token(claims(jti=DROP)),
            "malformed",
            FROM_ISSUER,
        ),
        "report_of_unsupported_claims": (
            "The signature is good, and `must` names an unknown claim.",
            token(claims(must=["seats"])),
            "unsupported",
            FROM_ISSUER,
        ),
    }
    for name, (description, text, failed, not_run) in rows.items():
        yield evaluated(
            name,
            rule,
            description,
            text,
            failed or "valid",
            failed=[failed] if failed else [],
            not_run=not_run,
        )

    yield from order_of_checks()


def order_of_checks() -> Iterator[Vector]:
    """Licenses at which everything from one check on is wrong."""
    faults: dict[str, Claims] = {
        "wrong_issuer": {"iss": "Another Vendor"},
        "wrong_odoo_version": {"modules": [entry(versions=["16"])]},
        "wrong_instance": {"instance_fingerprint": fingerprint(OTHER)},
        "not_yet_valid": {"nbf": NOW + DAY},
        "expired": {"exp": NOW - DAY},
        "updates_ended": {"updates_until": ISSUED},
    }
    order = ["unknown_key", *FROM_ISSUER]
    for first, code in enumerate(order[:-1]):
        failed = order[first:]
        changes: Claims = {}
        for fault in failed:
            changes |= faults.get(fault, {})
        scope: Claims = {}
        if "unknown_key" in failed:
            scope["not_after"] = ISSUED
        if "wrong_module" in failed:
            scope["modules"] = ["acme_*"]
        yield evaluated(
            f"order_{code}_comes_before_{order[first + 1]}",
            "Codes: order",
            f"Everything from {code} on is wrong; {code} is the code, and all is reported.",
            token(claims(**changes)),
            code,
            keys=[key(**scope)],
            instance=INSTANCE,
            released="2026-09-01",
            failed=failed,
            not_run=[],
        )


def old_form() -> Iterator[Vector]:
    """Licenses in the field: `typ` JWT, and what only they may do."""
    rule = "Old form"
    nulls: Claims = dict.fromkeys(
        (
            "modules",
            "nbf",
            "notify_admins_from",
            "notify_users_from",
            "grace_until",
            "updates_until",
            "instance",
            "move_grace_days",
            "limits",
            "must",
        )
    )
    ending = old_token(exp=ENDS)
    subscription: Claims = {"license_type": "subscription", "exp": ENDS}
    rows: dict[str, tuple[str, str, str, int]] = {
        "old_perpetual_is_valid": ("A perpetual license verifies.", old_token(), "valid", NOW),
        "old_subscription_is_valid": (
            "A subscription verifies.",
            old_token(**subscription),
            "valid",
            NOW,
        ),
        "old_perpetual_without_exp_is_valid": (
            "`exp` is absent in place of null.",
            old_token(exp=DROP),
            "valid",
            NOW,
        ),
        "old_nulls_count_as_absent": (
            "Every optional claim is null.",
            old_token(**nulls),
            "valid",
            NOW,
        ),
        "old_perpetual_with_exp_is_valid_before_it": (
            "A perpetual license with an `exp` is valid long before it.",
            ending,
            "valid",
            NOW,
        ),
        "old_perpetual_with_exp_ends_there": (
            "A perpetual license with an `exp` ends there.",
            ending,
            "expired",
            ENDS,
        ),
        "old_subscription_with_exp_null_is_refused": (
            "A subscription has to end, in the old form too.",
            old_token(license_type="subscription"),
            "malformed",
            NOW,
        ),
        "old_required_claim_null_is_refused": (
            "null is for optional claims.",
            old_token(customer=None),
            "malformed",
            NOW,
        ),
        "old_instance_is_unsupported": (
            "`instance` is not null.",
            old_token(instance={}),
            "unsupported",
            NOW,
        ),
        "old_must_unknown_claim_is_unsupported": (
            "`must` counts in the old form too.",
            old_token(must=["seats"]),
            "unsupported",
            NOW,
        ),
    }
    for name, (description, text, code, now) in rows.items():
        yield vector(name, rule, description, text, code, now=now, keys=[old_key()])
    bound = old_token(instance_fingerprint=fingerprint(INSTANCE))
    for name, instance, code in [
        ("old_bound_license_fits_its_instance", INSTANCE, "valid"),
        ("old_bound_license_elsewhere_is_wrong_instance", OTHER, "wrong_instance"),
    ]:
        domain = instance["domain"]
        description = f"A bound license on {domain}."
        yield vector(name, rule, description, bound, code, instance=instance, keys=[old_key()])


def bundles() -> Iterator[Vector]:
    """Text around tokens, and text inside them."""
    good = token(claims())
    rule = "Bundle: text around tokens"
    around = {
        "bundle_mail_around_a_token": (
            "A whole mail is pasted.",
            "Dear Ms Visser,\r\n\r\nplease paste this under Settings / Licenses:\r\n\r\n"
            f"{good}\r\n\r\nKind regards,\r\nExample Vendor - support@vendor.example\r\n",
        ),
        "bundle_token_in_quotes": (
            "The token is a value of a JSON text.",
            f'{{"license":"{good}","n":1}}',
        ),
        "bundle_text_glued_to_the_end": (
            "Text follows the signature without a space.",
            f"{good}--Kind-regards.",
        ),
        "bundle_word_like_a_token_before_it": (
            "A word that begins as tokens do precedes the token on its line.",
            f"Hey eyJude {good}",
        ),
        "bundle_foreign_jwt_before_a_token": (
            "A token of somebody else, with a shorter signature, is on the line before.",
            f"{hs256_token()}\n{good}",
        ),
        "bundle_foreign_jwt_after_a_token": (
            "A token of somebody else follows.",
            f"{good}\n{hs256_token()}\n",
        ),
        "bundle_token_cut_in_its_signature_before_a_token": (
            "A token that was cut off precedes the whole one.",
            f"{good[:-40]}\n{good}",
        ),
        "bundle_token_cut_in_its_payload_at_once_before_a_token": (
            "A token that was cut off in its payload runs on into the whole one.",
            f"{good[:200]}\n{good}",
        ),
        "bundle_token_cut_in_its_payload_before_a_token": (
            "A token that was cut off, and a remark, precede the whole one.",
            f"{good[:200]}\n[message truncated]\n\n{good}",
        ),
    }
    for name, (description, text) in around.items():
        yield evaluated(name, rule, description, text, "valid")
    yield from bundle_white_space(good)
    yield from bundle_refusals(good)
    yield from bundle_sizes(good)


def bundle_white_space(good: str) -> Iterator[Vector]:
    """White space that mail programs and web pages put inside tokens."""
    rule = "Bundle: white space inside tokens"
    head, body, mark = good.split(".")
    mark_of_order = "\ufeff"
    spaced = {
        "bundle_wrapped_lines": ("Lines of 64 characters.", wrapped(good, 64, "\r\n")),
        "bundle_no_break_space": (
            "Lines end with a no-break space.",
            wrapped(good, 64, "\u00a0\n"),
        ),
        "bundle_zero_width_space": (
            "A zero-width space after every 40 characters.",
            wrapped(good, 40, "\u200b"),
        ),
        "bundle_byte_order_mark": (
            "A byte-order mark at the start, and one inside.",
            mark_of_order + wrapped(good, 150, mark_of_order),
        ),
        "bundle_unicode_white_space": (
            "Line separator, ideographic space and next line.",
            wrapped(good, 64, "\u2028\u3000\u0085"),
        ),
        "bundle_lines_end_after_the_dots": (
            "Each segment is on a line of its own.",
            f"{head}.\n{body}.\n{mark}",
        ),
        "bundle_lines_end_before_the_dots": (
            "Each dot begins a line.",
            f"{head}\n.{body}\n.{mark}",
        ),
    }
    for name, (description, text) in spaced.items():
        yield evaluated(name, rule, description, text, "valid")


def bundle_refusals(good: str) -> Iterator[Vector]:
    """Nothing but white space is repaired."""
    rule = "Bundle: nothing else is repaired"
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in good)
    rows = {
        "bundle_empty_is_missing": ("There is no text.", "", "missing"),
        "bundle_text_without_a_token_is_missing": (
            "There is text, and no token in it.",
            "The license will follow by mail. Kind regards",
            "missing",
        ),
        "bundle_token_glued_to_a_word_is_missing": (
            "A letter precedes the token, so that it does not begin there.",
            f"License{good}",
            "missing",
        ),
        "bundle_token_after_a_dot_is_missing": (
            "A dot precedes the token, as if it were the payload of another.",
            f"here...{good}",
            "missing",
        ),
        "bundle_in_upper_case_is_missing": (
            "Case is not folded: nothing begins as tokens do.",
            good.upper(),
            "missing",
        ),
        "bundle_full_width_letters_are_missing": (
            "Unicode is not normalised: nothing begins as tokens do.",
            wide,
            "missing",
        ),
        "bundle_token_cut_in_its_header_is_missing": (
            "What was cut off before its first dot is not taken for a token.",
            good[:40],
            "missing",
        ),
        "bundle_token_cut_in_its_payload_is_malformed": (
            "The token was cut off after its first dot.",
            good[:200],
            "malformed",
        ),
        "bundle_token_cut_in_its_signature_is_malformed": (
            "One character of the signature is missing.",
            good[:-1],
            "malformed",
        ),
        "bundle_quoted_lines_are_malformed": (
            "The marks of a quoted mail are not taken away.",
            wrapped(good, 120, "\n", "> "),
            "malformed",
        ),
        "bundle_foreign_jwt_alone_is_malformed": (
            "A token of somebody else has too short a signature to be complete.",
            f"Bearer {hs256_token()}",
            "malformed",
        ),
    }
    for name, (description, text, code) in rows.items():
        yield evaluated(name, rule, description, text, code)


def bundle_sizes(good: str) -> Iterator[Vector]:
    """At most 256 tokens; each of at most 16 KiB."""
    rule = "Bundle: at most 256 tokens"

    def others(count: int) -> str:
        return "\n".join(f"eyJ.{number:04}.{'A' * 86}" for number in range(count))

    yield evaluated(
        "bundle_of_256_tokens_is_read",
        rule,
        "A good license and 255 broken ones.",
        f"{good}\n{others(MAX_TOKENS - 1)}",
        "valid",
    )
    yield evaluated(
        "bundle_of_257_tokens_is_malformed",
        rule,
        "A good license and 256 broken ones are too many.",
        f"{good}\n{others(MAX_TOKENS)}",
        "malformed",
    )
    yield evaluated(
        "bundle_token_of_16385_characters_is_malformed",
        "Envelope 1: size",
        "In a bundle too, a token has at most 16 KiB.",
        token_of_length(MAX_TOKEN + 1),
        "malformed",
    )
    yield evaluated(
        "bundle_token_too_large_beside_a_good_one",
        "Envelope 1: size",
        "A token over 16 KiB does not stop the next.",
        f"{token_of_length(MAX_TOKEN + 1)}\n{good}",
        "valid",
    )


def several_licenses() -> Iterator[Vector]:
    """The best license wins, then the later one."""
    second = "9c6e2d1b-3f47-4b0a-a1c8-5d2e7f9b8a03"
    old = token(claims())
    first = str(claims()["jti"])
    rule = "Several licenses: renewal"
    year = 365 * DAY
    renewal = token(claims(jti=second, iat=WARNS + DAY, nbf=ENDS, exp=ENDS + year))
    both = f"{old}\n\n{renewal}"
    rows: dict[str, tuple[str, int, str, str, int | None, str | None]] = {
        "renewal_pasted_before_the_old_one_ends": (
            "The old license still decides, and the renewal follows without a gap.",
            ENDS - 1,
            "expiring",
            first,
            ENDS,
            "valid",
        ),
        "renewal_takes_over_when_the_old_one_ends": (
            "The renewal decides from the end of the old license on.",
            ENDS,
            "valid",
            second,
            ENDS + year - 30 * DAY,
            "expiring",
        ),
        "renewal_does_not_hide_a_warning": (
            "The warning of the old license comes while the renewal is not valid yet.",
            WARNS - 1,
            "valid",
            first,
            WARNS,
            "expiring",
        ),
    }
    for name, (description, now, code, jti, change, then) in rows.items():
        yield evaluated(
            name,
            rule,
            description,
            both,
            code,
            now=now,
            jti=jti,
            next_change=change,
            next_code=then,
        )
    overlap = token(claims(jti=second, iat=NOW - DAY, exp=ENDS + year))
    yield evaluated(
        "renewal_valid_at_once_moves_the_next_change",
        rule,
        "The warning of the old license changes nothing while the renewal is valid.",
        f"{old}\n{overlap}",
        "valid",
        jti=second,
        next_change=ENDS + year - 30 * DAY,
        next_code="expiring",
    )
    rule = "Several licenses: the later one of equals"
    later = token(perpetual(jti=second, iat=ISSUED + 1))
    for name, text in {
        "later_iat_wins_when_it_comes_last": f"{old}\n{later}",
        "later_iat_wins_when_it_comes_first": f"{later}\n{old}",
    }.items():
        yield evaluated(name, rule, "Both are valid, and the later one decides.", text, "valid", jti=second)
    yield evaluated(
        "license_for_another_module_does_not_count",
        "Several licenses: only those that cover the module",
        "A perpetual license for another module beside one that has ended.",
        f"{token(perpetual(modules=[entry('biz4a_sales')]))}\n{token(claims(exp=NOW))}",
        "expired",
    )
    yield evaluated(
        "license_of_another_issuer_counts_though_it_covers_other_modules",
        "Several licenses: only those in order are passed over",
        "What is refused before its modules are asked for says why, not that none is there.",
        token(claims(iss="Another Vendor", modules=[entry("biz4a_sales")])),
        "wrong_issuer",
        failed=["wrong_issuer", "wrong_module"],
        not_run=["wrong_odoo_version"],
    )
    yield from best_of_two()


def best_of_two() -> Iterator[Vector]:
    """Each code against the next worse one; the worse license is the later one."""
    outside = [entry(), entry("acme_stock")]
    makers: dict[str, Callable[[int], str]] = {
        "valid": lambda iat: token(claims(iat=iat)),
        "expiring": lambda iat: token(claims(iat=iat, exp=NOW + DAY)),
        "grace": lambda iat: token(claims(iat=iat, exp=NOW - DAY, grace_until=NOW + DAY)),
        "updates_ended": lambda iat: token(claims(iat=iat, updates_until=ISSUED)),
        "not_yet_valid": lambda iat: token(claims(iat=iat, nbf=NOW + DAY)),
        "expired": lambda iat: token(claims(iat=iat, exp=NOW - DAY)),
        "wrong_instance": lambda iat: token(claims(iat=iat, instance_fingerprint=fingerprint(OTHER))),
        "wrong_odoo_version": lambda iat: token(claims(iat=iat, modules=[entry(versions=["16"])])),
        "wrong_module": lambda iat: token(claims(iat=iat, modules=outside)),
        "bad_signature": lambda iat: flipped(token(claims(iat=iat))),
        "unknown_key": lambda iat: token(claims(iat=iat), header(kid="example-1999")),
        "unsupported": lambda iat: token(claims(iat=iat, must=["seats"])),
        "malformed": lambda iat: token(claims(iat=iat, customer="Korenaar")),
    }
    codes = list(makers)
    pairs = [*pairwise(codes), ("wrong_odoo_version", "wrong_issuer")]
    makers["wrong_issuer"] = lambda iat: token(claims(iat=iat, iss="Another Vendor"))
    for better, worse in pairs:
        yield evaluated(
            f"best_of_{better}_and_{worse}",
            "Several licenses: the best one",
            f"Of two licenses the one that is {better} decides, not the later, {worse} one.",
            f"{makers[worse](ISSUED + DAY)}\n{makers[better](ISSUED)}",
            better,
            keys=[key(modules=["biz4a_*"])],
            instance=INSTANCE,
            released="2026-09-01",
        )


SECTIONS: list[Callable[[], Iterator[Vector]]] = [
    good_licenses,
    segments,
    base64url,
    headers,
    keys_of_tokens,
    signatures,
    payload_text,
    key_scope,
    must_claims,
    required_claims,
    types_of_claims,
    ranges_of_claims,
    module_names,
    coverage,
    bindings,
    boundaries,
    updates,
    reports,
    old_form,
    bundles,
    several_licenses,
]


def all_vectors() -> dict[str, Vector]:
    """Every vector by its name; a name that is taken or not snake_case is a `ValueError`."""
    made: dict[str, Vector] = {}
    for section in SECTIONS:
        for item in section():
            name = str(item["name"])
            if name in made or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(f"bad or repeated name: {name}")
            made[name] = item
    return dict(sorted(made.items()))


def write(vectors: dict[str, Vector], folder: Path) -> None:
    """One file per vector in `folder`; other `.json` files there are removed."""
    for path in folder.glob("*.json"):
        if path.stem not in vectors:
            path.unlink()
    for name, item in vectors.items():
        text = json.dumps(item, indent=2) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="ascii", newline="\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make the token vectors.")
    parser.add_argument("--list", action="store_true", help="print the names, write nothing")
    vectors = all_vectors()
    if parser.parse_args().list:
        print("\n".join(vectors))
    else:
        write(vectors, FOLDER)


if __name__ == "__main__":
    main()
