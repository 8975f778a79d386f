"""Revocation lists: their claims, and how they name a license.

docs/token-format.md: "Revocation lists", and of "Envelope" 6 (payload) and 8 (what is not known).
"""

import json
from collections.abc import Iterator
from functools import partial

from tokens import (
    DAY,
    DROP,
    JTI,
    KID,
    NOW,
    Claims,
    Vector,
    claims,
    edited,
    encode,
    evaluated,
    key,
    token,
    with_member,
)
from trust import (
    SEQ,
    list_claims,
    listed,
    revocation_list,
    revoked_id,
    root,
    sealed_list,
)

GOOD = token(claims())
LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z

asked = partial(evaluated, keys=[key(), root()])
"""One case with a key for licenses and a root."""


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from required_claims()
    yield from types_of_claims()
    yield from ids()
    yield from payload_text()


def required_claims() -> Iterator[Vector]:
    """Claims without which there is no list, and none that is null."""
    rule = "Revocation lists: claims"
    for claim in ("iss", "iat", "seq", "revoked"):
        yield refused(
            f"revocation_list_without_{claim}_is_refused",
            rule,
            f"`{claim}` is missing.",
            sealed_list(list_claims(**{claim: DROP})),
            "malformed",
        )
    for claim in ("iss", "iat", "seq", "revoked", "revoked_keys", "must"):
        yield refused(
            f"revocation_list_with_{claim}_null_is_refused",
            rule,
            f"`{claim}` is null.",
            sealed_list(list_claims(**{claim: None})),
            "malformed",
        )


def types_of_claims() -> Iterator[Vector]:
    """Each claim with a wrong type, or outside its range."""
    rule = "Revocation lists: claims"
    wrong: dict[str, tuple[str, object]] = {
        "iss_number": ("iss", 7),
        "iat_string": ("iat", str(SEQ)),
        "iat_fraction": ("iat", float(SEQ)),
        "seq_string": ("seq", str(SEQ)),
        "seq_fraction": ("seq", SEQ + 0.5),
        "seq_true": ("seq", True),
        "seq_negative": ("seq", -1),
        "seq_after_the_last_second": ("seq", LAST_SECOND + 1),
        "revoked_string": ("revoked", revoked_id()),
        "revoked_object": ("revoked", {revoked_id(): True}),
        "revoked_number_in_it": ("revoked", [revoked_id(), 7]),
        "revoked_null_in_it": ("revoked", [revoked_id(), None]),
        "revoked_keys_string": ("revoked_keys", KID),
        "revoked_keys_number_in_it": ("revoked_keys", [7]),
        "must_string": ("must", "seq"),
    }
    for name, (claim, value) in wrong.items():
        text = sealed_list(list_claims(**{claim: value}))
        description = f"`{claim}` is {json.dumps(value)}."
        yield refused(f"revocation_list_{name}_is_refused", rule, description, text, "malformed")
    fine: dict[str, tuple[str, Claims]] = {
        "seq_0": ("seq", {"seq": 0}),
        "seq_at_the_last_second": ("seq", {"seq": LAST_SECOND}),
        "revoked_keys_empty": ("revoked_keys", {"revoked_keys": []}),
        "iat_in_the_future": ("iat", {"iat": NOW + DAY}),
        "unknown_claim": ("note", {"note": {"for": "people"}}),
        "must_known_claim": ("must", {"must": ["seq", "revoked", "revoked_keys"]}),
    }
    for name, (claim, changes) in fine.items():
        text = f"{GOOD}\n{sealed_list(list_claims(**changes))}"
        description = f"`{claim}` is {json.dumps(changes[claim])}."
        yield asked(
            f"revocation_list_{name}_is_accepted", rule, description, text, "revoked", trust=[listed()]
        )
    yield refused(
        "revocation_list_must_unknown_claim_is_unsupported",
        "Envelope 8: must",
        "`must` names a claim of a later time.",
        revocation_list(must=["seq", "hosts"], hosts=[]),
        "unsupported",
    )
    yield refused(
        "revocation_list_must_claim_of_a_license_is_unsupported",
        "Envelope 8: must",
        "`must` names a claim that licenses have and lists do not.",
        revocation_list(must=["exp"], exp=NOW + DAY),
        "unsupported",
    )


def ids() -> Iterator[Vector]:
    """How a license is named: 16 bytes in canonical base64url, of the `jti` exactly as signed."""
    rule = "Revocation lists: revoked"
    good = revoked_id()
    other = good[:-1] + chr(ord(good[-1]) + 1)  # the last of 22 characters carries two bits: A, Q, g or w
    wrong = {
        "of_21_characters": good[:-1],
        "of_23_characters": good + "A",
        "padded": good + "==",
        "with_trailing_bits": other,
        "in_the_standard_alphabet": "+/" + good[2:],
        "empty": "",
        "that_is_the_jti": JTI,
    }
    for name, text in wrong.items():
        yield refused(
            f"revoked_id_{name}_is_refused",
            rule,
            f"An id of {len(text)} characters: {text!r}.",
            revocation_list(revoked=[good, text]),
            "malformed",
        )
    upper = JTI.upper()
    rows = {
        "revoked_id_is_of_the_jti_as_signed": (
            "The `jti` is in upper case, and so hashed.",
            upper,
            "revoked",
        ),
        "revoked_id_of_the_jti_in_another_case_stops_nothing": (
            "The `jti` is in upper case, and hashed in lower case.",
            JTI,
            "valid",
        ),
    }
    for name, (description, jti, code) in rows.items():
        text = f"{token(claims(jti=upper))}\n{revocation_list(jti)}"
        yield asked(name, rule, description, text, code, trust=[listed()])


def payload_text() -> Iterator[Vector]:
    """Envelope 6: the payload is read by the rules of licenses."""
    rule = "Envelope 6: payload"
    payload = list_claims()
    broken: dict[str, tuple[str, bytes]] = {
        "array": ("The payload is an array.", b"[" + encode(payload) + b"]"),
        "duplicate_name": (
            "`revoked` is there twice.",
            with_member(payload, '"revoked":[]'),
        ),
        "nested_duplicate_name": (
            "An unknown claim holds a name twice.",
            with_member(payload, '"note":{"a":1,"a":2}'),
        ),
        "byte_order_mark": ("A byte-order mark precedes the object.", b"\xef\xbb\xbf" + encode(payload)),
        "bytes_after_the_object": ("A zero follows the object.", encode(payload) + b"0"),
        "seq_with_an_exponent": ("`seq` is written as 1e9.", edited(payload, f'"seq":{SEQ}', '"seq":1e9')),
    }
    for name, (description, content) in broken.items():
        text = sealed_list(content)
        yield refused(f"revocation_list_{name}_is_refused", rule, description, text, "malformed")
    yield refused(
        "revocation_list_malformed_comes_before_unsupported",
        "Codes: order",
        "`seq` is missing, and `must` names an unknown claim.",
        revocation_list(seq=DROP, must=["hosts"]),
        "malformed",
    )


def refused(name: str, rule: str, description: str, text: str, code: str) -> Vector:
    """A list that is refused stops nothing: the license that it names works on."""
    return asked(name, rule, description, f"{GOOD}\n{text}", "valid", trust=[listed(code)])
