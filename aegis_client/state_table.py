"""The table with what the engine wants remembered: first sights, last matches, since when something is wrong.

One row, with the JSON of the engine's ``State``. It is a plain table and no model of Odoo: why is said in
``countdown_table.py``.
"""

import json
import logging
import time

from odoo.tools.sql import table_exists

from .countdown_table import BELIEVED

PATIENCE = "500ms"
"""How long it is waited for others."""

_logger = logging.getLogger(__name__)

written = {}
"""From which state on this process has last written at once, and when: by database."""


def create(cr):
    """Create the table with its row, if it is not there.

    What was seen before there was such a table is in the rows of ``aegis.license``: a list that withdraws a
    key spares what was stored before it came.
    """
    if table_exists(cr, "aegis_state"):
        return
    cr.execute("CREATE TABLE aegis_state (id integer PRIMARY KEY CHECK (id = 1), state text NOT NULL)")
    cr.execute(
        "SELECT issuer, jti, extract(epoch FROM first_seen)::bigint FROM aegis_license"
        " WHERE first_seen IS NOT NULL"
    )
    licenses = {}
    for issuer, jti, seen in cr.fetchall():
        licenses.setdefault(issuer, {})[jti] = {"first_seen": seen}
    write(cr, json.dumps({"licenses": licenses} if licenses else {}))


def drop(cr):
    """Remove the table."""
    cr.execute("DROP TABLE IF EXISTS aegis_state")


def read(cr, for_update=False):
    """Give what is remembered; ``{}`` where the addon is newer than the database.

    :param bool for_update: whether to make whoever else changes it wait
    :rtype: str
    """
    if not table_exists(cr, "aegis_state"):
        return "{}"
    if for_update:
        cr.execute("SELECT state FROM aegis_state FOR UPDATE", log_exceptions=False)
    else:
        cr.execute("SELECT state FROM aegis_state")
    row = cr.fetchone()
    return row[0] if row else "{}"


def write(cr, state):
    """Remember it with this transaction.

    :param str state: JSON
    """
    if table_exists(cr, "aegis_state"):
        cr.execute(
            "INSERT INTO aegis_state (id, state) VALUES (1, %s)"
            " ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state",
            [state],
            log_exceptions=False,
        )


def at_once(env, change):
    """Have something remembered whatever becomes of the transaction at hand: a refusal rolls it back.

    Raises nothing. Who else does so waits, and sees then what was written.

    :param change: it is called with a cursor, to read and write
    """
    if not table_exists(env.cr, "aegis_state"):
        return
    try:
        with env.registry.cursor() as cr:
            # Somebody may hold it for long: the transaction at hand, even.
            cr.execute("SET LOCAL lock_timeout = %s", [PATIENCE])
            # Before anything is read: what is read then is what the one before has written.
            cr.execute("LOCK TABLE aegis_state IN EXCLUSIVE MODE", log_exceptions=False)
            change(cr)
    except Exception as error:
        _logger.warning("AEGIS: how the licenses were found could not be written down: %s", error)


def is_news(cr, before):
    """Whether this process has not just written at once from a state on; take note that it does so now.

    The transaction at hand may not see what was written.
    """
    known, when = written.get(cr.dbname, (None, 0))
    if known == before and time.monotonic() - when < BELIEVED:
        return False
    written[cr.dbname] = before, time.monotonic()
    return True
