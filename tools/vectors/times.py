"""The instants at which an answer changes.

docs/token-format.md: "Times"; of "Codes" `updates_ended`, whose instant is the date of a release.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from tokens import DAY, ENDS, ISSUED, NOW, WARNS, Vector, claims, evaluated, perpetual, token, utc, vector


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from boundaries()
    yield from updates()


def boundaries() -> Iterator[Vector]:
    """Every instant at which the answer changes, and the second before it."""
    warning = "notify_admins_from"
    early = ENDS - 90 * DAY
    late = ENDS + 14 * DAY
    plain = token(claims())
    begun = token(claims(nbf=NOW))
    demo = token(claims(license_type="demo"))
    warned = token(claims(notify_admins_from=early))
    graced = token(claims(grace_until=late))
    unwarned = token(perpetual(notify_admins_from=ISSUED))
    rows: dict[str, tuple[str, str, int, str, int | None, str | None]] = {
        "before_nbf_is_not_yet_valid": ("nbf", begun, NOW - 1, "not_yet_valid", NOW, "valid"),
        "at_nbf_is_valid": ("nbf", begun, NOW, "valid", WARNS, "expiring"),
        "before_the_default_warning_is_valid": (warning, plain, WARNS - 1, "valid", WARNS, "expiring"),
        "at_the_default_warning_is_expiring": (warning, plain, WARNS, "expiring", ENDS, "expired"),
        "at_the_default_warning_of_a_demo_is_expiring": (
            warning,
            demo,
            ENDS - 7 * DAY,
            "expiring",
            ENDS,
            "expired",
        ),
        "before_notify_admins_from_is_valid": (warning, warned, early - 1, "valid", early, "expiring"),
        "at_notify_admins_from_is_expiring": (warning, warned, early, "expiring", ENDS, "expired"),
        "before_exp_is_expiring": ("exp", plain, ENDS - 1, "expiring", ENDS, "expired"),
        "at_exp_is_expired": ("exp", plain, ENDS, "expired", None, None),
        "before_exp_grace_is_next": ("grace_until", graced, ENDS - 1, "expiring", ENDS, "grace"),
        "at_exp_with_grace_is_grace": ("grace_until", graced, ENDS, "grace", late, "expired"),
        "before_grace_until_is_grace": ("grace_until", graced, late - 1, "grace", late, "expired"),
        "at_grace_until_is_expired": ("grace_until", graced, late, "expired", None, None),
        "perpetual_never_changes": ("exp", token(perpetual()), NOW, "valid", None, None),
        "warning_of_a_perpetual_license_means_nothing": (warning, unwarned, NOW, "valid", None, None),
    }
    for name, (claim, text, now, code, change, then) in rows.items():
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield evaluated(
            name,
            f"Times: {claim}",
            f"At {moment} the license is {code}.",
            text,
            code,
            now=now,
            next_change=change,
            next_code=then,
        )
    yield vector(
        "verify_at_exp_is_expired",
        "Times: exp",
        "verify_license refuses at the very instant of `exp`.",
        plain,
        "expired",
        now=ENDS,
    )
    yield vector(
        "verify_in_grace_is_grace",
        "Times: grace_until",
        "verify_license accepts a license in its grace period.",
        graced,
        "grace",
        now=ENDS,
    )


def updates() -> Iterator[Vector]:
    """Code updates_ended."""
    rule = "Codes: updates_ended"
    text = token(perpetual(updates_until=utc(2026, 9, 1)))
    for name, released, code in [
        ("release_before_updates_until_is_valid", "2026-08-31", "valid"),
        ("release_at_updates_until_is_updates_ended", "2026-09-01", "updates_ended"),
        ("release_after_updates_until_is_updates_ended", "2026-09-02", "updates_ended"),
        ("release_without_a_date_is_valid", None, "valid"),
    ]:
        yield evaluated(
            name,
            rule,
            f"Updates end on 2026-09-01, and the module was released on {released or 'no date'}.",
            text,
            code,
            released=released,
            failed=[] if code == "valid" else [code],
            not_run=[],
            next_change=None,
            next_code=None,
        )
    yield evaluated(
        "updates_ended_until_the_subscription_ends",
        rule,
        "The next change is the end of the subscription, not its warning.",
        token(claims(updates_until=utc(2026, 9, 1))),
        "updates_ended",
        released="2026-09-10",
        next_change=ENDS,
        next_code="expired",
    )
