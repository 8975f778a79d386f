"""What a protected module declares under ``aegis`` in its manifest."""

import logging
from datetime import date

_logger = logging.getLogger(__name__)


def declared(module, manifest):
    """Read the declaration of a module. What is wrong in it goes into the log, and stops nothing.

    :param str module: technical name of the module
    :param manifest: its manifest, with a key ``aegis``
    :return: ``{}``, or ``{"released": "YYYY-MM-DD"}``
    :rtype: dict[str, str]
    """
    declaration = manifest["aegis"]
    if not isinstance(declaration, dict):
        _logger.error('%s: "aegis" in the manifest is to be a dictionary', module)
        return {}
    released = declaration.get("released")
    if released is None:
        return {}
    if not _is_day(released):
        _logger.error('%s: "released" in the manifest is to be a date such as 2026-11-01', module)
        return {}
    return {"released": released}


def _is_day(text):
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
