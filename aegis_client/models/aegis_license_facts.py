"""What an answer depends on beside time: parameters, this instance, installed modules, license files."""

import functools
import logging
import time
from typing import NamedTuple

from odoo import models
from odoo.modules.module import get_manifest
from odoo.tools import config, ormcache

from .. import countdown_table, engine, state_table
from ..declarations import declared
from ..instance import instance_of
from ..license_files import reader

TOKENS = "aegis.license_tokens"
"""The parameter with the pasted licenses, one token a line."""

TRUST_TOKENS = "aegis.trust_tokens"
"""The parameter with the stored certificates of keys and revocation lists, one token a line."""

INSTANCE_ID = "aegis.instance_id"
"""The parameter with the operator's name for this installation."""

DOMAIN = "aegis.domain"
"""The parameter with the address that licenses are bound to, where Odoo's own changes."""

TRUST_URL = "aegis.trust_url"
"""The parameter with the address of the daily fetch of certificates and lists; none: no request."""

OWN_PARAMETERS = (TOKENS, TRUST_TOKENS, INSTANCE_ID, DOMAIN, TRUST_URL)
"""Those of this addon."""

PARAMETERS = (
    *OWN_PARAMETERS,
    "database.uuid",
    "web.base.url",
    "web.base.url.freeze",
    "database.is_neutralized",
)

# Rows that are made all the time, or tables that are small. Dates that people enter are no evidence.
LATEST_DATE = """
    SELECT extract(epoch FROM greatest(
        (SELECT max(write_date) FROM ir_config_parameter),
        (SELECT max(write_date) FROM ir_cron),
        (SELECT max(made.create_date)
           FROM (SELECT create_date FROM res_users_log ORDER BY id DESC LIMIT 1000) AS made),
        (SELECT max(made.create_date)
           FROM (SELECT create_date FROM ir_attachment ORDER BY id DESC LIMIT 1000) AS made)
    ))::bigint
"""

MAX_AGE = 5
"""How long, in seconds, the cache is believed at most.

Odoo clears it when a parameter changes, in every process. But a transaction that began before may fill it
again with what it sees.
"""

_logger = logging.getLogger(__name__)


class Facts(NamedTuple):
    """What the database says.

    ``trust`` are certificates and lists; ``instance`` is ``None`` when there is no engine or no address is
    known; ``frozen`` says that Odoo leaves the base URL alone; ``countdowns`` has what is remembered of
    modules, ``state`` what the engine wants remembered; ``database_date`` is the latest date of writing, in
    Unix seconds; ``declarations`` has what protected modules declare.
    """

    pasted: str
    trust: str
    database_uuid: str
    frozen: bool
    instance: object
    neutralized: bool
    countdowns: dict
    state: object
    database_date: int | None
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
        cr = self.env.cr
        return Facts(
            parameters[TOKENS],
            parameters[TRUST_TOKENS],
            parameters["database.uuid"],
            bool(parameters["web.base.url.freeze"]),
            instance_of(
                parameters["database.uuid"],
                parameters["web.base.url"],
                parameters[DOMAIN],
                parameters[INSTANCE_ID],
            ),
            parameters["database.is_neutralized"].lower() in ("true", "t", "1"),
            countdown_table.read(cr),
            self._state(state_table.read(cr)),
            self._latest_date(),
            *(self._modules() if self.env.registry.ready else self._read_modules()),
        )

    def _state(self, text):
        """Give the engine's ``State``, an empty one where it cannot be read; ``None`` without an engine.

        :param str text: its JSON
        """
        return None if engine.problem() else _read_state(text)

    def _latest_date(self):
        """Give the latest date of writing, as far as that can be told quickly, in Unix seconds."""
        self.env.cr.execute(LATEST_DATE)
        return self.env.cr.fetchone()[0]

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
        """Whether a text has a token of a trusted vendor, as far as there is an engine to tell."""
        if engine.problem() or any(token.ok for token in self._evaluate(None, texts=(text,)).trust):
            return True
        # Not with what lies in files: those are being read.
        report = self._evaluate(None, texts=(text, self._facts().trust))
        return any(item.license for item in report.assessments)

    def _module_title(self, module):
        """Give a module's name for people; the technical one when it is not known here."""
        found = self.env["ir.module.module"].sudo().search([("name", "=", module)], limit=1)
        return " ".join((found.shortdesc or module).split())


@functools.lru_cache(maxsize=64)
def _read_state(text):
    """Read a state. One that cannot be read is logged once: it is the cache that does that."""
    try:
        return engine.aegis_license.State.from_json(text)
    except ValueError as error:
        _logger.error("AEGIS: what was remembered of the licenses cannot be read, and begins anew: %s", error)
        return engine.aegis_license.State()
