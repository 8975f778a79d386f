"""``verify_license``: licenses signed by PyJWT, and one exception class per reason code."""

import json
import time
from collections.abc import Callable
from typing import Any

import aegis_license as aegis
import jwt
import pytest
from support import DATABASE_UUID, DAY, DOMAIN, MODULE, NOW, REFUSALS, VERSION, Vendor, verify

INSTANCE = aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN)


def test_a_license_in_the_field_verifies(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """The old claim form, signed by PyJWT with ``typ`` ``JWT`` and a key id of the first generation."""
    token = vendor.license(nbf=None, instance_fingerprint=INSTANCE.fingerprint)
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "typ": "JWT", "kid": "aegis-2026-01"}
    license_ = verify(token, keyring, instance=INSTANCE)
    assert license_.status == "valid"
    assert (license_.jti, license_.iss) == ("7d9a4f1e-0c55-4f0e-8b6e-2f1a6a0c9e01", "Example Vendor")
    assert (license_.iat, license_.nbf, license_.exp) == (NOW - DAY, None, NOW + 365 * DAY)
    assert (license_.customer_id, license_.customer_name) == ("C-1042", "Bäckerei Müller & Söhne")
    assert (license_.kid, license_.license_type) == ("aegis-2026-01", "subscription")
    assert license_.modules == (
        {"technical_name": MODULE, "allowed_major_versions": ["17", "18"], "features": None},
    )
    assert license_.instance_fingerprint == aegis.fingerprint(DATABASE_UUID, DOMAIN)
    assert (license_.notify_admins_from, license_.notify_users_from) == (NOW + 335 * DAY, None)
    assert (license_.grace_until, license_.updates_until, license_.limits) == (None, None, {})


