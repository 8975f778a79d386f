"""The timeline of a report: every future change, with its effect.

docs/token-format.md: "Timeline".
"""

from collections.abc import Iterator

from tokens import (
    DAILY,
    DAY,
    ENDS,
    INSTANCE,
    ISSUED,
    ISSUER,
    JTI,
    NOW,
    OTHER,
    SECOND_JTI,
    WARNS,
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
    utc,
)
from trust import certificate, daily, empty_list, kid_of, revocation_list, root

Changes = list[list[object]]

YEAR = 365 * DAY
LATE = ENDS + 14 * DAY


def status(at: int, code: str) -> list[object]:
    """The code changes."""
    return [at, code, "status"]


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from of_one_license()
    yield from of_several_licenses()
    yield from of_the_years()
    yield from without_a_module()


def of_one_license() -> Iterator[Vector]:
    """Every change of one license, the past ones left out."""
    rule = "Timeline: of one license"
    warns, ends = status(WARNS, "expiring"), status(ENDS, "expired")
    updates = utc(2027, 1, 1)
    rows: dict[str, tuple[str, str, int, str, Changes]] = {
        "timeline_of_a_subscription": ("It warns and ends.", token(claims()), NOW, "valid", [warns, ends]),
        "timeline_leaves_out_what_is_past": (
            "The warnings have begun.",
            token(claims()),
            WARNS,
            "expiring",
            [ends],
        ),
        "timeline_of_an_ended_license_is_empty": ("It has ended.", token(claims()), ENDS, "expired", []),
        "timeline_of_a_perpetual_license_is_empty": (
            "Nothing changes.",
            token(perpetual()),
            NOW,
            "valid",
            [],
        ),
        "timeline_of_no_license_is_empty": ("There is no token.", "", NOW, "missing", []),
        "timeline_of_a_forged_license_is_empty": (
            "It was altered.",
            flipped(token(claims())),
            NOW,
            "bad_signature",
            [],
        ),
        "timeline_of_a_license_with_grace": (
            "It warns, ends, and has a grace period.",
            token(claims(grace_until=LATE)),
            NOW,
            "valid",
            [warns, status(ENDS, "grace"), status(LATE, "expired")],
        ),
        "timeline_of_a_license_that_has_not_begun": (
            "It begins tomorrow.",
            token(claims(nbf=NOW + DAY)),
            NOW,
            "not_yet_valid",
            [status(NOW + DAY, "valid"), warns, ends],
        ),
        "timeline_of_a_license_that_warns_users": (
            "Users are warned a week before the end.",
            token(claims(notify_users_from=ENDS - 7 * DAY)),
            NOW,
            "valid",
            [warns, [ENDS - 7 * DAY, "expiring", "users_warned"], ends],
        ),
        "timeline_of_users_who_are_warned_first": (
            "Users are warned before administrators are.",
            token(claims(notify_users_from=WARNS - DAY)),
            NOW,
            "valid",
            [[WARNS - DAY, "valid", "users_warned"], warns, ends],
        ),
        "timeline_of_a_license_with_updates": (
            "Updates end before the license does.",
            token(claims(updates_until=updates)),
            NOW,
            "valid",
            [[updates, "valid", "updates_end"], warns, ends],
        ),
        "timeline_of_a_perpetual_license_with_updates": (
            "Updates end, and the license does not.",
            token(perpetual(updates_until=updates)),
            NOW,
            "valid",
            [[updates, "valid", "updates_end"]],
        ),
    }
    for name, (description, text, now, code, timeline) in rows.items():
        yield evaluated(name, rule, description, text, code, now=now, timeline=timeline)
    yield evaluated(
        "timeline_after_updates_ended",
        rule,
        "The release is not covered, until the subscription ends as well.",
        token(claims(updates_until=utc(2026, 9, 1))),
        "updates_ended",
        released="2026-09-10",
        timeline=[ends],
    )
    yield evaluated(
        "timeline_of_another_version_is_empty",
        rule,
        "The license is for another version of Odoo, and never serves this one.",
        token(claims(modules=[entry(versions=["16"])])),
        "wrong_odoo_version",
        timeline=[],
    )


