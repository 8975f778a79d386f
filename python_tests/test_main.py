"""``python -m aegis_license`` as people and scripts run it: a process, its output and its exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import aegis_license as aegis
import pytest
from support import DATABASE_UUID, DAY, DOMAIN, NOW, ROOT, Vendor

ASKED = ("--module", "biz4a_payroll", "--odoo-version", "18.0")
SAMPLES = ROOT / "examples" / "licenses"


def run(
    *arguments: str | os.PathLike[str], text: str | bytes = b"", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run one command with ``text`` on standard input."""
    data = text.encode() if isinstance(text, str) else text
    done = subprocess.run(
        [sys.executable, "-m", "aegis_license", *arguments],
        input=data,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
    )
    output, problems = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in problems, problems
    return subprocess.CompletedProcess(done.args, done.returncode, output, problems)


def test_inspect(token: str) -> None:
    """Says loudly that nothing was verified, and writes times as dates."""
    done = run("inspect", text=f"  {token}\n")
    assert done.returncode == 0
    assert done.stdout.startswith("NOT VERIFIED")
    assert 'alg: "EdDSA"' in done.stdout
    assert "Bäckerei Müller" in done.stdout
    assert f"exp: {NOW + 365 * DAY}  (2027-09-21 14:13:20 UTC)" in done.stdout


def test_inspect_as_json(token: str, vendor: Vendor) -> None:
    """One object, marked as not verified."""
    done = run("inspect", "--json", "-", text=token)
    shown = json.loads(done.stdout)
    assert (done.returncode, shown["verified"]) == (0, False)
    assert shown["claims"] == vendor.claims()
    assert shown["header"] == {"alg": "EdDSA", "typ": "JWT", "kid": vendor.kid}


@pytest.mark.parametrize(
    ("text", "code"), [("", "missing"), ("x.y", "malformed"), (b"\xff\xfe", "malformed")]
)
def test_inspect_refuses(text: str | bytes, code: str) -> None:
    """With the code, a sentence and a remedy; exit code 1."""
    plain, as_json = run("inspect", text=text), run("inspect", "--json", text=text)
    assert (plain.returncode, as_json.returncode) == (1, 1)
    assert plain.stdout.startswith(f"{code}: ")
    assert len(plain.stdout.splitlines()) == 2
    refusal = json.loads(as_json.stdout)
    assert (refusal["code"], refusal["ok"]) == (code, False)
    assert refusal["message"]
    assert refusal["remedy"]


def test_verify_a_license_that_the_wheel_does_not_trust(token: str, tmp_path: Path) -> None:
    """From a file and from standard input; exit code 1."""
    file = tmp_path / "license.txt"
    file.write_text(f"Dear customer,\n{token}\n", encoding="utf-8")
    for done in (run("verify", *ASKED, file), run("verify", *ASKED, text=file.read_bytes())):
        assert done.returncode == 1
        assert done.stdout.startswith("unknown_key: ")
        assert "not_run  bad_signature" in done.stdout
    answer = json.loads(run("verify", *ASKED, "--json", file).stdout)
    assert (answer["code"], answer["ok"], answer["license"], answer["tokens"]) == (
        "unknown_key",
        False,
        None,
        ["unknown_key"],
    )
    assert [check["result"] for check in answer["checks"]][:3] == ["passed", "passed", "failed"]


def test_verify_takes_every_option(token: str) -> None:
    """Together; and a day, or an instant with its offset, as the present."""
    for at in ("2026-11-01", "2026-11-01T12:00:00Z", "2026-11-01T12:00:00+01:00"):
        options = [
            "--feature",
            "sepa",
            "--bind",
            DATABASE_UUID,
            DOMAIN,
            "--released",
            "2026-11-01",
            "--at",
            at,
        ]
        assert run("verify", *ASKED, *options, text=token + token).returncode == 1


