"""What must hold of every answer, whatever happened before: each law asks the engine, and judges itself."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import aegis_license as aegis
from support import DAY
from years import model
from years.model import HOUR, WORKING, Situation
from years.tokens import YEAR, Certificate, License, Token
from years.vendors import keyring

FUTURE = 12 * YEAR
"""How far ahead the laws look."""


def ask(situation: Situation, texts: str | Sequence[str] | None = None) -> aegis.Report:
    """Ask the engine."""
    place = situation.place
    return aegis.evaluate(
        [token.text for token in situation.tokens] if texts is None else texts,
        module=situation.module,
        odoo_version="18.0",
        instance=aegis.Instance(
            database_uuid=place.database_uuid, domain=place.domain, instance_id=place.instance_id
        ),
        now=situation.now,
        neutralized=situation.neutralized,
        state=aegis.State.from_json(json.dumps(situation.state)),
        database_date=situation.evidence,
        keyring=keyring(situation.wheel),
    )


def after(situation: Situation, report: aegis.Report, **changes: Any) -> Situation:  # noqa: ANN401
    """The same situation with what is to be remembered, changed as told."""
    return replace(situation, **{"state": json.loads(report.state.to_json()), **changes})


def answer(report: aegis.Report) -> dict[str, object]:
    """All of a report but its list of tokens."""
    return {
        "code": report.code,
        "flags": report.flags,
        "license": report.license,
        "message": report.message,
        "remedy": report.remedy,
        "next": (report.next_change, report.next_code),
        "notify_users": report.notify_users,
        "limits": report.limits,
        "changed": report.changed,
        "timeline": report.timeline(),
        "state": report.state.to_json(),
    }


def judged(situation: Situation, report: aegis.Report) -> list[tuple[Token, aegis.Assessment]]:
    """Each license of the text with what the engine says of it."""
    known = {token.text: token for token in situation.tokens if isinstance(token.content, License)}
    return [(known[found.token], found) for found in report.assessments if found.token in known]


def agrees_with_the_model(situation: Situation, report: aegis.Report) -> None:
    """Each license has the code that the format's description gives it, and the best of them decides."""
    for token, found in judged(situation, report):
        expected = model.codes(token, situation)
        assert found.code in expected, f"{found.code}, and not {set(expected)}: {token}"
        if not model.opening(token, situation) and not model.is_other_module(token, situation):
            flags_agree_with_the_model(situation, token, found)
    whole = model.report_codes(situation)
    if whole is None:
        assert report.code not in model.RANKS, f"{report.code}: no license is so near to working"
    else:
        assert report.code in whole, f"the whole is {report.code}, and not {set(whole)}"
    assert report.ok == (report.code in WORKING), f"{report.code} with ok {report.ok}"


def flags_agree_with_the_model(situation: Situation, token: Token, found: aegis.Assessment) -> None:
    """What is said of the clock, and of a copy."""
    license_ = token.content
    assert isinstance(license_, License)
    flags = {
        "clock_suspect": model.is_suspect(license_.iss, situation),
        "staging": situation.neutralized and not model.fits(license_, situation),
        "counting_down": found.ok and model.counting_down(license_, situation),
    }
    expected = tuple(flag for flag, is_set in flags.items() if is_set)
    assert found.flags == expected, f"flags {found.flags}, and not {expected}: {token}"


def no_forged_and_no_ended_license_works(situation: Situation, report: aegis.Report) -> None:
    """By what was truly signed: forged never, an ended one never, a stolen key's only for its 30 days."""
    trust, now = situation.trust, situation.now
    working = [(token, found) for token, found in judged(situation, report) if found.ok]
    assert bool(working) == report.ok, f"{report.code}, though {len(working)} licenses work"
    for token, found in working:
        license_ = token.content
        assert isinstance(license_, License)
        assert token.flaw is None, f"a forged license is {found.code}: {token}"
        assert not trust.is_revoked(token), f"a revoked license is {found.code}: {token}"
        assert license_.end is None or now < license_.end, f"an ended license is {found.code}: {token}"
        assert license_.nbf is None or license_.nbf <= now, f"too early, and {found.code}: {token}"
        if found.code in ("valid", "expiring"):
            assert license_.exp is None or now < license_.exp, f"an ended license is {found.code}: {token}"
            assert not trust.is_revoked_key(token), f"a stolen key's license is {found.code}: {token}"
        if trust.is_revoked_key(token):
            arrived = after(situation, report).arrival(license_.iss, token.kid)
            assert arrived is not None, f"nobody remembers when the list arrived: {token}"
            assert now < arrived + 30 * DAY, f"more than 30 days of grace: {token}"


