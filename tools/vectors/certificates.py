"""Key certificates: their claims, and who may sign one.

docs/token-format.md: "Key certificates", and "Envelope" as far as it speaks of them. What a certified key may
sign is the subject of `certified`.
"""

import json
from collections.abc import Iterator
from functools import partial

from tokens import (
    DAILY,
    DAY,
    DROP,
    ENDS,
    ISSUED,
    KID,
    MAX_TOKEN,
    NEXT_DAILY,
    NEXT_KID,
    ROOT,
    STRANGER,
    Claims,
    Vector,
    b64,
    claims,
    encode,
    evaluated,
    flipped,
    header,
    key,
    public,
    token,
    unb64,
    vector,
    with_member,
)
from trust import (
    CERTIFICATE_TYPE,
    OTHER_ISSUER,
    certificate,
    certificate_claims,
    certified,
    daily,
    kid_of,
    root,
    roots,
    sealed_certificate,
    signed,
    thumbprint,
)

CERTIFIED_AT = ISSUED - DAY
P = 2**255 - 19  # RFC 7748 §4.1

asked = partial(evaluated, keys=[root()])
"""One case with one root."""


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from required_claims()
    yield from types_of_claims()
    yield from public_keys()
    yield from uses()
    yield from must()
    yield from payload_text()
    yield from sizes()
    yield from headers()
    yield from signers()
    yield from windows_of_the_root()


def refused(name: str, rule: str, description: str, text: str, code: str) -> Vector:
    """A certificate that is refused lets its key sign nothing."""
    return asked(name, rule, description, f"{daily()}\n{text}", "unknown_key", trust=[certified(code)])


def taken(name: str, rule: str, description: str, text: str) -> Vector:
    """A certificate that is in order, beside a license by its key."""
    return asked(name, rule, description, f"{daily()}\n{text}", "valid", trust=[certified()])


def required_claims() -> Iterator[Vector]:
    """Claims without which there is no certificate, and none that is null."""
    rule = "Key certificates: claims"
    required = ("iss", "iat", "kid", "name", "x", "use")
    for claim in required:
        yield refused(
            f"key_certificate_without_{claim}_is_refused",
            rule,
            f"`{claim}` is missing.",
            sealed_certificate(certificate_claims(**{claim: DROP})),
            "malformed",
        )
    for claim in (*required, "nbf", "exp", "modules", "must"):
        yield refused(
            f"key_certificate_with_{claim}_null_is_refused",
            rule,
            f"`{claim}` is null.",
            sealed_certificate(certificate_claims(**{claim: None})),
            "malformed",
        )


def types_of_claims() -> Iterator[Vector]:
    """Each claim with a wrong type, or outside its range."""
    rule = "Key certificates: claims"
    wrong: dict[str, tuple[str, object]] = {
        "iss_list": ("iss", ["Example Vendor"]),
        "iat_string": ("iat", str(CERTIFIED_AT)),
        "kid_number": ("kid", 7),
        "name_number": ("name", 2026),
        "x_number": ("x", 0),
        "use_string": ("use", "license"),
        "use_number_in_it": ("use", ["license", 1]),
        "use_empty": ("use", []),
        "nbf_string": ("nbf", "2026-07-01"),
        "nbf_negative": ("nbf", -1),
        "exp_fraction": ("exp", ENDS + 0.5),
        "exp_true": ("exp", True),
        "modules_string": ("modules", "biz4a_*"),
        "modules_empty": ("modules", []),
        "modules_number_in_it": ("modules", [4]),
        "modules_entry_of_a_license": ("modules", [{"technical_name": "biz4a_payroll"}]),
        "modules_without_a_prefix": ("modules", ["*"]),
        "modules_with_a_star_inside": ("modules", ["biz4a_*_payroll"]),
        "must_string": ("must", "use"),
    }
    for name, (claim, value) in wrong.items():
        text = sealed_certificate(certificate_claims(**{claim: value}))
        description = f"`{claim}` is {json.dumps(value)}."
        yield refused(f"key_certificate_{name}_is_refused", rule, description, text, "malformed")
    yield taken(
        "key_certificate_with_every_claim_is_read",
        rule,
        "A certificate with every claim there is.",
        certificate(nbf=ISSUED, exp=ENDS, modules=["biz4a_*"], must=["nbf", "exp", "modules"]),
    )
    yield taken(
        "key_certificate_unknown_claims_are_ignored",
        rule,
        "A certificate with a claim that nobody knows.",
        certificate(note={"for": ["people"]}),
    )


