"""What an answer depends on beside time: parameters, this instance, installed modules, license files."""

import logging
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from odoo import models
from odoo.modules.module import get_manifest
from odoo.tools import config, ormcache

from .. import countdown_table, engine
from ..declarations import declared
from ..license_files import reader

TOKENS = "aegis.license_tokens"
"""The parameter with the pasted licenses, one token a line."""

PARAMETERS = (TOKENS, "database.uuid", "web.base.url", "web.base.url.freeze", "database.is_neutralized")

MAX_AGE = 5
"""How long, in seconds, the cache is believed at most.

Odoo clears it when a parameter changes, in every process. But a transaction that began before may fill it
again with what it sees.
"""

_logger = logging.getLogger(__name__)


class Facts(NamedTuple):
    """What the database says.

    ``instance`` is ``None`` when there is no engine or the base URL has no host; ``frozen`` says that Odoo
    leaves the base URL alone; ``countdowns`` has what is remembered of modules; ``declarations`` has what
    protected modules declare.
    """

    pasted: str
    database_uuid: str
    domain: str
    frozen: bool
    instance: object
    neutralized: bool
    countdowns: dict
    installed: frozenset
    declarations: dict


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _facts(self):
        """Give the facts, from the cache: one look-up, because each costs time on Odoo 17."""
        if not self.env.registry.ready:
            # Modules come and go, and nothing clears the cache when they are all there.
            return self._read_facts()
        return self._facts_of(int(time.monotonic() / MAX_AGE))

    @ormcache("period")
    def _facts_of(self, period):
        return self._read_facts()

    def _read_facts(self):
        """Give the facts as this transaction sees them."""
        parameters = self._parameters()
        uuid, domain = parameters["database.uuid"], _domain(parameters["web.base.url"])
        return Facts(
            parameters[TOKENS],
            uuid,
            domain,
            bool(parameters["web.base.url.freeze"]),
            _instance(uuid, domain),
            parameters["database.is_neutralized"].lower() in ("true", "t", "1"),
            countdown_table.read(self.env.cr),
            *(self._modules() if self.env.registry.ready else self._read_modules()),
        )

    def _parameters(self):
        """Read the parameters past Odoo's own cache, and whatever the user may read.

        :rtype: dict[str, str]
        """
        self.env["ir.config_parameter"].flush_model(["key", "value"])
        self.env.cr.execute("SELECT key, value FROM ir_config_parameter WHERE key IN %s", [PARAMETERS])
        return {**dict.fromkeys(PARAMETERS, ""), **dict(self.env.cr.fetchall())}

    @ormcache()
    def _modules(self):
        """Give the names of the installed modules, and what the protected ones among them declare.

        Whatever changes it makes Odoo load its modules anew.
        """
        return self._read_modules()

    def _read_modules(self):
        # What Odoo has loaded, not what is said of it: anybody who manages modules can write their states.
        installed = set(self.env.registry._init_modules)
        if not self.env.registry.ready:
            domain = [("state", "in", ["installed", "to upgrade", "to remove"])]
            installed.update(self.env["ir.module.module"].sudo().search(domain).mapped("name"))
        return frozenset(installed), self._declarations(sorted(installed))

    def _declarations(self, installed):
        """Give what modules declare under ``aegis`` in their manifests: these are protected.

        :rtype: dict[str, declarations.Declaration]
        """
        found = {name: self._declaration(name) for name in installed}
        return {name: declaration for name, declaration in found.items() if declaration}

    def _declaration(self, module):
        """Give what a module declares in its manifest, installed or not; ``None`` when it is not protected.

        :rtype: declarations.Declaration
        """
        try:
            manifest = get_manifest(module)
            return declared(module, manifest) if "aegis" in manifest else None
        except Exception:
            # Odoo has its own say about a manifest that cannot be read.
            _logger.exception("AEGIS: the manifest of %s cannot be read", module)
            return None

    def _files(self):
        """Give the license files of this database.

        :rtype: tuple[license_files.LicenseFile, ...]
        """
        folders = config["addons_path"]
        folders = folders.split(",") if isinstance(folders, str) else folders
        return reader.files_of(self.env.cr.dbname, folders, self._is_readable)

    def _is_readable(self, text):
        """Whether a text has a license of a trusted vendor, as far as there is an engine to tell."""
        return bool(engine.problem()) or any(item.license for item in self._ask(text).assessments)

    def _module_title(self, module):
        """Give a module's name for people; the technical one when it is not known here."""
        found = self.env["ir.module.module"].sudo().search([("name", "=", module)], limit=1)
        return " ".join((found.shortdesc or module).split())


def _domain(base_url):
    """Give host and port of the base URL, as Odoo stores it; empty when there is none."""
    try:
        return urlsplit(base_url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _instance(database_uuid, domain):
    if engine.problem():
        return None
    try:
        return engine.aegis_license.Instance(database_uuid=database_uuid, domain=domain)
    except ValueError:
        return None