def no_customer_is_locked_out(situation: Situation, report: aegis.Report) -> None:
    """A customer whose clock is right, with a license in order, can work, whatever else was pasted."""
    if situation.evidence is not None and situation.evidence > situation.now + 48 * HOUR:
        return
    for token in situation.tokens:
        if in_order(token, situation):
            assert report.ok, f"locked out ({report.code}) in spite of {token}"


def in_order(token: Token, situation: Situation) -> bool:
    """Whether the vendor signed this license, it is in its time, for this instance, and never was revoked."""
    license_, now = token.content, situation.now
    if token.by != "vendor" or not isinstance(license_, License):
        return False
    begins, ends = license_.nbf or 0, license_.exp
    in_time = begins <= now and (ends is None or now < ends)
    asked = model.covers(license_.module, situation.module) and "18" in license_.versions
    here = model.fits(license_, situation)
    return in_time and asked and here and not was_revoked(token, situation) and is_certified(token, situation)


def was_revoked(token: Token, situation: Situation) -> bool:
    """Whether any list at hand names the license or its key, but for lists of a key known to be stolen."""
    trust, license_ = situation.trust, token.content
    lists = [each for each in situation.tokens if trust.may_list(each) and each.content.iss == license_.iss]
    believed = [each.content for each in lists if not trust.is_revoked_key(each)]
    assert isinstance(license_, License)
    return any(license_.jti in each.revoked or token.kid in each.revoked_keys for each in believed)  # type: ignore[union-attr]


def is_certified(token: Token, situation: Situation) -> bool:
    """Whether the wheel has the key, or a certificate at hand was meant for this license."""
    if token.kid in situation.trust.embedded:
        return True
    license_ = token.content
    assert isinstance(license_, License)
    certificates = [each for each in situation.tokens if situation.trust.may_certify(each)]
    return any(
        isinstance(each.content, Certificate)
        and each.content.iss == license_.iss
        and each.content.kid == token.kid
        and (each.content.nbf or 0) <= license_.iat < (each.content.exp or license_.iat + 1)
        and (each.content.modules is None or license_.module in each.content.modules)
        for each in certificates
    )


def order_does_not_matter(situation: Situation, report: aegis.Report, chance: random.Random) -> None:
    """Neither the order of the tokens in the text, nor what was pasted twice, nor the text between them."""
    texts = [token.text for token in situation.tokens]
    shuffled = chance.sample(texts, len(texts))
    expected = answer(report)
    for other in (
        list(reversed(texts)),
        shuffled + shuffled[:5],
        "Dear customer,\n" + ",\n* ".join(shuffled),
    ):
        assert answer(ask(situation, other)) == expected, "the order of the tokens changes the answer"


def asking_again_changes_nothing(situation: Situation, report: aegis.Report) -> None:
    """What is to be remembered is all there is to remember: the next answer at that instant is the same."""
    again = ask(after(situation, report))
    assert again.state == report.state, "remembered something else at the same instant"
    assert again == report, "the second answer at the same instant is another one"


def instants(situation: Situation) -> list[int]:
    """Future instants at which something may change by what was signed or remembered."""
    ends: set[int] = set()
    for token in situation.tokens:
        if isinstance(token.content, License):
            license_ = token.content
            ends |= {
                end
                for end in (license_.nbf, license_.notice, license_.exp, license_.end, license_.users_from)
                if end
            }
    stamps = {situation.now + days * DAY for days in (14, 30, 90)}
    return sorted(each for each in ends | stamps if situation.now < each < situation.now + FUTURE)


