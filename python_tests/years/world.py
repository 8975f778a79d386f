"""Customers' databases, two vendors and a thief: what any of them may do in ten years."""

from __future__ import annotations

import json
import random
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from support import DAY
from years.laws import ask, check_all
from years.memory import CountDowns, what_was_seen_is_remembered
from years.model import WORKING, Situation, codes, genuine, is_other_module
from years.tokens import YEAR, Binding, License, Pair, Place, RevocationList, Token, pair, sign
from years.vendors import ACME, BOLT, MODULES, START, SigningKey, Vendor

MOST_TOKENS = 40
"""Most tokens in one database."""

END = START + 10 * YEAR


@dataclass
class Database:
    """A customer's database. ``offset`` is how far its clock is ahead of the true time."""

    place: Place
    home: Place
    tokens: list[Token] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    evidence: int = START
    offset: int = 0
    wheel: int = 0
    neutralized: bool = False
    stores: bool = True
    count_downs: dict[str, CountDowns] = field(default_factory=lambda: defaultdict(CountDowns))

    def situation(self, now: int, module: str) -> Situation:
        """What is asked at the true time ``now``: never before the issuer's last genuine token."""
        asked = Situation(
            tokens=tuple(self.tokens),
            wheel=self.wheel,
            module=module,
            place=self.place,
            now=now + self.offset,
            state=self.state,
            evidence=self.evidence,
            neutralized=self.neutralized,
        )
        issuer = next(issuer for issuer, name in MODULES.items() if name == module)
        floor = max((token.content.iat for token in genuine(issuer, asked)), default=0)
        return replace(asked, now=max(asked.now, floor))


