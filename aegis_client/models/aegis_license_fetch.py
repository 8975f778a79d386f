"""The daily fetch of certificates and revocation lists, where the administrator has set an address."""

import logging

from odoo import fields, models

from .. import trust_fetch
from .aegis_license_facts import TRUST_URL

_logger = logging.getLogger(__name__)

failed = {}
"""On which day this process has last logged that it failed, by database."""


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _fetch_trust(self):
        """Fetch certificates and lists, and store them; no request is made without an address."""
        url = self._parameters()[TRUST_URL].strip()
        if not url:
            return
        try:
            text = trust_fetch.fetch(url)
        except trust_fetch.FetchError as error:
            self._note_failure(error)
            return
        if all(item.fate == "refused" for item in self._find_trust(text)):
            self._note_failure("there is no certificate and no list of a trusted vendor in it")
        else:
            self._store_trust(text)

    def _note_failure(self, problem):
        today = fields.Date.today()
        if failed.get(self.env.cr.dbname) != today:
            _logger.warning("AEGIS: nothing could be fetched from the address in %s: %s", TRUST_URL, problem)
        failed[self.env.cr.dbname] = today