def of_several_licenses() -> Iterator[Vector]:
    """The changes of the answer, not those of every license."""
    rule = "Timeline: of several licenses"
    old = token(claims())
    renewed: Claims = {"jti": SECOND_JTI, "iat": NOW - DAY, "exp": ENDS + YEAR}
    rows: dict[str, tuple[str, str, Changes]] = {
        "timeline_of_a_renewal_in_advance": (
            "The renewal begins when the old license ends.",
            f"{old}\n{token(claims(**renewed, nbf=ENDS))}",
            [
                status(WARNS, "expiring"),
                status(ENDS, "valid"),
                status(ENDS + YEAR - 30 * DAY, "expiring"),
                status(ENDS + YEAR, "expired"),
            ],
        ),
        "timeline_of_a_renewal_that_is_valid": (
            "The renewal is valid already, so that the end of the old license changes nothing.",
            f"{old}\n{token(claims(**renewed))}",
            [status(ENDS + YEAR - 30 * DAY, "expiring"), status(ENDS + YEAR, "expired")],
        ),
        "timeline_of_a_late_renewal": (
            "The renewal begins a week after the old license ends.",
            f"{old}\n{token(claims(**renewed, nbf=ENDS + 7 * DAY))}",
            [
                status(WARNS, "expiring"),
                status(ENDS, "not_yet_valid"),
                status(ENDS + 7 * DAY, "valid"),
                status(ENDS + YEAR - 30 * DAY, "expiring"),
                status(ENDS + YEAR, "expired"),
            ],
        ),
        "timeline_leaves_out_licenses_for_other_modules": (
            "The second license is for another module.",
            f"{old}\n{token(claims(jti=SECOND_JTI, exp=NOW + DAY, modules=[entry('biz4a_sales')]))}",
            [status(WARNS, "expiring"), status(ENDS, "expired")],
        ),
    }
    for name, (description, text, timeline) in rows.items():
        yield evaluated(name, rule, description, text, "valid", timeline=timeline)


def of_the_years() -> Iterator[Vector]:
    """Moving, the 30 days of a stolen key, the count-down of the clock, revocation."""
    rule = "Timeline: what ends without an `exp`"
    matched: Claims = {"licenses": {ISSUER: {JTI: {"first_seen": ISSUED, "matched": INSTANCE}}}}
    copy = INSTANCE | {"database_uuid": OTHER["database_uuid"]}
    yield evaluated(
        "timeline_of_a_license_that_moves",
        rule,
        "The license works for 14 days, and then never again here.",
        token(claims(instance_fingerprint=fingerprint(INSTANCE))),
        "moving",
        instance=copy,
        remembered=matched,
        timeline=[status(NOW + 14 * DAY, "wrong_instance")],
    )
    yield evaluated(
        "timeline_of_a_stolen_key",
        rule,
        "The license works for 30 days.",
        "\n".join((daily(), certificate(), empty_list(revoked_keys=[kid_of(DAILY)]))),
        "grace",
        keys=[root()],
        remembered={"licenses": {ISSUER: {JTI: {"first_seen": ISSUED}}}},
        timeline=[status(NOW + 30 * DAY, "revoked")],
    )
    yield evaluated(
        "timeline_of_a_count_down_of_the_clock",
        rule,
        "The license works for 14 days, though by the clock it would for longer.",
        token(claims()),
        "valid",
        database_date=ENDS + 10 * DAY,
        timeline=[status(NOW + 14 * DAY, "expired")],
    )
    yield evaluated(
        "timeline_of_a_revoked_license_is_empty",
        rule,
        "A revoked license stays revoked.",
        f"{token(claims())}\n{revocation_list()}",
        "revoked",
        keys=[key(), root()],
        timeline=[],
    )


def without_a_module() -> Iterator[Vector]:
    """Every change of every license, in the order of time."""
    rule = "Timeline: without a module"
    second = token(
        claims(
            jti=SECOND_JTI,
            exp=ENDS - DAY,
            updates_until=utc(2027, 1, 1),
            modules=[entry("biz4a_sales")],
        )
    )
    yield evaluated(
        "timeline_without_a_module_has_every_license",
        rule,
        "Two licenses for different modules.",
        f"{token(claims())}\n{second}",
        "valid",
        module=None,
        timeline=[
            [utc(2027, 1, 1), "valid", "updates_end"],
            status(WARNS - DAY, "expiring"),
            status(WARNS, "expiring"),
            status(ENDS - DAY, "expired"),
            status(ENDS, "expired"),
        ],
    )
