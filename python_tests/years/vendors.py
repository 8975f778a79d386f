"""Two vendors whose keys one wheel trusts, and who sign for years, with many keys."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from functools import cache

import aegis_license as aegis
from support import NOW
from years.tokens import YEAR, Certificate, License, Pair, RevocationList, Token, pair, sign

START = NOW
"""When the simulation begins."""

ACME, BOLT = "Acme", "Bolt"
MODULES = {ACME: "acme_pay", BOLT: "bolt_pos"}
"""A module of each vendor."""


@dataclass(frozen=True)
class EmbeddedKey:
    """A key in the wheel. One that certifies is a root."""

    kid: str
    issuer: str
    uses: tuple[str, ...]
    modules: tuple[str, ...]
    not_after: int | None = None

    @property
    def pair(self) -> Pair:
        """Its key pair."""
        return pair(self.kid)


ACME_ROOTS = [EmbeddedKey(f"acme-root-{n}", ACME, ("certify", "revocation"), ("acme_*",)) for n in (1, 2, 3)]
ACME_KEY = EmbeddedKey("acme-2026", ACME, ("license",), ("acme_*",), START + 2 * YEAR)
BOLT_KEY = EmbeddedKey("bolt-1", BOLT, ("license", "revocation", "certify"), ("bolt_*",))
WHEELS = (
    (*ACME_ROOTS[:2], ACME_KEY, BOLT_KEY),
    (*ACME_ROOTS[1:], ACME_KEY, BOLT_KEY),
)
"""The keys of the first wheel, and of one that was built after the first root was withdrawn."""


@cache
def keyring(wheel: int) -> aegis.Keyring:
    """Make the keyring of a wheel."""
    rings = [
        aegis.Keyring.from_pem(
            {key.kid: key.pair.pem},
            issuer=key.issuer,
            use=key.uses,
            modules=key.modules,
            not_after=key.not_after,
        )
        for key in WHEELS[wheel]
    ]
    whole = rings[0]
    for ring in rings[1:]:
        whole = whole | ring
    return whole


@dataclass
class SigningKey:
    """A key that a vendor signs with day by day; ``certificates`` travel with what it signs."""

    kid: str
    pair: Pair
    uses: tuple[str, ...]
    begin: int
    end: int | None
    certificates: list[Token] = field(default_factory=list)

    def serves(self, now: int, use: str) -> bool:
        """Whether what it signs now stands."""
        return use in self.uses and self.begin <= now and (self.end is None or now < self.end)


class Vendor:
    """An issuer with its ledger. Never signs out of a key's window, never with a key known to be stolen."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.roots = ACME_ROOTS[:2] if issuer == ACME else [BOLT_KEY]
        first = ACME_KEY if issuer == ACME else BOLT_KEY
        self.keys = [SigningKey(first.kid, first.pair, first.uses, 0, first.not_after)]
        self.issued: list[Token] = []
        self.revoked: list[str] = []
        self.revoked_keys: list[str] = []
        self.seq = 0
        self._made = 0

    def jti(self) -> str:
        """Make the next license's id."""
        self._made += 1
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.issuer}-{self._made}"))

    def key(self, now: int, use: str = "license", *, oldest: bool = False) -> SigningKey:
        """Choose a key that serves now; a new one is certified if need be."""
        good = [key for key in self.keys if key.serves(now, use) and key.kid not in self.revoked_keys]
        if not good:
            return self.certify(now, years=1)
        return good[0 if oldest else -1]

    def certify(
        self,
        now: int,
        *,
        years: int,
        lists_too: bool = True,
        narrow: bool = False,
        again: bool = False,
        root: int = -1,
    ) -> SigningKey:
        """Certify a new key for so many years, or the last certified one again for longer."""
        certified = [key for key in self.keys if key.certificates and key.kid not in self.revoked_keys]
        if again and certified:
            key = certified[-1]
            key.begin, key.end = now, max(now + years * YEAR, key.end or 0)
        else:
            made = pair(f"{self.issuer}-key-{len(self.keys)}")
            uses = ("license", "revocation") if lists_too else ("license",)
            key = SigningKey(made.thumbprint, made, uses, now, now + years * YEAR)
            self.keys.append(key)
        signer = self.roots[root % len(self.roots)]
        modules = (MODULES[self.issuer],) if narrow else None
        content = Certificate(self.issuer, now, key.pair, key.uses, now, key.end, modules)
        key.certificates.append(sign(content, signer.kid, signer.pair))
        return key

    def issue(self, content: License, *, oldest_key: bool = False) -> list[Token]:
        """Sign a license now, its ``iat``; it comes with the certificates of its key."""
        key = self.key(content.iat, oldest=oldest_key)
        token = sign(content, key.kid, key.pair)
        self.issued.append(token)
        return [*key.certificates, token]

    def revocation_list(self, now: int, *, by_root: bool) -> list[Token]:
        """Sign a list of all that is revoked. A root's list names the stolen keys too."""
        seq = self.next_seq(now)
        key = None if by_root else self.key(now, "revocation")
        if key is None or "revocation" not in key.uses:
            root = self.roots[-1]
            content = RevocationList(self.issuer, now, seq, tuple(self.revoked), tuple(self.revoked_keys))
            return [sign(content, root.kid, root.pair)]
        content = RevocationList(self.issuer, now, seq, tuple(self.revoked))
        return [*key.certificates, sign(content, key.kid, key.pair)]

    def next_seq(self, now: int) -> int:
        """Number a list: by the clock, and never lower than the one before."""
        self.seq = max(self.seq + 1, now)
        return self.seq

    def reissue(self, kid: str, now: int) -> list[Token]:
        """Sign again, with another key, what a stolen key had signed and has not ended."""
        made: list[Token] = []
        for token in list(self.issued):
            old = token.content
            if isinstance(old, License) and token.kid == kid and (old.exp is None or old.exp > now):
                made += self.issue(replace(old, jti=self.jti(), iat=now))
        return made
