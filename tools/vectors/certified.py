"""What a certified key may sign: its use, window, modules and issuer, and where its certificate is found.

docs/token-format.md: "Key certificates".
"""

from collections.abc import Iterator
from functools import partial

from tokens import (
    DAILY,
    DAY,
    ENDS,
    ISSUED,
    ISSUER,
    JTI,
    MODULE,
    NEXT_DAILY,
    NOW,
    OTHER_ROOT,
    SECOND_JTI,
    Claims,
    Vector,
    claims,
    entry,
    evaluated,
    flipped,
    key,
    public,
    token,
    vector,
)
from trust import (
    OTHER_ISSUER,
    SEQ,
    certificate,
    certificate_claims,
    certified,
    daily,
    kid_of,
    listed,
    revocation_list,
    root,
    roots,
    sealed_certificate,
    signed,
    two_issuers,
)

asked = partial(evaluated, keys=[root()])
"""One case with one root."""


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from where_it_stands()
    yield from uses()
    yield from windows()
    yield from modules()
    yield from several_certificates()
    yield from embedded_keys()
    yield from other_issuers()


def where_it_stands() -> Iterator[Vector]:
    """Certificates are pooled: any place in the text will do."""
    rule = "Key certificates: pooled"
    one, other = certificate(), certificate(NEXT_DAILY)
    second = signed(claims(jti=SECOND_JTI, exp=NOW + DAY), NEXT_DAILY)
    rows = {
        "key_certificate_before_its_license_serves": ("The certificate comes first.", f"{one}\n{daily()}"),
        "key_certificate_after_its_license_serves": ("The certificate comes last.", f"{daily()}\n{one}"),
    }
    for name, (description, text) in rows.items():
        yield asked(name, rule, description, text, "valid", jti=JTI, failed=[], trust=[certified()])
    yield asked(
        "key_certificates_serve_every_license_of_the_text",
        rule,
        "Two licenses by two keys, and their certificates in another order.",
        "\n".join((second, other, daily(), one)),
        "valid",
        jti=JTI,
        trust=[certified(), certified()],
    )
    yield asked(
        "license_without_its_key_certificate_is_unknown_key",
        rule,
        "The certificate is that of another key.",
        f"{daily()}\n{other}",
        "unknown_key",
        trust=[certified()],
    )
    yield asked(
        "license_of_a_certified_key_with_a_bad_signature_is_bad_signature",
        "Envelope 5: signature",
        "The license was altered.",
        f"{flipped(daily())}\n{one}",
        "bad_signature",
    )
    yield vector(
        "verify_without_the_key_certificate_is_unknown_key",
        rule,
        "verify_license takes one token, and the keyring has the root only.",
        daily(),
        "unknown_key",
        keys=[root()],
    )


def uses() -> Iterator[Vector]:
    """Envelope 4: a certified key signs what its certificate says."""
    rule = "Key certificates: use"
    good = token(claims())
    ask = partial(evaluated, keys=[key(), root()])
    stop = revocation_list(signer=DAILY)
    yield asked(
        "license_by_a_key_certified_for_lists_is_unknown_key",
        rule,
        "The key may sign lists only.",
        f"{daily()}\n{certificate(use=['revocation'])}",
        "unknown_key",
        trust=[certified()],
    )
    for name, use, code, of_list in [
        ("revocation_list_by_a_certified_key_is_in_force", ["revocation"], "revoked", "valid"),
        (
            "revocation_list_by_a_key_certified_for_licenses_is_unknown_key",
            ["license"],
            "valid",
            "unknown_key",
        ),
    ]:
        yield ask(
            name,
            rule,
            f"A certified key for {use[0]} signed the list.",
            "\n".join((good, stop, certificate(use=use))),
            code,
            trust=[listed(of_list), certified()],
        )
    yield ask(
        "revocation_list_without_its_key_certificate_is_unknown_key",
        "Key certificates: pooled",
        "A list by a certified key comes without the certificate.",
        f"{good}\n{stop}",
        "valid",
        trust=[listed("unknown_key")],
    )
    yield ask(
        "revocation_list_outside_the_window_of_its_certificate_is_unknown_key",
        "Key certificates: window",
        "`iat` of the list is the `exp` of the certificate.",
        "\n".join((good, stop, certificate(exp=SEQ))),
        "valid",
        trust=[listed("unknown_key"), certified()],
    )
    yield ask(
        "revocation_list_by_a_key_certified_for_some_modules_counts_for_all",
        rule,
        "The certificate limits modules; a list names licenses and no modules.",
        "\n".join((good, stop, certificate(modules=["biz4a_stock_*"]))),
        "revoked",
        trust=[listed(), certified()],
    )


