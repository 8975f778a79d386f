"""Which key may sign what.

docs/token-format.md: "Envelope" 4 (key) and 7 (scope of the key), for licenses and the keys of the keyring.
"""

from collections.abc import Iterator

from tokens import (
    ISSUED,
    ISSUER,
    KID,
    MODULE,
    NEXT_KID,
    OLD_KID,
    Claims,
    Vector,
    claims,
    entry,
    header,
    key,
    token,
    vector,
)


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from key_ids()
    yield from key_uses()
    yield from key_windows()
    yield from key_scope()


def key_ids() -> Iterator[Vector]:
    """Envelope 4: `kid` names the key."""
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
    yield vector(
        "root_not_for_licenses_is_unknown_key",
        rule,
        "The key may certify others, and sign no license itself.",
        token(claims()),
        "unknown_key",
        keys=[key(use=["certify", "revocation"])],
    )
    yield vector(
        "keys_of_one_keyring_have_their_own_limits",
        "Keyring",
        "Beside the key that signed stand one for lists and one of another vendor.",
        token(claims()),
        "valid",
        keys=[
            key(modules=["biz4a_*"]),
            key(NEXT_KID, modules=["biz4a_*"], use=["revocation"], not_after=ISSUED),
            key(OLD_KID, modules=["acme_*"], issuer="Another Vendor", not_before=ISSUED + 1),
        ],
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
