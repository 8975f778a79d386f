"""The types of the wheel: frozen, comparable, readable in a log, and pickled only where that is honest."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import aegis_license as aegis
import pytest
from support import DATABASE_UUID, DAY, DOMAIN, NOW, Vendor, evaluate, verify

Objects = dict[str, Any]


def make_all(vendor: Vendor) -> Objects:
    """Make one object of each type, from scratch."""
    keyring, token = vendor.keyring(), vendor.license()
    report = evaluate(token, keyring)
    return {
        "License": verify(token, keyring),
        "Report": report,
        "Assessment": report.assessments[0],
        "Check": report.checks[0],
        "Keyring": keyring,
        "UnverifiedToken": aegis.inspect_token(token),
        "Instance": aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN),
        "State": report.state,
        "Change": report.timeline()[0],
        "TrustToken": evaluate(vendor.sign({}, typ="aegis-key+jwt"), keyring).trust[0],
    }


NAMES = [
    "License",
    "Report",
    "Assessment",
    "Check",
    "Keyring",
    "UnverifiedToken",
    "Instance",
    "State",
    "Change",
    "TrustToken",
]
PLAIN = ["Instance", "State"]
"""Values that anybody may make."""


@pytest.fixture
def objects(vendor: Vendor) -> Objects:
    """One object of each type."""
    return make_all(vendor)


@pytest.mark.parametrize("name", NAMES)
def test_frozen(name: str, objects: Objects) -> None:
    """No attribute is set, added or deleted; no class takes part in inheritance."""
    value = objects[name]
    members = [member for member in dir(value) if not member.startswith("_")]
    assert members
    for member in [*members, "anything"]:
        with pytest.raises(AttributeError):
            setattr(value, member, None)
        with pytest.raises(AttributeError):
            delattr(value, member)
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type(name, (type(value),), {})


@pytest.mark.parametrize("name", NAMES)
def test_the_class_is_where_users_find_it(name: str, objects: Objects) -> None:
    """In documentation, in logs and in pickles."""
    class_ = getattr(aegis, name)
    assert type(objects[name]) is class_
    assert (class_.__module__, class_.__qualname__) == ("aegis_license", name)
    assert class_.__doc__


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PLAIN])
def test_what_was_verified_cannot_be_made_by_hand(name: str) -> None:
    """Only verifying makes a license, and only its functions a keyring."""
    with pytest.raises(TypeError, match="cannot create"):
        getattr(aegis, name)()
    with pytest.raises(TypeError):
        object.__new__(getattr(aegis, name))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("License", ["7d9a4f1e-0c55-4f0e-8b6e-2f1a6a0c9e01", "biz4a_payroll", "valid", str(NOW + 365 * DAY)]),
        ("Report", ["valid", "1"]),
        ("Assessment", ["valid"]),
        ("Check", ["malformed", "passed"]),
        ("Keyring", ["aegis-2026-01"]),
        ("UnverifiedToken", ["NOT VERIFIED", "EdDSA", "C-1042"]),
        ("Instance", [DATABASE_UUID, DOMAIN]),
        ("State", ["first_seen", str(NOW)]),
        ("Change", ["expiring", "status"]),
        ("TrustToken", ["key_certificate", "unknown_key"]),
    ],
)
def test_repr(name: str, parts: list[str], objects: Objects) -> None:
    """What a log needs, and the customer's name only where nothing was verified."""
    text = repr(objects[name])
    assert name in text
    assert str(objects[name]) == text
    for part in parts:
        assert part in text
    assert ("Müller" in text) == (name == "UnverifiedToken")


def test_the_repr_of_an_instance_makes_it_again() -> None:
    """It is a plain value."""
    instance = aegis.Instance(database_uuid="a\"'\\b", domain="ä:8069")
    assert eval(repr(instance), {"Instance": aegis.Instance}) == instance  # noqa: S307


@pytest.mark.parametrize("name", NAMES)
def test_equality(name: str, vendor: Vendor, objects: Objects) -> None:
    """Equal by content, to nothing of another type, and without an order."""
    value, same = objects[name], make_all(vendor)[name]
    assert value == same
    assert (value != same) is False
    for other in (None, 1, name, object(), *(other for kind, other in objects.items() if kind != name)):
        assert value != other
        assert (value == other) is False
    with pytest.raises(TypeError):
        value < same  # noqa: B015


