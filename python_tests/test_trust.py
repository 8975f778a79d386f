"""Certificates, lists and what is remembered, through the Python face. Their rules are in the vectors."""

import hashlib
import json
import pickle
from typing import Any

import aegis_license as aegis
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support import DATABASE_UUID, DAY, DOMAIN, MODULE, NOW, VERSION, Vendor, b64, evaluate

JTI = "7d9a4f1e-0c55-4f0e-8b6e-2f1a6a0c9e01"
HERE = aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN)
LATE = 4_000_000_000
"""In the year 2096: no clock shows that yet."""


class Rooted:
    """A vendor with a root key, and a day-to-day key that it certified."""

    def __init__(self) -> None:
        """Make both keys."""
        private = Ed25519PrivateKey.generate()
        x = b64(private.public_key().public_bytes_raw())
        kid = b64(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest())
        self.root, self.key, self.x = Vendor(kid="root-a"), Vendor(kid=kid, private=private), x

    @property
    def keyring(self) -> aegis.Keyring:
        """Trust the root alone."""
        return self.root.keyring(use=["certify", "revocation"])

    def certificate(self, **changes: object) -> str:
        """Certify the day-to-day key, changed as told."""
        claims: dict[str, Any] = {"iss": self.root.issuer, "iat": NOW - DAY, "kid": self.key.kid, "x": self.x}
        claims |= {"name": "day-to-day", "use": ["license"], **changes}
        return self.root.sign(claims, typ="aegis-key+jwt")

    def list(self, *jtis: str, **changes: object) -> str:
        """Withdraw licenses, and what else is told."""
        revoked = [b64(hashlib.sha256(jti.encode()).digest()[:16]) for jti in jtis]
        claims = {"iss": self.root.issuer, "iat": NOW, "seq": NOW, "revoked": revoked, **changes}
        return self.root.sign(claims, typ="aegis-revocation+jwt")


@pytest.fixture
def rooted() -> Rooted:
    """A fresh vendor."""
    return Rooted()


def test_a_license_of_a_certified_key_needs_its_certificate(rooted: Rooted) -> None:
    """In the same text or another, before it or after."""
    license_, certificate = rooted.key.license(), rooted.certificate()
    assert evaluate(license_, rooted.keyring).code == "unknown_key"
    for texts in (f"{license_}\n{certificate}", [certificate, license_], (license_, f"Dear, {certificate}")):
        report = evaluate(texts, rooted.keyring)
        assert (report.code, len(report.assessments)) == ("valid", 1)
        assert [(token.kind, token.code) for token in report.trust] == [("key_certificate", "valid")]
    assert evaluate(license_, rooted.keyring).code == "unknown_key"


def test_what_a_certificate_says(rooted: Rooted) -> None:
    """Each attribute, where all are there and where few are."""
    window: dict[str, object] = {"nbf": NOW - DAY, "exp": NOW + DAY, "modules": ["biz4a_*"]}
    (full,) = evaluate(rooted.certificate(**window), rooted.keyring).trust
    assert (full.kind, full.code, full.ok, full.in_force) == ("key_certificate", "valid", True, True)
    assert (full.issuer, full.iat, full.kid, full.name) == (
        "Example Vendor",
        NOW - DAY,
        rooted.key.kid,
        "day-to-day",
    )
    assert (full.use, full.modules) == (("license",), ("biz4a_*",))
    assert (full.not_before, full.not_after, full.remedy) == (NOW - DAY, NOW + DAY, "")
    assert (full.seq, full.count, full.revoked_keys) == (None, None, ())
    (plain,) = evaluate(rooted.certificate(), rooted.keyring).trust
    assert (plain.modules, plain.not_before, plain.not_after) == (None, None, None)


def test_what_a_list_says(rooted: Rooted) -> None:
    """Each attribute, and which of two counts."""
    old = rooted.list(JTI, iat=NOW - DAY, seq=5)
    new = rooted.list(JTI, "another", revoked_keys=["k"], seq=6)
    first, second = evaluate(f"{old}\n{new}", rooted.keyring).trust
    assert (first.kind, first.code, first.in_force, first.seq) == ("revocation_list", "valid", False, 5)
    assert (second.in_force, second.seq, second.count, second.revoked_keys) == (True, 6, 2, ("k",))
    assert (second.issuer, second.iat, second.kid) == ("Example Vendor", NOW, "root-a")
    assert (second.name, second.use, second.modules, second.token) == (None, (), None, new)
    assert "newer list" in first.message
    assert "licenses: 2." in second.message


