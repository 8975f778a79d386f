"""The daily cron: which licenses are there, and e-mails to administrators before one ends."""

import logging
import time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from odoo import _, api, fields, models
from odoo.tools import config, groupby, plaintext2html

from .aegis_license_words import DAY

THRESHOLDS = (1, 3, 7, 14, 30)
"""So many days before its end a license is mailed about, once each."""

DAILY = ("grace", "moving")
"""These are mailed about every day."""

_logger = logging.getLogger(__name__)


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _ensure_cron(self):
        """Have the cron run for ever: Odoo 17 counts the runs down from 1, later ones know no such field."""
        cron = self.env.ref("aegis_client.ir_cron_watch")
        if "numbercall" in cron._fields:
            cron.numbercall = -1

    @api.model
    def _cron_watch(self):
        """Once a day: note which licenses are there, and mail administrators what is due. Raises nothing."""
        self._try(self._note_seen)
        self._try(self._remember_all)
        self._try(self._mail_what_is_due)

    def _try(self, step, *args):
        """Take a step and give what it returns; if it fails, undo it, say so in the log and go on.

        A cron that fails again and again is switched off by Odoo, and would not come back with a renewal.
        """
        try:
            with self.env.cr.savepoint():
                return step(*args)
        except Exception:
            _logger.exception("AEGIS: a step of the daily look at the licenses failed")
            return None

    def _mail_what_is_due(self):
        if not self._has_mail_server():
            return
        relevant = [(self._row(module, report), module, report) for module, report in self._reports()]
        relevant = [item for item in relevant if item[0] and self._due(item[0], item[2]) is not None]
        for row, items in groupby(relevant, key=lambda item: item[0]):
            self._try(self._mail_about, row, [(module, report) for _row, module, report in items])

    def _row(self, module, report):
        """Give the row that remembers when it was mailed about: of the license, or of a count-down."""
        if "counting_down" in report.flags:
            return self.env["aegis.countdown"].sudo().search([("module", "=", module)])
        license_ = report.license
        if not license_:
            return self.browse()
        return self.sudo().search([("issuer", "=", license_.iss), ("jti", "=", license_.jti)], limit=1)

    def _due(self, row, report):
        """Give the threshold, in days, that is to be mailed about now; ``None`` when there is none."""
        if report.code in DAILY or "counting_down" in report.flags:
            return 0 if row.warned_on != fields.Date.context_today(self) else None
        if report.code != "expiring":
            return None
        left = (report.license.exp - time.time()) / DAY
        threshold = next((days for days in THRESHOLDS if left <= days), None)
        already = row.warned_on and threshold and 0 < row.warned_days <= threshold
        return None if already else threshold

    def _has_mail_server(self):
        """Whether mail can leave: a server is set up in Odoo, or in its configuration file."""
        servers = self.env["ir.mail_server"].sudo().search_count([])
        return bool(servers or config["smtp_server"] not in (False, "", "localhost"))

    def _mail_about(self, row, reports):
        """Mail each administrator, in their language, about one license; it is done once somebody got it.

        :param reports: ``(module, report)`` of the modules that it decides about
        """
        sent = False
        for user in self._administrators():
            speaker = self.with_context(lang=user.lang, tz=user.tz)
            sent = bool(self._try(speaker._write_to, user, reports)) or sent
        if sent:
            due = self._due(row, reports[0][1])
            row.write({"warned_on": fields.Date.context_today(self)})
            if row._name == self._name:
                row.warned_days = due

    def _administrators(self):
        group = self.env.ref("base.group_system").sudo()
        # Odoo 19 has renamed the field, and separated those who have the group by way of another one.
        users = group["all_user_ids" if "all_user_ids" in group._fields else "users"]
        return users.filtered(lambda user: user.active and not user.share and user.email)

    def _write_to(self, user, reports):
        return self._send(user, *self._letter(reports))

    def _letter(self, reports):
        """Write the e-mail about a license.

        :return: ``(subject, body)``, plain text
        """
        modules = ", ".join(self._module_title(module) for module, _report in reports)
        status = self._badge(reports[0][1].code)["label"]
        subject = _("License of %(module)s: %(status)s", module=modules, status=status)
        base_url = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        page = _("The licenses are under Settings › AEGIS License: %s", base_url)
        lines = [self._banner_line(module, report) for module, report in reports]
        return subject, "\n".join([*lines, "", page, ""])

    def _send(self, user, subject, body):
        """Send one e-mail: through Odoo's queue where there is one, else at once. Say that it was done."""
        server = self.env["ir.mail_server"].sudo()
        company = self.env.company.partner_id
        sender = (
            company.email_formatted or server._get_default_from_address() or self.env.user.email_formatted
        )
        if "mail.mail" in self.env:
            values = {"email_from": sender, "email_to": user.email_formatted, "subject": subject}
            values.update(body_html=plaintext2html(body), auto_delete=True)
            self.env["mail.mail"].sudo().create(values)
        else:
            message = EmailMessage(policy=SMTP)
            message["From"], message["To"], message["Subject"] = sender, user.email_formatted, subject
            message["Date"], message["Message-Id"] = formatdate(), make_msgid()
            message.set_content(body)
            server.send_email(message)
        return True
