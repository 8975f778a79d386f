"""The daily cron in Odoo's own scheduler, and the e-mails that it sends."""

import functools
import re
import time
import uuid
from collections.abc import Iterator

import pytest
from odoo_lab import Server
from servers.crons import let_run
from servers.installation import Database, Installation, complaints
from servers.licenses import Licenses
from servers.mailbox import Mailbox, wait_until
from servers.web import Session

WATCH = ("aegis_client", "ir_cron_watch")
QUEUE = ("mail", "ir_cron_mail_scheduler_action")
SETTLED = 1.5
"""Seconds after which a second e-mail would have come."""


class Scheduler:
    """A database whose crons run, and the mailbox into which its e-mails go."""

    def __init__(self, database: Database, server: Server, mailbox: Mailbox) -> None:
        self.database = database
        self.server = server
        self.mailbox = mailbox
        self.admin = Session(server.url, database.name, "admin")
        self.has_queue = self._id(*QUEUE) is not None

    def run(self) -> None:
        """Let the cron be due, as it is once a day, then the queue of e-mails; wait until both ran."""
        self._run(*WATCH)
        if self.has_queue:
            self._run(*QUEUE)

    def put(self, text: str) -> None:
        """Put licenses where they are stored, in place of what is there."""
        self.admin.put(text)

    def is_active(self) -> bool:
        """Say whether the cron will run again."""
        return bool(self.database.query("SELECT active FROM ir_cron WHERE id = %s", self._id(*WATCH))[0][0])

    def _run(self, module: str, name: str) -> None:
        cron = self._id(module, name)
        assert cron
        let_run(self.database, cron)

    def _id(self, module: str, name: str) -> int | None:
        sql = "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s"
        rows = self.database.query(sql, module, name)
        return rows[0][0] if rows else None


def configure_mail(database: Database, port: int) -> None:
    """Set up the outgoing mail server, as an administrator does."""
    database.execute(f"""
env["ir.mail_server"].search([]).unlink()
env["ir.mail_server"].create({{"name": "sink", "smtp_host": "127.0.0.1", "smtp_port": {port}}})
env.company.email = "company@example.com"
env.cr.commit()
""")


def has_got(box: Mailbox, count: int) -> bool:
    """Say whether so many e-mails arrived."""
    return len(box.messages) >= count


@pytest.fixture(scope="module", params=["without_mail", "with_mail"])
def scheduler(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Scheduler]:
    """Give a running scheduler, with and without Odoo's module for e-mails."""
    if request.param == "with_mail":
        database: Database = request.getfixturevalue("with_mail")
    else:
        database = installation.database("cron")
    with Mailbox() as mailbox:
        configure_mail(database, mailbox.port)
        with database.server("--max-cron-threads=1") as server:
            yield Scheduler(database, server, mailbox)
            assert not complaints(server.log.read_text())


def test_it_runs_again_and_again(scheduler: Scheduler, licenses: Licenses) -> None:
    """Each run notes what is there; Odoo 17 does not count the runs down."""
    scheduler.put(licenses.license(200, customer="Seen by the cron"))
    for _ in range(3):
        scheduler.run()
        assert scheduler.is_active()
    rows = scheduler.admin.call("aegis.license", "search_read", [], ["customer", "code"])
    assert ("Seen by the cron", "valid") in [(row["customer"], row["code"]) for row in rows]
    assert scheduler.mailbox.messages == []


def test_each_threshold_is_mailed_about_once(scheduler: Scheduler, licenses: Licenses) -> None:
    """At 30, 14, 7, 3 and 1 days, in the administrator's mailbox; the same license all along."""
    jti, box = str(uuid.uuid4()), scheduler.mailbox
    box.messages.clear()
    for count, days in enumerate((29, 13, 6, 2, 0.5), start=1):
        scheduler.put(licenses.license(days, jti=jti))
        scheduler.run()
        wait_until(functools.partial(has_got, box, count))
        scheduler.run()
    time.sleep(SETTLED)
    assert len(box.messages) == 5, [message["Subject"] for message in box.messages]
    assert {str(message["To"]) for message in box.messages} == {box.messages[0]["To"]}
    assert "admin@example.com" in str(box.messages[0]["To"])
    assert "AEGIS Demo" in str(box.messages[0]["Subject"])
    assert re.search("AEGIS Demo: .*(29|28) days|AEGIS Demo: .*until", box.text(0))


def test_a_renewal_ends_the_warnings(scheduler: Scheduler, licenses: Licenses) -> None:
    """Nothing is mailed about a license beside which a longer one stands."""
    scheduler.mailbox.messages.clear()
    scheduler.put(licenses.license(5) + "\n" + licenses.license(400))
    scheduler.run()
    time.sleep(SETTLED)
    assert scheduler.mailbox.messages == []


def test_the_grace_period_is_mailed_about_each_day(scheduler: Scheduler, licenses: Licenses) -> None:
    """Once on a day, and again on the next."""
    scheduler.mailbox.messages.clear()
    now = int(time.time())
    scheduler.put(licenses.license(-3, grace_until=now + 864000))
    scheduler.run()
    wait_until(lambda: len(scheduler.mailbox.messages) == 1)
    scheduler.run()
    time.sleep(SETTLED)
    assert len(scheduler.mailbox.messages) == 1
    scheduler.database.query("UPDATE aegis_license SET warned_on = warned_on - 1 WHERE code = 'grace'")
    scheduler.run()
    wait_until(lambda: len(scheduler.mailbox.messages) == 2)


def test_a_mail_server_that_is_down_stops_nothing(scheduler: Scheduler, licenses: Licenses) -> None:
    """The cron stays on; the e-mail goes out another day."""
    scheduler.mailbox.messages.clear()
    scheduler.put(licenses.license(20))
    port = "UPDATE ir_mail_server SET smtp_port = %s"
    scheduler.database.query(port, 9)
    scheduler.run()
    assert scheduler.is_active()
    scheduler.database.query(port, scheduler.mailbox.port)
    if scheduler.has_queue:
        # Odoo keeps what could not be sent, and its administrators decide.
        rows = scheduler.database.query("SELECT state FROM mail_mail WHERE state <> 'sent'")
        assert rows == [("exception",)]
    else:
        scheduler.run()
        wait_until(lambda: len(scheduler.mailbox.messages) == 1)
    # What was said about the failure is expected; the rest of the log is looked at in the end.
    log = scheduler.server.log
    log.write_text(re.sub(r"^.*(aegis|mail).*$", "", log.read_text(), flags=re.MULTILINE))
