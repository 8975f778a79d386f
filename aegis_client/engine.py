"""The engine that verifies: the wheel ``aegis-license``, or what is said in its place while it is missing.

The import is guarded because Odoo must start, and this addon load, whatever became of the wheel.
"""

import functools
import logging
from dataclasses import dataclass, field
from typing import NamedTuple

try:
    import aegis_license
except Exception:
    # Whatever is wrong with it.
    aegis_license = None

_logger = logging.getLogger(__name__)

NEEDED = (0, 3)
"""The oldest version of the wheel that this addon can work with."""


WORKING = ("valid", "expiring", "grace", "moving")
"""Codes with which everything works."""


class Change(NamedTuple):
    """What will change, and when, in Unix seconds. It has the face of the engine's ``Change``."""

    at: int
    code: str
    event: str = "status"
    license: str | None = None
    message: str = ""
    effect: str = ""


@dataclass(frozen=True)
class Answer:
    """What the addon answers itself in place of the engine's ``Report``. It has the same face.

    ``works_until`` is the end of a count-down, in Unix seconds; ``now`` is ``None`` for the present.
    """

    code: str
    message: str
    remedy: str = "Install the Python package aegis-license on the server and restart Odoo."
    ok: bool = False
    license: None = None
    checks: tuple = ()
    assessments: tuple = ()
    flags: tuple = ()
    next_change: int | None = None
    next_code: str | None = None
    notify_users: bool = True
    changed: tuple = ()
    limits: dict = field(default_factory=dict)
    trust: tuple = ()
    state: object = None
    now: int | None = None
    changes: tuple = ()
    works_until: int | None = None

    def timeline(self):
        """Give the changes to come, in the order of time."""
        return self.changes


MISSING = Answer("engine_missing", "The Python package aegis-license is not installed.")
OUTDATED = Answer("engine_outdated", "The Python package aegis-license is too old for this module.")


def problem():
    """Say why there is no engine: an ``Answer``, or ``None`` when there is one."""
    # A folder that is left of it is imported too, as an empty package.
    if not hasattr(aegis_license, "evaluate"):
        return MISSING
    if _version(aegis_license.__version__) < NEEDED:
        return OUTDATED
    return None


def covers(pattern, module):
    """Whether what a license names, a module or a pattern such as ``acme_*``, covers a module."""
    return module.startswith(pattern[:-1]) if pattern.endswith("*") else module == pattern


def counting_down(report, until):
    """Give a report of the same that works until an instant, in Unix seconds, and says so by a flag."""
    changes = _with_end(report.timeline(), report.code, until)
    first = next(change for change in changes if change.event == "status")
    return Answer(
        report.code,
        report.message,
        report.remedy,
        ok=True,
        license=report.license,
        checks=report.checks,
        assessments=report.assessments,
        flags=(*report.flags, "counting_down"),
        next_change=first.at,
        next_code=first.code,
        changed=report.changed,
        limits=report.limits,
        trust=report.trust,
        state=report.state,
        now=report.now,
        changes=changes,
        works_until=until,
    )


def _with_end(changes, code, until):
    """Add the end of a count-down to changes, unless a license works by then."""
    before = [change for change in changes if change.at <= until]
    codes = [code, *(change.code for change in before if change.event == "status")]
    if not set(WORKING).isdisjoint(codes):
        return changes
    return (*before, Change(until, codes[-1]), *changes[len(before) :])


@functools.cache
def _version(text):
    """Read ``0.2.0`` as ``(0, 2)``; what cannot be read counts as new: it is no reason to stop anything."""
    major, _, rest = text.partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else NEEDED


if problem():
    _logger.error("%s %s", problem().message, problem().remedy)