def public_keys() -> Iterator[Vector]:
    """The key itself: a point that is not weak, and its id."""
    rule = "Key certificates: x"
    good = public(DAILY)
    last = good[:-1] + chr(ord(good[-1]) + 1)  # the last of 43 characters leaves two bits unused
    wrong = {
        "of_42_characters": ("One character is missing.", good[:-1]),
        "of_31_bytes": ("The key has 31 bytes.", b64(unb64(good)[:-1])),
        "of_33_bytes": ("The key has 33 bytes.", b64(unb64(good) + b"\0")),
        "padded": ("The key is padded.", good + "="),
        "with_trailing_bits": ("A bit is set that carries no data.", last),
        "in_hexadecimal": ("The key is written in hexadecimal.", unb64(good).hex()),
        "of_small_order": ("The key is the neutral point, under which anything verifies.", point(1)),
        "of_order_4": ("The key is a point of order 4.", point(0)),
        "that_is_no_point": ("No point has this y.", point(2)),
        "in_a_second_encoding": ("The y of the key is p + 3, and not 3.", point(P + 3)),
    }
    for name, (description, x) in wrong.items():
        text = certificate(x=x, kid=thumbprint(x))
        yield refused(f"key_certificate_x_{name}_is_refused", rule, description, text, "malformed")
    rule = "Key certificates: kid"
    kids = {
        "of_another_key": ("The id is that of another key.", kid_of(NEXT_DAILY)),
        "that_is_a_name": ("The id is a name.", "example-daily-2026"),
        "padded": ("The id is padded.", kid_of(DAILY) + "="),
        "that_is_x": ("The id is the key itself.", good),
        "in_hexadecimal": ("The id is the thumbprint in hexadecimal.", unb64(kid_of(DAILY)).hex()),
    }
    for name, (description, kid) in kids.items():
        yield refused(
            f"key_certificate_kid_{name}_is_refused", rule, description, certificate(kid=kid), "malformed"
        )


def point(y: int) -> str:
    """A point by its y, as RFC 8032 §5.1.2 encodes it with the sign zero."""
    return b64(y.to_bytes(32, "little"))


def uses() -> Iterator[Vector]:
    """What a certified key may be for: never for certificates."""
    rule = "Key certificates: use"
    rows = {
        "certify": (["certify"], "malformed"),
        "certify_among_others": (["license", "revocation", "certify"], "malformed"),
        "unknown": (["timestamp"], "unsupported"),
        "unknown_among_others": (["license", "timestamp"], "unsupported"),
        "in_another_case": (["License"], "unsupported"),
        "certify_and_unknown": (["timestamp", "certify"], "malformed"),
    }
    for name, (use, code) in rows.items():
        ending = "is_refused" if code == "malformed" else "is_unsupported"
        description = f"`use` is {json.dumps(use)}."
        yield refused(f"key_certificate_use_{name}_{ending}", rule, description, certificate(use=use), code)


def must() -> Iterator[Vector]:
    """Envelope 8: `must`, with the claims of certificates."""
    rule = "Envelope 8: must"
    yield refused(
        "key_certificate_must_unknown_claim_is_unsupported",
        rule,
        "`must` names a claim of a later time.",
        certificate(must=["hosts"], hosts=["acme.example"]),
        "unsupported",
    )
    yield refused(
        "key_certificate_must_claim_of_a_license_is_unsupported",
        rule,
        "`must` names a claim that licenses have and certificates do not.",
        certificate(must=["customer"], customer={"id": "1", "name": "Korenaar"}),
        "unsupported",
    )
    yield refused(
        "key_certificate_malformed_comes_before_unsupported",
        "Codes: order",
        "`name` is missing, and `must` names an unknown claim.",
        certificate(name=DROP, must=["hosts"]),
        "malformed",
    )


