"""Stolen keys: the 30 days of licenses that were stored before the list arrived.

docs/token-format.md: "Stolen keys" and "What is remembered".
"""

from collections.abc import Iterator

from stolen import STOLEN, asked, theft
from tokens import (
    DAILY,
    DAY,
    ENDS,
    ISSUED,
    ISSUER,
    JTI,
    KID,
    NOW,
    Claims,
    Vector,
    claims,
    token,
)
from trust import (
    SEQ,
    certificate,
    daily,
    empty_list,
    revocation_list,
)

GRACE = 30 * DAY


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from stored_before()
    yield from arrivals()
    yield from other_failures()


def seen(first_seen: int = ISSUED, arrived: int | None = None) -> Claims:
    """What the database remembers: the license, and when its key was withdrawn."""
    state: Claims = {"licenses": {ISSUER: {JTI: {"first_seen": first_seen}}}}
    return state if arrived is None else state | {"revoked_keys": {ISSUER: {STOLEN: arrived}}}


def stored_before() -> Iterator[Vector]:
    """Licenses that were stored before the list first arrived have 30 days from then."""
    rule = "Stolen keys: 30 days"
    text = "\n".join((daily(), certificate(), theft()))
    rows: dict[str, tuple[str, Claims, str, int | None]] = {
        "stolen_key_stored_before_is_grace": (
            "The license was seen before, and the list is new.",
            seen(),
            "grace",
            NOW + GRACE,
        ),
        "stolen_key_seen_a_second_before_is_grace": (
            "The license was seen one second before the list.",
            seen(NOW - DAY - 1, NOW - DAY),
            "grace",
            NOW - DAY + GRACE,
        ),
        "stolen_key_seen_with_the_list_is_revoked": (
            "The license was first seen when the list was.",
            seen(NOW - DAY, NOW - DAY),
            "revoked",
            None,
        ),
        "stolen_key_seen_after_the_list_is_revoked": (
            "The license was first seen a second after the list.",
            seen(NOW - DAY + 1, NOW - DAY),
            "revoked",
            None,
        ),
        "stolen_key_in_the_last_second_of_30_days_is_grace": (
            "The list arrived 30 days ago, less one second.",
            seen(ISSUED, NOW - GRACE + 1),
            "grace",
            NOW + 1,
        ),
        "stolen_key_after_30_days_is_revoked": (
            "The list arrived 30 days ago, to the second.",
            seen(ISSUED, NOW - GRACE),
            "revoked",
            None,
        ),
        "stolen_key_stored_with_a_stamp_in_the_future_is_grace": (
            "The clock was ahead when the license was first seen; it is remembered, and the list is new.",
            seen(NOW + DAY),
            "grace",
            NOW + GRACE,
        ),
        "list_that_arrived_in_the_future_counts_from_now": (
            "The list arrived tomorrow, which counts as now.",
            seen(ISSUED, NOW + DAY),
            "grace",
            NOW + GRACE,
        ),
    }
    for name, (description, state, code, change) in rows.items():
        yield asked(
            name,
            rule,
            description,
            text,
            code,
            remembered=state,
            failed=["revoked"],
            next_change=change,
            next_code=None if change is None else "revoked",
        )
    yield asked(
        "stolen_embedded_key_stored_before_is_grace",
        rule,
        "The same for a key of the keyring that is no root.",
        f"{token(claims())}\n{empty_list(revoked_keys=[KID])}",
        "grace",
        remembered=seen(),
        next_change=NOW + GRACE,
        next_code="revoked",
    )


def arrivals() -> Iterator[Vector]:
    """What is remembered of a list that withdraws a key."""
    rule = "What is remembered: revoked_keys"
    text = "\n".join((daily(), certificate(), theft()))
    yield asked(
        "arrival_of_a_stolen_key_is_remembered",
        rule,
        "The list is new here, and the license is not.",
        text,
        "grace",
        remembered=seen(),
        state=seen(arrived=NOW),
    )
    yield asked(
        "license_seen_in_the_future_is_remembered_as_seen_before",
        rule,
        "The clock was ahead when the license was first seen; what is remembered was stored before now.",
        text,
        "grace",
        remembered=seen(NOW + DAY),
        state=seen(NOW - 1, NOW),
    )
    yield asked(
        "first_arrival_of_a_stolen_key_is_kept",
        rule,
        "The list arrived yesterday.",
        text,
        "grace",
        remembered=seen(arrived=NOW - DAY),
        state=seen(arrived=NOW - DAY),
    )
    yield asked(
        "first_arrival_counts_though_a_newer_list_names_the_key",
        rule,
        "A newer list names the key again; its 30 days do not begin anew.",
        f"{text}\n{theft(seq=SEQ + 1)}",
        "revoked",
        remembered=seen(arrived=NOW - GRACE),
    )
    yield asked(
        "stolen_key_and_license_that_arrive_together_are_remembered",
        rule,
        "License and list are new here.",
        text,
        "revoked",
        state=seen(NOW, NOW),
    )
    yield asked(
        "arrival_of_a_stolen_key_is_remembered_without_its_licenses",
        rule,
        "The list is new here, and nothing here was signed by the key.",
        f"{token(claims())}\n{theft()}",
        "valid",
        remembered=seen(),
        state=seen(arrived=NOW),
    )
    yield asked(
        "revoked_keys_that_are_not_honoured_are_not_remembered",
        rule,
        "A certified key signed the list that names a key.",
        "\n".join((token(claims()), empty_list(DAILY, revoked_keys=[KID]), certificate())),
        "valid",
        remembered=seen(),
        state=seen(),
    )


def other_failures() -> Iterator[Vector]:
    """The 30 days are for licenses that would work."""
    rule = "Stolen keys: 30 days"
    trust = f"{certificate()}\n{theft()}"
    revoked_too = f"{certificate()}\n{revocation_list(JTI, revoked_keys=[STOLEN])}"
    rows: dict[str, tuple[str, str, str, int | None, str | None]] = {
        "stolen_key_of_an_ended_license_is_expired": (
            "The license has ended.",
            f"{daily(exp=NOW)}\n{trust}",
            "expired",
            NOW + GRACE,
            "revoked",
        ),
        "stolen_key_of_an_expiring_license_is_grace_until_it_ends": (
            "The license ends in a week.",
            f"{daily(exp=NOW + 7 * DAY)}\n{trust}",
            "grace",
            NOW + 7 * DAY,
            "expired",
        ),
        "stolen_key_of_a_license_revoked_by_its_id_is_revoked": (
            "The list names the license as well as its key.",
            f"{daily()}\n{revoked_too}",
            "revoked",
            None,
            None,
        ),
        "stolen_key_of_a_license_in_grace_is_grace_until_30_days": (
            "The license has ended, and its own grace period is longer.",
            f"{daily(exp=NOW - DAY, grace_until=ENDS)}\n{trust}",
            "grace",
            NOW + GRACE,
            "revoked",
        ),
    }
    for name, (description, text, code, change, then) in rows.items():
        yield asked(
            name,
            rule,
            description,
            text,
            code,
            remembered=seen(),
            next_change=change,
            next_code=then,
        )
