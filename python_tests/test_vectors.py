"""Every vector of ``vectors/`` gives the answer written in it. The Rust tests read the same files."""

import base64
import functools
import json
import operator
from pathlib import Path
from typing import Any

import aegis_license as aegis
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from support import REFUSALS, ROOT, pem_of

FILES = sorted((ROOT / "vectors").glob("*.json"))


def test_the_vectors_are_there() -> None:
    """An empty folder must not pass for a green run."""
    assert len(FILES) >= 780


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
    for name in ("released", "feature", "neutralized", "state", "database_date", "users", "companies"):
        assert not question.pop(name)
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
    report = aegis.evaluate(vector["tokens"], **_question(vector))
    assert report.code == expected["code"]
    assert report.ok == (report.code in {"valid", "expiring", "grace", "moving"})
    assert report.message
    assert bool(report.remedy) == (report.code != "valid" or "counting_down" in report.flags)
    for check in report.checks:
        assert bool(check.message) == (check.result == "failed")
    for token in report.trust:
        assert token.ok == (token.code == "valid")
        assert bool(token.remedy) != token.ok
    found = _found(report)
    assert set(expected) <= {"code", "jti", "customer_name"} | set(found)
    wanted = {name: value for name, value in expected.items() if name in found}
    assert {name: found[name] for name in wanted} == wanted
    _check_license(report.license, expected)


def _found(report: aegis.Report) -> dict[str, Any]:
    """Write an answer as the vectors do."""
    return {
        "flags": list(report.flags),
        "failed": [check.code for check in report.checks if check.result == "failed"],
        "not_run": [check.code for check in report.checks if check.result == "not_run"],
        "next_change": report.next_change,
        "next_code": report.next_code,
        "trust": [
            {"kind": token.kind, "code": token.code, "in_force": token.in_force} for token in report.trust
        ],
        "timeline": [[change.at, change.code, change.event] for change in report.timeline()],
        "changed": list(report.changed),
        "limits": report.limits,
        "state": _without_empty(json.loads(report.state.to_json())),
    }


def _without_empty(state: dict[str, Any]) -> dict[str, Any]:
    """Leave out empty objects: in a state they say no more than absent ones."""
    members = {
        name: _without_empty(value) if isinstance(value, dict) else value for name, value in state.items()
    }
    return {name: value for name, value in members.items() if value != {}}


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
    instance, state = context["instance"], context.get("state")
    return {
        "module": context["module"],
        "odoo_version": context["odoo_version"],
        "feature": context.get("feature"),
        "instance": aegis.Instance(**instance) if instance else None,
        "now": vector["now"],
        "released": context["released"],
        "neutralized": context.get("neutralized", False),
        "state": None if state is None else aegis.State.from_json(json.dumps(state)),
        "database_date": context.get("database_date"),
        "users": context.get("users"),
        "companies": context.get("companies"),
        "keyring": functools.reduce(operator.or_, map(_keyring, vector["keys"])),
    }


def _keyring(key: dict[str, Any]) -> aegis.Keyring:
    limits = {name: value for name, value in key.items() if name not in {"kid", "x"}}
    return aegis.Keyring.from_pem({key["kid"]: pem_of(_public(key["x"]))}, **limits)


def _public(x: str) -> Ed25519PublicKey:
    """Read a public key as RFC 8037 section 2 writes it."""
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "=" * (-len(x) % 4)))