def time_alone_mends_nothing(situation: Situation, report: aegis.Report) -> None:
    """With tokens and memory as they are, what was refused stays so, but for a license that begins later.

    The database's own dates are left out: when the clock reaches them it is right again.
    """
    fixed = after(situation, report, evidence=None)
    refused: set[str] = set()
    for now in [situation.now, *spread(instants(situation), 6), situation.now + FUTURE]:
        for token, found in judged(fixed, ask(replace(fixed, now=now))):
            if not found.ok and found.code != "not_yet_valid":
                refused.add(token.text)
            assert not (found.ok and token.text in refused), f"time made it {found.code}: {token}"


def the_timeline_comes_true(situation: Situation, report: aegis.Report) -> None:
    """Each change happens at its instant and not a second before, and nothing changes in between.

    The database is used meanwhile, so that a count-down begins when it can.
    """
    changes = report.timeline()
    status = [(change.at, change.code) for change in changes if change.event == "status"]
    first = status[0] if status else (None, None)
    assert (report.next_change, report.next_code) == first, "the next change is not the first of the timeline"
    assert [change.at for change in changes] == sorted(change.at for change in changes), (
        "not in order of time"
    )
    asked, warned = after(situation, report), report.notify_users
    for now in meanwhile(situation, changes):
        found = ask(replace(asked, now=now))
        expected = next((code for at, code in reversed(status) if at <= now), report.code)
        assert found.code == expected, f"{expected} was announced for {now}, and it is {found.code}"
        announced = any(asked.now < change.at <= now for change in changes)
        assert announced or found.notify_users <= warned, f"users are warned from {now}, unannounced"
        asked, warned = after(asked, found, now=now), found.notify_users


def meanwhile(situation: Situation, changes: Sequence[aegis.Change]) -> list[int]:
    """Instants to look at: some; or all, where a count-down may begin."""
    looked_at = sorted(moments(situation, changes))
    return looked_at if suspects(situation) else spread(looked_at, 12)


def moments(situation: Situation, changes: Sequence[aegis.Change]) -> set[int]:
    """Both sides of each announced change, and instants at which none may have been announced."""
    announced = {change.at for change in changes} | {change.at - 1 for change in changes}
    return {each for each in announced | set(instants(situation)) if each > situation.now}


def ahead_and_back_locks_nobody_out(situation: Situation, report: aegis.Report, years: int) -> None:
    """A clock set years ahead and back again: what worked works, and nothing else does.

    A count-down begins anew, and what was first seen by the clock that was ahead counts as seen before.
    """
    ahead = replace(situation, now=situation.now + years * YEAR)
    back = after(ahead, ask(ahead), now=situation.now)
    found = ask(back)
    if not suspects(situation) and not situation.trust.revoked_keys:
        assert found.code == report.code, f"ahead and back, and {report.code} has become {found.code}"
    written = ask(replace(back, evidence=ahead.now))
    assert report.ok <= found.ok, f"ahead and back, and {report.code} has become {found.code}"
    assert report.ok <= written.ok, f"ahead, written, and back, and {report.code} has become {written.code}"


def suspects(situation: Situation) -> bool:
    """Whether the clock is behind the database now, for some issuer."""
    return any(model.is_suspect(issuer, situation) for issuer in ("Acme", "Bolt"))


def spread(items: list[int], most: int) -> list[int]:
    """So many of the items at most, evenly spread."""
    return items if len(items) <= most else [items[place * len(items) // most] for place in range(most)]


def check_all(situation: Situation, chance: random.Random) -> aegis.Report:
    """Ask, and hold the answer against every law."""
    report = ask(situation)
    agrees_with_the_model(situation, report)
    no_forged_and_no_ended_license_works(situation, report)
    no_customer_is_locked_out(situation, report)
    asking_again_changes_nothing(situation, report)
    order_does_not_matter(situation, report, chance)
    time_alone_mends_nothing(situation, report)
    the_timeline_comes_true(situation, report)
    ahead_and_back_locks_nobody_out(situation, report, chance.randrange(1, 9))
    return report
