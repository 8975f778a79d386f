"""The cache: only a good signature is remembered; everything else is checked on every call."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import aegis_license as aegis
import pytest
from support import DATABASE_UUID, DAY, DOMAIN, NOW, Vendor, evaluate, verify

MORE_THAN_FIT = 1024 + 200
"""More licenses than the cache keeps."""


def test_time_is_checked_again(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """A cached license ends and begins like any other, forwards and backwards in time."""
    token = vendor.license(nbf=NOW, exp=NOW + 90 * DAY, grace_until=NOW + 100 * DAY)
    for _ in range(2):
        assert verify(token, keyring, now=NOW).status == "valid"
        assert verify(token, keyring, now=NOW + 89 * DAY).status == "expiring"
        assert verify(token, keyring, now=NOW + 90 * DAY).status == "grace"
        with pytest.raises(aegis.ExpiredError):
            verify(token, keyring, now=NOW + 100 * DAY)
        with pytest.raises(aegis.NotYetValidError):
            verify(token, keyring, now=NOW - 1)


def test_a_license_handed_out_keeps_its_status(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Objects may be shared between calls, never changed by one."""
    token = vendor.license(exp=NOW + 90 * DAY)
    early = verify(token, keyring)
    late = verify(token, keyring, now=NOW + 89 * DAY)
    assert (early.status, late.status) == ("valid", "expiring")
    assert verify(token, keyring) == early


