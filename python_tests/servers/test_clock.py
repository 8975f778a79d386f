"""Clocks that are wrong, on real servers: what the database's own dates tell, and how that is cured."""

import dataclasses
import time
from collections.abc import Iterator

import pytest
from odoo_lab import vendor
from servers.clocks import let_dates_be_ahead, look_ahead
from servers.installation import USER, Database, Installation
from servers.licenses import Licenses
from servers.statuses import NOTE, begin_anew, let_pass, remembered, status_of, take_note
from servers.trust import root_of_the_partner, roots_of_the_lab
from servers.web import Session, is_refused
from support import DAY

CLOCK = "clock"


@dataclasses.dataclass(frozen=True)
class Office:
    """A running server with an administrator and somebody else."""

    database: Database
    admin: Session
    user: Session

    def paste(self, *tokens: str) -> None:
        """Store a bundle."""
        self.admin.call("aegis.license", "store", "\n".join(tokens))

    def dates_ahead(self, days: float) -> None:
        """Have dates in the database that are so many days from now."""
        let_dates_be_ahead(self.database, self.admin, days)

    def flags(self) -> list[str]:
        """Give what is said beside the status."""
        return status_of(self.admin).flags


@pytest.fixture(scope="module")
def running(installation: Installation) -> Iterator[Office]:
    """Give a server."""
    database = installation.database("clock")
    with database.server() as server:
        yield Office(database, *(Session(server.url, database.name, login) for login in ("admin", USER)))


@pytest.fixture
def office(running: Office) -> Office:
    """Give the server with nothing stored, and the dates of the database right."""
    running.dates_ahead(0)
    begin_anew(running.database, running.admin)
    return running


def test_dates_far_ahead_are_told_to_administrators(office: Office, licenses: Licenses) -> None:
    """From 48 hours on; all works on, and the others hear nothing of it."""
    office.paste(licenses.license())
    office.dates_ahead(1.9)
    assert (office.flags(), office.admin.banner()) == ([], None)
    office.dates_ahead(10)
    status = status_of(office.admin)
    assert (status.code, status.flags) == ("valid", ["clock_suspect"])
    banner = office.admin.banner()
    assert banner
    assert CLOCK in " ".join(banner["lines"])
    assert office.user.banner() is None
    assert take_note(office.admin)


def test_by_that_evidence_ended_it_counts_down(office: Office, licenses: Licenses) -> None:
    """For 14 days, in which nothing is stopped but installing; then it has ended."""
    office.paste(licenses.license(20))
    office.dates_ahead(30)
    status = status_of(office.admin)
    assert (status.ok, status.flags) == (True, ["clock_suspect", "counting_down"])
    assert status.next_change
    assert abs(status.next_change - time.time() - 14 * DAY) < 120
    assert take_note(office.admin)
    clock = remembered(office.database)["clocks"][vendor.ISSUER]
    assert abs(clock["suspect_since"] - time.time()) < 120
    let_pass(office.database, office.admin, 15)
    time.sleep(1.1)
    status = status_of(office.admin)
    assert (status.code, status.ok) == ("expired", False)
    assert is_refused(office.admin, NOTE, "AEGIS Demo: ")


@pytest.mark.parametrize("what", ["license", "list"])
def test_what_is_issued_later_cures_it(office: Office, licenses: Licenses, what: str) -> None:
    """A license or a list of that vendor, for good: what the database has said is known from then on."""
    office.paste(licenses.license(20))
    office.dates_ahead(30)
    assert take_note(office.admin)
    let_pass(office.database, office.admin, 15)
    now = int(time.time()) - 1
    partner = root_of_the_partner()
    office.paste(partner.revocation_list(seq=1, iat=now))
    assert status_of(office.admin).code == "expired"
    if what == "license":
        office.paste(licenses.license(module="lab_other", iat=now))
    else:
        office.paste(roots_of_the_lab()[0].revocation_list(seq=1, iat=now))
    status = status_of(office.admin)
    assert (status.ok, status.flags) == (True, [])
    assert take_note(office.admin)
    assert office.flags() == []
    # Further ahead than what is known is new.
    office.dates_ahead(40)
    assert "clock_suspect" in office.flags()


def test_a_clock_that_is_right_again(office: Office, licenses: Licenses) -> None:
    """Nothing is left of the count-down: the next one has all its days."""
    office.paste(licenses.license(20))
    office.dates_ahead(30)
    assert take_note(office.admin)
    assert "suspect_since" in str(remembered(office.database))
    let_pass(office.database, office.admin, 10)
    office.dates_ahead(0)
    assert office.flags() == []
    time.sleep(1.1)
    assert take_note(office.admin)
    assert "suspect_since" not in str(remembered(office.database))
    office.dates_ahead(30)
    next_change = status_of(office.admin).next_change
    assert next_change
    assert abs(next_change - time.time() - 14 * DAY) < 120


def test_no_clock_is_before_what_was_issued(office: Office, licenses: Licenses) -> None:
    """A license that the vendor issued later shows what time it is at least; another vendor's does not."""
    office.paste(licenses.license(20))
    later = int(time.time()) + 40 * DAY
    office.paste(root_of_the_partner().revocation_list(seq=1, iat=later))
    assert status_of(office.admin).ok
    office.paste(licenses.license(500, module="lab_other", iat=later))
    assert status_of(office.admin).code == "expired"


def test_dates_that_people_enter_are_no_evidence(office: Office, licenses: Licenses) -> None:
    """Whatever is planned for the years to come."""
    office.paste(licenses.license())
    ahead = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 1000 * DAY))
    cron = office.admin.call("ir.cron", "search", [])[0]
    office.admin.call("ir.cron", "write", [cron], {"nextcall": ahead})
    assert office.flags() == []


def test_years_ahead_and_back_again_locks_nobody_out(installation: Installation, licenses: Licenses) -> None:
    """The clock of the machine is three years ahead for a while, with all that is remembered meanwhile."""
    database, years = installation.database("clock_ahead"), 3 * 365
    with database.server() as server:
        admin = Session(server.url, database.name, "admin")
        bound = licenses.license(instance_fingerprint=admin.fingerprint())
        admin.call("aegis.license", "store", bound)
        assert take_note(admin)
        # The address of the next server is another one: it is the last one that counts.
        assert look_ahead(database, years) == "expired"
        let_dates_be_ahead(database, admin, years)
    assert database.query("SELECT worked FROM aegis_countdown WHERE module = 'aegis_demo'") == [(False,)]
    with database.server() as server:
        admin = Session(server.url, database.name, "admin")
        status = status_of(admin)
        assert (status.code, status.flags) == ("valid", ["clock_suspect", "counting_down"])
        assert status.next_change
        assert abs(status.next_change - time.time() - 14 * DAY) < 120
        assert take_note(admin)
        time.sleep(1.1)
        admin.call("aegis.license", "store", licenses.license(iat=int(time.time())))
        status = status_of(admin)
        assert (status.code, status.flags) == ("valid", [])
        assert take_note(admin)
