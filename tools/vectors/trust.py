"""Roots, certified keys and revocation lists: what the vectors of the years share.

docs/token-format.md: "Revocation lists" and "Key certificates".
"""

import hashlib

from tokens import (
    DAILY,
    DAY,
    ISSUED,
    ISSUER,
    JTI,
    NEXT_DAILY,
    NOW,
    OTHER_ROOT,
    ROOT,
    SECOND_ROOT,
    Claims,
    b64,
    changed,
    claims,
    encode,
    header,
    key,
    public,
    token,
)

OTHER_ISSUER = "Another Vendor"
LIST_TYPE = "aegis-revocation+jwt"
CERTIFICATE_TYPE = "aegis-key+jwt"
ROOT_USE = ["certify", "revocation"]
SEQ = NOW - DAY


def thumbprint(x: str) -> str:
    """The id of a certified key (RFC 7638, of the members that RFC 8037 §2 requires)."""
    return b64(hashlib.sha256(encode({"crv": "Ed25519", "kty": "OKP", "x": x})).digest())


def kid_of(signer: str) -> str:
    """The `kid` of a signer: the thumbprint of those that are certified, else the name."""
    return thumbprint(public(signer)) if signer in (DAILY, NEXT_DAILY) else signer


def root(kid: str = ROOT, /, **changes: object) -> Claims:
    """A root in the keyring."""
    return key(kid, **({"use": ROOT_USE} | changes))


def roots() -> list[Claims]:
    """The two roots of the vendor."""
    return [root(), root(SECOND_ROOT)]


def two_issuers() -> list[Claims]:
    """Roots and a license key of one vendor, and the root of another."""
    mine: Claims = {"modules": ["biz4a_*"]}
    theirs: Claims = {"issuer": OTHER_ISSUER, "modules": ["acme_*"], "use": ["license", *ROOT_USE]}
    return [key(**mine), root(**mine), key(OTHER_ROOT, **theirs)]


def signed(payload: Claims | bytes, signer: str, typ: str = "aegis-license+jwt") -> str:
    """A token of any kind by any signer."""
    return token(payload, header(kid=kid_of(signer), typ=typ), signer)


def daily(**changes: object) -> str:
    """A license that the certified key signed."""
    return signed(claims(**changes), DAILY)


def certificate_claims(subject: str = DAILY, /, **changes: object) -> Claims:
    """A certificate for licenses and lists, for all modules and times of its root."""
    base: Claims = {
        "iss": ISSUER,
        "iat": ISSUED - DAY,
        "kid": kid_of(subject),
        "name": "Day-to-day key",
        "x": public(subject),
        "use": ["license", "revocation"],
    }
    return changed(base, changes)


def certificate(subject: str = DAILY, /, signer: str = ROOT, **changes: object) -> str:
    """A signed key certificate."""
    return sealed_certificate(certificate_claims(subject, **changes), signer)


def sealed_certificate(payload: Claims | bytes, signer: str = ROOT) -> str:
    """Anything under the type of a key certificate."""
    return signed(payload, signer, CERTIFICATE_TYPE)


def revoked_id(jti: str = JTI) -> str:
    """A license as a revocation list names it."""
    return b64(hashlib.sha256(jti.encode()).digest()[:16])


def list_claims(*ids: str, **changes: object) -> Claims:
    """A list that revokes the licenses with these ids; of `claims()` alone when none is given."""
    base: Claims = {
        "iss": ISSUER,
        "iat": SEQ,
        "seq": SEQ,
        "revoked": [revoked_id(jti) for jti in ids or (JTI,)],
    }
    return changed(base, changes)


def revocation_list(*ids: str, signer: str = ROOT, **changes: object) -> str:
    """A signed revocation list."""
    return sealed_list(list_claims(*ids, **changes), signer)


def sealed_list(payload: Claims | bytes, signer: str = ROOT) -> str:
    """Anything under the type of a revocation list."""
    return signed(payload, signer, LIST_TYPE)


def empty_list(signer: str = ROOT, **changes: object) -> str:
    """A list that revokes no license."""
    return sealed_list(list_claims(**({"revoked": []} | changes)), signer)


def listed(code: str = "valid", *, in_force: bool | None = None) -> Claims:
    """What is expected of a list: in force when it is valid, unless said."""
    return {
        "kind": "revocation_list",
        "code": code,
        "in_force": code == "valid" if in_force is None else in_force,
    }


def certified(code: str = "valid") -> Claims:
    """What is expected of a certificate."""
    return {"kind": "key_certificate", "code": code, "in_force": code == "valid"}
