"""Clock evidence: a database that keeps later dates than the clock shows.

docs/token-format.md: "Clock".
"""

from collections.abc import Iterator
from functools import partial

from tokens import (
    DAILY,
    DAY,
    INSTANCE,
    ISSUED,
    ISSUER,
    JTI,
    NOW,
    OTHER,
    OTHER_ROOT,
    SECOND_JTI,
    Claims,
    Vector,
    claims,
    entry,
    evaluated,
    fingerprint,
    flipped,
    key,
    perpetual,
    token,
)
from trust import (
    OTHER_ISSUER,
    SEQ,
    certificate,
    empty_list,
    kid_of,
    root,
    two_issuers,
)

TWO_DAYS = 48 * 3600
COUNT_DOWN = 14 * DAY
ENDS = NOW + 60 * DAY
AHEAD = ENDS + 10 * DAY
SUSPECT, COUNTING = ["clock_suspect"], ["clock_suspect", "counting_down"]

asked = partial(evaluated, keys=[key(), root()], database_date=AHEAD)
"""One case whose database has dates from after the end of the license."""


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from evidence()
    yield from ended_by_evidence()
    yield from count_down()
    yield from cured()
    yield from not_cured()
    yield from ignored()
    yield from clock_is_right_again()


def short(**changes: object) -> str:
    """A license that ends in 60 days."""
    return token(claims(**({"exp": ENDS} | changes)))


def seen(**clock: int) -> Claims:
    """What the database remembers: the license, and what is known of the clock."""
    state: Claims = {"licenses": {ISSUER: {JTI: {"first_seen": ISSUED}}}}
    return state | {"clocks": {ISSUER: clock}} if clock else state


def evidence() -> Iterator[Vector]:
    """Dates more than 48 hours ahead are told."""
    rule = "Clock: more than 48 hours"
    rows = {
        "clock_48_hours_behind_is_not_suspect": ("Exactly 48 hours.", NOW + TWO_DAYS, []),
        "clock_more_than_48_hours_behind_is_suspect": ("48 hours and a second.", NOW + TWO_DAYS + 1, SUSPECT),
        "clock_ahead_of_the_database_is_not_suspect": ("The database is a year old.", NOW - 365 * DAY, []),
        "clock_without_evidence_is_not_suspect": ("The database keeps no dates.", None, []),
    }
    for name, (description, date, flags) in rows.items():
        yield asked(
            name,
            rule,
            f"How far the database is ahead of the clock: {description}",
            short(),
            "valid",
            database_date=date,
            flags=flags,
            remembered=seen(),
            state=seen(),
        )
    yield asked(
        "suspect_clock_stands_before_the_other_flags",
        "Codes: flags",
        "A neutralized copy with a suspect clock and too many users, the license ended by the evidence.",
        short(limits={"users": 5}, instance_fingerprint=fingerprint(OTHER)),
        "valid",
        instance=INSTANCE,
        neutralized=True,
        users=6,
        flags=["clock_suspect", "staging", "over_limit", "counting_down"],
    )


def ended_by_evidence() -> Iterator[Vector]:
    """Only a license that works and has ended by the evidence is counted down."""
    rule = "Clock: ended by the evidence"
    rows: dict[str, tuple[str, str, int, str, list[str]]] = {
        "license_before_its_end_by_the_evidence_is_not_counted_down": (
            "The database shows the last second of the license.",
            short(),
            ENDS - 1,
            "valid",
            SUSPECT,
        ),
        "license_at_its_end_by_the_evidence_is_counted_down": (
            "The database shows the end of the license.",
            short(),
            ENDS,
            "valid",
            COUNTING,
        ),
        "license_in_grace_by_the_evidence_is_not_counted_down": (
            "The database shows the last second of the grace period.",
            short(grace_until=ENDS + 30 * DAY),
            ENDS + 30 * DAY - 1,
            "valid",
            SUSPECT,
        ),
        "license_after_grace_by_the_evidence_is_counted_down": (
            "The database shows the end of the grace period.",
            short(grace_until=ENDS + 30 * DAY),
            ENDS + 30 * DAY,
            "valid",
            COUNTING,
        ),
        "perpetual_license_is_not_counted_down": (
            "A license without an end does not end by any evidence.",
            token(perpetual()),
            AHEAD,
            "valid",
            SUSPECT,
        ),
        "expiring_license_is_counted_down": (
            "The license ends soon by the clock, and has ended by the evidence.",
            short(notify_admins_from=NOW),
            AHEAD,
            "expiring",
            COUNTING,
        ),
        "license_that_does_not_work_is_not_counted_down": (
            "The license is for another version of Odoo, and has ended by the evidence.",
            short(modules=[entry(versions=["16"])]),
            AHEAD,
            "wrong_odoo_version",
            SUSPECT,
        ),
        "ended_license_is_not_counted_down": (
            "The license has ended by the clock as well.",
            short(exp=NOW),
            AHEAD,
            "expired",
            SUSPECT,
        ),
    }
    for name, (description, text, date, code, flags) in rows.items():
        counting = {"suspect_since": NOW} if flags == COUNTING else {}
        yield asked(
            name,
            rule,
            description,
            text,
            code,
            database_date=date,
            flags=flags,
            remembered=seen(),
            state=seen(**counting),
        )
    yield asked(
        "license_that_the_evidence_does_not_end_decides",
        rule,
        "Beside the license that ended by the evidence there is a perpetual one.",
        f"{short()}\n{token(perpetual(jti=SECOND_JTI, iat=ISSUED + 1))}",
        "valid",
        jti=SECOND_JTI,
        flags=SUSPECT,
    )


