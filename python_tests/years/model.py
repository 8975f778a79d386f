"""What the format's description says about a set of tokens, without any code of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from support import DAY
from years.tokens import Certificate, License, Place, RevocationList, Token
from years.vendors import WHEELS, EmbeddedKey

HOUR = 60 * 60
WORKING = ("valid", "expiring", "grace", "moving")
RANKS = (*WORKING, "updates_ended", "not_yet_valid", "expired")
"""The codes in the order in which they win; no order is promised among the others."""


@dataclass(frozen=True)
class Key:
    """A key, or what one of its certificates makes of it."""

    issuer: str
    uses: tuple[str, ...]
    modules: tuple[str, ...]
    begin: int
    end: int | None

    def was_in_use(self, iat: int) -> bool:
        """Whether it was to sign at ``iat``."""
        return self.begin <= iat and (self.end is None or iat < self.end)


@dataclass(frozen=True)
class Situation:
    """All that an answer depends on. ``state`` is what the database remembers, read as JSON."""

    tokens: tuple[Token, ...]
    wheel: int
    module: str
    place: Place
    now: int
    state: dict[str, Any]
    evidence: int | None = None
    neutralized: bool = False

    @cached_property
    def trust(self) -> Trust:
        """What certificates and lists among the tokens say."""
        return Trust(self)

    def remembered(self, token: Token) -> dict[str, Any]:
        """What is remembered of a license."""
        assert isinstance(token.content, License)
        found: dict[str, Any] = self._of_issuer(token.content.iss).get(token.content.jti, {})
        return found

    def known_domains(self, issuer: str) -> set[str]:
        """The hosts at which licenses of an issuer last matched in this database."""
        matches = [each["matched"] for each in self._of_issuer(issuer).values() if "matched" in each]
        return {last.get("domain") for last in matches if last["database_uuid"] == self.place.database_uuid}

    def _of_issuer(self, issuer: str) -> dict[str, Any]:
        found: dict[str, Any] = self.state.get("licenses", {}).get(issuer, {})
        return found

    def first_sight(self, token: Token) -> int | None:
        """When a license was seen first. What a clock that was ahead had seen, it had seen before now."""
        seen: int | None = self.remembered(token).get("first_seen")
        return self.now - 1 if seen is not None and seen > self.now else seen

    def arrival(self, issuer: str, kid: str) -> int | None:
        """When a list of this issuer first arrived that withdraws the key."""
        arrived: int | None = self.state.get("revoked_keys", {}).get(issuer, {}).get(kid)
        return arrived

    def stamp(self, remembered: int | None) -> int:
        """A stamp that is not there yet, or lies in the future, counts as now."""
        return self.now if remembered is None else min(remembered, self.now)


class Trust:
    """The keys and revocations that count: those of the wheel, and of the tokens pasted."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.embedded = {key.kid: key for key in WHEELS[situation.wheel]}
        self.certificates = [token for token in situation.tokens if self.may_certify(token)]
        lists = [token for token in situation.tokens if self.may_list(token)]
        self.revoked_keys = self._revoked_keys([token for token in lists if self.is_root(token.kid)])
        self.in_force = self._newest([token for token in lists if not self.is_revoked_key(token)])

    def is_root(self, kid: str) -> bool:
        """Whether a key is embedded and certifies."""
        return kid in self.embedded and "certify" in self.embedded[kid].uses

    def keys(self, kid: str) -> list[Key]:
        """All that a name stands for: the embedded key, or else its certificates."""
        if kid in self.embedded:
            key = self.embedded[kid]
            return [Key(key.issuer, key.uses, key.modules, 0, key.not_after)]
        found = [token for token in self.certificates if _certificate(token).kid == kid]
        return [within(_certificate(token), self.embedded[token.kid]) for token in found]

    def is_revoked_key(self, token: Token) -> bool:
        """Whether the key that signed has been revoked by its issuer."""
        return token.kid in self.revoked_keys.get(token.content.iss, ())

    def is_revoked(self, token: Token) -> bool:
        """Whether the list in force of its issuer names the license."""
        newest = self.in_force.get(token.content.iss)
        return (
            isinstance(token.content, License) and newest is not None and token.content.jti in newest.revoked
        )

    def stands(self, token: Token) -> bool:
        """Whether it is a list in force, or a certificate of a key that has not been revoked."""
        if isinstance(token.content, Certificate):
            withdrawn = self.revoked_keys.get(token.content.iss, ())
            return self.may_certify(token) and token.content.kid not in withdrawn
        return self.may_list(token) and self.in_force.get(token.content.iss) == token.content

    def may_certify(self, token: Token) -> bool:
        """Whether it is a certificate that a root signed for its own issuer."""
        root = self.embedded.get(token.kid)
        sound = isinstance(token.content, Certificate) and token.flaw is None
        return sound and root is not None and self.is_root(root.kid) and root.issuer == token.content.iss

    def may_list(self, token: Token) -> bool:
        """Whether it is a list that a key signed which may, for its own issuer and in its window."""
        if not isinstance(token.content, RevocationList) or token.flaw is not None:
            return False
        content = token.content
        return any(
            "revocation" in key.uses and key.issuer == content.iss and key.was_in_use(content.iat)
            for key in self.keys(token.kid)
        )

    def _revoked_keys(self, by_roots: list[Token]) -> dict[str, tuple[str, ...]]:
        newest = self._newest(by_roots)
        return {
            issuer: tuple(kid for kid in content.revoked_keys if not self.is_root(kid))
            for issuer, content in newest.items()
        }

    @staticmethod
    def _newest(tokens: list[Token]) -> dict[str, RevocationList]:
        lists = [token.content for token in tokens if isinstance(token.content, RevocationList)]
        return {content.iss: content for content in sorted(lists, key=lambda content: content.seq)}


