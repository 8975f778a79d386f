"""``evaluate``: bundles, the best of several licenses, all checks, and what comes next."""

from typing import Any

import aegis_license as aegis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import DATABASE_UUID, DAY, DOMAIN, MODULE, NOW, Vendor, evaluate

CHECKS = [
    "malformed",
    "unsupported",
    "unknown_key",
    "bad_signature",
    "wrong_issuer",
    "wrong_module",
    "wrong_odoo_version",
    "revoked",
    "wrong_instance",
    "not_yet_valid",
    "expired",
    "updates_ended",
]
FIRST, SECOND = "11111111-0c55-4f0e-8b6e-2f1a6a0c9e01", "22222222-0c55-4f0e-8b6e-2f1a6a0c9e02"


def test_a_good_license(token: str, keyring: aegis.Keyring) -> None:
    """Every check passed, and the next change is the first warning."""
    report = evaluate(token, keyring)
    assert (report.code, report.ok, report.remedy) == ("valid", True, "")
    assert [(check.code, check.result, check.message) for check in report.checks] == [
        (code, "passed", None) for code in CHECKS
    ]
    assert (report.next_change, report.next_code) == (NOW + 335 * DAY, "expiring")
    assert report.license is not None
    assert report.license.status == "valid"
    assert not report.notify_users
    assert [assessment.code for assessment in report.assessments] == ["valid"]
    assert report.assessments[0].checks == report.checks


