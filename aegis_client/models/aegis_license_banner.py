"""The banner of the web client."""

import logging

from odoo import _, api, models

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
        return " ".join(filter(None, ["%s:" % self._module_title(module), message, remedy]))

    def _reports(self):
        """Evaluate each protected module that is installed.

        :rtype: list[tuple[str, Report]]
        """
        return [(module, self._evaluate(module)) for module in self._facts().declarations]