def payload_text() -> Iterator[Vector]:
    """Envelope 6: the payload is read by the rules of licenses."""
    rule = "Envelope 6: payload"
    payload = certificate_claims()
    broken: dict[str, tuple[str, bytes]] = {
        "array": ("The payload is an array.", b"[" + encode(payload) + b"]"),
        "duplicate_name": ("`use` is there twice.", with_member(payload, '"use":["license"]')),
        "nested_duplicate_name": (
            "An unknown claim holds a name twice.",
            with_member(payload, '"note":{"a":1,"a":2}'),
        ),
        "not_utf8": ("An unknown claim is no UTF-8.", encode(payload)[:-1] + b',"note":"\xff"}'),
        "lone_surrogate": (
            "An unknown claim has half a character.",
            with_member(payload, r'"note":"\ud800"'),
        ),
    }
    for name, (description, content) in broken.items():
        text = sealed_certificate(content)
        yield refused(f"key_certificate_{name}_is_refused", rule, description, text, "malformed")


def sizes() -> Iterator[Vector]:
    """Envelope 1: a certificate is no larger than a license."""
    rule = "Envelope 1: size"
    yield taken(
        "key_certificate_of_16384_characters_is_accepted",
        rule,
        "A certificate of exactly 16 KiB is read.",
        of_length(MAX_TOKEN),
    )
    yield asked(
        "key_certificate_of_16385_characters_is_refused",
        rule,
        "A certificate one character over 16 KiB is refused, though its signature is good.",
        f"{daily()}\n{of_length(MAX_TOKEN + 1)}",
        "unknown_key",
        trust=[certified("malformed")],
    )


def of_length(length: int) -> str:
    """A good certificate of exactly `length` characters, filled with a claim that nobody knows."""
    for pad in range(4):
        head = header(kid=ROOT, typ=CERTIFICATE_TYPE, note="x" * pad)
        least = len(token(certificate_claims(note=""), head, ROOT))
        guess = (length - least) * 3 // 4
        for fill in range(guess - 4, guess + 4):
            made = token(certificate_claims(note="x" * fill), head, ROOT)
            if len(made) == length:
                return made
    raise ValueError(f"no certificate of {length} characters")


def headers() -> Iterator[Vector]:
    """Envelope 3: the header names the kind, exactly."""
    rule = "Envelope 3: header"
    heads: dict[str, tuple[str, Claims]] = {
        "typ_jwt": ("A certificate with the type of old licenses is none.", {"typ": "JWT"}),
        "typ_of_a_list": ("A certificate with the type of lists is none.", {"typ": "aegis-revocation+jwt"}),
        "typ_in_upper_case": ("The type is compared exactly.", {"typ": CERTIFICATE_TYPE.upper()}),
        "jwk": ("`jwk` is refused in every kind of token.", {"typ": CERTIFICATE_TYPE, "jwk": {"kty": "OKP"}}),
    }
    for name, (description, changes) in heads.items():
        text = token(certificate_claims(), header(kid=ROOT, **changes), ROOT)
        yield asked(
            f"key_certificate_with_{name}_certifies_nothing",
            rule,
            description,
            f"{daily()}\n{text}",
            "unknown_key",
        )