def test_a_refused_token_says_nothing_of_itself(rooted: Rooted) -> None:
    """Whoever made it could have written anything."""
    foreign = Rooted()
    for token in (foreign.list(JTI), foreign.certificate(), rooted.certificate(use=["certify"])):
        (found,) = evaluate(token, rooted.keyring).trust
        assert (found.ok, found.in_force, found.token) == (False, False, token)
        assert found.message
        assert found.remedy
        assert (found.issuer, found.iat, found.kid, found.seq, found.name, found.use) == (None,) * 5 + ((),)


def test_a_list_withdraws_a_license(rooted: Rooted) -> None:
    """It is gone for good, and a license of another id is not."""
    keyring = rooted.keyring | Vendor(kid="plain", private=rooted.key.private).keyring()
    plain = Vendor(kid="plain", private=rooted.key.private)
    assert evaluate([plain.license(), rooted.list("another")], keyring).code == "valid"
    report = evaluate([plain.license(), rooted.list(JTI)], keyring)
    assert (report.code, report.ok) == ("revoked", False)
    assert report.message == "The vendor has withdrawn the license."
    assert [check.code for check in report.checks if check.result == "failed"] == ["revoked"]


def test_the_same_texts_are_asked_with_another_state(rooted: Rooted) -> None:
    """What is kept between two calls never decides: the binding is compared again, and so are times."""
    license_ = rooted.key.license(instance_fingerprint=HERE.fingerprint)
    texts = [license_, rooted.certificate()]
    copied = "11111111-0d3c-4a53-9d1c-2f64a7f1f5b0"
    there = aegis.Instance(database_uuid=copied, domain=DOMAIN)
    first = evaluate(texts, rooted.keyring, instance=HERE)
    assert (first.code, first.changed) == ("valid", ())
    for _ in range(2):
        moved = evaluate(texts, rooted.keyring, instance=there, state=first.state)
        assert (moved.code, moved.changed) == ("moving", ("database_uuid",))
        late = evaluate(texts, rooted.keyring, instance=there, state=moved.state, now=NOW + 14 * DAY)
        assert late.code == "wrong_instance"
        assert evaluate(texts, rooted.keyring, instance=there).code == "wrong_instance"
        back = evaluate(texts, rooted.keyring, instance=HERE, state=moved.state)
        assert (back.code, back.state) == ("valid", first.state)


def test_a_text_is_kept_by_what_it_says(rooted: Rooted) -> None:
    """Equal texts, unequal ones of the same length, more of them than are kept, and lone surrogates."""
    keyring, text = rooted.root.keyring(), rooted.root.license()
    changed = text[:-4] + ("AAAA" if text[-4:] != "AAAA" else "BBBB")
    for _ in range(3):
        assert evaluate("".join(list(text)), keyring).code == "valid"
        assert evaluate([changed], keyring).code in {"bad_signature", "malformed"}
        assert evaluate([text, changed], keyring).code == "valid"
        assert evaluate(text, Rooted().root.keyring()).code in {"bad_signature", "unknown_key"}
        assert evaluate("\ud800", keyring).code == "missing"
        assert [evaluate(f"{text}\n{n}", keyring).code for n in range(20)] == ["valid"] * 20
        assert evaluate([], keyring).code == "missing"


def test_a_state_is_a_plain_value() -> None:
    """It goes into a database and comes back."""
    empty = aegis.State()
    assert empty.to_json() == "{}"
    assert empty == aegis.State.from_json("{}")
    known = aegis.State.from_json('{"revoked_keys": {"A": {"k": 5}}}')
    assert known != empty
    assert json.loads(known.to_json()) == {"revoked_keys": {"A": {"k": 5}}}
    assert pickle.loads(pickle.dumps(known)) == known  # noqa: S301
    assert hash(known) == hash(aegis.State.from_json(known.to_json()))
    for bad in ("", "[]", "null", "\ud800", " " * 2**24 + "{}"):
        with pytest.raises(ValueError, match="to_json"):
            aegis.State.from_json(bad)


def test_a_state_with_nothing_new_is_the_same(rooted: Rooted) -> None:
    """So that nobody writes what is there already."""
    text = rooted.root.license()
    first = evaluate(text, rooted.root.keyring()).state
    assert json.loads(first.to_json()) == {"licenses": {"Example Vendor": {JTI: {"first_seen": NOW}}}}
    assert evaluate(text, rooted.root.keyring(), state=first, now=NOW + DAY).state == first


