"""``aegis.countdown``: what is remembered of each protected module, and the stamps of count-downs.

What it is for is in ``countdown.py``. No trust lies here: what a license lets a module do, it lets it do
whatever stands here.
"""

import logging
import time

from odoo import fields, models
from odoo.tools.sql import table_exists

from ..countdown import Countdown

BELIEVED = 60
"""How long, in seconds, a process goes by what it has written itself."""

_logger = logging.getLogger(__name__)

written = {}
"""What this process has written at once, and when: by database and module."""


class AegisCountdown(models.Model):
    _name = "aegis.countdown"
    _description = "Count-down of a Protected Module"
    _order = "module"
    _rec_name = "module"

    module = fields.Char(required=True, readonly=True, help="Technical name.")
    worked = fields.Boolean(readonly=True, help="It has worked in this database.")
    worked_until = fields.Datetime(readonly=True, help="The end of the license that let it work last.")
    since = fields.Datetime(readonly=True, help="When it was first seen that no license lets it work.")
    warned_on = fields.Date("Last Warning", readonly=True)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS aegis_countdown_module_uniq ON aegis_countdown (module)"
        )

    def _all(self):
        """Give what is remembered, for each module.

        :rtype: dict[str, Countdown]
        """
        cr = self.env.cr
        if not table_exists(cr, self._table):
            # The addon was replaced by a newer one, and not upgraded yet.
            return {}
        self.flush_model()
        cr.execute(
            "SELECT module, worked IS TRUE, EXTRACT(EPOCH FROM worked_until)::bigint,"
            " EXTRACT(EPOCH FROM since)::bigint FROM aegis_countdown"
        )
        return {module: Countdown(*values) for module, *values in cr.fetchall()}

    def _write_down(self, module, countdown):
        """Remember it with this transaction."""
        written.pop((self.env.cr.dbname, module), None)
        self._upsert(self.env.cr, module, countdown)
        self.invalidate_model()

    def _write_down_at_once(self, module, countdown):
        """Remember it whatever becomes of this transaction: a refusal rolls it back. Raises nothing."""
        written[self.env.cr.dbname, module] = countdown, time.monotonic()
        try:
            with self._cursor() as cr:
                # Somebody may hold the row: this transaction itself, even.
                cr.execute("SET LOCAL lock_timeout = '500ms'")
                self._upsert(cr, module, countdown)
        except Exception as error:
            _logger.warning("AEGIS: the count-down of %s could not be written down: %s", module, error)

    def _written(self, module):
        """Give what this process has just written down: its transaction may not see that yet."""
        countdown, when = written.get((self.env.cr.dbname, module), (None, 0))
        return countdown if time.monotonic() - when < BELIEVED else None

    def _cursor(self):
        """Open a transaction of its own. Tests replace this."""
        return self.env.registry.cursor()

    def _upsert(self, cr, module, countdown):
        cr.execute(
            "INSERT INTO aegis_countdown (module, worked, worked_until, since)"
            " VALUES (%s, %s, to_timestamp(%s) AT TIME ZONE 'UTC', to_timestamp(%s) AT TIME ZONE 'UTC')"
            " ON CONFLICT (module) DO UPDATE SET"
            " worked = EXCLUDED.worked, worked_until = EXCLUDED.worked_until, since = EXCLUDED.since",
            [module, *countdown],
            log_exceptions=False,
        )
