"""Scheduled actions that are due now."""

from servers.installation import Database
from servers.mailbox import wait_until


def let_run(database: Database, cron: int) -> None:
    """Let a scheduled action be due, and wait until it ran; the server must have threads for it.

    Raises:
        TimeoutError: it did not run.
    """
    past = "now() at time zone 'UTC' - interval '1 minute'"
    database.query(f"UPDATE ir_cron SET lastcall = NULL, nextcall = {past} WHERE id = %s", cron)  # noqa: S608
    # Odoo's own way to wake its scheduler, which otherwise looks once a minute.
    database.cluster.query("postgres", f"NOTIFY cron_trigger, '{database.name}'")
    ran = "SELECT 1 FROM ir_cron WHERE id = %s AND lastcall IS NOT NULL"
    wait_until(lambda: database.query(ran, cron))