def test_every_failure_is_reported(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """The first in the order of the checks is the primary one; the others are there too."""
    token = vendor.license(iss="Somebody", exp=NOW, nbf=NOW + 1, updates_until=0)
    report = evaluate(token, keyring, odoo_version="19.0", released="2026-11-01")
    failed = [check.code for check in report.checks if check.result == "failed"]
    assert failed == ["wrong_issuer", "wrong_odoo_version", "not_yet_valid", "expired", "updates_ended"]
    assert report.code == "wrong_issuer"
    assert report.message == next(check.message for check in report.checks if check.result == "failed")
    assert report.license is not None


def test_what_was_not_checked_is_not_called_good(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """A bad signature leaves the later checks unmade, and no license."""
    report = evaluate(Vendor().license(), keyring)
    results = {check.code: check.result for check in report.checks}
    assert results["bad_signature"] == "failed"
    assert {results[code] for code in CHECKS[4:]} == {"not_run"}
    assert (report.code, report.license, report.next_change) == ("bad_signature", None, None)


@pytest.mark.parametrize("text", ["", " \n", "Dear customer,", "\ud800", "\0"])
def test_no_token_is_missing(text: str, keyring: aegis.Keyring) -> None:
    """There is nothing to check, and the remedy says what to do."""
    report = evaluate(text, keyring)
    assert (report.code, report.checks, report.assessments, report.license) == ("missing", (), (), None)
    assert report.remedy.startswith("Ask the vendor")
    assert evaluate([], keyring) == evaluate([text], keyring) == report


def test_a_license_for_another_module_does_not_count(token: str, keyring: aegis.Keyring) -> None:
    """It is among the tokens found, and the answer is that none covers the module."""
    report = evaluate(token, keyring, module="biz4a_other")
    assert (report.code, report.license, report.checks) == ("missing", None, ())
    assert [assessment.code for assessment in report.assessments] == ["wrong_module"]
    assert "biz4a_other" in report.message


def test_features(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """A feature is covered by the entry that lists it, and by an entry without a list."""
    module = {"technical_name": MODULE, "allowed_major_versions": ["18"]}
    some, all_ = vendor.license(module={**module, "features": ["sepa"]}), vendor.license(module=module)
    assert evaluate(some, keyring, feature="sepa").code == "valid"
    assert evaluate(some, keyring, feature="export").code == "missing"
    assert evaluate(some, keyring).code == "valid"
    assert evaluate(all_, keyring, feature="export").code == "valid"
    assert evaluate(some + "\n" + all_, keyring, feature="export").code == "valid"


def test_without_a_module_licenses_stand_by_themselves(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Whatever they cover; the version of Odoo, the key and the times count as ever."""
    other = vendor.license(module={"technical_name": "biz4a_other", "allowed_major_versions": ["17"]})
    assert evaluate(other, keyring, module=None, odoo_version="17.0").code == "valid"
    assert evaluate(other, vendor.keyring(modules=["acme_*"]), module=None).code == "wrong_module"
    report = evaluate([other, vendor.license(exp=NOW)], keyring, module=None)
    assert [assessment.code for assessment in report.assessments] == ["wrong_odoo_version", "expired"]
    assert report.code == "expired"
    assert report.assessments[0].message == "The license covers its modules on Odoo 17, not on Odoo 18."
    assert evaluate("Dear customer,", keyring, module=None).code == "missing"


@pytest.mark.parametrize("question", [{"feature": "sepa"}, {"released": "2026-11-01"}])
def test_a_part_of_a_module_needs_the_module(question: dict[str, str], keyring: aegis.Keyring) -> None:
    """A feature and a release belong to a module: to ask for them alone is the caller's mistake."""
    with pytest.raises(ValueError, match="name the module too"):
        aegis.evaluate("", module=None, odoo_version="18.0", keyring=keyring, **question)  # type: ignore[arg-type]


def test_the_module_is_always_said(keyring: aegis.Keyring) -> None:
    """To forget it is not to ask without one."""
    with pytest.raises(TypeError, match="module"):
        aegis.evaluate("", odoo_version="18.0", keyring=keyring)  # type: ignore[call-arg]


def test_a_neutralized_copy_works_with_the_license_of_the_original(
    vendor: Vendor, keyring: aegis.Keyring
) -> None:
    """Only the binding is passed over, and a flag says so; the check stays failed."""
    copy = aegis.Instance(database_uuid=DATABASE_UUID, domain="staging.example.com")
    bound = aegis.fingerprint(DATABASE_UUID, DOMAIN)
    token = vendor.license(instance_fingerprint=bound)
    report = evaluate(token, keyring, instance=copy, neutralized=True)
    assert (report.code, report.ok, report.flags, report.remedy) == ("valid", True, ("staging",), "")
    assert report.assessments[0].flags == ("staging",)
    assert [check.code for check in report.checks if check.result == "failed"] == ["wrong_instance"]
    ended = vendor.license(instance_fingerprint=bound, exp=NOW)
    assert evaluate(ended, keyring, instance=copy, neutralized=True).code == "expired"


def test_nothing_is_passed_over_without_need(vendor: Vendor, token: str, keyring: aegis.Keyring) -> None:
    """A license that fits has no flag; without the mark, or without an instance, a binding counts."""
    here = aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN)
    copy = aegis.Instance(database_uuid=DATABASE_UUID, domain="staging.example.com")
    bound = vendor.license(instance_fingerprint=here.fingerprint)
    for text, instance, neutralized, code in (
        (bound, here, True, "valid"),
        (token, copy, True, "valid"),
        (bound, copy, False, "wrong_instance"),
        (bound, None, True, "wrong_instance"),
    ):
        report = evaluate(text, keyring, instance=instance, neutralized=neutralized)
        assert (report.code, report.flags) == (code, ())
    assert evaluate("", keyring, neutralized=True).flags == ()


def test_the_token_of_each_license_is_there_to_be_kept(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Without its white space, refused ones too; one that breaks off has none. It is never shown."""
    good, forged = vendor.license(), Vendor().license()
    text = f"Dear customer,\n{good[:70]}\r\n  {good[70:]}\n\n{forged}, {good[:200]}"
    report = evaluate(text, keyring, module=None)
    codes = ["valid", "bad_signature", "malformed"]
    assert [assessment.code for assessment in report.assessments] == codes
    assert [assessment.token for assessment in report.assessments] == [good, forged, None]
    for shown in (repr(report), *map(repr, report.assessments), *(one.message for one in report.assessments)):
        assert good[:20] not in shown


def test_a_message_with_several_licenses(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Text around tokens and white space inside them do not matter; their order is kept."""
    old, new = vendor.license(jti=FIRST, exp=NOW), vendor.license(jti=SECOND)
    wrapped = "\n> ".join([new[:40], new[40:]]).replace("> ", "\u00a0\u200b")
    text = f"Dear Ms Müller,\n\nyour old license:\n<{old}>\nand the new one:\n{wrapped}\n\nJude Hey"
    report = evaluate(text, keyring)
    assert [assessment.code for assessment in report.assessments] == ["expired", "valid"]
    assert report.license is not None
    assert report.license.jti == SECOND
    listed = evaluate([old, f"see {new}."], keyring)
    assert [assessment.code for assessment in listed.assessments] == ["expired", "valid"]


def test_texts_of_a_sequence_are_kept_apart(token: str, keyring: aegis.Keyring) -> None:
    """Two halves in two texts are no license, and half a token does not run on into the next text."""
    assert evaluate([token[:-1], token[-1]], keyring).code == "malformed"
    assert evaluate([token[:-1], token], keyring).code == "valid"


def test_of_equals_the_later_issued_decides(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Whatever their order in the text."""
    older, newer = vendor.license(jti=FIRST, iat=NOW - 2), vendor.license(jti=SECOND, iat=NOW - 1)
    for text in (f"{older} {newer}", f"{newer} {older}"):
        license_ = evaluate(text, keyring).license
        assert license_ is not None
        assert license_.jti == SECOND


def test_a_renewal_pasted_early_takes_over(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """The answer never has a gap, and the next change is seen over both licenses."""
    end = NOW + DAY
    text = vendor.license(exp=end) + " " + vendor.license(nbf=end, jti=SECOND)
    assert (evaluate(text, keyring).code, evaluate(text, keyring).next_code) == ("expiring", "valid")
    assert evaluate(text, keyring).next_change == end
    assert evaluate(text, keyring, now=end).code == "valid"


def test_each_announced_change_happens_then_and_not_before(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """From the first instant to the last: not_yet_valid, valid, expiring, grace, expired."""
    token = vendor.license(nbf=NOW, exp=NOW + 90 * DAY, grace_until=NOW + 100 * DAY)
    codes, time = ["not_yet_valid"], NOW - DAY
    while (report := evaluate(token, keyring, now=time)).next_change is not None:
        assert report.code == codes[-1]
        time = report.next_change
        assert evaluate(token, keyring, now=time - 1).code == codes[-1]
        assert report.next_code is not None
        codes.append(report.next_code)
    assert codes == ["not_yet_valid", "valid", "expiring", "grace", "expired"]
    assert time == NOW + 100 * DAY


@st.composite
def _lives(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the times of one license, all within a few seconds."""
    second = st.integers(NOW, NOW + 12)
    claims: dict[str, Any] = {"exp": draw(second), "iat": draw(second)}
    for name in ("nbf", "notify_admins_from", "updates_until"):
        if draw(st.booleans()):
            claims[name] = draw(second)
    if draw(st.booleans()):
        claims["grace_until"] = claims["exp"] + draw(st.integers(1, 6))
    if draw(st.integers(0, 3)) == 0:
        claims["module"] = {
            "technical_name": draw(st.sampled_from(["x", MODULE])),
            "allowed_major_versions": ["17"],
        }
    return claims


@given(st.lists(_lives(), min_size=1, max_size=4), st.booleans())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_next_change_is_announced_to_the_second(
    vendor: Vendor, keyring: aegis.Keyring, lives: list[dict[str, Any]], released: bool
) -> None:
    """Asked second by second, the answer of any set of licenses changes exactly when and how it was said."""
    tokens = [vendor.license(**claims) for claims in lives]
    asked = "2026-10-01" if released else None
    reports = [evaluate(tokens, keyring, now=NOW - 1 + second, released=asked) for second in range(24)]
    for place, report in enumerate(reports):
        later = [(NOW + place + more, other.code) for more, other in enumerate(reports[place + 1 :])]
        change = next(((time, code) for time, code in later if code != report.code), (None, None))
        assert (report.next_change, report.next_code) == change


def test_updates_end(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """00:00 UTC of the release's date counts; without a date the release counts as covered."""
    midnight = 1_793_491_200  # 2026-11-01
    token = vendor.license(updates_until=midnight)
    expected: dict[str | None, str] = {None: "valid", "2026-10-31": "valid", "2026-11-01": "updates_ended"}
    for released, code in expected.items():
        assert evaluate(token, keyring, released=released).code == code


def test_users_are_warned_when_the_license_says_so_or_something_stopped(
    vendor: Vendor, keyring: aegis.Keyring
) -> None:
    """Never by default while the license works."""
    cases: list[tuple[dict[str, Any], bool]] = [
        ({"exp": NOW + 1}, False),
        ({"exp": NOW + 1, "notify_users_from": NOW}, True),
        ({"exp": NOW + 1, "notify_users_from": NOW + 1}, False),
        ({"exp": NOW, "grace_until": NOW + 1}, True),
        ({"exp": NOW}, True),
    ]
    for claims, warned in cases:
        assert evaluate(vendor.license(**claims), keyring).notify_users is warned, claims


def test_a_bound_license(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """It fits its instance, no other, and none."""
    token = vendor.license(instance_fingerprint=aegis.fingerprint(DATABASE_UUID, DOMAIN))
    other = aegis.Instance(database_uuid=DATABASE_UUID, domain="www.example.com")
    here = aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN)
    codes = [evaluate(token, keyring, instance=instance).code for instance in (here, other, None)]
    assert codes == ["valid", "wrong_instance", "wrong_instance"]


@pytest.mark.parametrize("version", ["", "18x", "v18", "018", "latest", "18\0", "\ud800"])
def test_what_is_no_version_of_odoo_is_the_callers_mistake(version: str, keyring: aegis.Keyring) -> None:
    """Not a property of the licenses."""
    with pytest.raises(ValueError, match=r"."):
        evaluate("", keyring, odoo_version=version)


@pytest.mark.parametrize(
    "day", ["", "2026-11-1", "20261101", "2026-02-30", "+2026-1-1", "2026-11-01T00:00:00", "\ud800"]
)
def test_what_is_no_date_is_the_callers_mistake(day: str, keyring: aegis.Keyring) -> None:
    """A release date is YYYY-MM-DD and exists."""
    with pytest.raises(ValueError, match=r"."):
        evaluate("", keyring, released=day)


def test_the_limits_of_a_text(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """256 tokens and 4 MiB are read, more is refused as a whole; another text beside it counts."""
    token = vendor.license()
    assert len(evaluate("\n".join([token] * 256), keyring).assessments) == 256
    for text in ("\n".join([token] * 257), token + " " * (4 << 20)):
        report = evaluate(text, keyring)
        assert (report.code, len(report.assessments)) == ("malformed", 1)
        assert report.assessments[0].token is None
        assert "longer than" in report.message or "more than" in report.message
        assert report.remedy == "Paste only the licenses, without other text."
        beside = evaluate([text, token], keyring)
        assert (beside.code, [one.code for one in beside.assessments]) == ("valid", ["malformed", "valid"])
    assert len(evaluate([token] * 300, keyring).assessments) == 300
