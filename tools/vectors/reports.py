"""Every check is reported, in one order.

docs/token-format.md: "Codes", the order of the codes and `not_run`.
"""

from collections.abc import Iterator

from tokens import (
    DAY,
    DROP,
    INSTANCE,
    ISSUED,
    NOW,
    OTHER,
    Claims,
    Vector,
    claims,
    entry,
    evaluated,
    fingerprint,
    flipped,
    header,
    key,
    token,
)
from trust import revocation_list, root

CHECKS = [
    "malformed",
    "unsupported",
    "unknown_key",
    "bad_signature",
    "wrong_issuer",
    "wrong_module",
    "wrong_odoo_version",
    "revoked",
    "wrong_instance",
    "not_yet_valid",
    "expired",
    "updates_ended",
]
FROM_ISSUER = CHECKS[4:]


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from reports()
    yield from order_of_checks()


def reports() -> Iterator[Vector]:
    """Every check is reported: which failed, and which did not run."""
    rule = "Codes: every check is reported"
    good = token(claims())
    rows: dict[str, tuple[str, str, str, list[str]]] = {
        "report_of_a_valid_license": ("Every check passed.", good, "", []),
        "report_of_a_malformed_header": (
            "Nothing is checked after a header without `kid`.",
            token(claims(), header(kid=DROP)),
            "malformed",
            CHECKS[1:],
        ),
        "report_of_an_unsupported_header": (
            "Nothing is checked after a header with `crit`.",
            token(claims(), header(crit=["exp"])),
            "unsupported",
            CHECKS[2:],
        ),
        "report_of_an_unknown_key": (
            "Nothing is checked after a `kid` that the keyring does not have.",
            token(claims(), header(kid="example-1999")),
            "unknown_key",
            CHECKS[3:],
        ),
        "report_of_a_bad_signature": (
            "No claim is looked at after a bad signature.",
            flipped(good),
            "bad_signature",
            FROM_ISSUER,
        ),
        "report_of_malformed_claims": (
            "The signature is good, and the claims have no `jti`.",
            token(claims(jti=DROP)),
            "malformed",
            ["unsupported", "unknown_key", *FROM_ISSUER],
        ),
        "report_of_unsupported_claims": (
            "The signature is good, and `must` names an unknown claim.",
            token(claims(must=["seats"])),
            "unsupported",
            ["unknown_key", *FROM_ISSUER],
        ),
    }
    for name, (description, text, failed, not_run) in rows.items():
        yield evaluated(
            name,
            rule,
            description,
            text,
            failed or "valid",
            failed=[failed] if failed else [],
            not_run=not_run,
        )


def order_of_checks() -> Iterator[Vector]:
    """Licenses at which everything from one check on is wrong."""
    faults: dict[str, Claims] = {
        "wrong_issuer": {"iss": "Another Vendor"},
        "wrong_odoo_version": {"modules": [entry(versions=["16"])]},
        "wrong_instance": {"instance_fingerprint": fingerprint(OTHER)},
        "not_yet_valid": {"nbf": NOW + DAY},
        "expired": {"exp": NOW - DAY},
        "updates_ended": {"updates_until": ISSUED},
    }
    order = ["unknown_key", *FROM_ISSUER]
    for first, code in enumerate(order[:-1]):
        failed = order[first:]
        # A list speaks about its own issuer: it does not hit a license that names another.
        if "wrong_issuer" in failed:
            failed.remove("revoked")
        changes: Claims = {}
        for fault in failed:
            changes |= faults.get(fault, {})
        scope: Claims = {}
        if "unknown_key" in failed:
            scope["not_after"] = ISSUED
        if "wrong_module" in failed:
            scope["modules"] = ["acme_*"]
        text = token(claims(**changes))
        yield evaluated(
            f"order_{code}_comes_before_{order[first + 1]}",
            "Codes: order",
            f"Everything from {code} on is wrong; {code} is the code, and all is reported.",
            f"{text}\n{revocation_list()}" if "revoked" in failed else text,
            code,
            keys=[key(**scope), root()],
            instance=INSTANCE,
            released="2026-09-01",
            failed=failed,
            not_run=[],
        )
