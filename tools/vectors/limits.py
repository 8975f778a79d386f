"""Limits: agreed numbers, of which too many are told and never enforced.

docs/token-format.md: "Limits".
"""

from collections.abc import Iterator

from tokens import (
    DAY,
    ENDS,
    ISSUED,
    NOW,
    SECOND_JTI,
    Claims,
    Vector,
    claims,
    entry,
    evaluated,
    perpetual,
    token,
)


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from too_many()
    yield from of_several()


def limited(**changes: object) -> str:
    """A license for ten users and two companies."""
    return token(claims(**({"limits": {"users": 10, "companies": 2}} | changes)))


def too_many() -> Iterator[Vector]:
    """A flag, when there are more than agreed."""
    rule = "Limits: over_limit"
    over = ["over_limit"]
    rows: dict[str, tuple[int | None, int | None, list[str]]] = {
        "as_many_users_as_agreed_are_within_the_limit": (10, 2, []),
        "more_users_than_agreed_are_over_the_limit": (11, 2, over),
        "more_companies_than_agreed_are_over_the_limit": (10, 3, over),
        "more_users_and_companies_than_agreed_are_over_the_limit": (11, 3, over),
        "unknown_numbers_are_within_the_limit": (None, None, []),
        "unknown_number_of_users_does_not_hide_the_companies": (None, 3, over),
    }
    for name, (users, companies, flags) in rows.items():
        yield evaluated(
            name,
            rule,
            f"Ten users and two companies are agreed; there are {users} and {companies}.",
            limited(),
            "valid",
            users=users,
            companies=companies,
            flags=flags,
            limits={"users": 10, "companies": 2},
            next_change=ENDS - 30 * DAY,
        )
    yield evaluated(
        "license_without_limits_is_not_over_any",
        rule,
        "Nothing is agreed.",
        token(claims()),
        "valid",
        users=1_000_000,
        companies=1_000,
        flags=[],
        limits={},
    )
    yield evaluated(
        "limit_of_companies_alone_says_nothing_of_users",
        rule,
        "Only a number of companies is agreed.",
        limited(limits={"companies": 2}),
        "valid",
        users=1_000_000,
        companies=2,
        flags=[],
        limits={"companies": 2},
    )
    yield evaluated(
        "limits_empty_say_nothing",
        rule,
        "`limits` is an empty object.",
        limited(limits={}),
        "valid",
        users=1_000_000,
        flags=[],
        limits={},
    )


def of_several() -> Iterator[Vector]:
    """The maximum over the licenses that work, and no limit where one of these has none."""
    rule = "Limits: of several licenses"

    def second(**changes: object) -> str:
        return token(perpetual(**({"jti": SECOND_JTI, "limits": {"users": 25, "companies": 1}} | changes)))

    rows: dict[str, tuple[str, str, Claims, list[str]]] = {
        "limits_are_the_maximum_of_those_that_work": (
            "Two licenses work.",
            f"{limited()}\n{second()}",
            {"users": 25, "companies": 2},
            [],
        ),
        "limits_of_an_ended_license_do_not_count": (
            "The license with more users has ended.",
            f"{limited()}\n{second(license_type='demo', exp=NOW)}",
            {"users": 10, "companies": 2},
            ["over_limit"],
        ),
        "limits_of_an_expiring_license_count": (
            "The license with more users ends soon.",
            f"{limited()}\n{second(license_type='demo', exp=NOW + DAY)}",
            {"users": 25, "companies": 2},
            [],
        ),
        "limits_of_a_license_in_grace_count": (
            "The license with more users is in its grace period.",
            f"{limited()}\n{second(license_type='demo', exp=NOW, grace_until=NOW + DAY)}",
            {"users": 25, "companies": 2},
            [],
        ),
        "limits_of_a_license_for_another_module_do_not_count": (
            "The license with more users is for another module.",
            f"{limited()}\n{second(modules=[entry('biz4a_sales')])}",
            {"users": 10, "companies": 2},
            ["over_limit"],
        ),
        "license_without_limits_beside_one_with_has_none": (
            "The second license has no limits.",
            f"{limited()}\n{second(limits={})}",
            {},
            [],
        ),
        "license_without_a_limit_of_users_leaves_that_of_companies": (
            "The second license limits companies only.",
            f"{limited()}\n{second(limits={'companies': 1})}",
            {"companies": 2},
            [],
        ),
    }
    for name, (description, text, limits, flags) in rows.items():
        yield evaluated(
            name, rule, description, text, "valid", users=11, companies=2, flags=flags, limits=limits
        )
    yield evaluated(
        "license_that_ended_has_no_limits",
        rule,
        "No license works.",
        limited(iat=ISSUED, exp=NOW),
        "expired",
        users=11,
        flags=[],
        limits={},
    )
