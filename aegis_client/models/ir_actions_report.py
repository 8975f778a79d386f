import io
import logging

from odoo import models

from ..watermark import stamped

_logger = logging.getLogger(__name__)


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        """Stamp the pages, where a license is missing."""
        content, kind = super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
        words = self.env["aegis.license"]._watermark(self._get_report(report_ref)) if kind == "pdf" else ""
        return (self._aegis_stamp(content, words) if words else content), kind

    def _aegis_stamp(self, content, words):
        try:
            return stamped(io.BytesIO(content), words)
        except Exception:
            # A report that cannot be stamped is better than none.
            _logger.exception("AEGIS: a report could not be stamped")
            return content

    def _get_rendering_context(self, report, docids, data):
        """Hand the words over to the page around an HTML report; a PDF takes nothing of that page."""
        values = super()._get_rendering_context(report, docids, data)
        values["aegis_watermark"] = self.env["aegis.license"]._watermark(report)
        return values