@pytest.mark.parametrize(
    ("sample", "options", "code"),
    [
        ("perpetual", [], "valid"),
        ("subscription", [], "valid"),
        ("subscription", ["--feature", "export"], "valid"),
        ("demo-ended", [], "expired"),
        ("bound", ["--bind", "7c0e4b1a-5b0e-4f5e-9d53-3f6f2f7f0a11", "acme.example.com"], "valid"),
        ("bound", ["--bind", DATABASE_UUID, "acme.example.com"], "wrong_instance"),
        ("bound", [], "wrong_instance"),
    ],
)
def test_verify_the_sample_licenses(sample: str, options: list[str], code: str) -> None:
    """They are signed by a key that the wheel trusts; exit code 0 when the license works."""
    if "aegis-showcase" not in {key["kid"] for key in aegis.embedded_keyring().keys}:
        pytest.skip("this wheel was built with other public keys than the repository's")
    command = ["verify", "--module", "aegis_demo", "--odoo-version", "18.0", "--at", "2026-12-01", *options]
    done = run(*command, SAMPLES / f"{sample}.license")
    assert done.returncode == (0 if code == "valid" else 1)
    assert done.stdout.startswith(f"{code}: ")
    answer = json.loads(run(*command, "--json", SAMPLES / f"{sample}.license").stdout)
    assert (answer["code"], answer["ok"]) == (code, code == "valid")
    assert answer["license"] is not None


def test_fingerprint() -> None:
    """As the function of the same name."""
    expected = aegis.fingerprint(DATABASE_UUID, DOMAIN)
    assert run("fingerprint", DATABASE_UUID, DOMAIN).stdout == expected + "\n"
    assert json.loads(run("fingerprint", "--json", DATABASE_UUID, DOMAIN).stdout) == {"fingerprint": expected}


def test_keys() -> None:
    """All that the wheel trusts."""
    keys = aegis.embedded_keyring().keys
    plain, shown = run("keys"), json.loads(run("keys", "--json").stdout)
    assert plain.returncode == 0
    assert shown == [{**key, "public": key["public"].hex()} for key in keys]
    for key in keys:
        assert key["kid"] in plain.stdout
        assert key["public"].hex() in plain.stdout


