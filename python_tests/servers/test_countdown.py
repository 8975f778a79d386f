"""A module that has worked goes on for some days when its license is gone; all processes agree."""

import dataclasses
import time
from pathlib import Path

from odoo_lab import free_port
from servers.installation import ADDONS, Database, Installation
from servers.mailbox import wait_until
from servers.small_modules import model_of, write_paid
from servers.web import Session, is_refused

NOTE, DEMO, PAID = "aegis.demo.note", "aegis_demo", "lab_paid"
GONE = "aegis-license is not installed"
ENDED = "Ended on"
NO_LICENSE = "There is no license for this module"
LONG_AGO = "UPDATE aegis_countdown SET since = since - 15 * 86400 WHERE module = %s RETURNING module"


def take_note(person: Session) -> int:
    """Make a record of the protected module."""
    note: int = person.call(NOTE, "create", {"name": "new"})
    return note


def remembered(database: Database) -> tuple[bool, bool]:
    """Tell whether the protected module has worked, and whether it counts down."""
    sql = "SELECT worked, since IS NOT NULL FROM aegis_countdown WHERE module = %s"
    worked, counts_down = database.query(sql, DEMO)[0]
    return worked, counts_down


def take_away_the_license(database: Database) -> None:
    """Do it behind the back of the addon, as another database's backup would."""
    database.query("DELETE FROM ir_config_parameter WHERE key = 'aegis.license_tokens' RETURNING id")


def test_without_the_engine_it_counts_down(installation: Installation) -> None:
    """Nothing is refused until it is over; restarts do not begin it anew; the wheel ends it."""
    database = installation.database("countdown")
    with database.server() as server:
        person = Session(server.url, database.name, "admin")
        person.call("aegis.license", "store", installation.licenses.license())
        assert take_note(person)
    bare = database.without_engine()
    with bare.server() as server:
        assert take_note(Session(server.url, database.name, "admin"))
    since = database.query("SELECT since FROM aegis_countdown WHERE module = %s", DEMO)
    assert since[0][0]
    with bare.server() as server:
        person = Session(server.url, database.name, "admin")
        assert take_note(person)
        assert database.query("SELECT since FROM aegis_countdown WHERE module = %s", DEMO) == since
        assert database.query(LONG_AGO, DEMO)
        wait_until(lambda: is_refused(person, NOTE, GONE))
        banner = person.banner()
        assert banner
        assert banner["level"] == "danger"
    with database.server() as server:
        assert take_note(Session(server.url, database.name, "admin"))
    assert remembered(database) == (True, False)


def test_a_license_that_is_gone_and_one_that_has_ended(installation: Installation) -> None:
    """The first counts down, and no longer than it would have been valid; the second never does."""
    database, licenses = installation.database("countdown_gone"), installation.licenses
    with database.server() as server:
        person = Session(server.url, database.name, "admin")
        person.call("aegis.license", "store", licenses.license())
        assert take_note(person)
        take_away_the_license(database)
        # What is cached is believed for some seconds.
        wait_until(lambda: (person.banner() or {"lines": [""]})["lines"][0].count(NO_LICENSE))
        wait_until(lambda: take_note(person) and remembered(database) == (True, True))
        # A license ends it, and a few seconds of one are no way to get more days.
        person.put(licenses.license(exp=int(time.time()) + 6))
        wait_until(lambda: take_note(person) and remembered(database) == (True, False))
        take_away_the_license(database)
        wait_until(lambda: is_refused(person, NOTE, NO_LICENSE))
        # The same while it is there, and after.
        person.put(licenses.license())
        assert take_note(person)
        person.put(licenses.license(-1))
        wait_until(lambda: is_refused(person, NOTE, ENDED))
        assert remembered(database) == (False, False)
        person.put("")
        assert is_refused(person, NOTE, NO_LICENSE)
    with database.without_engine().server() as server:
        assert is_refused(Session(server.url, database.name, "admin"), NOTE, GONE)


def test_two_servers_agree(installation: Installation, tmp_path: Path) -> None:
    """On what is licensed, and on what is guarded once one of them has installed or removed a module."""
    write_paid(tmp_path, PAID, "base")
    database = dataclasses.replace(installation.database("guard_two"), addons=(*ADDONS, tmp_path))
    licenses = installation.licenses
    with database.server() as first, database.server() as second:
        one, other = [Session(server.url, database.name, "admin") for server in (first, second)]
        assert is_refused(one, NOTE, NO_LICENSE)
        assert is_refused(other, NOTE, NO_LICENSE)
        end = int(time.time()) + 8
        one.put(licenses.license(exp=end))
        assert [take_note(person) > 0 for person in (other, one)] == [True, True]
        one.call("ir.module.module", "update_list")
        one.put("\n".join([licenses.license(exp=end), licenses.license(module=PAID)]))
        one.press("button_immediate_install", PAID)
        assert other.call(model_of(PAID), "create", {"name": "new"})
        wait_until(lambda: is_refused(other, NOTE, ENDED))
        assert is_refused(one, NOTE, ENDED)
        one.put("")
        database.stop_working()
        assert is_refused(other, model_of(PAID), NO_LICENSE)
        other.press("button_immediate_uninstall", PAID, DEMO)
        for person in (one, other):
            assert not person.ids("ir.model", model=NOTE)
            # Nothing is guarded any more.
            assert person.call("res.partner", "create", {"name": "anybody"})
            assert person.banner() is None
    assert database.leftovers(PAID, DEMO) == []


def test_worker_processes_agree(installation: Installation) -> None:
    """Whichever worker is asked."""
    database, licenses = installation.database("guard_workers"), installation.licenses
    with database.server("--workers=2", f"--gevent-port={free_port()}") as server:
        people = [Session(server.url, database.name, "admin") for _ in range(6)]
        assert all(is_refused(person, NOTE, NO_LICENSE) for person in people)
        people[0].put(licenses.license(exp=int(time.time()) + 10))
        assert all(take_note(person) for person in people)
        wait_until(lambda: all(is_refused(person, NOTE, ENDED) for person in people))
