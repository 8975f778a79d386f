"""Licenses in the field, with `typ` JWT.

docs/token-format.md: "Old form", under "Claims".
"""

from collections.abc import Iterator

from tokens import (
    DROP,
    ENDS,
    INSTANCE,
    ISSUED,
    ISSUER,
    OLD_KID,
    OTHER,
    Claims,
    Vector,
    changed,
    entry,
    fingerprint,
    header,
    key,
    token,
    vector,
)


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


def old_token(**changes: object) -> str:
    """A signed license in the old form."""
    return token(old_claims(**changes), header(kid=OLD_KID, typ="JWT"), OLD_KID)


def vectors() -> Iterator[Vector]:
    """Licenses in the field: `typ` JWT, and what only they may do."""
    rule = "Old form"
    keys = [key(OLD_KID)]
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
    rows: dict[str, tuple[str, str, str]] = {
        "old_perpetual_is_valid": ("A perpetual license verifies.", old_token(), "valid"),
        "old_subscription_is_valid": ("A subscription verifies.", old_token(**subscription), "valid"),
        "old_perpetual_without_exp_is_valid": (
            "`exp` is absent in place of null.",
            old_token(exp=DROP),
            "valid",
        ),
        "old_nulls_count_as_absent": ("Every optional claim is null.", old_token(**nulls), "valid"),
        "old_perpetual_with_exp_is_valid_before_it": (
            "A perpetual license with an `exp` is valid long before it.",
            ending,
            "valid",
        ),
        "old_subscription_with_exp_null_is_refused": (
            "A subscription has to end, in the old form too.",
            old_token(license_type="subscription"),
            "malformed",
        ),
        "old_required_claim_null_is_refused": (
            "null is for optional claims.",
            old_token(customer=None),
            "malformed",
        ),
        "old_instance_that_is_empty_is_refused": (
            "`instance` is not null.",
            old_token(instance={}),
            "malformed",
        ),
        "old_move_grace_days_string_is_refused": (
            "`move_grace_days` is not null.",
            old_token(move_grace_days="14"),
            "malformed",
        ),
        "old_must_unknown_claim_is_unsupported": (
            "`must` counts in the old form too.",
            old_token(must=["seats"]),
            "unsupported",
        ),
    }
    for name, (description, text, code) in rows.items():
        yield vector(name, rule, description, text, code, keys=keys)
    yield vector(
        "old_perpetual_with_exp_ends_there",
        rule,
        "A perpetual license with an `exp` ends there.",
        ending,
        "expired",
        now=ENDS,
        keys=keys,
    )
    bound = old_token(instance_fingerprint=fingerprint(INSTANCE))
    for name, instance, code in [
        ("old_bound_license_fits_its_instance", INSTANCE, "valid"),
        ("old_bound_license_elsewhere_is_wrong_instance", OTHER, "wrong_instance"),
    ]:
        description = f"A bound license on {instance['domain']}."
        yield vector(name, rule, description, bound, code, instance=instance, keys=keys)