def count_down() -> Iterator[Vector]:
    """14 days, from when the count-down began."""
    rule = "Clock: 14 days"
    rows: dict[str, tuple[str, Claims, str, list[str], int | None]] = {
        "count_down_of_the_clock_begins_at_first_sight": (
            "Nothing was remembered.",
            seen(),
            "valid",
            COUNTING,
            NOW + COUNT_DOWN,
        ),
        "count_down_of_the_clock_in_its_last_second": (
            "It began 14 days ago, less one second.",
            seen(suspect_since=NOW - COUNT_DOWN + 1),
            "valid",
            COUNTING,
            NOW + 1,
        ),
        "count_down_of_the_clock_ends_after_14_days": (
            "It began 14 days ago.",
            seen(suspect_since=NOW - COUNT_DOWN),
            "expired",
            SUSPECT,
            None,
        ),
        "count_down_of_the_clock_that_began_in_the_future_begins_now": (
            "It began tomorrow, which counts as now.",
            seen(suspect_since=NOW + DAY),
            "valid",
            COUNTING,
            NOW + COUNT_DOWN,
        ),
    }
    for name, (description, state, code, flags, change) in rows.items():
        yield asked(
            name,
            rule,
            description,
            short(),
            code,
            remembered=state,
            flags=flags,
            next_change=change,
            next_code=None if change is None else "expired",
        )
    yield asked(
        "count_down_of_the_clock_keeps_its_beginning",
        rule,
        "It began yesterday.",
        short(),
        "valid",
        remembered=seen(suspect_since=NOW - DAY),
        state=seen(suspect_since=NOW - DAY),
        next_change=NOW - DAY + COUNT_DOWN,
        next_code="expired",
    )
    yield evaluated(
        "count_down_of_the_clock_of_another_issuer_is_its_own",
        rule,
        "The count-down of another issuer's licenses is over; that of ours begins.",
        short(),
        "valid",
        keys=two_issuers(),
        database_date=AHEAD,
        remembered={"clocks": {OTHER_ISSUER: {"suspect_since": ISSUED}}},
        flags=COUNTING,
        next_change=NOW + COUNT_DOWN,
        next_code="expired",
    )


def cured() -> Iterator[Vector]:
    """Whatever the issuer issued after the count-down began cures it for good."""
    rule = "Clock: cure"
    began = NOW - 5 * DAY
    later = began + 1
    rows: dict[str, tuple[str, str]] = {
        "license_issued_after_the_count_down_began_cures_it": (
            "A license for another module, which ends in 60 days too.",
            f"{short()}\n{short(jti=SECOND_JTI, iat=later, modules=[entry('biz4a_sales')])}",
        ),
        "revocation_list_issued_after_the_count_down_began_cures_it": (
            "A list that revokes nothing.",
            f"{short()}\n{empty_list(iat=later, seq=later)}",
        ),
        "key_certificate_issued_after_the_count_down_began_cures_it": (
            "A certificate of a key that has signed nothing here.",
            f"{short()}\n{certificate(iat=later)}",
        ),
        "license_issued_now_cures_the_count_down": (
            "The license says that it was issued this very second.",
            short(iat=NOW),
        ),
        "license_that_counts_down_cures_itself_when_it_is_issued_again": (
            "The license itself was issued after the count-down began.",
            short(iat=later),
        ),
    }
    for name, (description, text) in rows.items():
        yield asked(
            name,
            rule,
            description,
            text,
            "valid",
            remembered=seen(suspect_since=began),
            flags=[],
            next_change=ENDS - 30 * DAY,
            next_code="expiring",
        )
    yield asked(
        "cure_is_remembered",
        rule,
        "The evidence seen so far is ignored from now on.",
        short(iat=later),
        "valid",
        remembered=seen(suspect_since=began),
        state=seen(ignored=AHEAD),
    )
    yield asked(
        "cure_works_after_the_count_down_has_ended",
        rule,
        "The license had stopped, and the vendor has issued a list since.",
        f"{short()}\n{empty_list()}",
        "valid",
        remembered=seen(suspect_since=NOW - 100 * DAY),
        flags=[],
        state=seen(ignored=AHEAD),
    )