def windows() -> Iterator[Vector]:
    """The window for `iat` of what the key signs, cut to that of the root."""
    rule = "Key certificates: window"
    rows: dict[str, tuple[str, Claims, Claims, str, str]] = {
        "certified_key_at_nbf_is_accepted": (
            "`iat` is the first instant of the certificate.",
            {"nbf": ISSUED},
            {},
            "valid",
            "valid",
        ),
        "certified_key_before_nbf_is_unknown_key": (
            "`iat` is one second before the certificate begins.",
            {"nbf": ISSUED + 1},
            {},
            "unknown_key",
            "valid",
        ),
        "certified_key_before_exp_is_accepted": (
            "`iat` is the last second of the certificate, long past: `iat` counts, not now.",
            {"exp": ISSUED + 1},
            {},
            "valid",
            "valid",
        ),
        "certified_key_at_exp_is_unknown_key": (
            "`iat` is the end of the certificate, which is exclusive.",
            {"exp": ISSUED},
            {},
            "unknown_key",
            "valid",
        ),
        "certified_key_is_limited_by_the_end_of_its_root": (
            "The certificate has no end, and that of the root has come at `iat`.",
            {},
            {"not_after": ISSUED},
            "unknown_key",
            "valid",
        ),
        "certified_key_in_the_last_second_of_its_root_is_accepted": (
            "The certificate ends later than its root, and `iat` lies inside both.",
            {"exp": ENDS},
            {"not_after": ISSUED + 1},
            "valid",
            "valid",
        ),
        "certified_key_whose_window_lies_after_that_of_its_root_is_unknown_key": (
            "The certificate begins when the root ends.",
            {"nbf": ISSUED},
            {"not_after": ISSUED},
            "unknown_key",
            "unknown_key",
        ),
        "certified_key_whose_window_lies_before_that_of_its_root_is_unknown_key": (
            "The certificate ends when the root begins.",
            {"exp": ISSUED - DAY},
            {"not_before": ISSUED - DAY},
            "unknown_key",
            "unknown_key",
        ),
    }
    for name, (description, window, limits, code, of_certificate) in rows.items():
        yield evaluated(
            name,
            rule,
            description,
            f"{daily()}\n{sealed_certificate(certificate_claims(**window))}",
            code,
            keys=[root(**limits)],
            trust=[certified(of_certificate)],
        )


def modules() -> Iterator[Vector]:
    """The patterns of the certificate, cut to those of the root."""
    rule = "Key certificates: modules"
    sales = [entry("biz4a_sales")]
    payroll = [entry()]
    any_biz = [entry("biz4b_payroll")]
    rows: dict[str, tuple[str, list[str] | None, list[str] | None, list[Claims], str, str]] = {
        "inside_is_accepted": (
            "the module inside both",
            ["biz4a_*"],
            ["biz4a_pay*"],
            payroll,
            "valid",
            "valid",
        ),
        "narrows_its_root": (
            "a module of the root alone",
            ["biz4a_*"],
            ["biz4a_pay*"],
            sales,
            "wrong_module",
            "valid",
        ),
        "wider_than_its_root_serves_inside": (
            "a module inside the narrower root",
            ["biz4a_*"],
            ["biz*"],
            payroll,
            "valid",
            "valid",
        ),
        "does_not_widen_its_root": (
            "a module outside the narrower root",
            ["biz4a_*"],
            ["biz*"],
            any_biz,
            "wrong_module",
            "valid",
        ),
        "without_modules_has_those_of_its_root": (
            "a module outside the root",
            ["biz4a_*"],
            None,
            any_biz,
            "wrong_module",
            "valid",
        ),
        "with_modules_limits_a_root_without": (
            "a module outside the certificate",
            None,
            [MODULE],
            sales,
            "wrong_module",
            "valid",
        ),
        "pattern_cut_to_one_module_serves_it": (
            "the one module",
            [MODULE],
            ["biz4a_*"],
            payroll,
            "valid",
            "valid",
        ),
        "pattern_cut_to_one_module_serves_no_pattern": (
            "a pattern",
            [MODULE],
            ["biz4a_*"],
            [entry("biz4a_pay*"), entry()],
            "wrong_module",
            "valid",
        ),
        "one_pattern_of_several_inside_serves": (
            "a module inside the second pattern of each",
            ["acme_*", "biz4a_*"],
            ["other_*", "biz4a_pay*"],
            payroll,
            "valid",
            "valid",
        ),
        "outside_its_root_is_wrong_module": (
            "a module of the certificate, which lies outside the root",
            ["acme_*"],
            ["biz4a_*"],
            payroll,
            "unknown_key",
            "wrong_module",
        ),
    }
    for name, (what, of_root, of_key, covered, code, of_certificate) in rows.items():
        limits: Claims = {} if of_key is None else {"modules": of_key}
        yield evaluated(
            f"key_certificate_{name}",
            rule,
            f"Root {of_root}, certificate {of_key}: {what}.",
            f"{daily(modules=covered)}\n{sealed_certificate(certificate_claims(**limits))}",
            code,
            module=str(covered[0]["technical_name"]).replace("*", "roll"),
            keys=[root(modules=of_root)],
            trust=[certified(of_certificate)],
        )