def test_help_and_version() -> None:
    """Each command explains itself."""
    assert run("--version").stdout == f"aegis-license {aegis.__version__}\n"
    for command in ((), ("inspect",), ("verify",), ("fingerprint",), ("keys",)):
        done = run(*command, "--help")
        assert done.returncode == 0
        assert done.stdout.startswith("usage: python -m aegis_license")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("unknown",),
        ("verify",),
        ("verify", "--module", "m"),
        ("verify", "--module", "m", "--odoo-version", "new"),
        ("verify", *ASKED, "--released", "yesterday"),
        ("verify", *ASKED, "--at", "yesterday"),
        ("verify", *ASKED, "--at", "2026-11-01T12:00:00"),
        ("verify", *ASKED, "--bind", DATABASE_UUID),
        ("verify", *ASKED, "--bind", DATABASE_UUID, "https://acme.odoo.com"),
        ("verify", *ASKED, "no such file"),
        ("inspect", "no such file"),
        ("inspect", "."),
        ("fingerprint", "", DOMAIN),
        ("fingerprint", DATABASE_UUID),
        ("keys", "extra"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    """Exit code 2, a sentence on standard error, nothing on standard output."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: " in done.stderr


@pytest.mark.parametrize(
    "evil", ["\x1b[2J\x1b]0;title\x07", "\r\nvalid: yes", "\u202egnp", "\x9b31m", "\0", "\u2028x"]
)
def test_control_characters_are_escaped(evil: str, vendor: Vendor) -> None:
    """A token may hold any text; a terminal must not obey it, and a line must not be forged."""
    name = f"ACME {evil}"
    token = vendor.sign({**vendor.claims(customer={"id": name, "name": name}), name: name}, note=name)
    for arguments in (("inspect",), ("inspect", "--json"), ("verify", *ASKED), ("verify", "--json", *ASKED)):
        output = run(*arguments, text=token).stdout
        assert output
        assert all(letter.isprintable() or letter == "\n" for letter in output)
        assert "\nvalid: yes" not in output
    done = run("verify", "--module", name.replace("\0", ""), "--odoo-version", "18", text=token)
    assert all(letter.isprintable() or letter == "\n" for letter in done.stdout)


def test_output_that_cannot_show_a_letter(token: str) -> None:
    """A terminal without ``ü`` is no wrong usage: the answer comes, and so does its exit code."""
    done = run("inspect", text=token, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "C-1042" in done.stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_went_away(unbuffered: str, token: str) -> None:
    """``… | head -1`` ends without noise on standard error."""
    command: list[Any] = [sys.executable, "-m", "aegis_license", "inspect"]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        done = subprocess.run(
            command,
            input=token.encode(),
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert done.returncode != 2


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX shell")
@pytest.mark.parametrize(("closed", "code"), [("<&-", 2), (">&-", 0)])
def test_a_closed_stream_is_no_refusal(closed: str, code: int) -> None:
    """Without input there is nothing to verify; without output the exit code still tells."""
    sample = "" if closed == "<&-" else SAMPLES / "perpetual.license"
    command = f'exec "$0" -m aegis_license verify --module aegis_demo --odoo-version 18.0 {sample} {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr


def test_a_file_that_cannot_be_read(token: str, tmp_path: Path) -> None:
    """Names the file and a remedy; a token in its place is not repeated."""
    for name in (str(tmp_path), str(tmp_path / "nope")):
        done = run("inspect", name)
        assert done.returncode == 2
        assert repr(name) in done.stderr
        assert "name a file" in done.stderr
    done = run("inspect", token)
    assert done.returncode == 2
    assert token[:20] not in done.stderr


@pytest.mark.parametrize(
    "day", ["foo", "2026-13-01", "20261101", "2026-11-01T10:00:00", "2026-11-01T10:00:00.5Z"]
)
def test_what_is_no_date_says_what_one_is(day: str) -> None:
    """Wrong usage, with an example."""
    done = run("verify", *ASKED, "--at", day)
    assert done.returncode == 2
    assert "such as 2026-11-01" in done.stderr


def test_timeline(token: str) -> None:
    """Nothing is trusted here, and what is refused stays refused."""
    done = run("timeline", "--odoo-version", "18.0", text=token)
    assert done.returncode == 1
    assert "unknown_key" in done.stdout
    assert "Nothing will change" in done.stdout


def test_timeline_of_a_license_that_is_trusted() -> None:
    """Each change with its date, its code and what it means."""
    sample = next(iter(sorted(SAMPLES.glob("*subscription*"))))
    shown = json.loads(
        run("timeline", sample, "--odoo-version", "18.0", "--at", "2026-11-01", "--json").stdout
    )
    events = [(change["code"], change["event"]) for change in shown["changes"]]
    assert ("expired", "status") in events
    assert all(change["message"] and change["effect"] and change["at"] for change in shown["changes"])
    text = run("timeline", sample, "--odoo-version", "18.0", "--module", "aegis_demo", "--at", "2026-11-01")
    assert text.returncode == 0
    assert "New records are refused" in text.stdout
    assert "UTC  expired: The license ended at" in text.stdout


def test_request() -> None:
    """One line to send to the vendor, the same as the function gives."""
    done = run("request", DATABASE_UUID, DOMAIN, "--instance-id", "erp-1")
    instance = aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN, instance_id="erp-1")
    assert (done.returncode, done.stdout) == (0, aegis.activation_request(instance) + "\n")
    shown = json.loads(run("request", DATABASE_UUID, DOMAIN, "--json").stdout)
    assert shown["request"].startswith("aegis-request.")
    assert run("request", DATABASE_UUID, "https://acme.odoo.com").returncode == 2