def test_a_license_of_today_verifies(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """The new claims are read too."""
    modules = [
        {"technical_name": MODULE, "allowed_major_versions": ["18.0"], "features": ["sepa"]},
        {"technical_name": "biz4a_stock_*", "allowed_major_versions": ["17"]},
    ]
    token = vendor.license(
        typ="aegis-license+jwt",
        without=["module"],
        modules=modules,
        nbf=NOW - DAY,
        exp=NOW + DAY,
        grace_until=NOW + 2 * DAY,
        notify_admins_from=NOW,
        notify_users_from=NOW - 1,
        updates_until=NOW,
        limits={"users": 25, "companies": 0},
        must=["limits"],
    )
    license_ = verify(token, keyring)
    assert license_.status == "expiring"
    assert license_.modules == (
        {"technical_name": MODULE, "allowed_major_versions": ["18"], "features": ["sepa"]},
        {"technical_name": "biz4a_stock_*", "allowed_major_versions": ["17"], "features": None},
    )
    assert (license_.nbf, license_.grace_until, license_.updates_until) == (NOW - DAY, NOW + 2 * DAY, NOW)
    assert (license_.notify_admins_from, license_.notify_users_from) == (NOW, NOW - 1)
    assert license_.limits == {"users": 25, "companies": 0}


Case = Callable[[Vendor], tuple[str, dict[str, Any]]]
"""Gives a token, and what is asked differently from other tests."""

BEFORE_THE_SIGNATURE: list[tuple[str, Case]] = [
    ("missing", lambda _: (" \n", {})),
    ("malformed", lambda vendor: (vendor.license()[:-1], {})),
    ("unsupported", lambda vendor: (vendor.license(typ="at+jwt"), {})),
    ("unknown_key", lambda vendor: (vendor.license(), {"keyring": Vendor(kid="x").keyring()})),
    ("unknown_key", lambda vendor: (vendor.license(), {"keyring": vendor.keyring(use=["revocation"])})),
    ("bad_signature", lambda vendor: (Vendor().license(), {})),
]
UNREADABLE: list[tuple[str, Case]] = [
    ("malformed", lambda vendor: (vendor.license(jti="1"), {})),
    ("unsupported", lambda vendor: (vendor.license(must=["x"]), {})),
]
AFTER_THE_SIGNATURE: list[tuple[str, Case]] = [
    ("unknown_key", lambda vendor: (vendor.license(), {"keyring": vendor.keyring(not_before=NOW)})),
    ("wrong_issuer", lambda vendor: (vendor.license(iss="Somebody"), {})),
    ("wrong_module", lambda vendor: (vendor.license(), {"module": "biz4a_payrol"})),
    ("wrong_module", lambda vendor: (vendor.license(), {"keyring": vendor.keyring(modules=["other_*"])})),
    ("wrong_odoo_version", lambda vendor: (vendor.license(), {"odoo_version": "saas~19.1"})),
    ("wrong_instance", lambda vendor: (vendor.license(instance_fingerprint=INSTANCE.fingerprint), {})),
    ("not_yet_valid", lambda vendor: (vendor.license(nbf=NOW + 1), {})),
    ("expired", lambda vendor: (vendor.license(exp=NOW), {})),
]


@pytest.mark.parametrize(("code", "case"), BEFORE_THE_SIGNATURE + UNREADABLE)
def test_a_refusal_without_a_license(code: str, case: Case, vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Each code has its class; what was not verified and read is not handed out."""
    error = _refusal(case, vendor, keyring)
    assert type(error) is REFUSALS[code]
    assert error.code == code
    assert error.license is None


@pytest.mark.parametrize(("code", "case"), AFTER_THE_SIGNATURE)
def test_a_refusal_with_its_license(code: str, case: Case, vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Once the signature held and the claims were read, the exception says whose license it was."""
    error = _refusal(case, vendor, keyring)
    assert type(error) is REFUSALS[code]
    assert error.code == code
    assert error.license is not None
    assert error.license.customer_id == "C-1042"
    in_time = {"not_yet_valid", "expired"}
    assert error.license.status == (code if code in in_time else "valid")


def _refusal(case: Case, vendor: Vendor, keyring: aegis.Keyring) -> aegis.LicenseError:
    token, asked = case(vendor)
    with pytest.raises(aegis.LicenseError) as caught:
        verify(token, asked.pop("keyring", keyring), **asked)
    error = caught.value
    assert str(error) == error.message
    for sentence in (error.message, error.remedy):
        assert sentence.endswith(".")
        assert token.strip() == "" or token not in sentence
    return error


def test_every_refusal_has_a_class_of_its_own() -> None:
    """One ``except`` clause catches all, and one catches each."""
    assert len(set(REFUSALS.values())) == len(REFUSALS)
    for class_ in REFUSALS.values():
        assert class_.__bases__ == (aegis.LicenseError,)
        assert class_.__module__ == "aegis_license"
        assert class_.__doc__
    assert aegis.LicenseError.__bases__ == (Exception,)


def test_updates_end_only_in_reports(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """``verify_license`` is not told a release date, so it cannot find one too late."""
    token = vendor.license(updates_until=0)
    assert verify(token, keyring).status == "valid"


def test_arguments_by_position_and_by_name(token: str, keyring: aegis.Keyring) -> None:
    """Both forms of call give the same."""
    by_position = aegis.verify_license(token, MODULE, VERSION, INSTANCE, NOW, keyring)
    by_name = aegis.verify_license(
        keyring=keyring, now=NOW, instance=INSTANCE, odoo_version=VERSION, module=MODULE, token=token
    )
    assert by_position == by_name


def test_without_now_the_system_clock_counts(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """``now=None`` and no ``now`` mean the present."""
    present = int(time.time())
    running = vendor.license(iat=present, nbf=present - 5, exp=present + 3600)
    ended = vendor.license(iat=present, exp=present - 5)
    later = vendor.license(iat=present, nbf=present + 3600, exp=present + 7200)
    assert aegis.verify_license(running, MODULE, VERSION, keyring=keyring).status == "expiring"
    assert verify(running, keyring, now=None).status == "expiring"
    with pytest.raises(aegis.ExpiredError):
        verify(ended, keyring, now=None)
    with pytest.raises(aegis.NotYetValidError):
        verify(later, keyring, now=None)


def test_without_a_keyring_the_embedded_one_counts() -> None:
    """A key id of the embedded keyring is known, but not under another key; other ids are unknown."""
    trusted = aegis.embedded_keyring().keys[0]
    forged = Vendor(issuer=trusted["issuer"], kid=trusted["kid"]).license()
    for asked in ({}, {"keyring": None}):
        with pytest.raises(aegis.BadSignatureError):
            aegis.verify_license(forged, MODULE, VERSION, **asked)
    with pytest.raises(aegis.UnknownKeyError):
        aegis.verify_license(Vendor(kid="nobody").license(), MODULE, VERSION)


@pytest.mark.parametrize("space", [" ", "\r\n", "\t", "\u00a0", "\u200b", "\ufeff", "\u2028"])
def test_white_space_around_a_token_is_ignored(space: str, token: str, keyring: aegis.Keyring) -> None:
    """As mail programs and web pages insert it."""
    assert verify(space + token + space, keyring).status == "valid"


def test_no_single_changed_character_passes(token: str, keyring: aegis.Keyring) -> None:
    """Every character counts."""
    for place, letter in enumerate(token):
        other = "B" if letter == "A" else "A"
        with pytest.raises(aegis.LicenseError):
            verify(token[:place] + other + token[place + 1 :], keyring)


def test_the_same_claims_in_another_text_are_another_license(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """The signature covers the received text, so the way it is written does not matter to the answer."""
    spaced = json.dumps(vendor.claims(), indent=2).encode()
    assert verify(vendor.sign_bytes(spaced), keyring) == verify(vendor.license(), keyring)
