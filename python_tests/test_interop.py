"""The ``aegis`` command: PyJWT verifies its licenses, ``cryptography`` opens its keys, and back."""

import json
import os
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import aegis_license as aegis
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from support import DATABASE_UUID, DAY, DOMAIN, ROOT, pem_of

KID, ISSUER, PASSPHRASE = "interop-2026", "Interop Vendor", "correct horse Bätterie"
CUSTOMER = ["--customer-id", "C-7", "--customer-name", "Bäckerei <b>Müller</b>"]


@pytest.fixture(scope="session")
def command() -> Path:
    """Find the ``aegis`` command: the one named by ``AEGIS_BIN``, else the one built last."""
    named = os.environ.get("AEGIS_BIN")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    places = [Path(named)] if named else [target / profile / "aegis" for profile in ("debug", "release")]
    built = [place for place in places if place.is_file()]
    if not built:
        pytest.fail("the aegis command is not there; build it first: cargo build -p aegis-cli", pytrace=False)
    return max(built, key=lambda place: place.stat().st_mtime)


def _run(
    command: Path, *arguments: str | Path, passphrase: str | None = PASSPHRASE, exit_code: int = 0
) -> str:
    """Run ``aegis`` and give its standard output."""
    environment = {name: value for name, value in os.environ.items() if name != "AEGIS_PASSPHRASE"}
    if passphrase is not None:
        environment["AEGIS_PASSPHRASE"] = passphrase
    done = subprocess.run(
        [command, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == exit_code, done.stderr.decode()
    assert PASSPHRASE not in (done.stdout + done.stderr).decode()
    return done.stdout.decode()


@pytest.fixture(scope="session")
def keys(command: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a key with the command."""
    folder = tmp_path_factory.mktemp("keys")
    _run(command, "keys", "generate", "--kid", KID, "--issuer", ISSUER, "--dir", folder)
    return folder


def _issue(command: Path, key: Path, *arguments: str | Path) -> str:
    return _run(command, "license", "issue", "--key", key, *CUSTOMER, *arguments).strip()


def _keyring(public: Ed25519PublicKey, kid: str = KID) -> aegis.Keyring:
    return aegis.Keyring.from_pem({kid: pem_of(public)}, issuer=ISSUER)


def _public(keys: Path) -> Ed25519PublicKey:
    key = load_pem_public_key((keys / f"{KID}.public.pem").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    return key


LICENSES: list[list[str]] = [
    ["--type", "perpetual", "--module", "biz4a_payroll:17,18", "--updates-until", "2030-12-31"],
    ["--type", "subscription", "--module", "biz4a_*:18:sepa+export", "--days", "400", "--grace-days", "14"],
    [
        "--type",
        "demo",
        "--module",
        "biz4a_payroll:18",
        "--days",
        "30",
        "--limit-users",
        "25",
        "--limit-companies",
        "2",
    ],
    [
        "--type",
        "subscription",
        "--module",
        "biz4a_payroll:18",
        "--days",
        "31",
        "--bind",
        DATABASE_UUID,
        DOMAIN,
    ],
]


@pytest.mark.parametrize("arguments", LICENSES, ids=["perpetual", "subscription", "demo", "bound"])
def test_what_it_issues_verifies_in_pyjwt_and_in_the_wheel(
    arguments: list[str], command: Path, keys: Path
) -> None:
    """Both read the same claims."""
    token = _issue(command, keys / f"{KID}.private.pem", *arguments)
    claims: dict[str, Any] = jwt.decode(token, _public(keys), algorithms=["EdDSA"], issuer=ISSUER)
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "kid": KID, "typ": "aegis-license+jwt"}
    here = aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN)
    license_ = aegis.verify_license(token, "biz4a_payroll", "18.0", here, keyring=_keyring(_public(keys)))
    assert license_.status == "valid"
    assert abs(license_.iat - time.time()) < 60
    assert (license_.jti, license_.iat, license_.exp) == (claims["jti"], claims["iat"], claims.get("exp"))
    assert {"id": license_.customer_id, "name": license_.customer_name} == claims["customer"]
    assert license_.customer_name == "Bäckerei <b>Müller</b>"
    assert license_.limits == claims.get("limits", {})
    assert license_.grace_until == claims.get("grace_until")
    assert license_.updates_until == claims.get("updates_until")
    assert license_.instance_fingerprint == claims.get("instance_fingerprint")
    assert aegis.inspect_token(token).claims == claims


def test_a_last_day_is_included(command: Path, keys: Path) -> None:
    """``--expires 2999-12-31`` ends with that day, UTC."""
    module = ["--module", "biz4a_payroll:18"]
    token = _issue(command, keys / f"{KID}.private.pem", "--type", "demo", *module, "--expires", "2999-12-31")
    midnight = 32_503_680_000  # 3000-01-01
    question = {"module": "biz4a_payroll", "odoo_version": "18", "keyring": _keyring(_public(keys))}
    assert aegis.verify_license(token, now=midnight - 1, **question).status == "expiring"  # type: ignore[arg-type]
    assert aegis.evaluate(token, now=midnight, **question).code == "expired"  # type: ignore[arg-type]


def test_a_bound_license_names_the_fingerprint_of_the_wheel(command: Path, keys: Path) -> None:
    """Vendor and customer compute the same."""
    token = _issue(command, keys / f"{KID}.private.pem", *LICENSES[3])
    assert aegis.inspect_token(token).claims["instance_fingerprint"] == aegis.fingerprint(
        DATABASE_UUID, DOMAIN
    )


def test_its_encrypted_key_opens_elsewhere(keys: Path) -> None:
    """With the passphrase, and with no other."""
    data = (keys / f"{KID}.private.pem").read_bytes()
    assert data.startswith(b"-----BEGIN ENCRYPTED " + b"PRIVATE KEY-----")
    private = load_pem_private_key(data, PASSPHRASE.encode())
    assert isinstance(private, Ed25519PrivateKey)
    assert private.public_key() == _public(keys)
    with pytest.raises(ValueError, match=r"."):
        load_pem_private_key(data, b"wrong")


def test_its_unencrypted_key_opens_elsewhere(command: Path, tmp_path: Path) -> None:
    """It is asked for explicitly, and readable by its owner only."""
    arguments = [
        "keys",
        "generate",
        "--kid",
        KID,
        "--issuer",
        ISSUER,
        "--dir",
        str(tmp_path),
        "--no-passphrase",
    ]
    _run(command, *arguments, passphrase=None)
    file = tmp_path / f"{KID}.private.pem"
    private = load_pem_private_key(file.read_bytes(), None)
    assert isinstance(private, Ed25519PrivateKey)
    assert private.public_key() == _public(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_key_of_cryptography_signs_here(*, encrypted: bool, command: Path, tmp_path: Path) -> None:
    """As Python writes it, with its best encryption or with none."""
    private = Ed25519PrivateKey.generate()
    method: KeySerializationEncryption = NoEncryption()
    if encrypted:
        method = BestAvailableEncryption(PASSPHRASE.encode())
    file = tmp_path / "python.private.pem"
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, method))
    file.chmod(0o600)
    token = _issue(command, file, *LICENSES[1], "--kid", "python", "--issuer", ISSUER)
    assert jwt.decode(token, private.public_key(), algorithms=["EdDSA"])["iss"] == ISSUER
    license_ = aegis.verify_license(
        token, "biz4a_payroll", "18", keyring=_keyring(private.public_key(), "python")
    )
    assert license_.kid == "python"


def test_the_command_and_the_wheel_give_the_same_answers(command: Path, keys: Path, tmp_path: Path) -> None:
    """Over the life of a license: the same code, checks and next change."""
    token = _issue(command, keys / f"{KID}.private.pem", *LICENSES[1])
    file, begin = tmp_path / "license.txt", aegis.inspect_token(token).claims["iat"]
    file.write_text(f"Your license:\n{token[:50]}\n{token[50:]}\n", encoding="utf-8")
    for days, code in ((1, "valid"), (390, "expiring"), (401, "grace"), (415, "expired")):
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin + days * DAY))
        asked = ["--module", "biz4a_payroll", "--odoo-version", "18.0", "--at", at, "--json"]
        shown = _run(
            command, "license", "verify", "--keys", keys, *asked, file, exit_code=int(code == "expired")
        )
        answer, report = (
            json.loads(shown),
            aegis.evaluate(
                file.read_text(encoding="utf-8"),
                module="biz4a_payroll",
                odoo_version="18.0",
                now=begin + days * DAY,
                keyring=_keyring(_public(keys)),
            ),
        )
        assert (answer["code"], report.code) == (code, code)
        assert (answer["message"], answer["remedy"]) == (report.message, report.remedy)
        assert (answer["next_change"], answer["next_code"]) == (report.next_change, report.next_code)
        checks = [(check["code"], check["result"]) for check in answer["checks"]]
        assert checks == [(check.code, check.result) for check in report.checks]
