"""Whatever comes in, only ``LicenseError``, ``TypeError`` and ``ValueError`` come out."""

import json
import sys
from collections.abc import Callable
from typing import Any

import aegis_license as aegis
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support import MODULE, NOW, VERSION, Vendor, evaluate, verify

ALLOWED = (aegis.LicenseError, TypeError, ValueError)
"""``Exception`` subclasses only; a Rust panic (a ``BaseException``) or anything else fails the test."""

settings.register_profile("aegis", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("aegis")

# All code points: lone surrogates, NUL and what no locale can print.
texts = st.text(st.characters(codec=None, exclude_categories=())) | st.text(
    "eyJ.aA-_ \n\u200b\ud800\0=", max_size=300
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.binary()
    | texts
    | st.lists(texts)
    | st.tuples(texts)
)
VENDOR = Vendor()
KEYRING = VENDOR.keyring()
CLAIM_NAMES = [
    *VENDOR.claims(),
    *("modules", "nbf", "notify_admins_from", "notify_users_from", "grace_until", "updates_until"),
    *("limits", "must", "instance", "instance_fingerprint", "move_grace_days"),
]


def _attempt(call: Callable[[], object]) -> object:
    """Call; what is raised must be allowed, and must be printable itself."""
    try:
        value = call()
    except ALLOWED as error:
        str(error).encode(errors="surrogatepass")
        repr(error)
        return error
    return value


@given(texts)
@example("\ud800")
@example("\0")
@example("eyJ\ud800.eyJ.\udfff")
def test_any_text(text: str) -> None:
    """As a token, a bundle, a module, a feature, a version, a date and a key."""
    assert isinstance(_attempt(lambda: verify(text, KEYRING)), aegis.LicenseError)
    assert isinstance(
        _attempt(lambda: aegis.inspect_token(text)), (aegis.LicenseError, aegis.UnverifiedToken)
    )
    assert not evaluate(text, KEYRING).ok
    assert not evaluate([text, text], KEYRING).ok
    token = VENDOR.license()
    unsold = f"{text}!"
    # A question in lone surrogates is the caller's mistake.
    assert isinstance(
        _attempt(lambda: verify(token, KEYRING, module=unsold)), (aegis.WrongModuleError, ValueError)
    )
    for asked in ({"module": unsold}, {"feature": text}, {"odoo_version": text}, {"released": text}):
        answer = _attempt(lambda asked=asked: evaluate(token, KEYRING, **asked))  # type: ignore[misc]
        assert isinstance(answer, (aegis.Report, ValueError))
    assert isinstance(_attempt(lambda: aegis.Keyring.from_pem({text: text}, issuer=text)), ValueError)
    assert isinstance(_attempt(lambda: aegis.fingerprint(text, text)), (str, ValueError))


@given(texts, texts)
def test_any_text_around_a_license(before: str, after: str) -> None:
    """The license is found, unless the text grows into it."""
    report = evaluate(f"{before}|{VENDOR.license()}|{after}", KEYRING)
    assert report.ok


@given(st.sampled_from(CLAIM_NAMES), json_values)
def test_any_value_of_any_claim_under_a_good_signature(claim: str, value: object) -> None:
    """The vendor's own mistakes are refusals too."""
    for typ in ("JWT", "aegis-license+jwt"):
        # Not with PyJWT, which checks some claims itself.
        header = json.dumps({"alg": "EdDSA", "typ": typ, "kid": VENDOR.kid}).encode()
        token = VENDOR.sign_bytes(json.dumps({**VENDOR.claims(), claim: value}).encode(), header)
        answer = _attempt(lambda token=token: verify(token, KEYRING))  # type: ignore[misc]
        assert isinstance(answer, (aegis.License, aegis.LicenseError))
        repr(answer)
        report = evaluate(token, KEYRING)
        assert report.code == (answer.status if isinstance(answer, aegis.License) else answer.code) or (
            report.code == "missing" and isinstance(answer, aegis.WrongModuleError)
        )
        _attempt(lambda token=token: repr(aegis.inspect_token(token)))  # type: ignore[misc]


@given(st.binary(), st.binary())
def test_any_bytes_under_a_good_signature(header: bytes, payload: bytes) -> None:
    """As header and as payload."""
    for token in (VENDOR.sign_bytes(payload), VENDOR.sign_bytes(payload, header)):
        assert isinstance(_attempt(lambda token=token: verify(token, KEYRING)), aegis.LicenseError)  # type: ignore[misc]
        assert not evaluate(token, KEYRING).ok


@given(st.dictionaries(st.text(), json_values))
def test_inspect_shows_what_json_says(members: dict[str, Any]) -> None:
    """Python's own reader agrees, wherever ours reads at all; on fractions, to twelve digits."""
    text = json.dumps(members)
    answer = _attempt(lambda: aegis.inspect_token(VENDOR.sign_bytes(text.encode())))
    if isinstance(answer, aegis.UnverifiedToken):
        assert _rounded(json.dumps(answer.claims)) == _rounded(text)


def _rounded(text: str) -> object:
    def number(digits: str) -> str:
        return f"{float(digits):.12g}"

    return json.loads(text, parse_int=number, parse_float=number)


@given(st.tuples(*[anything] * 6))
def test_any_arguments(arguments: tuple[Any, ...]) -> None:
    """Of any type."""
    a, b, c, d, e, f = arguments
    _attempt(lambda: aegis.verify_license(a, b, c, d, e, f))
    _attempt(lambda: aegis.verify_license("", "m", "18", None, a, None))
    _attempt(lambda: aegis.Instance(database_uuid=a, domain=b))
    _attempt(lambda: aegis.fingerprint(a, b))
    _attempt(lambda: aegis.inspect_token(a))
    _attempt(lambda: aegis.Keyring.from_pem(a, issuer=b, use=c, modules=d, not_before=e, not_after=f))
    _attempt(
        lambda: aegis.Keyring.from_pem(
            {a if isinstance(a, str) else "k": VENDOR.pem}, issuer="x", not_after=e
        )
    )
    answer = _attempt(lambda: aegis.evaluate(a, module=b, odoo_version=c, instance=d, now=e, released=f))
    assert not isinstance(answer, aegis.LicenseError)


@pytest.mark.parametrize(
    "number", [-(2**63) - 1, 2**63, 2**64, -(10**40), -1, 253_402_300_800, 1_770_000_000_000]
)
def test_numbers_out_of_range_are_value_errors(number: int) -> None:
    """``OverflowError`` is none of the three; milliseconds are not taken for seconds."""
    calls: list[Callable[[], object]] = [
        lambda: verify(VENDOR.license(), KEYRING, now=number),
        lambda: evaluate(VENDOR.license(), KEYRING, now=number),
        lambda: VENDOR.keyring(not_before=number),
        lambda: VENDOR.keyring(not_after=number),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"."):
            call()


@pytest.mark.parametrize("now", [0, 253_402_300_799])
def test_the_first_and_the_last_present_are_answered(now: int) -> None:
    """From 1970 to 9999."""
    token = VENDOR.license(nbf=NOW, notify_admins_from=0)
    assert evaluate(token, KEYRING, now=now).code == ("not_yet_valid" if now < NOW else "expired")
    assert isinstance(_attempt(lambda: verify(token, KEYRING, now=now)), aegis.LicenseError)


@pytest.mark.parametrize(
    "call",
    [
        lambda: aegis.verify_license(b"x", MODULE, VERSION),  # type: ignore[arg-type]
        lambda: aegis.verify_license("x", None, VERSION),  # type: ignore[arg-type]
        lambda: aegis.verify_license("x", MODULE, 18.0),  # type: ignore[arg-type]
        lambda: aegis.verify_license("x", MODULE, VERSION, now=1.0),  # type: ignore[arg-type]
        lambda: aegis.verify_license("x", MODULE, VERSION, now="1"),  # type: ignore[arg-type]
        lambda: aegis.verify_license("x", MODULE, VERSION, instance="x"),  # type: ignore[arg-type]
        lambda: aegis.verify_license("x", MODULE, VERSION, keyring={}),  # type: ignore[arg-type]
        lambda: aegis.verify_license("x", MODULE),  # type: ignore[call-arg]
        lambda: aegis.evaluate(None, module=MODULE, odoo_version=VERSION),  # type: ignore[arg-type]
        lambda: aegis.evaluate(b"x", module=MODULE, odoo_version=VERSION),  # type: ignore[arg-type]
        lambda: aegis.evaluate(["x", 1], module=MODULE, odoo_version=VERSION),  # type: ignore[list-item]
        lambda: aegis.evaluate({"x"}, module=MODULE, odoo_version=VERSION),  # type: ignore[arg-type]
        lambda: aegis.evaluate("x", MODULE, VERSION),  # type: ignore[call-arg]
        lambda: aegis.evaluate("x", module=MODULE, odoo_version=VERSION, released=1),  # type: ignore[arg-type]
        lambda: aegis.inspect_token(1),  # type: ignore[arg-type]
        lambda: aegis.fingerprint(1, "x"),  # type: ignore[arg-type]
        lambda: aegis.Instance("a", "b"),  # type: ignore[call-arg]
        lambda: aegis.Keyring.from_pem([], issuer="x"),  # type: ignore[arg-type]
        lambda: aegis.Keyring.from_pem({"k": b"x"}, issuer="x"),  # type: ignore[dict-item]
        lambda: aegis.Keyring.from_pem({"k": "x"}, issuer="x", use="license"),
        lambda: aegis.Keyring.from_pem({"k": "x"}, issuer="x", modules="biz4a_payroll"),
    ],
)
def test_a_wrong_type_is_a_type_error(call: Callable[[], object]) -> None:
    """The caller's mistake, not the license's."""
    with pytest.raises(TypeError):
        call()


class _Boastful(list[str]):
    """A list that claims to be longer than memory."""

    def __len__(self) -> int:
        return sys.maxsize


def test_what_a_sequence_says_of_its_length_is_not_believed() -> None:
    """Memory is taken for the items that come, and no panic leaves the module."""
    keyring = VENDOR.keyring(use=_Boastful(["license"]))
    assert evaluate(_Boastful([VENDOR.license()]), keyring).code == "valid"
