from odoo import models

from ..contexts import marked, scheduled


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id, *args):
        """Mark the run of a scheduled action: a missing license must not count as its failure."""
        with marked(scheduled):
            return super()._callback(cron_name, server_action_id, *args)
