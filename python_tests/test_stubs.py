"""The stubs say what the extension is, and they serve strict users."""

import inspect
import subprocess
import sys
from pathlib import Path

import aegis_license as aegis
import pytest

GOOD = """
from collections.abc import Sequence
import aegis_license as aegis

def check(token: str, texts: Sequence[str], ring: aegis.Keyring | None = None) -> str:
    here = aegis.Instance(database_uuid="a", domain="b")
    try:
        license_: aegis.License = aegis.verify_license(token, "m", "18.0", here, None, ring)
        end: int | None = license_.exp
        versions: list[str] = license_.modules[0]["allowed_major_versions"]
        print(end, versions, license_.status == "grace")
    except aegis.ExpiredError as error:
        name: str = error.license.customer_name if error.license else error.remedy
        print(name)
    report = aegis.evaluate(texts, module="m", odoo_version="18", released="2026-11-01", keyring=ring)
    itself = aegis.evaluate(texts, module=None, odoo_version="18", instance=here, neutralized=True)
    kept: list[str] = [one.token for one in itself.assessments if one.license and one.token]
    print("staging" in itself.flags, kept)
    failed: list[str] = [check.code for check in report.checks if check.result == "failed"]
    ring = aegis.Keyring.from_pem({"k": "pem"}, issuer="x", use=("license",), modules=["m_*"], not_after=1)
    ring = ring | ring
    state: aegis.State = aegis.State.from_json(report.state.to_json())
    later = aegis.evaluate("", module=None, odoo_version="18", state=state, database_date=1, users=2)
    later = aegis.evaluate("", module=None, odoo_version="18", state=report.state, companies=3)
    moved: list[str] = [kind for one in later.assessments for kind in one.changed]
    lists: list[int | None] = [one.seq for one in later.trust if one.kind == "revocation_list"]
    events = [(change.at + 1, change.event == "status", change.license) for change in later.timeline()]
    print(moved, lists, events, later.limits.get("users"), later.now, aegis.activation_request(here))
    public: bytes = ring.keys[0]["public"]
    return f"{aegis.inspect_token(token).claims} {failed} {public!r} {hash(here)} {len(ring)}"
"""

BAD = [
    'aegis.verify_license(b"token", "m", "18")',
    'aegis.verify_license("token", "m", 18.0)',
    'aegis.verify_license("token", "m")',
    'aegis.verify_license("token", "m", "18", now=1.5)',
    'aegis.evaluate("text", "m", "18")',
    'aegis.evaluate("text", odoo_version="18")',
    'aegis.Instance("a", "b")',
    "aegis.embedded_keyring().keys = ()",
    'aegis.verify_license("token", "m", "18").status == "revoked"',
    "class Mine(aegis.License): ...",
]


def _mypy(file: Path, source: str) -> subprocess.CompletedProcess[str]:
    file.write_text(source, encoding="utf-8")
    command = ["mypy", "--strict", "--config-file=", "--cache-dir", str(file.parent / "cache"), str(file)]
    return _run(command, file.parent)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a module of this Python in a folder outside the checkout."""
    return subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False, cwd=folder
    )


def test_the_stubs_agree_with_the_extension(tmp_path: Path) -> None:
    """``mypy.stubtest`` compares every name, argument and default."""
    settings = tmp_path / "mypy.ini"
    settings.write_text("[mypy]\n", encoding="utf-8")
    command = ["mypy.stubtest", "aegis_license", "--mypy-config-file", str(settings)]
    done = _run(command, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_says_that_it_is_typed() -> None:
    """PEP 561."""
    package = Path(aegis.__file__).parent
    assert (package / "py.typed").is_file()
    assert list(package.glob("*.pyi"))


def test_good_code_passes_strict_checking(tmp_path: Path) -> None:
    """Every part of the public face in use."""
    done = _mypy(tmp_path / "good.py", GOOD)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_mistake_is_found(tmp_path: Path) -> None:
    """Each line of mistakes is reported."""
    done = _mypy(tmp_path / "bad.py", "\n".join(["import aegis_license as aegis", *BAD]) + "\n")
    assert done.returncode == 1
    missed = [mistake for line, mistake in enumerate(BAD, 2) if f"bad.py:{line}: error" not in done.stdout]
    assert missed == []


def test_everything_public_is_exported_and_documented() -> None:
    """What ``__all__`` names is there, and nothing public is left out of it."""
    public = {name for name in dir(aegis) if not name.startswith("_")}
    assert public | {"__version__"} == set(aegis.__all__)
    namespace: dict[str, object] = {}
    exec("from aegis_license import *", namespace)  # noqa: S102
    assert set(aegis.__all__) <= set(namespace)
    for name in set(aegis.__all__) - {"__version__"}:
        assert getattr(aegis, name).__doc__, name


@pytest.mark.parametrize(
    "name", ["verify_license", "evaluate", "fingerprint", "inspect_token", "embedded_keyring"]
)
def test_functions_show_their_signature(name: str) -> None:
    """For ``help()`` and for editors."""
    assert inspect.signature(getattr(aegis, name)) is not None
