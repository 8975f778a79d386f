"""What time, or a text that is not stored yet, will change."""

from odoo import models

from .. import engine
from .aegis_license import Question


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _changes(self, module=None):
        """Give every change that is known to come, in the order of time.

        :param str module: technical name of a protected module; ``None`` for all of them, and for the
            licenses here that cover none
        :return: list of ``{"at", "code", "event", "module", "issuer", "jti", "customer", "modules"}``;
            ``module`` is ``None`` for a change of a license by itself
        """
        names = sorted(self._facts().declarations) if module is None else [module]
        changes = [change for name in names for change in self._changes_of_module(name)]
        if module is None:
            changes += self._changes_of_others(names)
        return sorted(changes, key=lambda change: change["at"])

    def _changes_of_module(self, module):
        report = self._evaluate(module)
        licenses = {item.license.jti: item.license for item in report.assessments if item.license}
        return [_row(change, licenses.get(change.license), module) for change in report.timeline()]

    def _changes_of_others(self, modules):
        """Give the changes of licenses that cover none of some modules: the others decide about these."""
        pasted = self._ask(self._facts().pasted).assessments
        in_files = [item for file in self._files() for item in self._ask(file.text).assessments]
        assessments = [*pasted, *filter(self._concerns, in_files)]
        others = {
            (item.license.iss, item.license.jti): item
            for item in assessments
            if item.license and not any(_covers(item.license, module) for module in modules)
        }
        return [_row(change, item.license) for item in others.values() for change in item.timeline()]

    def _preview(self, text):
        """Say what a text would change of what is here, if it was stored.

        :return: list of ``{"before", "after", "before_ok", "after_ok"}``, codes and whether it works, and for
            a protected module ``module``, for a license ``issuer``, ``jti``, ``customer`` and ``modules``
        """
        if engine.problem():
            return []
        facts = self._read_facts()
        return [*self._preview_of_modules(facts, text), *self._preview_of_licenses(facts, text)]

    def _preview_of_modules(self, facts, text):
        for module in sorted(facts.declarations):
            before, after = (self._answer(facts, Question(module, extra=extra)) for extra in ("", text))
            if (before.code, before.ok) != (after.code, after.ok):
                yield {"module": module, **_difference(before, after)}

    def _preview_of_licenses(self, facts, text):
        before, after = (self._ask_engine(facts, Question(None, extra=extra)) for extra in ("", text))
        later = {item.token: item for item in after.assessments}
        for item in before.assessments:
            then = later[item.token]
            if item.license and item.code != then.code:
                yield {**_named(item.license), **_difference(item, then)}


def _row(change, license_, module=None):
    nobody = {"issuer": None, "jti": change.license, "customer": None, "modules": []}
    named = _named(license_) if license_ else nobody
    return {"at": change.at, "code": change.code, "event": change.event, "module": module, **named}


def _named(license_):
    return {
        "issuer": license_.iss,
        "jti": license_.jti,
        "customer": license_.customer_name,
        "modules": [entry["technical_name"] for entry in license_.modules],
    }


def _covers(license_, module):
    return any(engine.covers(entry["technical_name"], module) for entry in license_.modules)


def _difference(before, after):
    return {"before": before.code, "after": after.code, "before_ok": before.ok, "after_ok": after.ok}
