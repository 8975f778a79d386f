from odoo import api, models

from ..guard import passed


class IrConfigParameter(models.Model):
    _inherit = "ir.config_parameter"

    # The licenses are among them, and what they are bound to: the guard is to ask anew.

    @api.model_create_multi
    def create(self, vals_list):
        passed.clear()
        return super().create(vals_list)

    def write(self, vals):
        passed.clear()
        return super().write(vals)

    def unlink(self):
        passed.clear()
        return super().unlink()
