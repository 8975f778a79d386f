"""The engine that verifies: the wheel ``aegis-license``, or what is said in its place while it is missing.

The import is guarded because Odoo must start, and this addon load, whatever became of the wheel.
"""

import functools
import logging
from dataclasses import dataclass

try:
    import aegis_license
except Exception:
    # Whatever is wrong with it.
    aegis_license = None

_logger = logging.getLogger(__name__)

NEEDED = (0, 2)
"""The oldest version of the wheel that this addon can work with."""


@dataclass(frozen=True)
class Answer:
    """What the addon answers itself in place of the engine's ``Report``. It has the same face.

    ``works_until`` is the end of a count-down, in Unix seconds.
    """

    code: str
    message: str
    remedy: str = "Install the Python package aegis-license on the server and restart Odoo."
    ok: bool = False
    license: None = None
    checks: tuple = ()
    assessments: tuple = ()
    flags: tuple = ()
    next_change: None = None
    next_code: None = None
    notify_users: bool = True
    works_until: int | None = None


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
    changes_before = report.next_change is not None and report.next_change < until
    return Answer(
        report.code,
        report.message,
        report.remedy,
        ok=True,
        license=report.license,
        checks=report.checks,
        assessments=report.assessments,
        flags=(*report.flags, "counting_down"),
        next_change=report.next_change if changes_before else until,
        next_code=report.next_code if changes_before else report.code,
        works_until=until,
    )


@functools.cache
def _version(text):
    """Read ``0.2.0`` as ``(0, 2)``; what cannot be read counts as new: it is no reason to stop anything."""
    major, _, rest = text.partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else NEEDED


if problem():
    _logger.error("%s %s", problem().message, problem().remedy)
