from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Tell the web client what its banner says, if anything."""
        info = super().session_info()
        info["aegis_banner"] = self.env["aegis.license"].banner()
        return info
