"""``aegis.license``: what other modules ask, and a row for each license that was seen in this database.

The other files of its name hold, one each, the further things that it does.

No trust lies in the rows: every decision reads the tokens again.
"""

import dataclasses
import time
from typing import NamedTuple

from odoo import _, api, fields, models, release

from .. import countdown, countdown_table, engine, state_table
from ..exceptions import LicenseRequired, LicenseRequiredRedirect
from ..instance import nowhere

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
    ("gone", "No longer stored"),
    ("engine_missing", "Not checked"),
    ("engine_outdated", "Not checked"),
]
"""The reason codes of docs/token-format.md, and those of rows and of a missing engine, in a few words."""


class Question(NamedTuple):
    """What the engine is asked.

    ``module`` is ``None`` to ask for the licenses by themselves; ``now``, in Unix seconds, is for tests;
    ``texts`` are evaluated instead of what this database has, ``extra`` is a text beside it; ``released`` is
    the release of a module that is not installed; ``usage`` counts ``users`` and ``companies``.
    """

    module: str | None
    feature: str | None = None
    now: int | None = None
    texts: tuple | None = None
    extra: str = ""
    released: str | None = None
    usage: dict | None = None


# A report cannot travel: these are not for RPC. Odoo 17 knows no such mark.
private = getattr(api, "private", lambda method: method)


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
    moving_since = fields.Datetime(
        readonly=True, help="Since when the instance is no longer the one that the license is bound to."
    )
    warned_days = fields.Integer("Warned at (days)", readonly=True, help="The last warning that was mailed.")
    warned_on = fields.Date("Last Warning", readonly=True)

    def init(self):
        # A constraint by another name on each series, and an index of the same name on all of them.
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS aegis_license_issuer_jti_uniq ON aegis_license (issuer, jti)"
        )
        countdown_table.create(self.env.cr)
        state_table.create(self.env.cr)

    @private
    @api.model
    def check(self, module, feature=None):
        """Say how this database's licenses stand for a module.

        While a count-down runs the report is ``ok``, with the flag ``counting_down``.

        :param str module: technical name of the module
        :param str feature: a feature of it, or ``None`` for the module as such
        :return: a ``Report`` of aegis_license, with ``ok``, ``code``, ``message``, ``remedy``, ``license``
        :raise ValueError: no module is named
        """
        if not module:
            raise ValueError("module: the technical name of a module is meant")
        return self._evaluate(module, feature=feature)

    @private
    @api.model
    def require(self, module, feature=None):
        """Go on only with a license that works; while Odoo loads or upgrades modules nothing is refused.

        :param str module: technical name of the module
        :param str feature: a feature of it, or ``None`` for the module as such
        :return: the ``Report``, as :meth:`check` gives it
        :raise LicenseRequired: there is none; for an administrator with a way to the settings page
        :raise ValueError: no module is named
        """
        if not module:
            raise ValueError("module: the technical name of a module is meant")
        facts, report = self._look(Question(module, feature))
        if self.env.registry.ready:
            self._remember(facts, module, report if feature is None or report.ok else self.check(module))
            if not report.ok:
                raise self._refusal(module, report, feature)
        return report

    def _refusal(self, module, report, feature):
        sentence = self._sentence(report, module)
        if feature is not None and self.check(module).ok:
            sentence = _("The license does not cover this function. Ask the vendor for one that does.")
        message = "%s: %s" % (self._module_title(module), sentence)
        return self._error(message, report.code)

    def _error(self, message, code):
        """Make the exception of a refusal: for an administrator with a way to the settings page."""
        action = self.env.ref("aegis_client.action_settings", raise_if_not_found=False)
        # Where a route knows no user, there is nobody to ask for groups.
        if action and self.env.uid and self.env.user.has_group("base.group_system"):
            error = LicenseRequiredRedirect(message, action.id, _("Open AEGIS License"), None)
        else:
            error = LicenseRequired(message)
        error.code = code
        return error

    def _ask(self, text):
        """Evaluate the licenses of a text by themselves, with the certificates and lists that count here."""
        return self._evaluate(None, texts=(text, self._trust_text()))

    def _trust_text(self):
        """Give the certificates and lists that are stored or lie in files, one a line."""
        return "\n".join(dict.fromkeys(token.token for token in self._evaluate(None).trust))

    def _evaluate(self, module, **question):
        """Ask the engine, and count down.

        :param module: technical name, or ``None`` to ask for the licenses by themselves
        :param question: what else a :class:`Question` may say
        """
        return self._look(Question(module, **question))[1]

    def _evaluate_with_usage(self, module):
        """Do that, and tell of more users than agreed by the flag ``over_limit``. Too slow for the guard."""
        return self._evaluate(module, usage=self._usage())

    def _usage(self):
        """Count what licenses may limit.

        :rtype: dict[str, int]
        """
        internal = [("active", "=", True), ("share", "=", False)]
        return {
            "users": self.env["res.users"].sudo().search_count(internal),
            "companies": self.env["res.company"].sudo().search_count([]),
        }

    def _look(self, question):
        """Answer a question, and tell the facts too: to look them up again takes time."""
        facts = self._facts()
        report = self._ask_engine(facts, question)
        if not report.ok:
            # Never a "no" from a cache: another transaction may have filled it with what was true before.
            as_it_is = self._read_facts()
            if as_it_is != facts:
                facts = as_it_is
                report = self._ask_engine(facts, question)
            report = self._count_down(facts, report, question)
        return facts, report

    def _answer(self, facts, question):
        """Answer a question by facts that are given."""
        return self._count_down(facts, self._ask_engine(facts, question), question)

    def _count_down(self, facts, report, question):
        """Let a protected module go on that has suddenly stopped to work, for some days."""
        if report.ok or question.module not in facts.declarations or question.texts is not None:
            return report
        if question.feature is not None and self._ask_engine(facts, question._replace(feature=None)).ok:
            # The module is licensed, without this feature: nothing has stopped to work.
            return report
        return countdown.applied(facts.countdowns.get(question.module), report, report.now, question.feature)

    def _ask_engine(self, facts, question):
        problem = engine.problem()
        if problem:
            return dataclasses.replace(problem, now=question.now or int(time.time()))
        released = question.released
        if released is None and question.module in facts.declarations:
            released = facts.declarations[question.module].released
        how = {
            "module": question.module,
            "odoo_version": release.major_version,
            "feature": question.feature,
            "instance": facts.instance or nowhere(facts.database_uuid),
            "now": question.now,
            "released": released,
            "neutralized": facts.neutralized,
            "state": facts.state,
            "database_date": facts.database_date,
            "keyring": self._keyring(),
            **(question.usage or {}),
        }
        texts = question.texts
        if texts is None:
            texts = (facts.pasted, facts.trust, *(file.text for file in self._files()), question.extra)
        return engine.aegis_license.evaluate(texts, **how)

    def _keyring(self):
        """Give the keys to trust: ``None`` for those compiled into the wheel. Tests replace this."""
        return None  # noqa: RET501 - that is the answer
