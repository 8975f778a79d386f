"""Several licenses in one database: renewals in advance, the best one counts, workers that write at once."""

import concurrent.futures
import time
from collections.abc import Iterator

import pytest
from odoo_lab import free_port
from servers.installation import Database, Installation
from servers.licenses import SERIES, Licenses
from servers.statuses import DEMO, NOTE, begin_anew, remembered, status_of, take_note
from servers.trust import jti_of
from servers.web import Session, is_refused
from support import DAY

PEOPLE = 6


@pytest.fixture(scope="module")
def running(installation: Installation) -> Iterator[tuple[Database, Session]]:
    """Give a server."""
    database = installation.database("several")
    with database.server() as server:
        yield database, Session(server.url, database.name, "admin")


@pytest.fixture
def admin(running: tuple[Database, Session]) -> Session:
    """Give the administrator, with nothing stored."""
    begin_anew(*running)
    return running[1]


def store(admin: Session, *tokens: str) -> int:
    """Paste licenses, and say how many were stored."""
    stored: int = admin.call("aegis.license", "store", "\n".join(tokens))["stored"]
    return stored


def test_a_renewal_is_pasted_before_the_old_one_ends(admin: Session, licenses: Licenses) -> None:
    """The old one works on, then the new one, and nobody is warned."""
    now = int(time.time())
    end = now + 5 * DAY
    store(admin, licenses.license(exp=end))
    assert (status_of(admin).code, admin.banner() is None) == ("expiring", False)
    renewal = licenses.license(370, nbf=end)
    assert store(admin, renewal) == 1
    status = status_of(admin)
    assert (status.ok, status.licenses[jti_of(renewal)]) == (True, "not_yet_valid")
    second = now + 4
    admin.put("\n".join([licenses.license(exp=second), licenses.license(nbf=second)]))
    while time.time() < second + 1.2:
        assert take_note(admin)
        time.sleep(0.3)
    assert status_of(admin).code == "valid"


def test_the_best_license_counts(admin: Session, licenses: Licenses) -> None:
    """Whatever lies beside it, in whatever order."""
    now = int(time.time())
    tokens = [
        licenses.license(-3),
        licenses.license(versions=["16"]),
        licenses.license(-3, grace_until=now + 10 * DAY),
        licenses.license(10),
        licenses.license(module="lab_other"),
    ]
    for texts in (tokens, tokens[::-1]):
        admin.put("\n".join(texts))
        assert status_of(admin).code == "expiring"
    admin.put("\n".join([*tokens, licenses.license()]))
    assert (status_of(admin).code, admin.banner()) == ("valid", None)


def test_the_best_license_for_a_feature(admin: Session, licenses: Licenses) -> None:
    """One may be the best for the module, another one for what it can do besides."""
    entry = {"technical_name": DEMO, "allowed_major_versions": list(SERIES)}
    plain = licenses.license(without=["module"], modules=[{**entry, "features": []}])
    export = licenses.license(10, without=["module"], modules=[{**entry, "features": ["export"]}])
    admin.put(f"{plain}\n{export}")
    assert status_of(admin).code == "valid"
    assert status_of(admin, feature="export").code == "expiring"
    assert not status_of(admin, feature="import").ok


def test_one_that_is_removed_leaves_the_others(admin: Session, licenses: Licenses) -> None:
    """And what is not worth storing takes nothing away."""
    good, other = licenses.license(), licenses.license(200)
    store(admin, good, other)
    assert store(admin, good[:-8], licenses.license(-3)) == 0
    assert sorted(status_of(admin).licenses) == sorted([jti_of(good), jti_of(other)])
    admin.call("aegis.license", "remove", licenses.vendor.issuer, jti_of(good))
    assert list(status_of(admin).licenses) == [jti_of(other)]
    assert take_note(admin)


def test_workers_do_not_lose_what_others_write(installation: Installation, licenses: Licenses) -> None:
    """Several people paste and work at once, in two processes: each license is stored and remembered."""
    database = installation.database("several_workers")
    with database.server("--workers=2", f"--gevent-port={free_port()}") as server:
        people = [Session(server.url, database.name, "admin") for _ in range(PEOPLE)]
        begin_anew(database, people[0])
        assert is_refused(people[0], NOTE, "AEGIS Demo: ")
        store(people[0], licenses.license())
        tokens = [licenses.license(100 + number) for number in range(PEOPLE)]

        def work(person: Session, token: str) -> int:
            take_note(person)
            stored = store(person, token)
            take_note(person)
            return stored

        with concurrent.futures.ThreadPoolExecutor(PEOPLE) as pool:
            assert sum(pool.map(work, people, tokens)) == PEOPLE
        stored = str(database.parameter("aegis.license_tokens")).split()
        assert set(tokens) <= set(stored)
        assert len(stored) == PEOPLE + 1
        known = remembered(database)["licenses"][licenses.vendor.issuer]
        assert {jti_of(token) for token in tokens} <= known.keys()
        assert all(abs(item["first_seen"] - time.time()) < 120 for item in known.values())
        rows = people[0].call("aegis.license", "search_read", [], ["jti", "code"])
        assert {jti_of(token) for token in tokens} <= {row["jti"] for row in rows if row["code"] == "valid"}
