from odoo import models

from ..contexts import marked, scheduled
from ..exceptions import LicenseRequired
from .ir_actions_server import refused


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id, *args):
        """Mark the run of a scheduled action: a missing license must not count as its failure."""
        with marked(scheduled):
            return super()._callback(cron_name, server_action_id, *args)

    def method_direct_trigger(self):
        """Tell who runs it by hand: Odoo 19 does it as the scheduler does."""
        result = super().method_direct_trigger()
        for cron in self:
            message = refused.get((self.env.cr.dbname, *cron.ir_actions_server_id.ids))
            if message:
                raise LicenseRequired(message)
        return result
