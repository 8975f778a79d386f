"""The guard, where every model passes."""

from odoo import api, models

from ..guard import guarded


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model_create_multi
    def create(self, vals_list):
        """Create only with a license, where the model is guarded."""
        module = guarded(self.pool, "create").get(self._name)
        if module:
            self.env["aegis.license"]._guard(module)
        return super().create(vals_list)

    def write(self, vals):
        """Write only with a license, where the model is guarded against that too."""
        module = guarded(self.pool, "write").get(self._name)
        if module and not FREE.issuperset(vals):
            self.env["aegis.license"]._guard(module)
        return super().write(vals)


FREE = frozenset(["active", "access_token"])
"""Fields that may be written always: archiving is tidying up, and sharing hands out what is there."""
