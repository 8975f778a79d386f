"""What is said to people: one sentence and a remedy for each reason code, in their language."""

import time
from datetime import datetime, timedelta, timezone

from babel.dates import format_timedelta

from odoo import _, fields, models, release
from odoo.tools.misc import babel_locale_parse, format_date, get_lang

from .. import engine

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
            message = self._count_down_words(report, message)
        return message, remedy

    def _count_down_words(self, report, message):
        until = self._works_until(report)
        dates = {"day": self._day(until), "left": self._in_time(until)}
        if report.code in engine.WORKING:
            # What the code says is right by the server's clock only.
            return _(
                "By the dates in this database the license has ended; it goes on working until %(day)s"
                " (%(left)s).",
                **dates,
            )
        return "%s %s" % (message, _("The module goes on working until %(day)s (%(left)s).", **dates))

    def _works_until(self, report):
        """Give the instant from which a report that works does not any longer; ``None`` when there is none."""
        if getattr(report, "works_until", None) is not None:
            return report.works_until
        ends = [
            change.at
            for change in report.timeline()
            if change.event == "status" and change.code not in engine.WORKING
        ]
        return ends[0] if ends else None

    def _words_of_code(self, report, module):
        license_ = report.license
        until = self._works_until(report) if report.code in ("grace", "moving") else None
        dates = {
            "end": self._last_day(license_ and license_.exp),
            "left": self._in_time(license_ and license_.exp),
            "grace": self._last_day(license_ and license_.grace_until),
            "begin": self._day(license_ and license_.nbf),
            "wait": self._in_time(license_ and license_.nbf),
            "updates": self._last_day(license_ and license_.updates_until),
            "until": self._day(until),
            "to_go": self._in_time(until),
            "changed": self._components(report.changed),
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
            "grace": (
                (
                    _("The key that signed it was withdrawn; goes on working until %(until)s (%(to_go)s)."),
                    _("Ask the vendor to issue it anew, and paste what you get."),
                )
                if _is_key_withdrawn(report)
                else (_("Ended on %(end)s (%(left)s); goes on working until %(grace)s."), renew)
            ),
            "moving": (
                _("This instance has changed (%(changed)s); goes on working until %(until)s (%(to_go)s)."),
                _(
                    "Send the vendor the activation request of this instance, and paste the license that you"
                    " get."
                ),
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
                _("The license was issued for another instance (what differs: %(changed)s).")
                if report.changed
                else _("The license was issued for another instance."),
                _(
                    "Send the vendor the activation request of this instance, and paste the license that you"
                    " get."
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

    def _note_of_clock(self):
        """Say what is wrong with the clock, or with the dates of the database, and what to do."""
        problem = _("This database has entries of %(day)s, which the server's clock says is to come.")
        remedy = _(
            "Check the server's date. If it is right, ask the vendor for a license that is issued anew, and"
            " paste it: it settles this for good."
        )
        return "%s %s" % (problem % {"day": self._day(self._facts().database_date)}, remedy)

    def _note_of_limits(self, report, limits):
        """Say what there is more of than a license covers; empty where it is enough."""
        if "over_limit" not in report.flags:
            return ""
        count = self._usage()
        labels = {
            "users": _("%(count)s of %(limit)s users"),
            "companies": _("%(count)s of %(limit)s companies"),
        }
        over = [
            labels[name] % {"count": count[name], "limit": limit}
            for name, limit in sorted(limits.items())
            if name in labels and count[name] > limit
        ]
        sentence = _("More than is licensed: %s. Nothing stops; ask the vendor for a larger license.")
        return sentence % ", ".join(over)

    def _components(self, kinds):
        """Name the components of an instance, for people."""
        names = {
            "database_uuid": _("the database's id"),
            "domain": _("the address"),
            "instance_id": _("the instance id"),
        }
        return ", ".join(names.get(kind, kind) for kind in kinds)

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


def _is_key_withdrawn(report):
    return any(check.code == "revoked" and check.result == "failed" for check in report.checks)
