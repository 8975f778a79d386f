"""Moving: a bound license that matched once in a database and no longer does; and what is remembered of it.

docs/token-format.md: "Moving" and "What is remembered".
"""

from collections.abc import Iterator, Mapping
from functools import partial

from instances import BY_DOMAIN, BY_ID, BY_UUID, DOMAIN, INSTANCE_ID, UUID, bound
from tokens import (
    DAY,
    ENDS,
    INSTANCE,
    ISSUED,
    ISSUER,
    JTI,
    NOW,
    OTHER,
    SECOND_JTI,
    Claims,
    Vector,
    claims,
    entry,
    evaluated,
    fingerprint,
    flipped,
    token,
)

NEW_UUID = OTHER["database_uuid"]
COPY = INSTANCE | {"database_uuid": NEW_UUID}
GRACE = 14 * DAY

exact = partial(claims, instance_fingerprint=fingerprint(INSTANCE))
"""Claims of a license with the exact binding."""

asked = partial(evaluated, instance=COPY)
"""One case in a copy, whose database has another UUID."""


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from first_sight()
    yield from days()
    yield from stamps()
    yield from order()
    yield from matched_domain()
    yield from copies()
    yield from what_is_remembered()


def seen(matched: Mapping[str, str] | None = INSTANCE, **more: object) -> Claims:
    """What the database remembers of the license: where it matched, and since when it does not."""
    row: Claims = {"first_seen": ISSUED}
    if matched is not None:
        row["matched"] = dict(matched)
    return {"licenses": {ISSUER: {JTI: row | more}}}


def since(stamp: int, database_uuid: str = NEW_UUID) -> Claims:
    """The license matched once, and was first seen elsewhere at `stamp`."""
    return seen(moving={database_uuid: stamp})


def first_sight() -> Iterator[Vector]:
    """Only a license that matched once moves."""
    rule = "Moving: only after a match"
    bindings = {"exact": token(exact()), "tolerant": bound(BY_UUID, BY_DOMAIN)}
    for form, text in bindings.items():
        yield asked(
            f"{form}_binding_that_matched_once_is_moving",
            rule,
            "The license matched in this database, which has another UUID now.",
            text,
            "moving",
            remembered=seen(),
            failed=["wrong_instance"],
            changed=["database_uuid"],
            next_change=NOW + GRACE,
            next_code="wrong_instance",
            state=since(NOW),
        )
        yield asked(
            f"{form}_binding_that_never_matched_is_wrong_instance",
            rule,
            "The license was seen before, and never matched.",
            text,
            "wrong_instance",
            remembered=seen(None),
            next_change=None,
            next_code=None,
        )
        yield asked(
            f"{form}_binding_seen_for_the_first_time_is_wrong_instance",
            rule,
            "Nothing is remembered.",
            text,
            "wrong_instance",
        )
        yield asked(
            f"{form}_binding_without_an_instance_does_not_move",
            rule,
            "The license matched once, and no instance was given.",
            text,
            "wrong_instance",
            instance=None,
            remembered=seen(),
        )
    other: Claims = {"licenses": {ISSUER: {SECOND_JTI: {"first_seen": ISSUED, "matched": INSTANCE}}}}
    yield asked(
        "match_of_another_license_does_not_count",
        rule,
        "Another license matched once in this database.",
        token(exact()),
        "wrong_instance",
        remembered=other,
    )


def days() -> Iterator[Vector]:
    """For how long: `move_grace_days` of 86400 seconds from first sight."""
    rule = "Moving: for how long"
    rows: dict[str, tuple[str, Claims, int, str, int | None]] = {
        "moving_in_the_last_second_of_14_days": (
            "The default is 14 days; one second is left.",
            {},
            NOW - GRACE + 1,
            "moving",
            NOW + 1,
        ),
        "moving_ends_after_14_days": ("14 days have passed.", {}, NOW - GRACE, "wrong_instance", None),
        "moving_in_the_last_second_of_move_grace_days": (
            "The license says three days; one second is left.",
            {"move_grace_days": 3},
            NOW - 3 * DAY + 1,
            "moving",
            NOW + 1,
        ),
        "moving_ends_after_move_grace_days": (
            "The license says three days.",
            {"move_grace_days": 3},
            NOW - 3 * DAY,
            "wrong_instance",
            None,
        ),
        "moving_for_90_days": (
            "The license says 90 days, of which 89 have passed.",
            {"move_grace_days": 90},
            NOW - 89 * DAY,
            "moving",
            NOW + DAY,
        ),
        "moving_for_no_day_is_wrong_instance": (
            "The license says that it may not move.",
            {"move_grace_days": 0},
            NOW,
            "wrong_instance",
            None,
        ),
    }
    for name, (description, changes, stamp, code, change) in rows.items():
        yield asked(
            name,
            rule,
            description,
            token(exact(**changes)),
            code,
            remembered=since(stamp),
            next_change=change,
            next_code=None if change is None else "wrong_instance",
        )