def _certificate(token: Token) -> Certificate:
    assert isinstance(token.content, Certificate)
    return token.content


def within(certificate: Certificate, root: EmbeddedKey) -> Key:
    """A certified key has the scope of its certificate, inside that of the root."""
    return Key(
        certificate.iss,
        certificate.uses,
        certificate.modules or root.modules,
        certificate.nbf or 0,
        certificate.exp,
    )


def covers(pattern: str, name: str) -> bool:
    """Whether a name, or a pattern, lies inside a pattern."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def fits(license_: License, situation: Situation) -> bool:
    """Whether an instance is the one bound to. A host that matched in this database still matches."""
    binding, place = license_.binding, situation.place
    if binding is None:
        return True
    domains = {place.domain} | situation.known_domains(license_.iss)
    same = {
        "database_uuid": place.database_uuid == binding.place.database_uuid,
        "domain": binding.place.domain in domains,
        "instance_id": place.instance_id == binding.place.instance_id,
    }
    if not binding.need:
        return same["database_uuid"] and same["domain"]
    named = [kind for kind in binding.components() if same[kind]]
    return len(named) >= binding.need and (binding.required is None or binding.required in named)


def codes(token: Token, situation: Situation) -> frozenset[str]:
    """What the code of a license may be: several where several certificates fail."""
    assert isinstance(token.content, License)
    refused = opening(token, situation)
    if refused:
        return refused
    return frozenset({_standing(token, token.content, situation)})


def opening(token: Token, situation: Situation) -> frozenset[str]:
    """Why a license is not even read, or not believed: nothing if it is."""
    license_ = token.content
    assert isinstance(license_, License)
    if token.flaw == "malformed":
        return frozenset({"malformed"})
    keys = [key for key in situation.trust.keys(token.kid) if "license" in key.uses]
    if not keys:
        return frozenset({"unknown_key"})
    if token.flaw:
        return frozenset({token.flaw})
    refusals = [refusal(license_, key) for key in keys]
    return frozenset() if None in refusals else frozenset(code for code in refusals if code)


def refusal(license_: License, key: Key) -> str | None:
    """Why a key may not have signed this license."""
    if not key.was_in_use(license_.iat):
        return "unknown_key"
    if license_.iss != key.issuer:
        return "wrong_issuer"
    inside = any(covers(pattern, license_.module) for pattern in key.modules)
    return None if inside else "wrong_module"


def is_other_module(token: Token, situation: Situation) -> bool:
    """Whether it is a license in order, for something else."""
    assert isinstance(token.content, License)
    return not opening(token, situation) and not covers(token.content.module, situation.module)


def _standing(token: Token, license_: License, situation: Situation) -> str:
    """The code of a license that is believed: the first failure in the order of the checks."""
    if not covers(license_.module, situation.module):
        return "wrong_module"
    if "18" not in license_.versions:
        return "wrong_odoo_version"
    withdrawn = stolen(token, situation)
    if situation.trust.is_revoked(token) or withdrawn == "revoked":
        return "revoked"
    bound = binding_code(token, license_, situation)
    in_time = time_code(license_, situation)
    if bound == "wrong_instance" or in_time not in WORKING:
        return bound if bound == "wrong_instance" else in_time
    return bound or withdrawn or in_time


def stolen(token: Token, situation: Situation) -> str | None:
    """What a revoked key means for a license: ``revoked``, ``grace`` for 30 days, or nothing."""
    if not situation.trust.is_revoked_key(token):
        return None
    arrived = situation.stamp(situation.arrival(token.content.iss, token.kid))
    seen = situation.first_sight(token)
    before = seen is not None and seen < arrived
    return "grace" if before and situation.now < arrived + 30 * DAY else "revoked"


def binding_code(token: Token, license_: License, situation: Situation) -> str:
    """What a binding means: nothing (``""``), ``moving`` or ``wrong_instance``."""
    remembered = situation.remembered(token)
    if fits(license_, situation):
        return ""
    if situation.neutralized:
        return ""
    if "matched" not in remembered:
        return "wrong_instance"
    since = situation.stamp(remembered.get("moving", {}).get(situation.place.database_uuid))
    days = 14 if license_.move_days is None else license_.move_days
    return "moving" if situation.now < since + days * DAY else "wrong_instance"


def time_code(license_: License, situation: Situation) -> str:
    """Where a license stands in time, by the clock and by what the database knows of it."""
    now = situation.now
    if license_.nbf is not None and now < license_.nbf:
        return "not_yet_valid"
    if license_.end is not None and now >= license_.end:
        return "expired"
    if counting_down(license_, situation) and now >= suspected_since(license_.iss, situation) + 14 * DAY:
        return "expired"
    if license_.exp is not None and now >= license_.exp:
        return "grace"
    return "expiring" if license_.notice is not None and now >= license_.notice else "valid"


def counting_down(license_: License, situation: Situation) -> bool:
    """Whether the database's dates say that a license has ended which works by the clock."""
    if situation.evidence is None or license_.end is None or not is_suspect(license_.iss, situation):
        return False
    return situation.now < license_.end <= situation.evidence


