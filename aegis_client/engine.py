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
class NoReport:
    """What is answered in place of a ``Report`` when no engine could be asked. It has the same face."""

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


MISSING = NoReport("engine_missing", "The Python package aegis-license is not installed.")
OUTDATED = NoReport("engine_outdated", "The Python package aegis-license is too old for this module.")


def problem():
    """Say why there is no engine: a ``NoReport``, or ``None`` when there is one."""
    # A folder that is left of it is imported too, as an empty package.
    if not hasattr(aegis_license, "evaluate"):
        return MISSING
    if _version(aegis_license.__version__) < NEEDED:
        return OUTDATED
    return None


@functools.cache
def _version(text):
    """Read ``0.2.0`` as ``(0, 2)``; what cannot be read counts as new: it is no reason to stop anything."""
    major, _, rest = text.partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else NEEDED


if problem():
    _logger.error("%s %s", problem().message, problem().remedy)