def not_cured() -> Iterator[Vector]:
    """What is older, forged, discarded, or another issuer's cures nothing."""
    rule = "Clock: cure"
    began = NOW - 5 * DAY
    rows: dict[str, tuple[str, str]] = {
        "license_issued_when_the_count_down_began_does_not_cure_it": (
            "The license was issued in the very second.",
            short(iat=began),
        ),
        "license_from_the_future_does_not_cure_a_count_down": (
            "The license says that it was issued a second ahead of the clock.",
            short(iat=NOW + 1),
        ),
        "forged_license_does_not_cure_a_count_down": (
            "A license with a later `iat` was altered.",
            f"{short()}\n{flipped(short(jti=SECOND_JTI, iat=NOW))}",
        ),
        "list_of_a_thief_does_not_cure_a_count_down": (
            "A later list is discarded, because its key was stolen.",
            "\n".join(
                (
                    short(),
                    certificate(),
                    empty_list(DAILY, iat=NOW, seq=NOW),
                    empty_list(iat=began, seq=SEQ, revoked_keys=[kid_of(DAILY)]),
                )
            ),
        ),
    }
    for name, (description, text) in rows.items():
        yield asked(
            name,
            rule,
            description,
            text,
            "valid",
            remembered=seen(suspect_since=began),
            flags=COUNTING,
            next_change=began + COUNT_DOWN,
            next_code="expired",
        )
    theirs = empty_list(OTHER_ROOT, iss=OTHER_ISSUER, iat=NOW)
    yield evaluated(
        "list_of_another_issuer_does_not_cure_a_count_down",
        rule,
        "A later list is another vendor's.",
        f"{short()}\n{theirs}",
        "valid",
        keys=two_issuers(),
        database_date=AHEAD,
        remembered=seen(suspect_since=began),
        flags=COUNTING,
        next_change=began + COUNT_DOWN,
        next_code="expired",
    )


def ignored() -> Iterator[Vector]:
    """Evidence that was cured says nothing any more; later evidence does."""
    rule = "Clock: ignored evidence"
    rows: dict[str, tuple[str, int, list[str], Claims]] = {
        "evidence_that_was_cured_is_ignored": ("The same date as then.", AHEAD, [], seen(ignored=AHEAD)),
        "evidence_before_what_was_cured_is_ignored": (
            "An earlier date.",
            AHEAD - DAY,
            [],
            seen(ignored=AHEAD),
        ),
        "evidence_after_what_was_cured_counts": (
            "One second later.",
            AHEAD + 1,
            COUNTING,
            seen(ignored=AHEAD, suspect_since=NOW),
        ),
    }
    for name, (description, date, flags, state) in rows.items():
        yield asked(
            name,
            rule,
            description,
            short(),
            "valid",
            database_date=date,
            remembered=seen(ignored=AHEAD),
            flags=flags,
            state=state,
        )


def clock_is_right_again() -> Iterator[Vector]:
    """The count-down is forgotten when the clock is right again."""
    rule = "Clock: right again"
    began = NOW - 5 * DAY
    yield asked(
        "clock_that_is_right_again_clears_the_count_down",
        rule,
        "The dates of the database are no longer ahead of the clock.",
        short(),
        "valid",
        database_date=NOW,
        remembered=seen(suspect_since=began),
        flags=[],
        state=seen(),
    )
    yield asked(
        "clock_that_is_right_again_leaves_what_is_ignored",
        rule,
        "The evidence that was cured stays ignored.",
        short(),
        "valid",
        database_date=NOW,
        remembered=seen(suspect_since=began, ignored=NOW - DAY),
        flags=[],
        state=seen(ignored=NOW - DAY),
    )
