import logging
from urllib.parse import urlsplit

from markupsafe import escape

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from .aegis_license_facts import DOMAIN, INSTANCE_ID, TRUST_URL

PARAMETERS = {"aegis_instance_id": INSTANCE_ID, "aegis_domain": DOMAIN, "aegis_trust_url": TRUST_URL}
"""The fields that stand for a system parameter."""

_logger = logging.getLogger(__name__)


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # Stored until it is validated: the button could not read it otherwise.
    aegis_text = fields.Text("License", groups="base.group_system")
    aegis_preview = fields.Html(
        "Preview", compute="_compute_aegis_preview", sanitize=False, groups="base.group_system"
    )
    aegis_stops = fields.Boolean(
        "Stops Something", compute="_compute_aegis_preview", groups="base.group_system"
    )
    aegis_overview = fields.Html(
        "Overview", compute="_compute_aegis_overview", sanitize=False, groups="base.group_system"
    )
    aegis_fingerprint = fields.Char(
        "Fingerprint", compute="_compute_aegis_overview", groups="base.group_system"
    )
    aegis_activation = fields.Char(
        "Activation Request", compute="_compute_aegis_overview", groups="base.group_system"
    )
    # No config_parameter=: others may be let to save settings, without rights to these.
    aegis_instance_id = fields.Char("Instance ID", groups="base.group_system")
    aegis_domain = fields.Char("Address", groups="base.group_system")
    aegis_trust_url = fields.Char("Address of the Daily Fetch", groups="base.group_system")

    @api.depends("aegis_text")
    def _compute_aegis_preview(self):
        for settings in self:
            licenses = self.env["aegis.license"]
            settings.aegis_preview = licenses._render_preview(settings.aegis_text)
            settings.aegis_stops = bool(licenses._stopping(settings.aegis_text or "")[0])

    # Depends on parameters and on time, which no field stands for.
    @api.depends_context("lang", "tz")
    def _compute_aegis_overview(self):
        self.update(self._aegis_values())

    @api.model
    def get_values(self):
        """Give what the page shows when it is opened: Odoo 17 and 18 do not compute it for a new record."""
        values = super().get_values()
        if self.env.user.has_group("base.group_system"):
            values.update(self._aegis_values(), **self._aegis_parameters())
        return values

    def _aegis_parameters(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return {name: parameters.get_param(key) or False for name, key in PARAMETERS.items()}

    def _aegis_values(self):
        licenses = self.env["aegis.license"]
        try:
            with self.env.cr.savepoint(flush=False):
                return {
                    "aegis_overview": licenses._render_overview(),
                    "aegis_fingerprint": licenses._fingerprint(),
                    "aegis_activation": licenses._activation_request(),
                }
        except Exception:
            # The settings of all other modules are on the same page, and must open.
            _logger.exception("AEGIS: the overview of the licenses could not be made")
            problem = _("The licenses cannot be shown: the log of the server says why.")
            return {"aegis_overview": escape(problem), "aegis_fingerprint": "", "aegis_activation": ""}

    def aegis_validate(self):
        """Store what was pasted, but no list that would stop what works; the field keeps the rest."""
        self.ensure_one()
        return self._aegis_store(self._aegis_asked())

    def aegis_store_anyway(self):
        """Store what was pasted, whatever it stops."""
        self.ensure_one()
        return self._aegis_store([])

    def _aegis_asked(self):
        return self.env["aegis.license"]._stopping(self.aegis_text or "")[0]

    def _aegis_store(self, held):
        result = self.env["aegis.license"].store(self.aegis_text or "", held=held)
        stored = result["stored"] + len(result["trust"]["stored"])
        page = False
        if stored or not result["refused"]:
            self.aegis_text = result["rest"] or False
            page = self.env["ir.actions.actions"]._for_xml_id("aegis_client.action_settings")
            page["context"] = {"module": "aegis_client", "default_aegis_text": self.aegis_text}
        in_order = not result["refused"] and not held
        kind = "success" if in_order else "warning" if stored or held else "danger"
        params = {"message": self._aegis_summary(result, held), "type": kind, "next": page}
        return {"type": "ir.actions.client", "tag": "aegis_client.refresh", "params": params}

    def set_values(self):
        res = super().set_values()
        # Others may be let to save settings, without rights to these fields.
        if self.env.user.has_group("base.group_system"):
            self._aegis_set_parameters()
            if (self.aegis_text or "").strip():
                self._aegis_save_text()
        return res

    def _aegis_save_text(self):
        held = self._aegis_asked()
        result = self.env["aegis.license"].store(self.aegis_text, held=held)
        if result["refused"] or held:
            raise UserError(self._aegis_summary(result, held))
        self.aegis_text = False

    def _aegis_set_parameters(self):
        before = self._aegis_parameters()
        for name, key in PARAMETERS.items():
            value = (self[name] or "").strip() or False
            if value != before[name]:
                self.env["ir.config_parameter"].sudo().set_param(key, self._aegis_checked(name, value))

    def _aegis_checked(self, name, value):
        """Give the value to write.

        :raise ValidationError: it cannot be meant so
        """
        if value and name == "aegis_trust_url" and not _is_https(value):
            raise ValidationError(
                _("The address of the daily fetch has to begin with https:// and name a server.")
            )
        if value and name == "aegis_domain":
            value = _host(value)
        return value

    def _aegis_summary(self, result, held):
        trust = result["trust"]
        counts = [
            (_("Stored: %s."), result["stored"]),
            (_("Stored already: %s."), result["known"] + trust["known"]),
            (_("Stored certificates and lists: %s."), len(trust["stored"])),
            (_("Not needed, because newer ones are stored: %s."), trust["superseded"]),
        ]
        lines = [words % count for words, count in counts if count]
        if held:
            lines.append(
                _("Not stored yet: a list of withdrawn licenses, because it would stop what works now.")
            )
        refused = _("Not stored: %s")
        return "\n".join(lines + [refused % sentence for sentence in dict.fromkeys(result["refused"])])


def _is_https(address):
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _host(address):
    """Give host and port of an address, as Odoo has them: in lower case, without the rest."""
    return address.rpartition("//")[2].partition("/")[0].rpartition("@")[2].lower()
