"""When what is remembered of modules and licenses is written down."""

import logging

from odoo import models

from .. import countdown, countdown_table, state_table
from ..countdown import Countdown
from .aegis_license import Question

_logger = logging.getLogger(__name__)


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _remember(self, facts, module, report):
        """Remember how a module was found when it was used, whatever becomes of this transaction.

        Raises nothing: nobody is to be stopped by a note that cannot be made.

        :param report: of the module as such
        """
        try:
            self._remember_module_at_once(facts, module, report)
            if report.state != facts.state and state_table.is_news(self.env.cr, facts.state):
                self._remember_state(facts)
        except Exception:
            _logger.exception("AEGIS: how %s was found could not be remembered", module)

    def _remember_module_at_once(self, facts, module, report):
        if module in facts.declarations:
            known = countdown_table.just_written(self.env.cr, module) or facts.countdowns.get(module)
            seen = countdown.observed(known, module, report, report.now)
            if seen != known:
                countdown_table.write_at_once(self.env.registry, module, seen)

    def _remember_all(self):
        """Remember how the licenses and each protected module stand, with this transaction."""
        facts = self._read_facts()
        self._remember_state(facts)
        for module in facts.declarations:
            self._remember_with_transaction(facts, module, self._evaluate(module))

    def _remember_with_transaction(self, facts, module, report):
        known = facts.countdowns.get(module)
        seen = countdown.observed(known, module, report, report.now)
        if seen != known:
            countdown_table.write(self.env.cr, module, seen)

    def _remember_state(self, facts):
        """Remember how the licenses stand."""
        if self.env.registry.ready:
            state_table.at_once(self.env, lambda cr: self._stamp(cr, facts))
        else:
            # The table may be as new as this transaction.
            self._stamp(self.env.cr, facts)

    def _stamp(self, cr, facts):
        """Remember how the licenses stand, by what is remembered when nobody else can change it."""
        before = self._state(state_table.read(cr, for_update=True))
        after = self._ask_engine(facts._replace(state=before), Question(None)).state
        if after != before:
            state_table.write(cr, after.to_json())

    def _remember_loading(self, module, is_new, parents):
        """Remember a protected module that is being installed or upgraded, with this transaction.

        :param str module: its technical name
        :param bool is_new: whether it is being installed
        :param list parents: names of the modules that need it and were there before
        """
        facts = self._read_facts()
        self._remember_state(facts)
        report = self._evaluate(module, released=self._declaration(module).released)
        works = report.ok and "counting_down" not in report.flags
        if works or not is_new:
            self._remember_with_transaction(facts, module, report)
        elif module not in facts.countdowns:
            # It has not worked yet. But what it comes with has, without it, and goes on as long.
            inherited = [facts.countdowns.get(name, countdown.UNSEEN) for name in parents]
            best = max(inherited, key=_generosity, default=Countdown(worked=False))
            countdown_table.write(self.env.cr, module, best)


def _generosity(known):
    return known.worked, float("inf") if known.since is None else known.since
