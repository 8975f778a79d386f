"""Under load, whatever fails: nothing acknowledged is lost or issued twice, and service returns by itself."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from license_server.client import BASE, Client, assert_unavailable
from license_server.clock import Clock
from license_server.full import Disk, LimitedFiles, small_disk
from license_server.load import Load, Try
from license_server.proof import assert_nothing_lost, assert_refused_properly
from license_server.server import Server, Start, wait_until
from license_server.stores import OwnCluster, PostgreSql, Sqlite, Store, new_database
from license_server.vault import Vault, running

#: Requests that are watched in each state, at least.
ENOUGH = 40
#: Seconds within which they come; a server may let each wait for some.
LONGEST = 30
#: Seconds after the end of a fault within which licenses are issued again.
BACK = 10
#: Seconds.
YEAR = 365 * 24 * 60 * 60


@pytest.fixture
def own_cluster() -> Iterator[OwnCluster]:
    """Give a PostgreSQL that may be stopped."""
    made = OwnCluster()
    with made:
        yield made


@pytest.fixture
def own_postgres(own_cluster: OwnCluster) -> Iterator[PostgreSql]:
    """Give a database on it."""
    with new_database(own_cluster) as made:
        yield made


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """Give an OpenBao that may be sealed."""
    with running(tmp_path) as started:
        yield started


@pytest.fixture(params=["small", "limited"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """Give a disk that may be filled."""
    folder = tmp_path / "disk"
    if request.param == "limited":
        yield LimitedFiles(folder)
        return
    with small_disk(folder) as made:
        if isinstance(made, LimitedFiles):
            pytest.skip("only root can mount a small file system; files are limited instead")
        yield made


def let_issue(load: Load) -> None:
    """Wait until enough licenses were issued from now on."""
    moment = time.monotonic()
    assert wait_until(lambda: len(load.issued_since(moment)) >= ENOUGH, LONGEST)


def watch_refusals(load: Load) -> None:
    """Wait for requests that begin from now on: each is refused properly, and nothing is issued."""
    moment = time.monotonic()
    assert wait_until(lambda: len(load.since(moment)) >= ENOUGH, LONGEST)
    assert load.issued_since(moment) == []
    assert_refused_properly(load)


def all_refused(tries: list[Try]) -> bool:
    """Say whether nothing was acknowledged."""
    return not any(each.is_acknowledged for each in tries)


def assert_back(load: Load) -> None:
    """Licenses are issued again soon."""
    moment = time.monotonic()
    assert wait_until(lambda: bool(load.issued_since(moment)), BACK)


def started(
    start: Start, store: Store, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
) -> Server:
    """Start a server with a customer on a database."""
    server = start(env={**store.env, **(env or {})}, prefix=prefix)
    server.client.add_customer()
    return server


def test_the_server_is_killed_and_started_again(start: Start, store: Store) -> None:
    """Three times, in the middle of its work."""
    server = started(start, store)
    with Load(server.client) as load:
        for _ in range(3):
            let_issue(load)
            server.kill()
            time.sleep(0.3)
            server.start()
            assert_back(load)
    assert load.broken
    assert load.refusals == []
    assert_nothing_lost(load, server, store)


def test_the_server_is_asked_to_stop_and_started_again(start: Start, store: Store) -> None:
    """It ends in order, and soon."""
    server = started(start, store)
    with Load(server.client) as load:
        let_issue(load)
        assert server.stop() == 0
        server.start()
        assert_back(load)
    assert load.refusals == []
    assert_nothing_lost(load, server, store)


def test_postgresql_is_stopped_at_once_and_started_again(
    start: Start, own_cluster: OwnCluster, own_postgres: PostgreSql
) -> None:
    """As by a crash; the server lives on, and says meanwhile that it cannot work."""
    server = started(start, own_postgres)
    with Load(server.client) as load:
        let_issue(load)
        own_cluster.halt("immediate")
        watch_refusals(load)
        assert_unavailable(server.client.send("GET", "/ready"))
        assert_unavailable(server.client.get("/licenses"))
        assert server.client.send("GET", "/health").status == 200
        own_cluster.start()
        assert_back(load)
        let_issue(load)
    assert load.broken == 0
    assert server.client.is_ready()
    assert_nothing_lost(load, server, own_postgres)


def test_the_signer_is_sealed_and_unsealed(start: Start, vault: Vault, store: Store, tmp_path: Path) -> None:
    """What needs no signature goes on meanwhile."""
    server = started(start, store, env=vault.settings(tmp_path / "trust"))
    with Load(server.client) as load:
        let_issue(load)
        vault.seal()
        watch_refusals(load)
        (license_, *_) = server.client.get("/licenses?limit=1").body["items"]
        assert server.client.get(f"/licenses/{license_['id']}/token").status == 200
        vault.unseal()
        assert_back(load)
        let_issue(load)
    assert load.broken == 0
    assert_nothing_lost(load, server, store)


def test_the_disk_is_full_for_a_while(start: Start, disk: Disk) -> None:
    """Reading goes on meanwhile."""
    store = Sqlite(disk.folder / "licenses.db")
    server = started(start, store, prefix=disk.prefix)
    with Load(server.client) as load:
        let_issue(load)
        disk.fill(server.pid)
        # A little fits into what the files have already.
        assert wait_until(lambda: all_refused(load.tries[-ENOUGH:]), LONGEST)
        watch_refusals(load)
        # Not each time: a new connection may need a little of the disk too.
        assert wait_until(lambda: server.client.get("/licenses?limit=1").status == 200, BACK)
        disk.clear(server.pid)
        assert_back(load)
        let_issue(load)
    assert load.broken == 0
    assert_nothing_lost(load, server, store)


def test_the_clock_is_set_and_set_right_again(start: Start, store: Store, tmp_path: Path) -> None:
    """Days back, then years ahead. Lists of what is revoked are told apart by their numbers, in order."""
    clock = Clock(tmp_path / "clock")
    server = started(start, store, env=clock.env)
    lists = []
    with Load(server.client) as load:
        for offset in ("+0", "-2d", "+20y", "+0"):
            clock.set(offset)
            lists.append(list_with_one_more(load, server.client))
    assert (lists[2]["iat"] - lists[0]["iat"]) // YEAR in (19, 20)
    # Twenty years on, what was revoked before has ended and needs no list; it comes back with the right time.
    assert [len(each["revoked"]) for each in lists] == [1, 2, 1, 4]
    numbers = [each["seq"] for each in lists]
    assert numbers == sorted(set(numbers))
    assert load.refusals == []
    assert load.broken == 0
    assert_nothing_lost(load, server, store)


def list_with_one_more(load: Load, client: Client) -> dict[str, Any]:
    """Revoke a license that was issued from now on, and give the list that says so."""
    moment = time.monotonic()
    let_issue(load)
    issued = load.issued_since(moment)[0].answer
    assert issued
    revoked = client.send("DELETE", f"{BASE}/licenses/{issued.body['id']}?reason=test")
    assert revoked.status == 200, revoked.text
    return client.revocations()


def test_one_of_two_servers_is_killed(start: Start, postgres: PostgreSql) -> None:
    """The other goes on, also with the requests of those who asked both."""
    first, second = two_servers(start, postgres)
    with Load(first.client, Client(second.port, first.key)) as load:
        let_issue(load)
        first.kill()
        assert_back(load)
        let_issue(load)
        first.start()
        assert_back(load)
    assert load.broken
    assert_refused_properly(load)
    assert_nothing_lost(load, first, postgres)


def two_servers(start: Start, store: Store) -> tuple[Server, Server]:
    """Start two servers with the same signing key on one database."""
    first = started(start, store)
    keys = first.data / "keys"
    same = {"AEGIS_SIGNER": f"file:{keys}", "AEGIS_TRUST": str(keys)}
    return first, start("second", env={**store.env, **same})