def several_certificates() -> Iterator[Vector]:
    """Of several certificates for one key any may serve."""
    rule = "Key certificates: several for one key"
    first = certificate(exp=ISSUED + 1)
    renewed = certificate(nbf=ISSUED + 1, iat=ISSUED)
    narrow = certificate(modules=["biz4a_stock_*"])
    early = daily()
    late = daily(iat=ISSUED + 1)
    rows = {
        "renewed_key_certificate_serves_what_came_after": (late, first, renewed),
        "renewed_key_certificate_leaves_what_came_before": (early, first, renewed),
        "renewed_key_certificate_serves_in_any_order": (late, renewed, first),
        "narrow_key_certificate_does_not_hide_a_wide_one": (early, narrow, certificate()),
        "wide_key_certificate_serves_before_a_narrow_one": (early, certificate(), narrow),
    }
    for name, texts in rows.items():
        yield asked(
            name,
            rule,
            "Two certificates of one key; one of them allows the license.",
            "\n".join(texts),
            "valid",
            trust=[certified(), certified()],
        )
    yield asked(
        "refused_key_certificate_does_not_hide_a_good_one",
        rule,
        "A second certificate of the key was altered.",
        "\n".join((early, flipped(first), certificate())),
        "valid",
        trust=[certified("bad_signature"), certified()],
    )
    yield evaluated(
        "key_certificates_of_two_roots_serve_alike",
        rule,
        "Each root has certified the key, the second one for these modules.",
        "\n".join((early, narrow, certificate(signer="example-root-2", modules=["biz4a_*"]))),
        "valid",
        keys=roots(),
        trust=[certified(), certified()],
    )


def embedded_keys() -> Iterator[Vector]:
    """A kid is looked up in the keyring first."""
    rule = "Key certificates: the keyring comes first"
    embedded = key("example-2026") | {"kid": kid_of(DAILY), "x": public(DAILY)}
    rows: dict[str, tuple[str, Claims, Claims, str]] = {
        "embedded_key_is_not_widened_by_a_certificate": (
            "The key is in the keyring, for older licenses only; its certificate would allow more.",
            {"not_after": ISSUED},
            {},
            "unknown_key",
        ),
        "embedded_key_is_not_narrowed_by_a_certificate": (
            "The key is in the keyring for any license; its certificate would allow less.",
            {},
            {"exp": ISSUED},
            "valid",
        ),
    }
    for name, (description, limits, window, code) in rows.items():
        text = f"{daily()}\n{sealed_certificate(certificate_claims(**window))}"
        yield evaluated(name, rule, description, text, code, keys=[embedded | limits, root()])


def other_issuers() -> Iterator[Vector]:
    """No issuer can certify for another's modules, or speak in its name."""
    rule = "Key certificates: issuer"
    ask = partial(evaluated, keys=two_issuers())
    theirs = partial(certificate, signer=OTHER_ROOT, iss=OTHER_ISSUER)
    rows: dict[str, tuple[str, str, str, str, list[Claims]]] = {
        "certified_key_of_another_issuer_cannot_speak_in_our_name": (
            "The other vendor's key signs a license in our name, for its own modules.",
            daily(modules=[entry("acme_stock")]),
            "acme_stock",
            "wrong_issuer",
            [certified()],
        ),
        "certified_key_of_another_issuer_cannot_license_our_modules": (
            "The other vendor's key signs a license for our module in its own name.",
            daily(iss=OTHER_ISSUER),
            MODULE,
            "wrong_module",
            [certified()],
        ),
        "certified_key_of_another_issuer_licenses_its_own_modules": (
            "The other vendor's key signs for its own module in its own name.",
            daily(iss=OTHER_ISSUER, modules=[entry("acme_stock")]),
            "acme_stock",
            "valid",
            [certified()],
        ),
    }
    for name, (description, license_, module, code, trust) in rows.items():
        yield ask(name, rule, description, f"{license_}\n{theirs()}", code, module=module, trust=trust)
    yield ask(
        "key_certificate_for_the_modules_of_another_issuer_is_wrong_module",
        rule,
        "The other vendor certifies a key for our modules.",
        f"{daily()}\n{theirs(modules=['biz4a_*'])}",
        "unknown_key",
        trust=[certified("wrong_module")],
    )
    yield ask(
        "key_certificate_in_the_name_of_another_issuer_is_wrong_issuer",
        rule,
        "The other vendor certifies a key in our name.",
        f"{daily()}\n{theirs(iss=ISSUER)}",
        "unknown_key",
        trust=[certified("wrong_issuer")],
    )
    yield ask(
        "key_certified_by_two_issuers_serves_each",
        rule,
        "The other vendor certifies our key too: our license stays in order.",
        "\n".join((daily(), theirs(), certificate())),
        "valid",
        trust=[certified(), certified()],
    )
