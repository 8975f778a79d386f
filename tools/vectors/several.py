"""Several licenses in one text: which of them decides.

docs/token-format.md: "Several licenses".
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

from tokens import (
    DAY,
    ENDS,
    INSTANCE,
    ISSUED,
    ISSUER,
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
    header,
    key,
    perpetual,
    token,
)
from trust import revocation_list, root

MOVED = "c0a5d3e2-1b7f-4f64-9e0d-7a8b6c5d4e04"


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from later_ones()
    yield from best_of_two()


def later_ones() -> Iterator[Vector]:
    """Renewals, the later of equals, and licenses that do not count."""
    second = SECOND_JTI
    old = token(claims())
    first = str(claims()["jti"])
    rule = "Several licenses: renewal"
    year = 365 * DAY
    renewal = token(claims(jti=second, iat=WARNS + DAY, nbf=ENDS, exp=ENDS + year))
    both = f"{old}\n\n{renewal}"
    rows: dict[str, tuple[str, int, str, str, int | None, str | None]] = {
        "renewal_pasted_before_the_old_one_ends": (
            "The old license still decides, and the renewal follows without a gap.",
            ENDS - 1,
            "expiring",
            first,
            ENDS,
            "valid",
        ),
        "renewal_takes_over_when_the_old_one_ends": (
            "The renewal decides from the end of the old license on.",
            ENDS,
            "valid",
            second,
            ENDS + year - 30 * DAY,
            "expiring",
        ),
        "renewal_does_not_hide_a_warning": (
            "The warning of the old license comes while the renewal is not valid yet.",
            WARNS - 1,
            "valid",
            first,
            WARNS,
            "expiring",
        ),
    }
    for name, (description, now, code, jti, change, then) in rows.items():
        yield evaluated(
            name, rule, description, both, code, now=now, jti=jti, next_change=change, next_code=then
        )
    overlap = token(claims(jti=second, iat=NOW - DAY, exp=ENDS + year))
    yield evaluated(
        "renewal_valid_at_once_moves_the_next_change",
        rule,
        "The warning of the old license changes nothing while the renewal is valid.",
        f"{old}\n{overlap}",
        "valid",
        jti=second,
        next_change=ENDS + year - 30 * DAY,
        next_code="expiring",
    )
    rule = "Several licenses: the later one of equals"
    later = token(perpetual(jti=second, iat=ISSUED + 1))
    for name, text in {
        "later_iat_wins_when_it_comes_last": f"{old}\n{later}",
        "later_iat_wins_when_it_comes_first": f"{later}\n{old}",
    }.items():
        yield evaluated(name, rule, "Both are valid, and the later one decides.", text, "valid", jti=second)
    yield evaluated(
        "license_for_another_module_does_not_count",
        "Several licenses: only those that cover the module",
        "A perpetual license for another module beside one that has ended.",
        f"{token(perpetual(modules=[entry('biz4a_sales')]))}\n{token(claims(exp=NOW))}",
        "expired",
    )
    yield evaluated(
        "license_of_another_issuer_counts_though_it_covers_other_modules",
        "Several licenses: only those in order are passed over",
        "What is refused before its modules are asked for says why, not that none is there.",
        token(claims(iss="Another Vendor", modules=[entry("biz4a_sales")])),
        "wrong_issuer",
        failed=["wrong_issuer", "wrong_module"],
        not_run=["wrong_odoo_version"],
    )


def best_of_two() -> Iterator[Vector]:
    """Each code against the next worse one; the worse license is the later one."""
    outside = [entry(), entry("acme_stock")]
    makers: dict[str, Callable[[int], str]] = {
        "valid": lambda iat: token(claims(iat=iat)),
        "expiring": lambda iat: token(claims(iat=iat, exp=NOW + DAY)),
        "grace": lambda iat: token(claims(iat=iat, exp=NOW - DAY, grace_until=NOW + DAY)),
        "moving": lambda iat: token(claims(iat=iat, jti=MOVED, instance_fingerprint=fingerprint(OTHER))),
        "updates_ended": lambda iat: token(claims(iat=iat, updates_until=ISSUED)),
        "not_yet_valid": lambda iat: token(claims(iat=iat, nbf=NOW + DAY)),
        "expired": lambda iat: token(claims(iat=iat, exp=NOW - DAY)),
        "wrong_instance": lambda iat: token(claims(iat=iat, instance_fingerprint=fingerprint(OTHER))),
        "revoked": lambda iat: token(claims(iat=iat, jti=SECOND_JTI)),
        "wrong_odoo_version": lambda iat: token(claims(iat=iat, modules=[entry(versions=["16"])])),
        "wrong_module": lambda iat: token(claims(iat=iat, modules=outside)),
        "bad_signature": lambda iat: flipped(token(claims(iat=iat))),
        "unknown_key": lambda iat: token(claims(iat=iat), header(kid="example-1999")),
        "unsupported": lambda iat: token(claims(iat=iat, must=["seats"])),
        "malformed": lambda iat: token(claims(iat=iat, customer="Korenaar")),
    }
    codes = list(makers)
    pairs = [
        *pairwise(codes),
        ("grace", "updates_ended"),
        ("wrong_instance", "wrong_odoo_version"),
        ("wrong_odoo_version", "wrong_issuer"),
    ]
    makers["wrong_issuer"] = lambda iat: token(claims(iat=iat, iss="Another Vendor"))
    matched: Claims = {"licenses": {ISSUER: {MOVED: {"first_seen": ISSUED, "matched": OTHER}}}}
    for better, worse in pairs:
        stop = [revocation_list(SECOND_JTI)] if "revoked" in (better, worse) else []
        yield evaluated(
            f"best_of_{better}_and_{worse}",
            "Several licenses: the best one",
            f"Of two licenses the one that is {better} decides, not the later, {worse} one.",
            "\n".join((makers[worse](ISSUED + DAY), makers[better](ISSUED), *stop)),
            better,
            keys=[key(modules=["biz4a_*"]), root(modules=["biz4a_*"])],
            instance=INSTANCE,
            released="2026-09-01",
            remembered=matched if "moving" in (better, worse) else None,
        )
