from odoo import models

from ..contexts import marked, upgrade
from ..gate import parents, refuse_at_loading, refuse_unlicensed


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_install(self):
        """Refuse what is not licensed before anything is marked; not when an upgrade needs it."""
        if self.env.is_admin() and not upgrade.get():
            wanted = self | self.upstream_dependencies()
            wanted = wanted.filtered(lambda module: module.state in ("uninstalled", "to install"))
            refuse_unlicensed(self.env, wanted.mapped("name"))
        return super().button_install()

    def button_upgrade(self):
        """Have what an upgrade needs installed without a question."""
        with marked(upgrade):
            return super().button_upgrade()

    def _check(self):
        """Have a say when a module is installed or upgraded, on the command line too."""
        result = super()._check()
        licenses = self.env["aegis.license"]
        for module in self:
            if module.state == "to install":
                refuse_at_loading(self.env)
            if licenses._declaration(module.name):
                # Somebody may have marked for an upgrade what was never installed.
                is_new = module.state == "to install" or not module.latest_version
                licenses._try(licenses._remember_loading, module.name, is_new, parents(module).mapped("name"))
        return result