class World:
    """Everything there is. Numbers that choose among what there is may be larger than that."""

    def __init__(self) -> None:
        self.now = START
        self.vendors = {ACME: Vendor(ACME), BOLT: Vendor(BOLT)}
        self.databases: list[Database] = []
        self.sent: list[Token] = []
        self.steps = 0
        self._places = self._thief_lists = 0
        self.open_database()

    # -- places

    def new_place(self, *, domain: str | None = None) -> Place:
        """Make an instance that never was before."""
        self._places += 1
        fresh = str(uuid.uuid5(uuid.NAMESPACE_URL, f"place {self._places}"))
        return Place(fresh, domain or f"erp{self._places}.example.com", f"operator-{self._places}")

    def open_database(self) -> Database:
        """A new customer."""
        place = self.new_place()
        database = Database(place, place, evidence=self.now)
        self.databases.append(database)
        return database

    def database(self, number: int) -> Database:
        """Choose one."""
        return self.databases[number % len(self.databases)]

    def duplicate(self, database: Database, *, neutralized: bool, same_address: bool) -> None:
        """Copy a database with all that it remembers; Odoo gives the copy another UUID."""
        place = self.new_place(domain=database.place.domain if same_address else None)
        place = replace(place, instance_id=database.place.instance_id)
        copy = replace(
            database,
            place=place,
            tokens=list(database.tokens),
            state=json.loads(json.dumps(database.state)),
            neutralized=neutralized,
            count_downs=defaultdict(CountDowns),
        )
        self.databases = [*self.databases[-2:], copy]

    # -- time

    def pass_time(self, seconds: int) -> None:
        """Let time pass; afterwards every database is written to."""
        self.now = min(self.now + seconds, END)
        for database in self.databases:
            database.evidence = max(database.evidence, self.now + database.offset)

    def set_clock(self, database: Database, offset: int) -> None:
        """Set a clock right or wrong; the database is written to."""
        database.offset = offset
        database.count_downs.clear()
        database.evidence = max(database.evidence, self.now + offset)

    # -- vendors

    def issue(self, vendor: Vendor, license_: License, *, oldest_key: bool = False) -> list[Token]:
        """Let a vendor sign a license, to be pasted or not."""
        return self.send(vendor.issue(license_, oldest_key=oldest_key))

    def renew(self, vendor: Vendor, database: Database, *, in_advance: bool) -> list[Token]:
        """Issue the successor of the last license issued that is in a database: from now, or from its end."""
        mine = {token.content.jti for token in database.tokens if isinstance(token.content, License)}
        old = [token.content for token in vendor.issued if isinstance(token.content, License)]
        last = next((each for each in reversed(old) if each.jti in mine and each.exp is not None), None)
        if last is None or last.exp is None:
            return []
        begins = last.exp if in_advance and last.exp > self.now else None
        ends = (begins or self.now) + YEAR
        binding = replace(last.binding, place=database.place) if last.binding else None
        grace = None if last.grace_until is None else ends + 14 * DAY
        fresh = replace(
            last, jti=vendor.jti(), iat=self.now, nbf=begins, exp=ends, grace_until=grace, binding=binding
        )
        return self.issue(vendor, replace(fresh, users_from=None))

    def send(self, tokens: Iterable[Token]) -> list[Token]:
        """Keep in mind what was sent, so that anybody may paste it at any time."""
        made = list(tokens)
        self.sent += [token for token in made if token not in self.sent]
        return made

    def thief_license(self, key: SigningKey, content: License) -> list[Token]:
        """Let a thief sign a license; the certificates of the key are easily had."""
        return self.send([*key.certificates, sign(content, key.kid, key.pair, by="thief")])

    def thief_list(self, issuer: str, key: SigningKey, iat: int, revoked: tuple[str, ...]) -> list[Token]:
        """Let a thief sign a list, with a ``seq`` that no honest list reaches."""
        self._thief_lists += 1
        content = RevocationList(issuer, iat, 253_402_300_000 + self._thief_lists, revoked)
        return self.send([*key.certificates, sign(content, key.kid, key.pair, by="thief")])

    # -- customers

    def paste(self, database: Database, tokens: Iterable[Token], *, times: int = 1) -> None:
        """Paste; what worked works on, unless a list that was pasted revokes just that."""
        pasted = [token for token in tokens for _time in range(times)]
        before = [database.situation(self.now, module) for module in MODULES.values()]
        if len(database.tokens) + len(pasted) <= MOST_TOKENS:
            database.tokens += pasted
        for old, module in zip(before, MODULES.values(), strict=True):
            self._nothing_is_lost(old, replace(database.situation(self.now, module), now=old.now))

    def _nothing_is_lost(self, before: Situation, after: Situation) -> None:
        old, new = ask(before), ask(after)
        if not old.ok or new.ok:
            return
        worked = [
            token
            for token in before.tokens
            if isinstance(token.content, License)
            and not is_other_module(token, before)
            and codes(token, before) & set(WORKING)
        ]
        for token in worked:
            revoked = after.trust.is_revoked(token) and not before.trust.is_revoked(token)
            stolen = after.trust.is_revoked_key(token) and not before.trust.is_revoked_key(token)
            assert revoked or stolen, f"a paste made {old.code} into {new.code}, and nothing revoked {token}"

    def check(self) -> None:
        """Ask every database about every module; each law must hold. What is to be remembered is stored."""
        self.steps += 1
        chance = random.Random(self.steps)  # noqa: S311
        for database in self.databases:
            for module in MODULES.values():
                situation = database.situation(self.now, module)
                report = check_all(situation, chance)
                what_was_seen_is_remembered(situation, report)
                if database.stores:
                    database.state = json.loads(report.state.to_json())
                    database.count_downs[module].watch(situation, report)
                else:
                    database.count_downs.clear()


def forger(number: int) -> Pair:
    """A key of nobody's."""
    return pair(f"forger-{number % 3}")


def binding_of(kind: int, place: Place) -> Binding | None:
    """None, exact, or tolerant in one of three ways."""
    return (
        None,
        Binding(place),
        Binding(place, need=1),
        Binding(place, need=2),
        Binding(place, need=2, required="instance_id"),
    )[kind % 5]
