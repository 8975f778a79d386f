import logging

from markupsafe import escape

from odoo import _, api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # Stored until it is validated: the button could not read it otherwise.
    aegis_text = fields.Text("License", groups="base.group_system")
    aegis_preview = fields.Html(
        "Preview", compute="_compute_aegis_preview", sanitize=False, groups="base.group_system"
    )
    aegis_overview = fields.Html(
        "Overview", compute="_compute_aegis_overview", sanitize=False, groups="base.group_system"
    )
    aegis_fingerprint = fields.Char(
        "Fingerprint", compute="_compute_aegis_overview", groups="base.group_system"
    )
    aegis_activation = fields.Char(
        "Activation Text", compute="_compute_aegis_overview", groups="base.group_system"
    )

    @api.depends("aegis_text")
    def _compute_aegis_preview(self):
        for settings in self:
            settings.aegis_preview = self.env["aegis.license"]._render_preview(settings.aegis_text)

    # Depends on parameters and on time, which no field stands for.
    @api.depends_context("lang", "tz")
    def _compute_aegis_overview(self):
        self.update(self._aegis_values())

    @api.model
    def get_values(self):
        """Give what the page shows when it is opened: Odoo 17 and 18 do not compute it for a new record."""
        values = super().get_values()
        if self.env.user.has_group("base.group_system"):
            values.update(self._aegis_values())
        return values

    def _aegis_values(self):
        licenses = self.env["aegis.license"]
        try:
            with self.env.cr.savepoint(flush=False):
                return {
                    "aegis_overview": licenses._render_overview(),
                    "aegis_fingerprint": licenses._fingerprint(),
                    "aegis_activation": licenses._activation_text(),
                }
        except Exception:
            # The settings of all other modules are on the same page, and must open.
            _logger.exception("AEGIS: the overview of the licenses could not be made")
            problem = _("The licenses cannot be shown: the log of the server says why.")
            return {"aegis_overview": escape(problem), "aegis_fingerprint": "", "aegis_activation": ""}

    def aegis_validate(self):
        """Store what was pasted; what could not be stored stays in the field, and the reason is said."""
        self.ensure_one()
        result = self.env["aegis.license"].store(self.aegis_text or "")
        page = False
        if result["stored"] or not result["refused"]:
            self.aegis_text = result["rest"] or False
            page = self.env["ir.actions.actions"]._for_xml_id("aegis_client.action_settings")
            page["context"] = {"module": "aegis_client", "default_aegis_text": self.aegis_text}
        kind = "success" if not result["refused"] else "warning" if result["stored"] else "danger"
        params = {"message": self._aegis_summary(result), "type": kind, "next": page}
        return {"type": "ir.actions.client", "tag": "aegis_client.refresh", "params": params}

    def set_values(self):
        res = super().set_values()
        # Others may be let to save settings, without rights to this field.
        if self.env.user.has_group("base.group_system") and (self.aegis_text or "").strip():
            result = self.env["aegis.license"].store(self.aegis_text)
            if result["refused"]:
                raise UserError(self._aegis_summary(result))
            self.aegis_text = False
        return res

    def _aegis_summary(self, result):
        lines = []
        if result["stored"]:
            lines.append(_("Stored: %s.", result["stored"]))
        if result["known"]:
            lines.append(_("Stored already: %s.", result["known"]))
        refused = _("Not stored: %s")
        return "\n".join(lines + [refused % sentence for sentence in dict.fromkeys(result["refused"])])
