"""Ten years of licenses: whatever vendors, customers, thieves and clocks do, in any order, each law holds.

The steps are the same every time, and a failure prints them. ``AEGIS_YEARS=long`` looks for ten minutes or
more, and elsewhere each time.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import aegis_license as aegis
import pytest
from hypothesis import HealthCheck, settings
from support import DAY, ROOT
from years.laws import answer, ask
from years.machine import Years
from years.model import Situation
from years.tokens import YEAR, Binding, Certificate, License, Place, RevocationList, Token, sign
from years.vendors import ACME, ACME_KEY, ACME_ROOTS, BOLT, BOLT_KEY, MODULES, START, Vendor, keyring

COMMON = settings(
    deadline=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
PROFILES = {
    "ci": settings(COMMON, derandomize=True, database=None, max_examples=75, stateful_step_count=40),
    "long": settings(COMMON, derandomize=False, database=None, max_examples=1000, stateful_step_count=60),
}
Years.TestCase.settings = PROFILES[os.environ.get("AEGIS_YEARS", "ci")]
TestYears = Years.TestCase

HERE = Place("a3f1c6de-0d3c-4a53-9d1c-2f64a7f1f5b0", "erp.example.com")
ZONES = [
    "UTC0",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "NST3:30NDT,M3.2.0,M11.1.0",
    "<+1345>-13:45",
    "AAA24",
    "BBB-24",
]
EUROPE_GOES_BACK, EUROPE_GOES_FORWARD = 1_792_890_000, 1_806_195_600
"""01:00 UTC of 2026-10-25 and 2027-03-28."""


def acme_license(vendor: Vendor | None = None, **changes: Any) -> License:  # noqa: ANN401
    """A subscription of a year from the first day on, changed as told."""
    first = License((vendor or Vendor(ACME)).jti(), ACME, START, MODULES[ACME], START + YEAR)
    return replace(first, **changes)


def signed(license_: License) -> Token:
    """Sign with Acme's embedded key."""
    return sign(license_, ACME_KEY.kid, ACME_KEY.pair)


def here(*tokens: Token, now: int, **changes: Any) -> Situation:  # noqa: ANN401
    """Ask about Acme's module, in a database that remembers nothing."""
    return replace(Situation(tokens, 0, MODULES[ACME], HERE, now, {}), **changes)


def later(situation: Situation, report: aegis.Report, **changes: Any) -> Situation:  # noqa: ANN401
    """Ask again with what was to be remembered, changed as told."""
    return replace(situation, state=json.loads(report.state.to_json()), **changes)