def test_the_question_is_checked_again(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Module, version and instance."""
    here = aegis.Instance(database_uuid=DATABASE_UUID, domain=DOMAIN)
    there = aegis.Instance(database_uuid=DATABASE_UUID, domain="other.example")
    token = vendor.license(instance_fingerprint=here.fingerprint)
    for _ in range(2):
        assert verify(token, keyring, instance=here).status == "valid"
        with pytest.raises(aegis.WrongInstanceError):
            verify(token, keyring, instance=there)
        with pytest.raises(aegis.WrongInstanceError):
            verify(token, keyring)
        with pytest.raises(aegis.WrongModuleError):
            verify(token, keyring, instance=here, module="other")
        with pytest.raises(aegis.WrongOdooVersionError):
            verify(token, keyring, instance=here, odoo_version="16.0")


def test_another_keyring_does_not_trust_what_the_first_did(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Same key id, another key; same key, narrower limits; and the embedded keyring."""
    token = vendor.license()
    assert verify(token, keyring).status == "valid"
    impostor = Vendor(issuer=vendor.issuer, kid=vendor.kid).keyring()
    with pytest.raises(aegis.BadSignatureError):
        verify(token, impostor)
    assert evaluate(token, impostor).code == "bad_signature"
    with pytest.raises(aegis.UnknownKeyError):
        verify(token, vendor.keyring(use=["certify"]))
    with pytest.raises(aegis.UnknownKeyError):
        verify(token, vendor.keyring(not_after=NOW - DAY))
    with pytest.raises(aegis.WrongModuleError):
        verify(token, vendor.keyring(modules=["other"]))
    with pytest.raises(aegis.UnknownKeyError):
        aegis.verify_license(token, "biz4a_payroll", "18.0", now=NOW)
    assert verify(token, keyring).status == "valid"


def test_a_keyring_made_in_the_place_of_another_is_another(vendor: Vendor) -> None:
    """Memory is used again; what was cached for a keyring that is gone must not serve the next."""
    token = vendor.license()
    for _ in range(200):
        assert verify(token, vendor.keyring()).status == "valid"
        with pytest.raises(aegis.BadSignatureError):
            verify(token, Vendor().keyring())


def test_a_token_like_a_cached_one_is_not_that_one(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """A cached token's signature under other claims, and its claims under another signature."""
    good, other = vendor.license(), vendor.license(exp=NOW + 999 * DAY)
    assert verify(good, keyring).status == "valid"
    header, payload, signature = good.split(".")
    forged = [
        f"{header}.{other.split('.')[1]}.{signature}",
        f"{header}.{payload}.{other.split('.')[2]}",
        f"{header}.{payload}.{other.split('.')[2][:6]}{signature[6:]}",
        f"{header}.{payload}.{signature[:40]}{other.split('.')[2][40:46]}{signature[46:]}",
    ]
    for token in forged:
        with pytest.raises(aegis.BadSignatureError):
            verify(token, keyring)
    assert verify(f"\n{good} ", keyring).status == "valid"


def test_a_refusal_is_not_remembered(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Nor does it displace anything."""
    token = vendor.license()
    for _ in range(2):
        with pytest.raises(aegis.BadSignatureError):
            verify(token, Vendor().keyring())
        assert verify(token, keyring).status == "valid"


def test_more_licenses_than_fit(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """All of them get their own answer, again and again, in any order."""
    tokens = list(_many(vendor, MORE_THAN_FIT))
    shuffled = random.Random(1).sample(tokens, len(tokens))  # noqa: S311
    for number, token in tokens + shuffled:
        assert verify(token, keyring).customer_id == f"C-{number}"
    report = evaluate([token for _, token in tokens[:256]], keyring)
    ids = [assessment.license.customer_id for assessment in report.assessments if assessment.license]
    assert ids == [f"C-{number}" for number, _ in tokens[:256]]


def test_many_threads_at_once(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """Each call gets the answer to its own question."""
    tokens = list(_many(vendor, 40))
    impostor = Vendor(issuer=vendor.issuer, kid=vendor.kid).keyring()
    start = threading.Barrier(16)

    def ask(seed: int) -> int:
        chance = random.Random(seed)  # noqa: S311
        start.wait()
        for _ in range(300):
            number, token = chance.choice(tokens)
            now = chance.choice([NOW, NOW + 350 * DAY])
            license_ = verify(token, keyring, now=now)
            assert (license_.customer_id, license_.status) == (
                f"C-{number}",
                "valid" if now == NOW else "expiring",
            )
            assert evaluate(token, impostor).code == "bad_signature"
        return seed

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(16))) == list(range(16))


THREADS_THAT_END = """
import sys, threading
import aegis_license as aegis
pem, token = sys.stdin.read().split("\\0")
ring = aegis.Keyring.from_pem({"aegis-2026-01": pem}, issuer="Example Vendor")
def work():
    copy = token[:50] + token[50:]
    for _ in range(3):
        aegis.verify_license(copy, "biz4a_payroll", "18", None, 1_790_000_000, ring)
for _ in range(300):
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
work()
threading.Thread(target=work).start()
print("done")
"""


def test_threads_that_end(vendor: Vendor) -> None:
    """What was kept for a thread does not outlive it badly, nor does the process end badly."""
    done = subprocess.run(
        [sys.executable, "-c", THREADS_THAT_END],
        input=f"{vendor.pem}\0{vendor.license()}",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_the_same_object_is_not_taken_for_an_answer(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """One ``str`` object, asked about in turns with other keyrings, questions and functions."""
    token = vendor.license(exp=NOW + 90 * DAY)
    impostor = Vendor(issuer=vendor.issuer, kid=vendor.kid).keyring()
    for _ in range(3):
        assert verify(token, keyring).status == "valid"
        assert evaluate(token, impostor).code == "bad_signature"
        with pytest.raises(aegis.BadSignatureError):
            verify(token, impostor)
        with pytest.raises(aegis.ExpiredError) as caught:
            verify(token, keyring, now=NOW + 90 * DAY)
        assert caught.value.license is not None
        assert caught.value.license.status == "expired"
        with pytest.raises(aegis.WrongModuleError) as other:
            verify(token, keyring, module="other")
        assert other.value.license is not None
        assert other.value.license.status == "valid"


def test_the_second_time_costs_less(vendor: Vendor, keyring: aegis.Keyring) -> None:
    """The signature is not checked again; how much less it costs, the benchmarks say."""
    token = vendor.license()
    rings = [vendor.keyring() for _ in range(50)]
    assert _fastest([(token, keyring)] * 50) < _fastest([(token, ring) for ring in rings])


def _fastest(calls: list[tuple[str, aegis.Keyring]]) -> int:
    """Give the nanoseconds of the fastest call but the first."""
    times = []
    for token, keyring in calls:
        begin = time.perf_counter_ns()
        verify(token, keyring)
        times.append(time.perf_counter_ns() - begin)
    return min(times[1:])


def _many(vendor: Vendor, count: int) -> Iterator[tuple[int, str]]:
    for number in range(count):
        yield number, vendor.license(customer={"id": f"C-{number}", "name": "Many"})