def signers() -> Iterator[Vector]:
    """Envelope 4, 5 and 7: only a root certifies."""
    rule = "Envelope 4: use"
    ask = partial(evaluated, keys=[key(), key(NEXT_KID, use=["license", "revocation"]), root()])
    second = signed(claims(), NEXT_DAILY)
    rows: dict[str, tuple[str, str]] = {
        "key_certificate_by_a_license_key_is_unknown_key": ("A key for licenses only", KID),
        "key_certificate_by_a_key_for_lists_is_unknown_key": ("A key for licenses and lists", NEXT_KID),
        "key_certificate_by_a_stranger_is_unknown_key": ("A key that is not in the keyring", STRANGER),
        "key_certificate_by_itself_is_unknown_key": ("The very key that it is about", DAILY),
    }
    for name, (who, signer) in rows.items():
        yield ask(
            name,
            rule,
            f"{who} signed the certificate.",
            f"{daily()}\n{certificate(signer=signer)}",
            "unknown_key",
            trust=[certified("unknown_key")],
        )
    yield ask(
        "key_certificate_by_a_certified_key_is_unknown_key",
        rule,
        "A certified key certifies another: a chain has one link.",
        "\n".join((second, certificate(), certificate(NEXT_DAILY, signer=DAILY))),
        "unknown_key",
        trust=[certified(), certified("unknown_key")],
    )
    yield refused(
        "key_certificate_with_a_bad_signature_is_bad_signature",
        "Envelope 5: signature",
        "The certificate was altered.",
        flipped(certificate()),
        "bad_signature",
    )
    yield refused(
        "key_certificate_signature_is_checked_before_the_payload",
        "Envelope 6: signature first",
        "The certificate was altered, and has no `x`.",
        flipped(certificate(x=DROP)),
        "bad_signature",
    )
    yield refused(
        "key_certificate_of_another_issuer_than_its_root_is_wrong_issuer",
        "Envelope 7: issuer",
        "The certificate names an issuer that its root does not speak for.",
        certificate(iss=OTHER_ISSUER),
        "wrong_issuer",
    )
    yield evaluated(
        "key_certificate_by_the_second_root_is_accepted",
        "Key certificates: roots",
        "The first root is lost, and the second one certifies.",
        f"{daily()}\n{certificate(signer='example-root-2')}",
        "valid",
        keys=roots(),
        trust=[certified()],
    )
    yield evaluated(
        "key_certificate_by_a_root_for_certificates_alone_is_accepted",
        "Key certificates: roots",
        "The root is for certificates and for nothing else.",
        f"{daily()}\n{certificate()}",
        "valid",
        keys=[root(use=["certify"])],
        trust=[certified()],
    )
    yield vector(
        "verify_of_a_key_certificate_is_unsupported",
        "Bundle: one token for verify_license",
        "verify_license takes a license, and gets a certificate that is in order.",
        certificate(),
        "unsupported",
        keys=[root()],
    )
    yield asked(
        "key_certificate_alone_is_missing",
        "Codes: missing",
        "There is a certificate and no license.",
        certificate(),
        "missing",
        trust=[certified()],
    )


def windows_of_the_root() -> Iterator[Vector]:
    """Envelope 7: `iat` of a certificate lies inside the window of its root."""
    rule = "Envelope 7: window of the key"
    rows: dict[str, tuple[Claims, str]] = {
        "at_not_before_of_the_root_is_accepted": ({"not_before": CERTIFIED_AT}, "valid"),
        "before_not_before_of_the_root_is_unknown_key": ({"not_before": CERTIFIED_AT + 1}, "unknown_key"),
        "before_not_after_of_the_root_is_accepted": ({"not_after": ISSUED + 1}, "valid"),
        "at_not_after_of_the_root_is_unknown_key": ({"not_after": CERTIFIED_AT}, "unknown_key"),
    }
    for name, (window, code) in rows.items():
        yield evaluated(
            f"key_certificate_{name}",
            rule,
            f"The certificate was issued at {CERTIFIED_AT}, and its root has {json.dumps(window)}.",
            f"{daily()}\n{certificate()}",
            code,
            keys=[root(**window)],
            trust=[certified(code)],
        )
    yield evaluated(
        "key_certificate_unknown_key_comes_before_wrong_issuer",
        "Codes: order",
        "The certificate names another issuer, and lies outside the window of its root.",
        f"{daily()}\n{certificate(iss=OTHER_ISSUER)}",
        "unknown_key",
        keys=[root(not_after=CERTIFIED_AT)],
        trust=[certified("unknown_key")],
    )
