"""Every vector of ``vectors/`` gives the answer written in it. The Rust tests read the same files."""

import base64
import json
from pathlib import Path
from typing import Any

import aegis_license as aegis
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from support import REFUSALS, ROOT, pem_of

FILES = sorted((ROOT / "vectors").glob("*.json"))


def test_the_vectors_are_there() -> None:
    """An empty folder must not pass for a green run."""
    assert len(FILES) >= 290


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_vector(file: Path) -> None:
    """The call named by the vector answers as expected."""
    vector = json.loads(file.read_text(encoding="utf-8"))
    assert vector["name"] == file.stem
    check = {"verify": _check_verify, "evaluate": _check_evaluate}[vector["call"]]
    check(vector, vector["expected"])


def _check_verify(vector: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(expected) <= {"code", "jti", "customer_name"}
    question = _question(vector)
    # None of these is asked of verify_license.
    assert question.pop("released") is None
    assert question.pop("feature") is None
    assert question.pop("neutralized") is False
    # Twice: the second time out of the cache, where it was kept.
    for _ in range(2):
        if expected["code"] in REFUSALS:
            with pytest.raises(REFUSALS[expected["code"]]) as caught:
                aegis.verify_license(vector["tokens"], **question)
            assert caught.value.code == expected["code"]
            assert caught.value.message
            assert caught.value.remedy
            _check_license(caught.value.license, expected)
        else:
            license_ = aegis.verify_license(vector["tokens"], **question)
            assert license_.status == expected["code"]
            _check_license(license_, expected)


def _check_evaluate(vector: dict[str, Any], expected: dict[str, Any]) -> None:
    optional = {"flags", "failed", "not_run", "next_change", "next_code"}
    assert set(expected) <= {"code", "jti", "customer_name"} | optional
    report = aegis.evaluate(vector["tokens"], **_question(vector))
    assert report.code == expected["code"]
    assert report.ok == (report.code in {"valid", "expiring", "grace", "moving"})
    assert report.message
    assert bool(report.remedy) == (report.code != "valid")
    assert list(report.flags) == expected.get("flags", list(report.flags))
    for name in ("failed", "not_run"):
        if name in expected:
            assert [check.code for check in report.checks if check.result == name] == expected[name]
    for check in report.checks:
        assert bool(check.message) == (check.result == "failed")
    if "next_change" in expected:
        assert (report.next_change, report.next_code) == (expected["next_change"], expected["next_code"])
    _check_license(report.license, expected)


def _check_license(license_: aegis.License | None, expected: dict[str, Any]) -> None:
    if "jti" in expected:
        assert license_ is not None
        assert license_.jti == expected["jti"]
    if "customer_name" in expected:
        assert license_ is not None
        assert license_.customer_name == expected["customer_name"]


def _question(vector: dict[str, Any]) -> dict[str, Any]:
    """Give the arguments beside the tokens."""
    context = vector["context"]
    instance = context["instance"]
    return {
        "module": context["module"],
        "odoo_version": context["odoo_version"],
        "feature": context.get("feature"),
        "instance": aegis.Instance(**instance) if instance else None,
        "now": vector["now"],
        "released": context["released"],
        "neutralized": context.get("neutralized", False),
        "keyring": _keyring(vector["keys"]),
    }


def _keyring(keys: list[dict[str, Any]]) -> aegis.Keyring:
    shared = ("issuer", "use", "modules", "not_before", "not_after")
    limits = {name: keys[0][name] for name in shared}
    assert all(key[name] == limits[name] for key in keys for name in shared), (
        "keys of one vector share their limits"
    )
    return aegis.Keyring.from_pem({key["kid"]: pem_of(_public(key["x"])) for key in keys}, **limits)


def _public(x: str) -> Ed25519PublicKey:
    """Read a public key as RFC 8037 section 2 writes it."""
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "=" * (-len(x) % 4)))
