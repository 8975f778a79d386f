"""Neutralized copies of a database, where a binding to another instance is passed over.

docs/token-format.md: "Neutralized copies".
"""

from collections.abc import Iterator
from functools import partial

from tokens import (
    DAY,
    ENDS,
    INSTANCE,
    ISSUED,
    NOW,
    OTHER,
    WARNS,
    Vector,
    claims,
    entry,
    evaluated,
    fingerprint,
    flipped,
    token,
)

COPY, ORIGINAL = INSTANCE, OTHER
STAGING = ["staging"]

bound = partial(claims, instance_fingerprint=fingerprint(ORIGINAL))
"""Claims of a license for the database that was copied."""

asked = partial(evaluated, instance=COPY, neutralized=True)
"""One case for the copy."""


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from passed_over()
    yield from nothing_passed_over()
    yield from several()


def passed_over() -> Iterator[Vector]:
    """The code is as if the binding held; the check stays failed, and a flag says so."""
    rule = "Neutralized copies: the binding is passed over"
    rows: dict[str, tuple[str, str, str, list[str], int | None, str | None]] = {
        "neutralized_copy_works_with_the_license_of_the_original": (
            "Only the binding fails, and the license works.",
            token(bound()),
            "valid",
            [],
            WARNS,
            "expiring",
        ),
        "neutralized_copy_is_warned_like_the_original": (
            "The license ends soon.",
            token(bound(exp=NOW + DAY)),
            "expiring",
            [],
            NOW + DAY,
            "expired",
        ),
        "neutralized_copy_has_the_grace_of_the_original": (
            "The license has ended and is in its grace period.",
            token(bound(exp=NOW, grace_until=NOW + DAY)),
            "grace",
            [],
            NOW + DAY,
            "expired",
        ),
        "neutralized_copy_of_an_ended_license_is_expired": (
            "The binding hides nothing else that fails.",
            token(bound(exp=NOW)),
            "expired",
            ["expired"],
            None,
            None,
        ),
        "neutralized_copy_before_nbf_is_not_yet_valid": (
            "The license begins tomorrow, and will work then.",
            token(bound(nbf=NOW + DAY)),
            "not_yet_valid",
            ["not_yet_valid"],
            NOW + DAY,
            "valid",
        ),
    }
    for name, (description, text, code, also_failed, change, then) in rows.items():
        failed = ["wrong_instance", *also_failed]
        yield asked(
            name,
            rule,
            description,
            text,
            code,
            flags=STAGING,
            failed=failed,
            next_change=change,
            next_code=then,
        )
    yield asked(
        "neutralized_copy_on_another_odoo_is_wrong_odoo_version",
        rule,
        "What fails before the binding is the answer.",
        token(bound(modules=[entry(versions=["16"])])),
        "wrong_odoo_version",
        failed=["wrong_odoo_version", "wrong_instance"],
        flags=STAGING,
    )
    yield asked(
        "neutralized_copy_without_a_module_works_too",
        rule,
        "The same when no module is named.",
        token(bound()),
        "valid",
        module=None,
        failed=["wrong_instance"],
        flags=STAGING,
    )


def nothing_passed_over() -> Iterator[Vector]:
    """No flag where no binding failed, and none where it is not known to whom the license is asked to fit."""
    rule = "Neutralized copies: nothing to pass over"
    yield evaluated(
        "neutralized_copy_of_an_unknown_instance_is_wrong_instance",
        rule,
        "The license is bound, and no instance was given.",
        token(bound()),
        "wrong_instance",
        neutralized=True,
        failed=["wrong_instance"],
        flags=[],
    )
    yield evaluated(
        "another_instance_that_is_no_neutralized_copy_is_wrong_instance",
        rule,
        "Without the mark of a neutralized copy the binding counts.",
        token(bound()),
        "wrong_instance",
        instance=COPY,
        failed=["wrong_instance"],
        flags=[],
    )
    rows = {
        "neutralized_copy_with_a_license_of_its_own_has_no_flag": (
            "The license is bound to the copy.",
            token(bound(instance_fingerprint=fingerprint(COPY))),
            "valid",
        ),
        "neutralized_copy_with_an_unbound_license_has_no_flag": (
            "The license is not bound.",
            token(claims()),
            "valid",
        ),
        "neutralized_copy_does_not_mend_a_bad_signature": (
            "The binding was not looked at.",
            flipped(token(bound())),
            "bad_signature",
        ),
    }
    for name, (description, text, code) in rows.items():
        yield asked(name, rule, description, text, code, flags=[])


def several() -> Iterator[Vector]:
    """Of equals, a license that needs nothing to be passed over comes first."""
    rule = "Neutralized copies: several licenses"
    own, other = str(claims()["jti"]), "9c6e2d1b-3f47-4b0a-a1c8-5d2e7f9b8a03"
    later = token(bound(jti=other, iat=ISSUED + DAY))
    yield asked(
        "neutralized_copy_prefers_a_license_of_its_own",
        rule,
        "Both are valid; the license of the original is the later one, and that of the copy decides.",
        f"{later}\n{token(claims(instance_fingerprint=fingerprint(COPY)))}",
        "valid",
        jti=own,
        flags=[],
        next_change=WARNS,
        next_code="expiring",
    )
    yield asked(
        "neutralized_copy_whose_own_license_ended_works_with_the_other",
        rule,
        "The license of the copy has ended, and that of the original is valid.",
        f"{token(claims(exp=NOW, instance_fingerprint=fingerprint(COPY)))}\n{later}",
        "valid",
        jti=other,
        flags=STAGING,
        next_change=ENDS - 30 * DAY,
        next_code="expiring",
    )
