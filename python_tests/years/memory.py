"""What a database has to remember, and how long a count-down may last by that."""

from __future__ import annotations

from typing import ClassVar

import aegis_license as aegis
from support import DAY
from years import model
from years.laws import after, judged
from years.model import Situation
from years.tokens import License, Token


def what_was_seen_is_remembered(situation: Situation, report: aegis.Report) -> None:
    """Every stamp that a later answer needs is set now, and one that is there stays as it is."""
    remembered = after(situation, report)
    for token, _found in judged(situation, report):
        if not model.opening(token, situation):
            _license_is_remembered(token, situation, remembered)
    for issuer, kids in situation.trust.revoked_keys.items():
        for kid in kids:
            stamp = remembered.arrival(issuer, kid)
            expected = situation.stamp(situation.arrival(issuer, kid))
            assert stamp == expected, f"{issuer} withdrew {kid} at {expected}, and {stamp} is remembered"


def _license_is_remembered(token: Token, situation: Situation, remembered: Situation) -> None:
    license_ = token.content
    assert isinstance(license_, License)
    before, now = situation.remembered(token), remembered.remembered(token)
    seen = situation.first_sight(token)
    assert now["first_seen"] == (situation.now if seen is None else seen), f"{now}: {token}"
    if license_.binding is None:
        return
    fits = model.fits(license_, situation)
    uuid = situation.place.database_uuid
    if fits:
        assert "matched" in now, f"a match is forgotten: {token}"
        assert uuid not in now.get("moving", {}), f"matched, and still moving: {token}"
    elif situation.neutralized:
        assert now.get("moving") == before.get("moving"), f"stamped on a neutralized copy: {token}"
    elif "matched" in before:
        assert now["moving"][uuid] == situation.stamp(before.get("moving", {}).get(uuid)), f"{now}: {token}"
    assert fits or now.get("matched") == before.get("matched"), f"matched without a match: {token}"


class CountDowns:
    """How long each count-down has been seen to run in one database, by its clock."""

    LIMITS: ClassVar = {"clock": 14, "stolen": 30}

    def __init__(self) -> None:
        self.since: dict[tuple[str, str], int] = {}

    def watch(self, situation: Situation, report: aegis.Report) -> None:
        """Look at a report whose state was stored."""
        running = {
            (token.text, cause): days
            for token, found in judged(situation, report)
            for cause, days in self._causes(token, found, situation).items()
        }
        self.since = {key: self.since.get(key, situation.now) for key in running}
        for key, days in running.items():
            lasted = situation.now - self.since[key]
            assert lasted == 0 or lasted < days * DAY, f"{key[1]}: for {lasted / DAY:.1f} days already"

    def _causes(self, token: Token, found: aegis.Assessment, situation: Situation) -> dict[str, int]:
        license_ = token.content
        assert isinstance(license_, License)
        days = 14 if license_.move_days is None else license_.move_days
        causes = {
            "clock": "counting_down" in found.flags,
            "stolen": found.ok and situation.trust.is_revoked_key(token),
            f"moving at {situation.place.database_uuid}": found.code == "moving",
        }
        return {cause: self.LIMITS.get(cause, days) for cause, is_so in causes.items() if is_so}
