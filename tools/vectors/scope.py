"""What a license covers: module, version of Odoo, feature, instance.

docs/token-format.md: "Claims" (`module`, `modules`, `allowed_major_versions`, `features`,
`instance_fingerprint`), "Codes" (`wrong_module`, `wrong_odoo_version`, `wrong_instance`, `missing`), and
"Without a module".
"""

from collections.abc import Iterator

from tokens import (
    DROP,
    INSTANCE,
    NOW,
    OTHER,
    Vector,
    claims,
    entry,
    evaluated,
    fingerprint,
    key,
    token,
    vector,
)


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from modules()
    yield from versions()
    yield from features()
    yield from bindings()
    yield from without_a_module()


def modules() -> Iterator[Vector]:
    """The module asked for, and prefix patterns."""
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
        "prefix_pattern_covers_a_module", "Claims: modules", "biz4a_* covers biz4a_payroll.", pattern, "valid"
    )
    yield vector(
        "prefix_pattern_does_not_cover_another_prefix",
        rule,
        "biz4a_* does not cover biz4b_payroll.",
        pattern,
        "wrong_module",
        module="biz4b_payroll",
    )


def versions() -> Iterator[Vector]:
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
    bound = token(claims(instance_fingerprint=fingerprint(INSTANCE)))
    port = token(claims(instance_fingerprint=fingerprint(OTHER)))
    upper = "sha256:" + fingerprint(INSTANCE).removeprefix("sha256:").upper()
    moved = INSTANCE | {"domain": "korenaar.example"}
    copied = INSTANCE | {"database_uuid": OTHER["database_uuid"]}
    wrong = "wrong_instance"
    cases: dict[str, tuple[str, str, dict[str, str] | None, str]] = {
        "bound_license_fits_its_instance": ("The instance is the right one.", bound, INSTANCE, "valid"),
        "bound_license_with_a_port_fits_its_instance": ("The domain has a port.", port, OTHER, "valid"),
        "fingerprint_in_upper_case_fits": (
            "The digits of the fingerprint are in upper case.",
            token(claims(instance_fingerprint=upper)),
            INSTANCE,
            "valid",
        ),
        "another_domain_is_wrong_instance": ("The domain differs.", bound, moved, wrong),
        "another_database_is_wrong_instance": ("The database differs.", bound, copied, wrong),
        "bound_license_without_an_instance_is_wrong_instance": (
            "The license is bound, and no instance was given.",
            bound,
            None,
            wrong,
        ),
        "unbound_license_fits_any_instance": (
            "The license is not bound.",
            token(claims()),
            INSTANCE,
            "valid",
        ),
    }
    for name, (description, text, instance, code) in cases.items():
        yield vector(name, "Codes: wrong_instance", description, text, code, instance=instance)


def without_a_module() -> Iterator[Vector]:
    """Licenses by themselves, whatever modules they cover: `evaluate` with no module named."""
    several = token(
        claims(modules=[entry("biz4a_sales", ["16"]), entry("biz4a_*", ["17"], features=["sepa"])])
    )
    bound = token(claims(instance_fingerprint=fingerprint(OTHER)))
    rows: dict[str, tuple[str, str, str, str]] = {
        "without_a_module_any_covered_one_serves": (
            "Nobody asks for a module, and whichever the license covers is enough.",
            token(claims(modules=[entry("acme_stock")])),
            "18.0",
            "valid",
        ),
        "without_a_module_one_covered_version_is_enough": (
            "Of two entries one is for Odoo 16; that the other has features does not matter.",
            several,
            "16.0",
            "valid",
        ),
        "without_a_module_no_covered_version_is_wrong_odoo_version": (
            "No entry is for Odoo 18.",
            several,
            "18.0",
            "wrong_odoo_version",
        ),
        "without_a_module_another_instance_is_wrong_instance": (
            "The binding is checked as ever.",
            bound,
            "18.0",
            "wrong_instance",
        ),
        "without_a_module_the_end_is_expired": (
            "So are the times.",
            token(claims(exp=NOW)),
            "18.0",
            "expired",
        ),
        "without_a_module_the_best_license_decides": (
            "Of licenses for different modules the best is the answer.",
            f"{token(claims(exp=NOW))}\n{token(claims(modules=[entry('biz4a_sales')]))}",
            "18.0",
            "valid",
        ),
        "without_a_module_a_broken_token_is_malformed": (
            "A token that cannot be read is not a missing one.",
            token(claims())[:200],
            "18.0",
            "malformed",
        ),
        "without_a_module_only_no_token_is_missing": (
            "The text holds no token.",
            "Dear customer,",
            "18.0",
            "missing",
        ),
    }
    rule = "Without a module"
    for name, (description, text, version, code) in rows.items():
        yield evaluated(
            name, rule, description, text, code, module=None, odoo_version=version, instance=INSTANCE
        )
    yield evaluated(
        "without_a_module_one_outside_the_key_is_wrong_module",
        rule,
        "The key may license the first module of the license and not the second.",
        token(claims(modules=[entry(), entry("acme_stock")])),
        "wrong_module",
        keys=[key(modules=["biz4a_*"])],
        module=None,
        failed=["wrong_module"],
        not_run=[],
    )
