"""What is said to people: one sentence and a remedy for each reason code, in their language."""

import time
from datetime import datetime, timedelta, timezone

from babel.dates import format_timedelta

from odoo import _, fields, models, release
from odoo.tools.misc import babel_locale_parse, format_date, get_lang

DAY = 24 * 60 * 60


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _sentence(self, report, module=None):
        """Say how a report or an assessment stands, and what to do: one or two sentences."""
        message, remedy = self._words(report, module)
        return " ".join(filter(None, [message, remedy]))

    def _words(self, report, module=None):
        """Say how a report or an assessment stands, and until when a count-down runs.

        :return: ``(message, remedy)``; the remedy may be empty
        """
        message, remedy = self._words_of_code(report, module)
        if "counting_down" in report.flags:
            dates = {"day": self._day(report.works_until), "left": self._in_time(report.works_until)}
            message = "%s %s" % (message, _("The module goes on working until %(day)s (%(left)s).", **dates))
        return message, remedy

    def _words_of_code(self, report, module):
        license_ = report.license
        dates = {
            "end": self._last_day(license_ and license_.exp),
            "left": self._in_time(license_ and license_.exp),
            "grace": self._last_day(license_ and license_.grace_until),
            "begin": self._day(license_ and license_.nbf),
            "wait": self._in_time(license_ and license_.nbf),
            "updates": self._last_day(license_ and license_.updates_until),
            "version": release.major_version,
        }
        renew = _("Ask the vendor for a renewal and paste it in Settings › AEGIS License.")
        words = {
            "valid": (
                _("Valid until %(end)s (%(left)s).")
                if license_ and license_.exp
                else _("Valid without end."),
                "",
            ),
            "expiring": (_("Ends soon: valid until %(end)s (%(left)s)."), renew),
            "grace": (_("Ended on %(end)s (%(left)s); goes on working until %(grace)s."), renew),
            "moving": (
                _("The database or its address has changed; goes on working for some days."),
                _("Ask the vendor for a license for this instance."),
            ),
            "updates_ended": (
                _("This release is newer than the updates that the license covers, until %(updates)s."),
                _("Renew the updates, or go back to the release before."),
            ),
            "not_yet_valid": (
                _("Not valid before %(begin)s (%(wait)s)."),
                _("Wait until then, or check the server's clock."),
            ),
            "expired": (_("Ended on %(end)s (%(left)s)."), renew),
            "wrong_instance": (
                _("The license was issued for another database or another address."),
                _(
                    "Send the vendor the activation text of this instance, and paste the license that you get."
                ),
            ),
            "revoked": (_("The vendor has withdrawn the license."), _("Ask the vendor for a new one.")),
            "wrong_odoo_version": (
                _("The license does not cover Odoo %(version)s."),
                _("Ask the vendor for a license for this version of Odoo."),
            ),
            "wrong_module": (
                _("The license names modules that its issuer may not license."),
                _("Ask the vendor for a license."),
            ),
            "wrong_issuer": (
                _("The license does not come from this module's vendor."),
                _("Ask the vendor for one."),
            ),
            "bad_signature": (
                _("The license was changed, or damaged in copying."),
                _("Copy it again from the vendor's message, the whole of it."),
            ),
            "unknown_key": (
                _("The license was signed with a key that is not trusted here."),
                _(
                    "Check that it comes from this module's vendor, and update the Python package aegis-license."
                ),
            ),
            "unsupported": (
                _("This is no license that the installed version can read."),
                _("Check what was pasted, or update the Python package aegis-license."),
            ),
            "malformed": (
                _("The license cannot be read: it is not complete."),
                _("Copy it again from the vendor's message, the whole of it."),
            ),
            "missing": (
                (
                    _("There is no license for this module."),
                    _("Ask the vendor for one and paste it in Settings › AEGIS License."),
                )
                if module
                else (
                    _("There is no license in this text."),
                    _("Copy it from the vendor's message: it is a long word that begins with eyJ."),
                )
            ),
            "engine_missing": (
                _(
                    "Licenses cannot be checked: the Python package aegis-license is not installed on the server."
                ),
                _("Install it and restart Odoo. The stored licenses are kept."),
            ),
            "engine_outdated": (
                _("Licenses cannot be checked: the Python package aegis-license on the server is too old."),
                _("Update it and restart Odoo. The stored licenses are kept."),
            ),
        }
        if report.code not in words:
            return report.message, report.remedy
        message, remedy = words[report.code]
        return message % dates, remedy

    def _datetime(self, instant):
        """Turn Unix seconds into what a Datetime field takes, or the latest that it can hold."""
        try:
            return datetime.fromtimestamp(instant, timezone.utc).replace(tzinfo=None)
        except (OverflowError, ValueError):
            return datetime.max.replace(microsecond=0)

    def _day(self, instant):
        """Write Unix seconds as a day, in the user's time zone and language; nothing for ``None``."""
        if instant is None:
            return ""
        local = self._local(self._datetime(instant))
        return format_date(self.env, local.date(), date_format="long")

    def _local(self, moment):
        try:
            return fields.Datetime.context_timestamp(self, moment)
        except OverflowError:
            return moment

    def _last_day(self, end):
        """Write the last day before an end, which is exclusive."""
        return self._day(None if end is None else end - 1)

    def _in_time(self, instant):
        """Write how far off an instant is: ``in 12 days``, ``2 hours ago``; nothing for ``None``."""
        if instant is None:
            return ""
        seconds = instant - time.time()
        size = abs(seconds)
        granularity = "day" if size >= DAY else "hour" if size >= 3600 else "minute"
        locale = babel_locale_parse(get_lang(self.env).code)
        # No unit larger than that: "in 45 days" says more than "in 2 months".
        return format_timedelta(
            timedelta(seconds=seconds), granularity, threshold=10**9, add_direction=True, locale=locale
        )
