"""Keeping people informed: the banner of the web client, and the daily cron with its e-mails."""

import logging
import time
from email.message import EmailMessage
from email.policy import SMTP

from odoo import _, api, fields, models
from odoo.tools import config, plaintext2html

from .aegis_license_words import DAY

THRESHOLDS = (1, 3, 7, 14, 30)
"""So many days before its end a license is mailed about, once each."""

DAILY = ("grace", "moving")
"""These are mailed about every day."""

SHOWN = 3
"""So many modules the banner names."""

_logger = logging.getLogger(__name__)


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def banner(self):
        """Say what the banner shows to this user.

        :return: ``None``, or ``{"level", "lines", "dismissible", "action"}``
        """
        is_administrator = self.env.user.has_group("base.group_system")
        concerns = [
            (module, report)
            for module, report in self._reports()
            if report.code != "valid" and (is_administrator or report.notify_users)
        ]
        if not concerns:
            return None
        action = is_administrator and self.env.ref("aegis_client.action_settings", raise_if_not_found=False)
        return {
            "level": "warning" if all(report.ok for _module, report in concerns) else "danger",
            "lines": self._banner_lines(concerns),
            "dismissible": all(report.code == "expiring" for _module, report in concerns),
            "action": action.id if action else False,
        }

    def _banner_lines(self, concerns):
        lines = [self._banner_line(module, report) for module, report in concerns[:SHOWN]]
        more = len(concerns) - SHOWN
        return lines if more <= 0 else [*lines, _("Further modules: %s", more)]

    def _banner_line(self, module, report):
        message, remedy = self._words(report, module)
        return "%s: %s %s" % (self._module_title(module), message, remedy)

    def _reports(self):
        """Evaluate each protected module that is installed.

        :rtype: list[tuple[str, Report]]
        """
        return [(module, self._evaluate(module)) for module in self._facts().declarations]

    @api.model
    def _ensure_cron(self):
        """Have the cron run for ever: Odoo 17 counts the runs down from 1, later ones know no such field."""
        cron = self.env.ref("aegis_client.ir_cron_watch")
        if "numbercall" in cron._fields:
            cron.numbercall = -1

    @api.model
    def _cron_watch(self):
        """Once a day: note which licenses are there, and mail administrators what is due. Raises nothing."""
        for step in (self._note_seen, self._mail_what_is_due):
            try:
                with self.env.cr.savepoint():
                    step()
            except Exception:
                # A cron that fails again and again is switched off.
                _logger.exception("AEGIS: the daily look at the licenses did not complete")

    def _mail_what_is_due(self):
        if not self._has_mail_server():
            return
        for module, report in self._reports():
            row = self._row(report.license)
            due = row and self._due(row, report)
            if due is not None and due is not False and self._mail(module, report):
                row.write({"warned_days": due, "warned_on": fields.Date.context_today(self)})

    def _row(self, license_):
        domain = license_ and [("issuer", "=", license_.iss), ("jti", "=", license_.jti)]
        return self.sudo().search(domain, limit=1) if domain else self.browse()

    def _due(self, row, report):
        """Give the threshold, in days, that is to be mailed about now; ``None`` when there is none."""
        if report.code in DAILY:
            return 0 if row.warned_on != fields.Date.context_today(self) else None
        if report.code != "expiring":
            return None
        left = (report.license.exp - time.time()) / DAY
        threshold = next((days for days in THRESHOLDS if left <= days), None)
        already = row.warned_on and row.warned_days and threshold and row.warned_days <= threshold
        return None if already else threshold

    def _has_mail_server(self):
        """Whether mail can leave: a server is set up in Odoo, or in its configuration file."""
        servers = self.env["ir.mail_server"].sudo().search_count([])
        return bool(servers or config["smtp_server"] not in (False, "", "localhost"))

    def _mail(self, module, report):
        """Mail each administrator in their language; say whether there was anybody to mail."""
        group = self.env.ref("base.group_system").sudo()
        # Odoo 19 has renamed the field, and separated those who have the group by way of another one.
        users = group["all_user_ids" if "all_user_ids" in group._fields else "users"]
        recipients = users.filtered(lambda user: user.active and not user.share and user.email)
        for user in recipients:
            speaker = self.with_context(lang=user.lang, tz=user.tz)
            speaker._send(user, *speaker._letter(module, report))
        return bool(recipients)

    def _letter(self, module, report):
        """Write the e-mail about a module.

        :return: ``(subject, body)``, plain text
        """
        title = self._module_title(module)
        subject = _(
            "License of %(module)s: %(status)s", module=title, status=self._badge(report.code)["label"]
        )
        page = _("The licenses are under Settings › AEGIS License: %s", self._parameter("web.base.url"))
        return subject, "%s\n\n%s\n" % (self._banner_line(module, report), page)

    def _send(self, user, subject, body):
        """Send one e-mail: through Odoo's queue where there is one, else at once."""
        sender = self.env.company.partner_id.email_formatted or self.env.user.email_formatted
        if "mail.mail" in self.env:
            values = {"email_from": sender, "email_to": user.email_formatted, "subject": subject}
            self.env["mail.mail"].sudo().create({**values, "body_html": plaintext2html(body)})
            return
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = sender, user.email_formatted, subject
        message.set_content(body)
        self.env["ir.mail_server"].sudo().send_email(message)
