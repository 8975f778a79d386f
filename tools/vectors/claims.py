"""The claims one by one: which are required, their types and their ranges.

docs/token-format.md: "Claims".
"""

import json
from collections.abc import Iterator

from tokens import (
    DAY,
    DROP,
    ENDS,
    INSTANCE,
    ISSUED,
    ISSUER,
    MODULE,
    NOW,
    Claims,
    Vector,
    claims,
    edited,
    entry,
    fingerprint,
    perpetual,
    token,
    vector,
)

LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from good_licenses()
    yield from required_claims()
    yield from types_of_claims()
    yield from ranges_of_claims()
    yield from null_claims()
    yield from module_names()


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
        "perpetual_is_valid", rule, "A license without an end verifies.", token(perpetual()), "valid"
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
        "customer_without_id_is_refused": ("`customer` has no `id`.", claims(customer={"name": "Korenaar"})),
        "customer_without_name_is_refused": ("`customer` has no `name`.", claims(customer={"id": "1"})),
        "module_and_modules_together_are_refused": (
            "Both `module` and `modules` are there.",
            claims(module=entry()),
        ),
        "neither_module_nor_modules_is_refused": ("The license names no module.", claims(modules=DROP)),
        "modules_empty_is_refused": ("`modules` is empty.", claims(modules=[])),
        "allowed_major_versions_missing_is_refused": (
            "A module has no versions.",
            claims(modules=[{"technical_name": MODULE}]),
        ),
        "exp_missing_of_a_demo_is_refused": ("A demo has no end.", claims(license_type="demo", exp=DROP)),
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
        "jti_with_moved_hyphens_is_refused": ("jti", claims(jti=f"{jti[:7]}-{jti[7]}{jti[9:]}"), "malformed"),
        "exp_at_the_last_second_is_accepted": ("exp", claims(exp=LAST_SECOND), "valid"),
        "exp_after_the_last_second_is_refused": ("exp", claims(exp=LAST_SECOND + 1), "malformed"),
        "exp_of_30_digits_is_refused": ("exp", claims(exp=int("9" * 30)), "malformed"),
        "iat_in_the_future_is_accepted": ("iat", claims(iat=NOW + DAY), "valid"),
        "grace_until_at_exp_is_refused": ("grace_until", claims(grace_until=ENDS), "malformed"),
        "grace_until_without_exp_is_refused": ("grace_until", perpetual(grace_until=ENDS), "malformed"),
        "exp_of_a_perpetual_license_is_refused": ("exp", perpetual(exp=ENDS), "malformed"),
        "exp_null_of_a_perpetual_license_is_accepted": ("exp", perpetual(exp=None), "valid"),
        "license_type_unknown_is_unsupported": ("license_type", claims(license_type="lease"), "unsupported"),
        "license_type_unknown_without_an_end_is_unsupported": (
            "license_type",
            claims(license_type="lease", exp=DROP),
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
