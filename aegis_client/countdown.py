"""How long a protected module goes on working after its license has suddenly stopped to.

Plain Python, no Odoo. An unmounted license file, an upgrade to the next Odoo, a wheel that was forgotten in a
new image: none of them may stop anybody at once. A module that has worked in this database is given
:data:`DAYS` days, unless its license has simply ended, was withdrawn, or has had its time after a move.

The addon keeps count, not the engine, because a missing engine is one of the reasons.
"""

from typing import NamedTuple

from . import engine

DAYS = 14
DAY = 24 * 60 * 60

ENDED = ("expired", "revoked")
"""Codes by which time or the vendor has said no."""

OVER = (*ENDED, "wrong_instance")
"""Codes of a license that will not let a module work again: after a move it has had its time."""


class Countdown(NamedTuple):
    """What is remembered of a module; instants in Unix seconds.

    ``worked`` says that it did in this database; ``worked_until`` is the end of the license that let it,
    ``None`` when that had no end; ``since`` is when the trouble was first seen, ``None`` when there is none;
    ``features`` are those that worked, ``None`` for all; ``licenses`` are the ids of those that last let it
    work, ``None`` when that is not known.
    """

    worked: bool
    worked_until: int | None = None
    since: int | None = None
    features: tuple | None = None
    licenses: tuple | None = None


UNSEEN = Countdown(worked=True)
"""Where nothing is remembered: the module was there before its protection, because installing it is noted."""


def applied(countdown, report, now, feature=None):
    """Let a report that says no say that the module goes on working, where it does.

    :param Countdown countdown: what is remembered of the module, or ``None``
    :param report: what the engine says
    :param int now: the present, in Unix seconds
    :param str feature: the feature that was asked for, or ``None`` for the module as such
    :return: the report itself, or one with ``ok`` and the flag ``counting_down``
    """
    known = countdown or UNSEEN
    if report.ok or not known.worked or _is_over(known, report):
        return report
    if feature is not None and known.features is not None and feature not in known.features:
        return report
    until = _since(known, now) + DAYS * DAY
    if known.worked_until is not None:
        # The license would not have let it work any longer.
        until = min(until, known.worked_until)
    return engine.counting_down(report, until) if now < until else report


def observed(countdown, module, report, now):
    """Say what is to be remembered of a module after a look at it.

    :param Countdown countdown: what is remembered, or ``None``
    :param str module: technical name of the module
    :param report: what the engine says of the module as such, with or without :func:`applied`
    :param int now: the present, in Unix seconds
    :rtype: Countdown
    """
    known = countdown or UNSEEN
    if is_applied(report):
        return known._replace(since=_since(known, now))
    if report.ok and "staging" in report.flags:
        # Anybody can call a database a copy for a moment.
        return known
    if report.ok:
        return _working(module, report)
    if _is_over(known, report):
        return known._replace(worked=False, since=None)
    return known


def is_applied(report):
    """Whether it is this count-down that lets a module work: the engine has one too, because of the clock."""
    return getattr(report, "works_until", None) is not None


def _is_over(countdown, report):
    """Whether time, the vendor or a move has said no; else what let the module work is missing somehow."""
    if report.code != "wrong_instance" or countdown.licenses is None:
        return report.code in ENDED
    # A license for another instance that lies about says nothing of the one that is missing.
    over = {item.license.jti for item in report.assessments if item.license and item.code in OVER}
    return over.issuperset(countdown.licenses)


def _working(module, report):
    """Give what is to be remembered of a module that works."""
    entries = list(_entries(module, report))
    licenses = [license_ for license_, _entry in entries] or [report.license]
    ends = [license_.grace_until or license_.exp for license_ in licenses]
    return Countdown(
        worked=True,
        worked_until=None if None in ends else max(ends),
        features=_features([entry for _license, entry in entries]),
        licenses=tuple(sorted({license_.jti for license_ in licenses})),
    )


def _features(entries):
    """Give the features that licenses together cover, in order; ``None`` for all."""
    if not entries or any(entry["features"] is None for entry in entries):
        return None
    return tuple(sorted({feature for entry in entries for feature in entry["features"]}))


def _entries(module, report):
    """Give the licenses that work, each with what it says of a module that it covers."""
    licenses = [item.license for item in report.assessments if item.ok and item.license]
    return [
        (license_, entry)
        for license_ in licenses
        for entry in license_.modules
        if engine.covers(entry["technical_name"], module)
    ]


def _since(countdown, now):
    """Give when the trouble began: now, if it was not seen yet or by a clock that was ahead."""
    return now if countdown.since is None or countdown.since > now else countdown.since
