import logging

from odoo import models

from ..contexts import marked, scheduled
from ..exceptions import LicenseRequired

_logger = logging.getLogger(__name__)

refused = {}
"""What was said of the scheduled actions of this process that lack a license: each is logged once."""


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    def run(self):
        """Undo and skip a scheduled action that needs a license.

        Odoo 18 and later switch a scheduled action off when it fails again and again, and a renewal would not
        switch it on.
        """
        if not scheduled.get():
            return super().run()
        key = (self.env.cr.dbname, *self.ids)
        with marked(scheduled, False):
            try:
                result = super().run()
            except LicenseRequired as error:
                self._aegis_skip(key, error)
                return False
        refused.pop(key, None)
        return result

    def _aegis_skip(self, key, error):
        self.env.cr.rollback()
        self.env.registry.reset_changes()
        if key not in refused:
            _logger.warning("The scheduled action %s was skipped. %s", self.sudo().mapped("name"), error)
        refused[key] = str(error)
        progress = self.env.context.get("ir_cron_progress_id")
        if progress:
            # What it says is left to do would have Odoo start it again at once.
            self.env["ir.cron.progress"].sudo().browse(progress).remaining = 0