def test_a_clock_that_is_behind_the_issuer_is_not_believed(rooted: Rooted) -> None:
    """Only where the system's clock is asked; a time that is passed is taken as it is."""
    token = rooted.root.license(iat=LATE, nbf=LATE, exp=LATE + DAY)
    keyring = rooted.root.keyring()
    assert evaluate(token, keyring, now=None).code == "expiring"
    assert aegis.verify_license(token, MODULE, VERSION, keyring=keyring).status == "expiring"
    old = rooted.root.license(jti="11111111-0c55-4f0e-8b6e-2f1a6a0c9e01", exp=LATE)
    assert evaluate(old, keyring, now=None).code == "valid"
    assert evaluate([old, rooted.root.license(iat=LATE)], keyring, now=None, module="other").code == "missing"
    seen = evaluate([old, rooted.list(iat=LATE)], rooted.keyring | Vendor(kid="b").keyring(), now=None)
    assert seen.code == "unknown_key"
    by_list = rooted.root.keyring(use=["license", "revocation"])
    assert evaluate([old, rooted.list(iat=LATE)], by_list, now=None).code == "expired"
    assert evaluate([old, rooted.list(iat=LATE)], by_list).code == "valid"


def test_limits_are_reported_and_never_enforced(rooted: Rooted) -> None:
    """As many as were agreed are as many as were agreed."""
    token = rooted.root.license(limits={"users": 5, "companies": 1})
    keyring = rooted.root.keyring()
    report = evaluate(token, keyring, users=5, companies=1)
    assert (report.limits, report.flags) == ({"users": 5, "companies": 1}, ())
    over = evaluate(token, keyring, users=6)
    assert (over.code, over.flags) == ("valid", ("over_limit",))
    for bad in (-1, 2**40):
        with pytest.raises((ValueError, OverflowError)):
            evaluate(token, keyring, users=bad)


def test_the_timeline_tells_every_change(rooted: Rooted) -> None:
    """With its date, its code, its license and a sentence."""
    token = rooted.root.license(
        exp=NOW + 60 * DAY, grace_until=NOW + 70 * DAY, notify_users_from=NOW + 50 * DAY
    )
    report = evaluate(token, rooted.root.keyring())
    found = [((change.at - NOW) // DAY, change.code, change.event) for change in report.timeline()]
    assert found == [
        (30, "expiring", "status"),
        (50, "expiring", "users_warned"),
        (60, "grace", "status"),
        (70, "expired", "status"),
    ]
    assert {change.license for change in report.timeline()} == {JTI}
    assert all(change.message and change.effect for change in report.timeline())
    assert report.assessments[0].timeline() == report.timeline()
    assert (report.next_change, report.next_code, report.now) == (NOW + 30 * DAY, "expiring", NOW)


def test_an_activation_request_is_always_the_same_and_hides_the_instance() -> None:
    """One line, which tells nothing that the vendor does not know."""
    request = aegis.activation_request(HERE)
    assert request == aegis.activation_request(aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN))
    start, body, check = request.split(".")
    assert (start, len(check), "\n" in request) == ("aegis-request", 8, False)
    assert "acme" not in request
    assert "{" not in body
    named = aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN, instance_id="erp-1")
    assert aegis.activation_request(named) != request


def test_an_instance_knows_its_id_and_its_other_addresses() -> None:
    """They are part of its value."""
    there = aegis.Instance(
        database_uuid=DATABASE_UUID, domain=DOMAIN, instance_id="erp-1", other_domains=["erp.acme.com"]
    )
    assert (there.instance_id, there.other_domains) == ("erp-1", ("erp.acme.com",))
    assert there != HERE
    assert pickle.loads(pickle.dumps(there)) == there  # noqa: S301
    assert eval(repr(there), {"Instance": aegis.Instance}) == there  # noqa: S307
    for bad in ({"instance_id": "a b"}, {"other_domains": ["https://x"]}, {"instance_id": ""}):
        with pytest.raises(ValueError, match=r"instance id|host and port"):
            aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN, **bad)
    with pytest.raises(TypeError):
        aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN, other_domains="erp.acme.com")


def test_keyrings_are_put_together(rooted: Rooted) -> None:
    """Each issuer with its own modules; a key of two rings is one too many."""
    ours, theirs = rooted.root.keyring(modules=["a_*"]), Vendor("B", "b").keyring(modules=["b_*"])
    assert [key["kid"] for key in (ours | theirs).keys] == ["root-a", "b"]
    with pytest.raises(ValueError, match="root-a"):
        ours | ours
    with pytest.raises(ValueError, match="another issuer"):
        ours | Vendor("B", "b").keyring(modules=["a_sale"])
    with pytest.raises(TypeError):
        ours | "keys"  # type: ignore[operator]
