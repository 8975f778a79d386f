"""How long a protected module goes on working after its license has suddenly stopped to.

Plain Python, no Odoo. An unmounted license file, an upgrade to the next Odoo, a wheel that was forgotten in a
new image: none of them may stop anybody at once. A module that has worked in this database is given
:data:`DAYS` days, unless its license had simply ended, or was withdrawn.

The addon keeps count, not the engine, because a missing engine is one of the reasons.
"""

from typing import NamedTuple

from . import engine

DAYS = 14
DAY = 24 * 60 * 60

NONE_FOR = ("expired", "revoked")
"""Codes by which time or the vendor has said no."""


class Countdown(NamedTuple):
    """What is remembered of a module; instants in Unix seconds.

    ``worked`` says that it did in this database; ``worked_until`` is the end of the license that let it,
    ``None`` when that had no end; ``since`` is when the trouble was first seen, ``None`` when there is none;
    ``features`` are those that worked, ``None`` for all.
    """

    worked: bool
    worked_until: int | None = None
    since: int | None = None
    features: tuple | None = None


UNSEEN = Countdown(worked=True)
"""Where nothing is remembered: the module was there before its protection, because installing it is noted."""


def applied(countdown, report, at, now, feature=None):
    """Let a report that says no say that the module goes on working, where it does.

    :param Countdown countdown: what is remembered of the module, or ``None``
    :param report: what the engine says at an instant
    :param int at: that instant
    :param int now: the present
    :param str feature: the feature that was asked for, or ``None`` for the module as such
    :return: the report itself, or one with ``ok`` and the flag ``counting_down``
    """
    known = countdown or UNSEEN
    if report.ok or not known.worked or report.code in NONE_FOR:
        return report
    if feature is not None and known.features is not None and feature not in known.features:
        return report
    until = _since(known, now) + DAYS * DAY
    if known.worked_until is not None:
        # The license would not have let it work any longer.
        until = min(until, known.worked_until)
    return engine.counting_down(report, until) if at < until else report


def observed(countdown, module, report, now):
    """Say what is to be remembered of a module after a look at it.

    :param Countdown countdown: what is remembered, or ``None``
    :param str module: technical name of the module
    :param report: what the engine says of the module as such, with or without :func:`applied`
    :param int now: the present, in Unix seconds
    :rtype: Countdown
    """
    known = countdown or UNSEEN
    if "counting_down" in report.flags:
        return known._replace(since=_since(known, now))
    if report.ok and "staging" in report.flags:
        # Anybody can call a database a copy for a moment.
        return known
    if report.ok:
        return Countdown(True, _end(module, report), None, _features(module, report))
    if report.code in NONE_FOR:
        return known._replace(worked=False, since=None)
    return known


def _since(countdown, now):
    """Give when the trouble began: now, if it was not seen yet or by a clock that was ahead."""
    return now if countdown.since is None or countdown.since > now else countdown.since


def _features(module, report):
    """Give the features of a module that the licenses together cover, in order; ``None`` for all."""
    entries = [entry for _license, entry in _working(module, report)]
    if not entries or any(entry["features"] is None for entry in entries):
        return None
    return tuple(sorted({feature for entry in entries for feature in entry["features"]}))


def _end(module, report):
    """Give the latest end of the licenses that cover a module; ``None`` when one has none."""
    licenses = [license_ for license_, _entry in _working(module, report)] or [report.license]
    ends = [license_.grace_until or license_.exp for license_ in licenses]
    return None if None in ends else max(ends)


def _working(module, report):
    """Give the licenses that work, each with what it says of a module that it covers."""
    licenses = [item.license for item in report.assessments if item.ok and item.license]
    return [
        (license_, entry)
        for license_ in licenses
        for entry in license_.modules
        if engine.covers(entry["technical_name"], module)
    ]
