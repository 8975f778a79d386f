"""Sizes, depths and stacks: no input takes long, and none takes the process with it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import aegis_license as aegis
import pytest
from support import MODULE, Vendor, b64, evaluate, verify

VENDOR = Vendor()
KEYRING = VENDOR.keyring()
LISTED = VENDOR.license(module={"technical_name": MODULE, "allowed_major_versions": ["18"], "features": []})
"""Covers the module and none of its features."""


def _refusal(text: str) -> aegis.LicenseError:
    """Verify what has to be refused, and inspect it, which may refuse it."""
    with pytest.raises(aegis.LicenseError) as caught:
        verify(text, KEYRING)
    try:
        repr(aegis.inspect_token(text))
    except aegis.LicenseError as error:
        repr(error)
    return caught.value


@pytest.mark.parametrize("letter", ["a", "e", ".", " ", "\0", "\u200b", "\U0001f600", "\ud800"])
def test_sixteen_mebibytes(letter: str) -> None:
    """Are refused at once."""
    text = letter * (16 * 1024 * 1024)
    begin = time.monotonic()
    assert _refusal(text).code in {"malformed", "missing"}
    assert evaluate(text, KEYRING).code == "malformed"
    with pytest.raises(ValueError, match=r"."):
        aegis.Keyring.from_pem({"k": text}, issuer="x")
    if letter != "\ud800":
        assert not evaluate(LISTED, KEYRING, feature=text).ok
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("letter", ["a", "\0", "\U0001f600"])
def test_a_question_of_any_length_is_not_repeated_whole(letter: str) -> None:
    """A sentence for people stays one."""
    text = letter * (1024 * 1024)
    with pytest.raises(aegis.WrongModuleError) as caught:
        verify(VENDOR.license(), KEYRING, module=text)
    messages = [caught.value.message]
    for report in (evaluate(VENDOR.license(), KEYRING, module=text), evaluate(LISTED, KEYRING, feature=text)):
        messages += [report.message, *(assessment.message for assessment in report.assessments)]
    assert max(map(len, messages)) < 1000


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ ",
        "eyJa.",
        "eyJa. ",
        "eyJ.a.",
        "eyJ.\n",
        " eyJ.a eyJ",
        "e y",
        f"eyJ.{'a' * 300}\n",
        "eyJ.a." + "b" * 86,
    ],
)
def test_no_bundle_takes_long(unit: str) -> None:
    """Four megabytes made to be read again and again."""
    text = unit * ((4 << 20) // len(unit))
    begin = time.monotonic()
    assert not evaluate(text, KEYRING).ok
    assert time.monotonic() - begin < 5


def _bombs() -> Iterator[bytes]:
    for depth in (16, 17, 127, 128, 129, 1000, 6000):
        yield b'{"a":' + b"[" * depth + b"]" * depth + b"}"
        yield b'{"a":' * depth + b"1" + b"}" * depth
        yield b'{"a":' + b"[" * depth
    yield b'{"a":1e999999999}'
    yield b'{"a":' + b"9" * 12_000 + b"}"
    yield b'{"' + b'\\"' * 6_000 + b'":1}'
    yield b"{" + b",".join(b'"%d":0' % number for number in range(1500)) + b"}"


@pytest.mark.parametrize("bomb", list(_bombs()), ids=lambda bomb: f"{bomb[:16]!r}-{len(bomb)}")
def test_json_bombs(bomb: bytes) -> None:
    """Signed properly and not, as payload and as header."""
    tokens = [VENDOR.sign_bytes(bomb), VENDOR.sign_bytes(bomb, bomb), f"{b64(b'{}')}.{b64(bomb)}.{'A' * 86}"]
    for token in tokens:
        assert _refusal(token).code == "malformed"
        assert evaluate(token, KEYRING).code in {"malformed", "missing"}


SMALL_STACK = """
import sys, threading
import aegis_license as aegis
pem, good, *bad = sys.stdin.read().split("\\0")
answers = []
now = 1_790_000_000
def work():
    ring = aegis.Keyring.from_pem({"aegis-2026-01": pem}, issuer="Example Vendor")
    answers.append(aegis.verify_license(good, "biz4a_payroll", "18", None, now, ring).status)
    report = aegis.evaluate(good, module="biz4a_payroll", odoo_version="18", now=now, keyring=ring)
    answers.append(report.code)
    for token in bad:
        answers.append(aegis.evaluate(token, module="m", odoo_version="18", keyring=ring).code)
        for call in (aegis.inspect_token, lambda t: aegis.verify_license(t, "m", "18", keyring=ring)):
            try:
                call(token)
            except aegis.LicenseError as error:
                answers.append(error.code)
for size in (32768, 65536):
    try:
        threading.stack_size(size)
        break
    except ValueError:
        pass
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(size, *answers)
"""


def test_a_thread_with_the_smallest_stack() -> None:
    """In a process of its own: what overflows a stack takes the process with it."""
    bombs = list(_bombs())
    deep = VENDOR.license(deep=json.loads("[" * 15 + "]" * 15))
    bad = [
        deep,
        *(VENDOR.sign_bytes(bomb) for bomb in bombs),
        *(VENDOR.sign_bytes(b"{}", bomb) for bomb in bombs),
    ]
    text = "\0".join([VENDOR.pem, VENDOR.license(), *bad, "eyJ. " * 500_000])
    done = subprocess.run(
        [sys.executable, "-c", SMALL_STACK],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answers = done.stdout.split()
    assert answers[1:3] == ["valid", "valid"], done.stderr
    assert set(answers[3:]) <= {"malformed", "missing", "wrong_module"}
    assert len(answers) > 100