@pytest.mark.parametrize("name", ["License", "Keyring", "Instance"])
def test_hash(name: str, vendor: Vendor, objects: Objects) -> None:
    """Equal values have equal hashes."""
    assert hash(objects[name]) == hash(make_all(vendor)[name])
    assert len({objects[name], make_all(vendor)[name]}) == 1


@pytest.mark.parametrize("name", ["Report", "Assessment", "Check", "UnverifiedToken"])
def test_no_hash(name: str, objects: Objects) -> None:
    """Answers are no keys of a dict."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(objects[name])


def test_what_differs_is_not_equal(vendor: Vendor) -> None:
    """Each type looks at all of its content."""
    keyring, token = vendor.keyring(), vendor.license()
    assert keyring != Vendor().keyring()
    assert keyring != vendor.keyring(modules=["biz4a_payroll"])
    assert keyring != vendor.keyring(not_after=NOW)
    assert verify(token, keyring) != verify(vendor.license(customer={"id": "C-1042", "name": "B"}), keyring)
    assert verify(token, keyring) != verify(token, keyring, now=NOW + 364 * DAY)
    assert evaluate(token, keyring) != evaluate("", keyring)
    assert aegis.inspect_token(token) != aegis.inspect_token(vendor.license(iat=0))
    same = aegis.Instance(database_uuid="a", domain="b")
    assert same != aegis.Instance(database_uuid="a", domain="c")
    assert same != aegis.Instance(database_uuid="b", domain="b")


@pytest.mark.parametrize("how", [lambda value: pickle.loads(pickle.dumps(value)), copy.copy, copy.deepcopy])  # noqa: S301
def test_an_instance_can_be_copied_and_pickled(how: Callable[[Any], Any], objects: Objects) -> None:
    """It is a plain value, with any protocol."""
    instance = objects["Instance"]
    assert how(instance) == instance
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(instance, protocol)) == instance  # noqa: S301


@pytest.mark.parametrize("how", [pickle.dumps, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in PLAIN])
def test_what_was_verified_cannot_be_pickled(name: str, how: Callable[[Any], Any], objects: Objects) -> None:
    """It would be something that nobody verified. Copies are refused as well: nothing needs them."""
    with pytest.raises(TypeError, match="cannot be pickled; "):
        how(objects[name])


def test_what_is_handed_out_is_a_copy(vendor: Vendor) -> None:
    """Changing a dict or list that was handed out changes nothing inside: the license may be in the cache."""
    keyring = vendor.keyring()
    license_ = verify(vendor.license(limits={"users": 1}), keyring)
    license_.modules[0]["allowed_major_versions"].append("99")
    license_.limits["users"] = 99
    keyring.keys[0]["use"].append("certify")
    assert license_.modules[0]["allowed_major_versions"] == ["17", "18"]
    assert license_.limits == {"users": 1}
    assert keyring.keys[0]["use"] == ["license"]
    unverified = aegis.inspect_token(vendor.license())
    unverified.claims["iss"] = unverified.header["kid"] = "changed"
    unverified.claims["customer"]["name"] = "changed"
    assert unverified.claims == vendor.claims()
    assert unverified.header["kid"] == vendor.kid


def test_a_keyring_says_what_it_trusts(vendor: Vendor) -> None:
    """All limits of each key, and the key itself."""
    keyring = vendor.keyring(
        use=["license", "revocation"], modules=["biz4a_*", "x"], not_before=1, not_after=2
    )
    expected = {
        "kid": vendor.kid,
        "issuer": vendor.issuer,
        "use": ["license", "revocation"],
        "modules": ["biz4a_*", "x"],
        "not_before": 1,
        "not_after": 2,
        "public": vendor.private.public_key().public_bytes_raw(),
    }
    assert keyring.keys == (expected,)
    assert len(keyring) == 1
    assert aegis.embedded_keyring() is aegis.embedded_keyring()
    assert len(aegis.embedded_keyring()) >= 1


def test_a_refusal_carries_its_facts() -> None:
    """What callers read is there on every exception that the wheel raises."""
    with pytest.raises(aegis.MissingError) as caught:
        aegis.inspect_token("")
    error = caught.value
    assert (error.code, error.license) == ("missing", None)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), again.args, again.code, again.remedy) == (
        type(error),
        error.args,
        error.code,
        error.remedy,
    )
