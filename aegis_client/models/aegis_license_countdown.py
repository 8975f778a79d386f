"""When what is remembered of a module is written down."""

import time

from odoo import models

from .. import countdown
from ..countdown import Countdown


class AegisLicense(models.Model):
    _inherit = "aegis.license"  # pylint: disable=consider-merging-classes-inherited

    def _remember(self, module, report):
        """Remember how a module was found when it was used, if that differs from what is remembered.

        :param report: of the module as such
        """
        facts = self._facts()
        if module not in facts.declarations or not self._is_new(facts, module, report):
            return
        # What is in the cache may be old.
        seen = self._is_new(self._read_facts(), module, report)
        if seen:
            self.env["aegis.countdown"]._write_down_at_once(module, seen)

    def _is_new(self, facts, module, report):
        """Give what is to be remembered, if that differs from what is."""
        known = facts.countdowns.get(module)
        seen = countdown.observed(known, report, int(time.time()))
        return None if seen == known else seen

    def _remember_all(self):
        """Remember how each protected module stands, with this transaction."""
        facts = self._read_facts()
        for module in facts.declarations:
            seen = self._is_new(facts, module, self._evaluate(module))
            if seen:
                self.env["aegis.countdown"]._write_down(module, seen)

    def _remember_loading(self, module, is_new, parents):
        """Remember a protected module that is being installed or upgraded, with this transaction.

        :param str module: its technical name
        :param bool is_new: whether it is being installed
        :param list parents: names of the modules that need it and were there before
        """
        facts = self._read_facts()
        report = self._evaluate(module, released=self._declaration(module).released)
        works = report.ok and "counting_down" not in report.flags
        if works or not is_new:
            seen = self._is_new(facts, module, report)
        elif module in facts.countdowns:
            seen = None
        else:
            # It has not worked yet. But what it comes with has, without it, and goes on as long.
            inherited = [facts.countdowns.get(name, countdown.UNSEEN) for name in parents]
            seen = max(inherited, key=_generosity, default=Countdown(worked=False))
        if seen:
            self.env["aegis.countdown"]._write_down(module, seen)


def _generosity(known):
    return known.worked, float("inf") if known.since is None else known.since
