"""The guard's and the gate's questions to the licenses."""

import logging
import time

from odoo import _, models
from odoo.exceptions import UserError

from ..contexts import incoming_mail
from ..gate import COMMAND_LINE_DONE
from ..guard import PASSING, freeze, let_mail_in, passed

INSTALLABLE = ("valid", "expiring")
"""With these a protected module may be installed; in grace or while a count-down runs it only goes on."""

_logger = logging.getLogger(__name__)


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _register_hook(self):
        """Compute the guarded models. Called when all modules are loaded, in every process."""
        super()._register_hook()
        registry = self.env.registry
        setattr(type(registry), COMMAND_LINE_DONE, True)
        try:
            with self.env.cr.savepoint(flush=False):
                freeze(self.env, self._read_modules()[1])
            let_mail_in(registry)
        except Exception:
            # Odoo must start.
            _logger.exception("AEGIS: the guarded models could not be found out")

    def _guard(self, module):
        """Let a guarded operation pass, or raise.

        :param str module: the module whose license is needed
        :raise LicenseRequired: there is none that works
        """
        if not self.env.registry.ready or incoming_mail.get():
            return
        now, key = time.time(), (self.env.cr.dbname, module)
        since, until = passed.get(key, (now, now))
        if not since <= now < until:
            report = self.require(module)
            passed[key] = now, min(now + PASSING, report.next_change or now + PASSING)

    def _report_for_installing(self, module):
        """Give the report of a protected module that may not be installed; ``None`` when it may."""
        declaration = self._declaration(module)
        if not declaration:
            return None
        report = self._evaluate(module, released=declaration.released)
        installable = report.code in INSTALLABLE and "counting_down" not in report.flags
        return None if report.ok and installable else report

    def _refusal_to_install(self, reports):
        """Make the exception that says which modules cannot be installed, and why."""
        sentence = _("%(module)s cannot be installed: %(reason)s")
        lines = [
            sentence % {"module": self._module_title(module), "reason": self._sentence(report, module)}
            for module, report in reports.items()
        ]
        if self.env.registry.ready:
            return self._error("\n".join(lines), next(iter(reports.values())).code)
        # There may be no web client yet that knows our exceptions, and perhaps no browser at all.
        return UserError(
            "\n".join(
                [*lines, _("Without a browser: put the license into a file named by AEGIS_LICENSE_FILE.")]
            )
        )
