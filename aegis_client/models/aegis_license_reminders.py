"""Reminders that a license is missing: hidden menus, and watermarks on reports. They are no controls."""

import logging

from odoo import _, models

_logger = logging.getLogger(__name__)


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _hidden_menus(self):
        """Give the ids of the menus that are hidden now. Raises nothing: the web client asks when it starts.

        :rtype: set[int]
        """
        try:
            with self.env.cr.savepoint(flush=False):
                return self._find_hidden_menus()
        except Exception:
            _logger.exception("AEGIS: the hidden menus could not be found out")
            return set()

    def _find_hidden_menus(self):
        declarations = self._facts().declarations.items()
        listed = [
            name
            for module, declaration in declarations
            if declaration.menus and not self._evaluate(module).ok
            for name in declaration.menus
        ]
        find = self.env["ir.model.data"]._xmlid_to_res_model_res_id
        found = [find(name) for name in listed]
        return {id_ for model, id_ in found if model == "ir.ui.menu"}

    def _watermark(self, report):
        """Give the words to put on a report, if it is one of a protected module; else nothing.

        :param report: record of ``ir.actions.report``
        :rtype: str
        """
        try:
            with self.env.cr.savepoint(flush=False):
                return self._find_watermark(report)
        except Exception:
            _logger.exception("AEGIS: the watermark of a report could not be found out")
            return ""

    def _find_watermark(self, report):
        if report.attachment:
            # It is kept, and would carry it for ever.
            return ""
        for module, declaration in self._facts().declarations.items():
            if declaration.reports and report.model in declaration.models:
                return self._watermark_of(self._evaluate(module))
        return ""

    def _watermark_of(self, report):
        if "staging" in report.flags:
            return _("STAGING COPY")
        return "" if report.ok or report.code == "updates_ended" else _("NO VALID LICENSE")
