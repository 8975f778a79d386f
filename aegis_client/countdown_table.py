"""The table of count-downs: what is remembered of each protected module. What for is in ``countdown.py``.

It is a plain table and no model of Odoo, because a model can be reached from Odoo's pages, by an access
right, a server action or a further field: whoever may do that could begin a count-down anew for ever.
"""

import json
import logging
import time

from odoo.tools.sql import column_exists, table_exists

from .countdown import Countdown
from .guard import passed

BELIEVED = 60
"""How long, in seconds, a process goes by what it has written at once: its transaction may not see it yet."""

_logger = logging.getLogger(__name__)

written = {}
"""What this process has written at once, and when: by database and module."""


def create(cr):
    """Create the table as it is to be, whatever is there. Instants are Unix seconds."""
    cr.execute(
        "CREATE TABLE IF NOT EXISTS aegis_countdown (module varchar PRIMARY KEY, worked boolean NOT NULL,"
        " worked_until bigint, since bigint, features varchar, warned_on date)"
    )
    cr.execute("ALTER TABLE aegis_countdown ADD COLUMN IF NOT EXISTS licenses varchar")


def drop(cr):
    """Remove the table."""
    cr.execute("DROP TABLE IF EXISTS aegis_countdown")


def read(cr):
    """Give what is remembered, for each module; nothing where the addon is newer than the database.

    :rtype: dict[str, Countdown]
    """
    if not table_exists(cr, "aegis_countdown"):
        return {}
    # Not by name: the table may be older than the column of licenses.
    cr.execute("SELECT * FROM aegis_countdown")
    return {row["module"]: _countdown(row) for row in cr.dictfetchall()}


def write(cr, module, countdown):
    """Remember it with this transaction."""
    written.pop((cr.dbname, module), None)
    passed.pop((cr.dbname, module), None)
    if _is_ready(cr):
        _upsert(cr, module, countdown)


def write_at_once(registry, module, countdown):
    """Remember it whatever becomes of the transaction at hand: a refusal rolls it back. Raises nothing."""
    written[registry.db_name, module] = countdown, time.monotonic()
    try:
        with registry.cursor() as cr:
            # Somebody may hold the row: the transaction at hand, even.
            cr.execute("SET LOCAL lock_timeout = '500ms'")
            if _is_ready(cr):
                _upsert(cr, module, countdown)
    except Exception as error:
        _logger.warning("AEGIS: the count-down of %s could not be written down: %s", module, error)


def just_written(cr, module):
    """Give what this process has just written at once; ``None`` if that was long ago, or nothing."""
    countdown, when = written.get((cr.dbname, module), (None, 0))
    return countdown if time.monotonic() - when < BELIEVED else None


def not_warned(cr, modules):
    """Give those of some modules that nobody was mailed about today.

    :rtype: set[str]
    """
    cr.execute(
        "SELECT module FROM aegis_countdown"
        " WHERE module = ANY(%s) AND warned_on IS DISTINCT FROM CURRENT_DATE",
        [list(modules)],
    )
    return {module for (module,) in cr.fetchall()}


def note_warning(cr, modules):
    """Take note that somebody was mailed about modules today."""
    cr.execute("UPDATE aegis_countdown SET warned_on = CURRENT_DATE WHERE module = ANY(%s)", [list(modules)])


def _is_ready(cr):
    """Whether the table is there, and as new as the addon."""
    return column_exists(cr, "aegis_countdown", "licenses")


def _countdown(row):
    lists = {name: row.get(name) for name in ("features", "licenses")}
    lists = {name: None if text is None else tuple(json.loads(text)) for name, text in lists.items()}
    return Countdown(row["worked"], row["worked_until"], row["since"], **lists)


def _upsert(cr, module, countdown):
    lists = [countdown.features, countdown.licenses]
    lists = [None if names is None else json.dumps(names) for names in lists]
    cr.execute(
        "INSERT INTO aegis_countdown (module, worked, worked_until, since, features, licenses)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (module) DO UPDATE SET worked = EXCLUDED.worked,"
        " worked_until = EXCLUDED.worked_until, since = EXCLUDED.since, features = EXCLUDED.features,"
        " licenses = EXCLUDED.licenses",
        [module, countdown.worked, countdown.worked_until, countdown.since, *lists],
        log_exceptions=False,
    )
