"""The build script: what it refuses to compile into a wheel, and that it takes another folder.

Needs cargo. The package is checked only as far as its build script: a second each, after the first time.
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from support import NOW, ROOT, Vendor, pem_of

pytestmark = pytest.mark.build

# The SPKI header of an Ed25519 key (RFC 8410 section 4), and points of small order (1 and 4).
SPKI = bytes.fromhex("302a300506032b6570032100")
WEAK = [bytes([1]) + bytes(31), bytes(32)]


def _check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the build script over a folder of keys."""
    if shutil.which("cargo") is None:
        pytest.fail("cargo is not there; these tests run the build script: install Rust", pytrace=False)
    environment = {**os.environ, "AEGIS_PUBLIC_KEYS": str(folder)}
    environment.setdefault("CARGO_TARGET_DIR", str(ROOT / "target"))
    command = ["cargo", "check", "--locked", "--package", "aegis-license"]
    return subprocess.run(
        [*command, "--message-format", "json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )


def _pem(label: str, der: bytes) -> str:
    """Write a PEM text (RFC 7468) without any check of its content."""
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def _folder(path: Path, **issuers: str) -> Path:
    """Write a good folder: one key per name, with the text of its entry."""
    path.mkdir(exist_ok=True)
    entries = []
    for kid, entry in issuers.items():
        (path / f"{kid}.public.pem").write_text(
            pem_of(Ed25519PrivateKey.generate().public_key()), encoding="utf-8"
        )
        entries.append(f"[{kid}]\n{entry}\n")
    (path / "keyring.toml").write_text("".join(entries), encoding="utf-8")
    return path


def test_another_folder_is_compiled_in(tmp_path: Path) -> None:
    """``AEGIS_PUBLIC_KEYS=DIR``: its keys, their limits, and none of the repository's."""
    entry = (
        'issuer = "A \\" \\\\ {} ü"\nuse = ["license", "certify"]\nmodules = ["a_*"]\nnot_before = 2026-01-01'
    )
    folder = _folder(tmp_path / "keys with space", k1=entry)
    (folder / "README.md").write_text("Whose keys these are.", encoding="utf-8")
    done = _check(folder)
    assert done.returncode == 0, done.stderr
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    scripts = [message for message in messages if message["reason"] == "build-script-executed"]
    (script,) = (
        message for message in scripts if message["package_id"].split("#")[-1].startswith("aegis-license")
    )
    embedded = (Path(script["out_dir"]) / "embedded_keyring.rs").read_text(encoding="utf-8")
    key = _public_bytes(folder / "k1.public.pem")
    assert str(list(key)) in embedded
    for part in ('kid: "k1"', '"A \\" \\\\ {} ü"', '["license", "certify"]', '"a_*"', "1767225600"):
        assert part in embedded
    assert "aegis-showcase" not in embedded


def _public_bytes(file: Path) -> bytes:
    key = load_pem_public_key(file.read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    return key.public_bytes_raw()


def _private_key(folder: Path, name: str = "k1.private.pem", *, encrypted: bool = False) -> None:
    encryption = BestAvailableEncryption(b"x") if encrypted else NoEncryption()
    data = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    (folder / name).write_bytes(data)


def _private_key_inside(folder: Path) -> None:
    (folder / "old").mkdir()
    _private_key(folder / "old")


def _remove_all(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def _write(name: str, content: str | bytes) -> Callable[[Path], None]:
    def fault(folder: Path) -> None:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return fault


def _append(text: str) -> Callable[[Path], None]:
    def fault(folder: Path) -> None:
        file = folder / "keyring.toml"
        file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")

    return fault


X25519 = (
    X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)
PRIVATE_DER = Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
GOOD_PEM = pem_of(Ed25519PrivateKey.generate().public_key())

FAULTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a private key": (_private_key, "k1.private.pem", "PRIVATE"),
    "an encrypted private key": (
        lambda folder: _private_key(folder, encrypted=True),
        "k1.private.pem",
        "PRIVATE",
    ),
    "a private key under another name": (
        lambda folder: _private_key(folder, "notes.txt"),
        "notes.txt",
        "PRIVATE",
    ),
    "a private key named public": (
        lambda folder: _private_key(folder, "k1.public.pem"),
        "k1.public.pem",
        "PRIVATE",
    ),
    "a private key in a folder inside": (_private_key_inside, "old", ""),
    "a private key in DER": (_write("k1.private.der", PRIVATE_DER), "k1.private.der", ""),
    "a text that is no PEM": (_write("k1.public.pem", "hello"), "k1", "PEM"),
    "an empty file": (_write("k1.public.pem", ""), "k1", "PEM"),
    "bytes that are no text": (_write("k1.public.pem", b"\xff\xfe\0"), "k1", "PEM"),
    "a PEM cut short": (_write("k1.public.pem", GOOD_PEM[:60]), "k1", "PEM"),
    "two keys in one file": (_write("k1.public.pem", GOOD_PEM * 2), "k1", "PEM"),
    "a key of another algorithm": (_write("k1.public.pem", X25519), "k1", "Ed25519"),
    "the identity point": (_write("k1.public.pem", _pem("PUBLIC KEY", SPKI + WEAK[0])), "k1", "weak"),
    "a point of order four": (_write("k1.public.pem", _pem("PUBLIC KEY", SPKI + WEAK[1])), "k1", "weak"),
    "no point": (_write("k1.public.pem", _pem("PUBLIC KEY", SPKI + bytes([2]) + bytes(31))), "k1", "Ed25519"),
    "a PEM without its entry": (_write("k2.public.pem", GOOD_PEM), "k2", "keyring.toml"),
    "an entry without its PEM": (_append('[k2]\nissuer = "A"\n'), "k2", ".public.pem"),
    "an entry twice": (_append('[k1]\nissuer = "A"\n'), "keyring.toml", "k1"),
    "an unknown setting": (_append('module = ["a"]\n'), "keyring.toml", "module"),
    "an unknown use": (_append('use = ["sign"]\n'), "k1", "use"),
    "a module that is none": (_append('modules = ["*"]\n'), "k1", "modules"),
    "a window that ends before it begins": (
        _append("not_before = 2027-01-01\nnot_after = 2026-01-01\n"),
        "k1",
        "not_",
    ),
    "no keyring.toml": (lambda folder: (folder / "keyring.toml").unlink(), "keyring.toml", ""),
    "no key at all": (_remove_all, "keyring.toml", ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_refused(name: str, tmp_path: Path) -> None:
    """The build stops, and says which file and why."""
    fault, file, why = FAULTS[name]
    folder = _folder(tmp_path / "keys", k1='issuer = "A"')
    fault(folder)
    _assert_refused(folder, file, why)


@pytest.mark.parametrize(
    ("one", "two", "why"),
    [
        ('issuer = "A"', 'issuer = "B"', "modules"),
        ('issuer = "A"\nmodules = ["a"]', 'issuer = "B"', "modules"),
        ('issuer = "A"\nmodules = ["a_*"]', 'issuer = "B"\nmodules = ["b", "a_b_*"]', "another issuer"),
        ('issuer = "A"\nmodules = ["a_b"]', 'issuer = "B"\nmodules = ["a_*"]', "another issuer"),
        ('issuer = "A"\nmodules = ["a"]', 'issuer = "B"\nmodules = ["a"]', "another issuer"),
    ],
)
def test_two_issuers_that_could_license_for_each_other_are_refused(
    one: str, two: str, why: str, tmp_path: Path
) -> None:
    """Each key of a keyring with several issuers names its modules, and none of them belongs to both."""
    _assert_refused(_folder(tmp_path / "keys", k1=one, k2=two), "k", why)


def _assert_refused(folder: Path, file: str, why: str) -> None:
    done = _check(folder)
    assert done.returncode != 0, "the build was to stop"
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ") and str(folder) in line]
    assert errors, done.stderr
    assert file in errors[0].replace(str(folder), "")
    assert why in errors[0]
    assert "panicked" not in done.stderr


ROOT_ENTRY = 'issuer = "Example Vendor"\nuse = ["certify", "revocation", "license"]'


def _vendor_folder(path: Path, vendor: Vendor) -> Path:
    path.mkdir()
    (path / f"{vendor.kid}.public.pem").write_text(vendor.pem, encoding="utf-8")
    (path / "keyring.toml").write_text(f"[{vendor.kid}]\n{ROOT_ENTRY}\n", encoding="utf-8")
    return path


def _list(vendor: Vendor, seq: int) -> str:
    claims = {"iss": vendor.issuer, "iat": NOW, "seq": seq, "revoked": []}
    return vendor.sign(claims, typ="aegis-revocation+jwt")


def test_a_list_is_compiled_in(tmp_path: Path) -> None:
    """``trust.jwt``: what a release of the wheel brings along."""
    vendor = Vendor()
    folder, token = _vendor_folder(tmp_path / "keys", vendor), _list(vendor, 5)
    (folder / "trust.jwt").write_text(f"The list of today:\n{token}\n", encoding="utf-8")
    done = _check(folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda _: "no token", "something else"),
        (lambda vendor: vendor.license(), "something else"),
        (lambda vendor: _list(vendor, 5)[:-9], "something else"),
        (lambda _: _list(Vendor(), 5), "token 1"),
        (lambda vendor: f"{_list(vendor, 6)}\n{_list(vendor, 5)}", "token 2: A newer list"),
    ],
    ids=["no token", "a license", "a token cut short", "another vendor's list", "a list that is superseded"],
)
def test_what_would_not_count_is_not_compiled_in(
    content: Callable[[Vendor], str], why: str, tmp_path: Path
) -> None:
    """Every token of the file counts with the keys beside it."""
    vendor = Vendor()
    folder = _vendor_folder(tmp_path / "keys", vendor)
    (folder / "trust.jwt").write_text(content(vendor), encoding="utf-8")
    _assert_refused(folder, "trust.jwt", why)