def suspected_since(issuer: str, situation: Situation) -> int:
    """When the count-down because of the database's dates began."""
    return situation.stamp(situation.state.get("clocks", {}).get(issuer, {}).get("suspect_since"))


def is_suspect(issuer: str, situation: Situation) -> bool:
    """Whether the clock is more than 48 hours behind the database, and nothing has explained it."""
    remembered = situation.state.get("clocks", {}).get(issuer, {})
    evidence = situation.evidence
    if evidence is None or evidence <= situation.now + 48 * HOUR or evidence <= remembered.get("ignored", -1):
        return False
    if remembered.get("suspect_since") is None:
        return True
    since = suspected_since(issuer, situation)
    return not any(since < token.content.iat <= situation.now for token in genuine(issuer, situation))


def genuine(issuer: str, situation: Situation) -> list[Token]:
    """The tokens of an issuer that tell the time: nobody else can have made them."""
    trust = situation.trust
    return [
        token
        for token in situation.tokens
        if token.content.iss == issuer and not trust.is_revoked_key(token)
        if trust.stands(token) or _is_signed_by_issuer(token, situation)
    ]


def _is_signed_by_issuer(token: Token, situation: Situation) -> bool:
    """Whether a license is the issuer's own; that its key may not sign for the module is no matter here."""
    if not isinstance(token.content, License) or situation.trust.is_revoked(token):
        return False
    return opening(token, situation) <= {"wrong_module"}


def report_codes(situation: Situation) -> frozenset[str] | None:
    """What the code of the whole may be; ``None`` when it is one of those without an order."""
    licenses = [token for token in situation.tokens if isinstance(token.content, License)]
    ours = [codes(token, situation) for token in licenses if not is_other_module(token, situation)]
    if not ours:
        return (
            None if any(token.flaw == "malformed" for token in situation.tokens) else frozenset({"missing"})
        )
    best = min(min(_rank(code) for code in each) for each in ours)
    worst = min(max(_rank(code) for code in each) for each in ours)
    return frozenset(RANKS[best : worst + 1]) if worst < len(RANKS) else None


def _rank(code: str) -> int:
    return RANKS.index(code) if code in RANKS else len(RANKS)
