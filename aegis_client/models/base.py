"""The guard, where every model passes."""

from odoo import models

FREE = frozenset(["active", "access_token"])
"""Fields that may be written always: archiving is tidying up, and sharing hands out what is there."""


class Base(models.AbstractModel):
    _inherit = "base"

    def create(self, vals_list):
        """Create only with a license, where the model is guarded."""
        if self._name in self.pool.aegis_guarded.create:
            self.env["aegis.license"]._guard(self.pool.aegis_guarded.create[self._name])
        return super().create(vals_list)

    # Marked as Odoo's own is, and not by the decorator: what that does to the argument is done again by the
    # method above, and every record of every model would pay for it.
    create.__dict__.update((k, v) for k, v in vars(models.BaseModel.create).items() if k != "__wrapped__")

    def write(self, vals):
        """Write only with a license, where the model is guarded against that too."""
        if self._name in self.pool.aegis_guarded.write and not FREE.issuperset(vals):
            self.env["aegis.license"]._guard(self.pool.aegis_guarded.write[self._name])
        return super().write(vals)