def stamps() -> Iterator[Vector]:
    """First sight is remembered for each database, and counts as now when it lies in the future."""
    rule = "Moving: first sight"
    text = token(exact())
    yield asked(
        "moving_stamp_in_the_future_counts_as_now",
        rule,
        "The first sight lies a year ahead.",
        text,
        "moving",
        remembered=since(NOW + 365 * DAY),
        next_change=NOW + GRACE,
        next_code="wrong_instance",
    )
    yield asked(
        "moving_keeps_its_first_sight",
        rule,
        "The mismatch was first seen yesterday.",
        text,
        "moving",
        remembered=since(NOW - DAY),
        state=since(NOW - DAY),
        next_change=NOW - DAY + GRACE,
        next_code="wrong_instance",
    )
    yield asked(
        "moving_is_counted_for_each_database",
        rule,
        "The days of another database are over; in this one they begin.",
        text,
        "moving",
        remembered=since(ISSUED, "0e2f4c46-2b0f-4d5c-8b57-3f1f2a9d6c77"),
        next_change=NOW + GRACE,
        next_code="wrong_instance",
        state=seen(moving={"0e2f4c46-2b0f-4d5c-8b57-3f1f2a9d6c77": ISSUED, NEW_UUID: NOW}),
    )
    yield asked(
        "moving_stays_ended",
        rule,
        "The days are over, and what is remembered stays.",
        text,
        "wrong_instance",
        remembered=since(ISSUED),
        state=since(ISSUED),
    )
    back = INSTANCE | {"instance_id": INSTANCE_ID}
    yield evaluated(
        "moving_is_cleared_on_a_match",
        rule,
        "The operator's id was lost for a while, and is set again.",
        bound(BY_UUID, BY_DOMAIN, BY_ID),
        "valid",
        instance=back,
        remembered=seen(back, moving={UUID: NOW - DAY}),
        changed=[],
        state=seen(back),
    )
    yield evaluated(
        "moving_elsewhere_is_cleared_on_a_match",
        rule,
        "The database has its old UUID again.",
        text,
        "valid",
        instance=INSTANCE,
        remembered=since(NOW - DAY),
        state=seen(),
    )


def order() -> Iterator[Vector]:
    """A license that is moving is otherwise what it would be."""
    rule = "Codes: order"
    rows: dict[str, tuple[Claims, str]] = {
        "moving_license_that_ended_is_expired": ({"exp": NOW}, "expired"),
        "moving_license_before_nbf_is_not_yet_valid": ({"nbf": NOW + DAY}, "not_yet_valid"),
        "moving_license_without_updates_is_updates_ended": ({"updates_until": ISSUED}, "updates_ended"),
        "moving_license_in_grace_is_moving": ({"exp": NOW - DAY, "grace_until": ENDS}, "moving"),
        "moving_license_that_ends_soon_is_moving": ({"exp": NOW + 20 * DAY}, "moving"),
    }
    for name, (changes, code) in rows.items():
        yield asked(
            name,
            rule,
            f"A license that is moving, with {changes}.",
            token(exact(**changes)),
            code,
            remembered=seen(),
            released="2026-09-01",
        )
    yield asked(
        "moving_license_ends_with_the_license",
        rule,
        "The license ends before the days of the move are over.",
        token(exact(exp=NOW + 5 * DAY)),
        "moving",
        remembered=seen(),
        next_change=NOW + 5 * DAY,
        next_code="expired",
    )