def test_daylight_saving_and_time_zones_shift_nothing() -> None:
    """The same questions in processes with different time zones, around the hours when clocks change."""
    license_ = acme_license(
        nbf=EUROPE_GOES_BACK,
        exp=EUROPE_GOES_FORWARD,
        users_from=EUROPE_GOES_FORWARD - DAY,
        updates_until=EUROPE_GOES_BACK - 60 * 60,
    )
    token = signed(license_)
    given = json.dumps({"kid": token.kid, "pem": ACME_KEY.pair.pem, "token": token.text, "iat": license_.iat})
    script = ROOT / "python_tests/years/zones.py"
    said = [
        subprocess.run(
            [sys.executable, script],
            input=given,
            env={**os.environ, "TZ": zone},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        for zone in ZONES
    ]
    assert set(said) == {said[0]}
    codes = {(now, code) for now, released, code, *_ in json.loads(said[0]) if released == "2026-10-24"}
    assert {(EUROPE_GOES_BACK - 1, "not_yet_valid"), (EUROPE_GOES_BACK, "valid")} <= codes
    assert {(EUROPE_GOES_FORWARD - 1, "expiring"), (EUROPE_GOES_FORWARD, "expired")} <= codes
    ended = {released for now, released, code, *_ in json.loads(said[0]) if code == "updates_ended"}
    assert ended == {"2026-10-25", "2026-10-26"}


def test_a_clock_years_ahead_and_back_again_locks_nobody_out() -> None:
    """The dates written meanwhile start a count-down; what is issued after it began ends that for good."""
    vendor = Vendor(ACME)
    old, now = signed(acme_license(vendor)), START + 10 * DAY
    ahead = here(old, now=now + 5 * YEAR, evidence=now + 5 * YEAR)
    report = ask(ahead)
    assert report.code == "expired"
    back = later(ahead, report, now=now)
    report = ask(back)
    assert (report.code, report.flags) == ("valid", ("clock_suspect", "counting_down"))
    assert (report.next_change, report.next_code) == (now + 14 * DAY, "expired")
    assert ask(later(back, report, now=now + 14 * DAY - 1)).code == "valid"
    assert ask(later(back, report, now=now + 14 * DAY)).code == "expired"
    cured = later(back, report, now=now + 20 * DAY)
    new = signed(acme_license(vendor, jti=vendor.jti(), iat=now + 20 * DAY, exp=now + 2 * YEAR))
    cured = replace(cured, tokens=(old, new))
    report = ask(cured)
    assert (report.code, report.flags) == ("valid", ())
    assert ask(later(cured, report, tokens=(old,), now=now + 40 * DAY)).code == "valid"


def test_the_clock_set_right_ends_the_count_down() -> None:
    """A clock that was late: the count-down is gone, and does not run on."""
    token, now = signed(acme_license()), START + 10 * DAY
    late = here(token, now=now, evidence=START + YEAR + DAY)
    report = ask(late)
    assert report.flags == ("clock_suspect", "counting_down")
    right = later(late, report, now=START + YEAR - DAY)
    report = ask(right)
    assert (report.code, report.flags) == ("expiring", ())
    assert "suspect_since" not in report.state.to_json()


def test_the_clock_within_48_hours_of_the_database_is_not_suspect() -> None:
    """Two machines of one database may differ by a day or two."""
    token = signed(acme_license())
    for ahead, flags in ((48 * 3600, ()), (48 * 3600 + 1, ("clock_suspect",))):
        report = ask(here(token, now=START + DAY, evidence=START + DAY + ahead))
        assert (report.code, report.flags) == ("valid", flags)


def test_the_system_clock_is_never_before_what_was_issued() -> None:
    """A floor: the greatest time of issue among the genuine tokens. An explicit time is taken as it is."""
    present = int(time.time())
    vendor = Vendor(ACME)
    short = sign(acme_license(iat=present - DAY, exp=present + DAY), ACME_KEY.kid, ACME_KEY.pair)
    list_ = RevocationList(ACME, present + 2 * DAY, 1)
    root = ACME_ROOTS[0]
    for token, code in (
        (sign(list_, root.kid, root.pair), "expired"),
        (sign(list_, root.kid, ACME_KEY.pair, flaw="bad_signature"), "expiring"),
    ):
        texts = [short.text, token.text]
        question = {"module": MODULES[ACME], "odoo_version": "18.0", "keyring": keyring(0)}
        report = aegis.evaluate(texts, **question)  # type: ignore[arg-type]
        assert report.code == code
        assert aegis.evaluate(texts, now=present, **question).code == "expiring"  # type: ignore[arg-type]
    assert vendor.issuer == ACME


def test_equal_lists_are_told_apart_in_any_order() -> None:
    """Two lists with one number, as two machines may issue them: the order of the text decides nothing."""
    vendor = Vendor(ACME)
    one, two = (signed(acme_license(vendor, jti=vendor.jti())) for _ in range(2))
    root = ACME_ROOTS[0]
    lists = [
        sign(RevocationList(ACME, START, START, revoked), root.kid, root.pair)
        for revoked in (
            tuple(token.content.jti for token in (one, two) if isinstance(token.content, License)),
            (),
        )
    ]
    answers = [
        answer(ask(here(*tokens, now=START + DAY))) for tokens in itertools.permutations([one, two, *lists])
    ]
    assert all(each == answers[0] for each in answers)


def test_equal_licenses_are_told_apart_in_any_order() -> None:
    """Two licenses issued in the same second: the same one decides, however they were pasted."""
    vendor = Vendor(ACME)
    tokens = [
        signed(acme_license(vendor, jti=vendor.jti(), exp=exp, users_from=users))
        for exp, users in ((START + YEAR, None), (START + YEAR, START), (START + 2 * YEAR, None))
    ]
    answers = [answer(ask(here(*order, now=START + DAY))) for order in itertools.permutations(tokens)]
    assert all(each == answers[0] for each in answers)


def test_another_vendor_does_not_start_the_thirty_days() -> None:
    """A list speaks only about its own issuer: what another vendor withdrew does not count, later either."""
    license_, bolt, root = signed(acme_license()), BOLT_KEY, ACME_ROOTS[0]
    asked = here(license_, now=START + DAY)
    for number, (key, issuer, code) in enumerate([(bolt, BOLT, "valid"), (root, ACME, "grace")], 1):
        asked = later(asked, ask(asked), now=START + number * 60 * DAY)
        list_ = RevocationList(issuer, asked.now, asked.now, revoked_keys=(ACME_KEY.kid,))
        asked = replace(asked, tokens=(*asked.tokens, sign(list_, key.kid, key.pair)))
        report = ask(asked)
        assert report.code == code
    assert report.next_change == asked.now + 30 * DAY


@pytest.mark.parametrize("binding", [Binding(HERE), Binding(HERE, need=2)], ids=["exact", "tolerant"])
def test_a_renamed_instance_stays_what_it_was(binding: Binding) -> None:
    """The last host that matched still matches, however often the address changes."""
    asked = here(signed(acme_license(binding=binding)), now=START + DAY)
    for number in range(4):
        report = ask(asked)
        assert (report.code, report.flags) == ("valid", ())
        place = replace(HERE, domain=f"renamed{number}.example.com")
        asked = later(asked, report, place=place, now=asked.now + 40 * DAY)


def test_another_vendor_cannot_hide_a_list() -> None:
    """That another vendor certifies the same public key takes nothing from its issuer."""
    acme = Vendor(ACME)
    key = acme.certify(START, years=1)
    license_, *_ = tokens = [signed(acme_license(acme)), *key.certificates]
    theirs = sign(Certificate(BOLT, START, key.pair, modules=("bolt_pos",)), BOLT_KEY.kid, BOLT_KEY.pair)
    assert isinstance(license_.content, License)
    list_ = sign(RevocationList(ACME, START, START, (license_.content.jti,)), key.kid, key.pair)
    for order in itertools.permutations([*tokens, theirs, list_]):
        assert ask(here(*order, now=START + DAY)).code == "revoked"
