"""The signature, and the payload as JSON under a good one.

docs/token-format.md: "Envelope" 5 (signature), 6 (payload) and 8 (what is not known).
"""

import json
from collections.abc import Iterator

from tokens import (
    DAY,
    DROP,
    ENDS,
    STRANGER,
    Claims,
    Vector,
    b64,
    claims,
    edited,
    encode,
    entry,
    flipped,
    header,
    nested,
    token,
    unb64,
    vector,
    with_member,
)

KNOWN = [
    "jti",
    "iss",
    "iat",
    "exp",
    "customer",
    "module",
    "license_type",
    "instance_fingerprint",
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
]
"""Every claim of a license."""

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493  # RFC 8032 §5.1, "L"


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from signatures()
    yield from payload_text()
    yield from payload_accepted()
    yield from must_claims()


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
        "payload_altered_is_bad_signature": ("The end was moved by a day.", f"{head}.{longer}.{mark}"),
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
        "payload_bytes_after_the_object_are_refused": (one, "Text follows the object.", plain + b"x"),
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


def must_claims() -> Iterator[Vector]:
    """Envelope 8: `must`."""
    rule = "Envelope 8: must"
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
        "must_names_every_claim_of_a_license": (
            "`must` names every claim that a license may have, there or not.",
            claims(must=KNOWN),
            "valid",
        ),
        "must_claim_of_a_list_is_unsupported": (
            "`must` names a claim that revocation lists have and licenses do not.",
            claims(must=["seq"], seq=1),
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
