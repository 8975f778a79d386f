"""``aegis.license``: what other modules ask, and a row for each license that was seen in this database.

The other files of its name hold, one each, the further things that it does.

No trust lies in the rows: every decision reads the tokens again.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from odoo import _, api, fields, models, release
from odoo.modules.module import get_manifest
from odoo.tools import config, ormcache

from .. import engine
from ..declarations import declared
from ..exceptions import LicenseRequired, LicenseRequiredRedirect
from ..license_files import reader

TOKENS = "aegis.license_tokens"
"""The parameter with the pasted licenses, one token a line."""

CODES = [
    ("valid", "Valid"),
    ("expiring", "Ends soon"),
    ("grace", "Grace period"),
    ("moving", "Instance changed"),
    ("updates_ended", "Updates ended"),
    ("not_yet_valid", "Not valid yet"),
    ("expired", "Ended"),
    ("wrong_instance", "Other instance"),
    ("revoked", "Withdrawn"),
    ("wrong_odoo_version", "Other Odoo version"),
    ("wrong_module", "Other module"),
    ("wrong_issuer", "Other issuer"),
    ("bad_signature", "Changed or forged"),
    ("unknown_key", "Unknown key"),
    ("unsupported", "Not supported"),
    ("malformed", "Not readable"),
    ("missing", "No license"),
    ("engine_missing", "Not checked"),
    ("engine_outdated", "Not checked"),
]
"""The reason codes of docs/token-format.md, and the two of a missing engine, in a few words."""


# A report cannot travel: these are not for RPC. Odoo 17 knows no such mark.
private = getattr(api, "private", lambda method: method)


class Facts(NamedTuple):
    """What the database says: the pasted text, this instance, the staging mark, what modules declare."""

    pasted: str
    instance: object
    neutralized: bool
    declarations: dict


class AegisLicense(models.Model):
    _name = "aegis.license"
    _description = "License Seen"
    _order = "last_seen desc, id desc"
    _rec_name = "customer"

    jti = fields.Char("License ID", required=True, readonly=True)
    issuer = fields.Char(required=True, readonly=True)
    customer = fields.Char(readonly=True)
    license_type = fields.Selection(
        [("perpetual", "Perpetual"), ("subscription", "Subscription"), ("demo", "Demo")], readonly=True
    )
    modules = fields.Char("Covered Modules", readonly=True)
    ends_at = fields.Datetime("Ends", readonly=True, help="First instant at which it is no longer valid.")
    origin = fields.Selection([("pasted", "Pasted"), ("file", "License file")], readonly=True)
    code = fields.Selection(CODES, "Last Status", readonly=True)
    first_seen = fields.Datetime(readonly=True)
    last_seen = fields.Datetime(readonly=True)
    last_match = fields.Datetime(
        readonly=True, help="When the instance last was the one that the license is bound to."
    )
    warned_days = fields.Integer("Warned at (days)", readonly=True, help="The last warning that was mailed.")
    warned_on = fields.Date("Last Warning", readonly=True)

    def init(self):
        # A constraint by another name on each series, and an index of the same name on all of them.
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS aegis_license_issuer_jti_uniq ON aegis_license (issuer, jti)"
        )

    @private
    @api.model
    def check(self, module, feature=None):
        """Say how this database's licenses stand for a module.

        :param str module: technical name of the module
        :param str feature: a feature of it, or ``None`` for the module as such
        :return: a ``Report`` of aegis_license, with ``ok``, ``code``, ``message``, ``remedy``, ``license``
        """
        return self._evaluate(module, feature=feature)

    @private
    @api.model
    def require(self, module, feature=None):
        """Go on only with a license that works.

        :param str module: technical name of the module
        :param str feature: a feature of it, or ``None`` for the module as such
        :return: the ``Report``, as :meth:`check` gives it
        :raise LicenseRequired: there is none; for an administrator with a way to the settings page
        """
        report = self._evaluate(module, feature=feature)
        if not report.ok:
            raise self._refusal(module, report)
        return report

    def _refusal(self, module, report):
        message = "%s: %s" % (self._module_title(module), self._sentence(report, module))
        action = self.env.ref("aegis_client.action_settings", raise_if_not_found=False)
        if not action or not self.env.user.has_group("base.group_system"):
            return LicenseRequired(message, report.code)
        return LicenseRequiredRedirect(message, report.code, action.id, _("Open AEGIS License"))

    def _evaluate(self, module, feature=None, now=None, texts=None):
        """Ask the engine.

        :param module: technical name, or ``None`` to ask for the licenses by themselves
        :param int now: Unix seconds, or ``None`` for the present
        :param texts: what to evaluate instead of the licenses of this database
        """
        problem = engine.problem()
        if problem:
            return problem
        facts = self._facts()
        texts = (facts.pasted, *(file.text for file in self._files())) if texts is None else texts
        how = {
            "module": module,
            "odoo_version": release.major_version,
            "feature": feature,
            "instance": facts.instance,
            "now": now,
            "released": facts.declarations.get(module, {}).get("released") if module else None,
            "neutralized": facts.neutralized,
            "keyring": self._keyring(),
        }
        report = engine.aegis_license.evaluate(texts, **how)
        if texts[1:] and report.code == "malformed" and not report.assessments:
            # Together they are more than can be read: then what was pasted counts.
            report = engine.aegis_license.evaluate(texts[:1], **how)
        return report

    def _keyring(self):
        """Give the keys to trust: ``None`` for those compiled into the wheel. Tests replace this."""
        return None  # noqa: RET501 - that is the answer

    @ormcache()
    def _facts(self):
        """Give what an answer depends on, beside time and files, in one look-up: each costs time on Odoo 17.

        Each change of a parameter and of the installed modules clears the cache, in every process.
        """
        return Facts(
            self._parameter(TOKENS),
            self._instance(),
            self._parameter("database.is_neutralized").lower() in ("true", "t", "1"),
            self._declarations(),
        )

    def _files(self):
        """Give the license files of this database.

        :rtype: tuple[license_files.LicenseFile, ...]
        """
        folders = config["addons_path"]
        return reader.files_of(
            self.env.cr.dbname, folders.split(",") if isinstance(folders, str) else folders
        )

    def _parameter(self, key):
        # As sudo: whoever may run a licensed method need not be able to read parameters.
        return self.env["ir.config_parameter"].sudo().get_param(key) or ""

    def _instance(self):
        """Describe this instance; ``None`` when its base URL has no host, or there is no engine."""
        if engine.problem():
            return None
        try:
            return engine.aegis_license.Instance(
                database_uuid=self._parameter("database.uuid"), domain=self._domain()
            )
        except ValueError:
            return None

    def _domain(self):
        """Give host and port of the base URL, as Odoo stores it."""
        return urlsplit(self._parameter("web.base.url")).netloc

    def _declarations(self):
        """Give what installed modules declare under ``aegis`` in their manifests: these are protected.

        :rtype: dict[str, dict]
        """
        manifests = {name: get_manifest(name) for name in self._installed()}
        return {
            name: declared(name, manifest) for name, manifest in manifests.items() if manifest.get("aegis")
        }

    def _installed(self):
        """Give the technical names of the installed modules.

        :rtype: list[str]
        """
        domain = [("state", "in", ["installed", "to upgrade"])]
        return sorted(self.env["ir.module.module"].sudo().search(domain).mapped("name"))

    def _module_title(self, module):
        """Give a module's name for people; the technical one when it is not known here."""
        found = self.env["ir.module.module"].sudo().search([("name", "=", module)], limit=1)
        return found.shortdesc or module
