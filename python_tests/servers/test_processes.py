"""Several processes on one database: what one stores, the others know on their next request."""

import threading
from concurrent.futures import ThreadPoolExecutor

from odoo_lab import free_port
from servers.installation import USER, Installation
from servers.web import Session


def store_and_remove(installation: Installation, one: Session, others: list[Session]) -> None:
    """Store a license through one session and look with others, then remove it."""
    assert all("no license" in (other.banner() or {"lines": [""]})["lines"][0] for other in others)
    assert one.call("aegis.license", "store", installation.licenses.license())["stored"] == 1
    assert [other.banner() for other in others] == [None] * len(others)
    assert all("Azure Interior" in other.page() for other in others)
    rows = one.call("aegis.license", "search_read", [], ["issuer", "jti"])
    assert one.call("aegis.license", "remove", rows[0]["issuer"], rows[0]["jti"]) == 1
    assert all("no license" in (other.banner() or {"lines": [""]})["lines"][0] for other in others)


def test_two_servers_on_one_database(installation: Installation) -> None:
    """A paste in one is seen by the other without a restart; a removal likewise."""
    database = installation.database("two")
    with database.server() as first, database.server() as second:
        sessions = [Session(server.url, database.name, "admin") for server in (first, second)]
        store_and_remove(installation, sessions[0], [sessions[1]])
        store_and_remove(installation, sessions[1], [sessions[0]])


def test_worker_processes(installation: Installation) -> None:
    """Whichever worker answers knows what another one stored."""
    database = installation.database("workers")
    with database.server("--workers=2", f"--gevent-port={free_port()}") as server:
        # Enough of them that each worker is asked.
        sessions = [Session(server.url, database.name, "admin") for _ in range(6)]
        store_and_remove(installation, sessions[0], sessions[1:])


def test_a_paste_counts_at_once_while_others_are_busy(installation: Installation) -> None:
    """Odoo's cache may be filled again by a transaction that began before: no refusal may come from there."""
    database = installation.database("busy")
    done = threading.Event()

    def work(person: Session) -> None:
        while not done.is_set():
            person.banner()

    with database.server() as server, ThreadPoolExecutor(8) as pool:
        admin, *users = [Session(server.url, database.name, login) for login in ("admin", *[USER] * 8)]
        # Odoo makes what it keeps of a user at their first request, and not twice at once.
        users[0].banner()
        people = [pool.submit(work, user) for user in users]
        try:
            for _ in range(12):
                admin.call("aegis.license", "store", installation.licenses.license())
                assert admin.banner() is None
                for row in admin.call("aegis.license", "search_read", [], ["issuer", "jti"]):
                    admin.call("aegis.license", "remove", row["issuer"], row["jti"])
        finally:
            done.set()
        for person in people:
            person.result()
