"""The banner of the web client."""

import logging

from odoo import _, api, models

FLAGS = {"clock_suspect", "over_limit", "counting_down"}
"""Administrators are told of these even where the code is ``valid``."""

SHOWN = 3
"""So many modules it names."""

_logger = logging.getLogger(__name__)


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def banner(self):
        """Say what the banner shows to this user.

        :return: ``None``, or ``{"level", "lines", "dismissible", "action"}``
        """
        try:
            with self.env.cr.savepoint(flush=False):
                return self._banner() if self.env.user._is_internal() else None
        except Exception:
            # The web client asks for it when it starts, and must start whatever is wrong here.
            _logger.exception("AEGIS: the banner could not be made")
            return None

    def _banner(self):
        is_administrator = self.env.user.has_group("base.group_system")
        concerns = [
            (module, report)
            for module, report in self._reports()
            if _concerns_administrators(report)
            and (is_administrator or report.notify_users or _is_counting_down(report))
        ]
        if not concerns:
            return None
        action = is_administrator and self.env.ref("aegis_client.action_settings", raise_if_not_found=False)
        return {
            "level": "warning" if all(report.ok for _module, report in concerns) else "danger",
            "lines": self._banner_lines(concerns, is_administrator),
            "dismissible": all(_can_wait(report) for _module, report in concerns),
            "action": action.id if action else False,
        }

    def _banner_lines(self, concerns, is_administrator):
        lines = self._lines(concerns[:SHOWN], is_administrator)
        more = len(concerns) - SHOWN
        return lines if more <= 0 else [*lines, _("Further modules: %s", more)]

    def _lines(self, concerns, is_administrator=True):
        """Write the lines of the banner, or of an e-mail.

        :param concerns: ``(module, report)`` of each module
        """
        lines = [self._line(module, report, is_administrator) for module, report in concerns]
        if is_administrator and any("clock_suspect" in report.flags for _module, report in concerns):
            lines.append(self._note_of_clock())
        return list(filter(None, lines))

    def _line(self, module, report, is_administrator):
        note = self._note_of_limits(report, report.limits) if is_administrator else ""
        # That all is well otherwise is no news.
        is_news = report.code != "valid" or _is_counting_down(report)
        said = [*(self._words(report, module) if is_news else ()), note]
        return " ".join(filter(None, ["%s:" % self._module_title(module), *said])) if any(said) else ""

    def _reports(self):
        """Evaluate each protected module that is installed.

        :rtype: list[tuple[str, Report]]
        """
        return [(module, self._evaluate_with_usage(module)) for module in self._facts().declarations]


def _concerns_administrators(report):
    return report.code != "valid" or bool(FLAGS & set(report.flags))


def _can_wait(report):
    """Whether a banner may be hidden for the day: everything works, and will for some time."""
    return report.code in ("valid", "expiring") and not _is_counting_down(report)


def _is_counting_down(report):
    return "counting_down" in report.flags