def matched_domain() -> Iterator[Vector]:
    """The last domain that matched still does."""
    rule = "Moving: the last domain that matched"
    moved = INSTANCE | {"domain": "new.korenaar.example"}
    copied = {"database_uuid": NEW_UUID, "domain": "new.korenaar.example"}
    for form, text in {"exact": token(exact()), "tolerant": bound(BY_UUID, BY_DOMAIN)}.items():
        yield evaluated(
            f"{form}_binding_matches_by_the_last_domain",
            rule,
            "The address changed, and the license matched once under the old one.",
            text,
            "valid",
            instance=moved,
            remembered=seen(),
            state=seen(),
        )
    yield evaluated(
        "last_domain_does_not_hide_another_database",
        rule,
        "The database has another UUID as well.",
        bound(BY_UUID, BY_DOMAIN),
        "moving",
        instance=copied,
        remembered=seen(),
        changed=["database_uuid", "domain"],
    )
    yield evaluated(
        "last_domain_of_another_database_does_not_count",
        rule,
        "A copy at another address, where the domain alone would be enough.",
        bound(BY_UUID, BY_DOMAIN, need=1),
        "moving",
        instance=copied,
        remembered=seen(),
        changed=["database_uuid", "domain"],
    )
    yield evaluated(
        "renewal_matches_by_the_last_domain",
        rule,
        "The address changed, and the license before this one matched under the old one in this database.",
        token(exact(jti=SECOND_JTI)),
        "valid",
        instance=moved,
        remembered=seen(),
        changed=[],
    )
    others: Claims = moved | {"other_domains": [DOMAIN]}
    yield evaluated(
        "domain_that_matched_is_remembered",
        rule,
        "Another domain of the instance matched: that one is remembered.",
        token(exact()),
        "valid",
        instance=others,
        remembered=seen(None),
        state=seen(),
    )


def copies() -> Iterator[Vector]:
    """In a neutralized copy the binding is passed over, and nothing is stamped."""
    rule = "Neutralized copies: nothing is stamped"
    ask = partial(asked, neutralized=True, flags=["staging"])
    text = token(exact())
    for name, state in {
        "neutralized_copy_does_not_move": seen(),
        "neutralized_copy_works_after_the_days_of_a_move": since(ISSUED),
        "neutralized_copy_does_not_match": seen(None),
    }.items():
        yield ask(
            name,
            rule,
            "The copy is neutralized, so that the binding is passed over.",
            text,
            "valid",
            remembered=state,
            state=state,
        )


def what_is_remembered() -> Iterator[Vector]:
    """The state that a caller keeps for the next time."""
    rule = "What is remembered: licenses"
    free = token(claims())
    fits = token(exact())
    everywhere = INSTANCE | {"instance_id": INSTANCE_ID}
    rows: dict[str, tuple[str, str, Mapping[str, str] | None, str, Claims | None, Claims]] = {
        "first_sight_of_a_license_is_remembered": (
            "Nothing was remembered.",
            free,
            None,
            "valid",
            None,
            {"licenses": {ISSUER: {JTI: {"first_seen": NOW}}}},
        ),
        "first_sight_of_a_license_is_kept": (
            "It was seen before.",
            free,
            None,
            "valid",
            seen(None),
            seen(None),
        ),
        "forged_license_is_not_remembered": (
            "The license was altered.",
            flipped(free),
            None,
            "bad_signature",
            None,
            {},
        ),
        "first_sight_of_a_license_for_another_module_is_remembered": (
            "The license is for another module; it was stored all the same.",
            token(claims(modules=[entry("biz4a_sales")])),
            None,
            "missing",
            None,
            {"licenses": {ISSUER: {JTI: {"first_seen": NOW}}}},
        ),
        "nothing_is_remembered_of_no_license": ("There is no token.", "", None, "missing", None, {}),
        "match_of_an_exact_binding_is_remembered": (
            "A bound license fits.",
            fits,
            INSTANCE,
            "valid",
            seen(None),
            seen(),
        ),
        "match_of_a_tolerant_binding_is_remembered": (
            "A bound license fits, and the operator has set an id.",
            bound(BY_UUID, BY_DOMAIN, BY_ID),
            everywhere,
            "valid",
            seen(None),
            seen(everywhere),
        ),
        "match_of_an_unbound_license_is_not_remembered": (
            "The license is not bound.",
            free,
            INSTANCE,
            "valid",
            seen(None),
            seen(None),
        ),
        "mismatch_of_a_license_that_never_matched_is_not_stamped": (
            "The license is bound to another database.",
            fits,
            OTHER,
            "wrong_instance",
            seen(None),
            seen(None),
        ),
    }
    for name, (description, text, instance, code, before, after) in rows.items():
        yield evaluated(
            name, rule, description, text, code, instance=instance, remembered=before, state=after
        )
