"""What happens when, on the settings page: every change that is to come, by days."""

from babel.dates import format_time

from odoo import _, models
from odoo.tools import groupby
from odoo.tools.misc import babel_locale_parse, get_lang


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _days(self):
        """Give what will happen by time alone, grouped by the day of the user's time zone.

        :rtype: list[dict]
        """
        days = groupby(self._changes(), key=lambda change: self._day(change["at"]))
        return [self._day_row(day, list(changes)) for day, changes in days]

    def _day_row(self, day, changes):
        rows = [self._change_row(change) for change in changes]
        return {"day": day, "in": self._in_time(changes[0]["at"]), "changes": rows}

    def _change_row(self, change):
        moment = self._datetime(change["at"])
        return {
            "time": self._clock(moment),
            "utc": moment.strftime("%Y-%m-%d %H:%M UTC"),
            "title": self._subject(change),
            "effect": self._effect(change),
            "event": change["event"],
            **self._badge(change["code"]),
        }

    def _clock(self, moment):
        """Write the time of day in the user's time zone and language."""
        locale = babel_locale_parse(get_lang(self.env).code)
        return format_time(self._local(moment).time(), format="short", locale=locale)

    def _subject(self, change):
        if change["module"]:
            return self._module_title(change["module"])
        return "%s (%s)" % (change["customer"], ", ".join(change["modules"]))

    def _effect(self, change):
        events = {
            "users_warned": _("From now on all users see a banner, not only administrators."),
            "updates_end": _(
                "The updates end: later releases are not covered; what is installed goes on working."
            ),
        }
        codes = {
            "valid": _("The license becomes valid."),
            "expiring": _("Administrators are reminded of the renewal."),
            "grace": _("The license has ended; the grace period begins."),
            "expired": _("The license has ended and no longer works."),
            "revoked": _("The license no longer works, because the key that signed it was withdrawn."),
            "wrong_instance": _("The license no longer works here: it is for another instance."),
        }
        over = _("The count-down is over: nothing new can be made with the module.")
        return events.get(change["event"]) or codes.get(change["code"], over)
