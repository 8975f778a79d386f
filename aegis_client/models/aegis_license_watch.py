"""The daily cron: which licenses are there, and e-mails to administrators before one ends."""

import logging
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from odoo import _, api, fields, models
from odoo.tools import config, groupby, plaintext2html

from .. import countdown_table
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
        # First of all, because it may take a minute: later this transaction keeps others waiting.
        self._try(self._fetch_trust)
        self._try(self._remember_all)
        self._try(self._note_seen)
        self._try(self._mail_what_is_due)

    def _try(self, step, *args):
        """Take a step and give what it returns; if it fails, undo it, say so in the log and go on.

        A cron that fails again and again is switched off by Odoo, and would not come back with a renewal.
        """
        try:
            with self.env.cr.savepoint():
                return step(*args)
        except Exception:
            _logger.exception("AEGIS: a look at the licenses failed")
            return None

    def _mail_what_is_due(self):
        if not self._has_mail_server():
            return
        reports = self._reports()
        by_license = [(self._row(report), module, report) for module, report in reports]
        by_license = [item for item in by_license if item[0] and self._due(item[0], item[2]) is not None]
        for row, items in groupby(by_license, key=lambda item: item[0]):
            self._try(self._mail_about, row, [(module, report) for _row, module, report in items])
        self._try(self._mail_about_countdowns, [item for item in reports if "counting_down" in item[1].flags])

    def _row(self, report):
        license_ = report.license
        if not license_:
            return self.browse()
        return self.sudo().search([("issuer", "=", license_.iss), ("jti", "=", license_.jti)], limit=1)

    def _due(self, row, report):
        """Give the threshold, in days, that is to be mailed about now; ``None`` when there is none."""
        if report.code in DAILY:
            return 0 if row.warned_on != fields.Date.context_today(self) else None
        if report.code != "expiring":
            return None
        left = (report.license.exp - report.now) / DAY
        threshold = next((days for days in THRESHOLDS if left <= days), None)
        already = row.warned_on and threshold and 0 < row.warned_days <= threshold
        return None if already else threshold

    def _has_mail_server(self):
        """Whether mail can leave: a server is set up in Odoo, or in its configuration file."""
        servers = self.env["ir.mail_server"].sudo().search_count([])
        return bool(servers or config["smtp_server"] not in (False, "", "localhost"))

    def _mail_about(self, row, reports):
        """Mail about one license; it is done once somebody got it.

        :param reports: ``(module, report)`` of the modules that it decides about
        """
        if self._write_to_administrators(reports):
            due = self._due(row, reports[0][1])
            row.write({"warned_days": due, "warned_on": fields.Date.context_today(self)})

    def _mail_about_countdowns(self, reports):
        """Mail about the modules that are counting down, once a day; it is done once somebody got it."""
        due = countdown_table.not_warned(self.env.cr, [module for module, _report in reports])
        if due and self._write_to_administrators([item for item in reports if item[0] in due]):
            countdown_table.note_warning(self.env.cr, due)

    def _write_to_administrators(self, reports):
        """Mail each administrator, in their language; say whether anybody got it."""
        sent = False
        for user in self._administrators():
            speaker = self.with_context(lang=user.lang, tz=user.tz)
            sent = bool(self._try(speaker._write_to, user, reports)) or sent
        return sent

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
        return subject, "\n".join([*self._lines(reports), "", page, ""])

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
